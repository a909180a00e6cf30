/** The control methods of a machine that is being enrolled: each step of it, by files. */

import { Refusal } from '../../core/refusal.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { whose } from '../control/caller.ts';
import type { ControlMethods } from '../control/server.ts';
import type { Status } from '../control/views.ts';
import { audited } from '../methods/reading.ts';
import { isDialAddress } from '../text/address.ts';
import { parseFingerprint } from '../text/fingerprint-words.ts';
import type { Applicant } from './applicant.ts';
import type { Joining } from './joining.ts';
import { decodeMessageFile, encodeMessageFile, nodeOf } from './message.ts';

export interface ApplicantMethodOptions {
  readonly applicant: Applicant;
  readonly joining: Joining;
  readonly audit: AuditLog;
  readonly status: () => Status;
}

/** The methods by which a person enrols the machine at hand, each act audited with whose it is. */
export function applicantMethods(options: ApplicantMethodOptions) {
  const { applicant, joining, audit, status } = options;
  const shown = (message: Uint8Array) => ({
    text: encodeMessageFile(message),
    node: nodeOf(message),
  });
  return {
    'enroll.request': async ({ group, kind }, caller) => {
      const request = shown(await applicant.request({ group, kind }));
      await audited({ audit }, caller, 'enrolment.begun', { group, kind, by: 'file' });
      return request;
    },
    'enroll.answer': async ({ text, fingerprint }, caller) => {
      const firstRoot = fingerprint === undefined ? null : parseFingerprint(fingerprint);
      const answer = shown(await applicant.answer(decodeMessageFile(text), firstRoot));
      const pin = firstRoot === null ? {} : { firstRoot };
      await audited({ audit }, caller, 'enrolment.answered', pin);
      return answer;
    },
    'enroll.join': async ({ address, fingerprint, group, kind }, caller) => {
      if (!isDialAddress(address)) {
        throw new Refusal('config-value', { key: 'address', got: address.slice(0, 128) });
      }
      const firstRoot = parseFingerprint(fingerprint);
      await joining.join({ wish: { group, kind }, address, firstRoot });
      await audited({ audit }, caller, 'enrolment.begun', { group, kind, by: address, firstRoot });
      return { node: status().node, trouble: joining.trouble?.code ?? '' };
    },
    'enroll.install': async ({ text }, caller) => {
      await applicant.install(decodeMessageFile(text), whose(caller));
      return status().node;
    },
  } satisfies Partial<ControlMethods>;
}
