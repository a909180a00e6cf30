/** The control methods of a machine that is being enrolled: each step of it, by files. */

import { Refusal } from '../../core/refusal.ts';
import { isDialAddress } from '../address.ts';
import type { Status } from '../control/protocol.ts';
import type { ControlMethods } from '../control/server.ts';
import { parseFingerprint } from '../fingerprint-words.ts';
import type { Applicant } from './applicant.ts';
import type { Joining } from './joining.ts';
import { decodeMessageFile, encodeMessageFile, nodeOf } from './message.ts';

export interface ApplicantMethodOptions {
  readonly applicant: Applicant;
  readonly joining: Joining;
  readonly status: () => Status;
}

/** The methods by which a person enrols the machine at hand. */
export function applicantMethods({ applicant, joining, status }: ApplicantMethodOptions) {
  const shown = (message: Uint8Array) => ({
    text: encodeMessageFile(message),
    node: nodeOf(message),
  });
  return {
    'enroll.request': async (wish) => shown(await applicant.request(wish)),
    'enroll.answer': async ({ text, fingerprint }) => {
      const firstRoot = fingerprint === undefined ? null : parseFingerprint(fingerprint);
      return shown(await applicant.answer(decodeMessageFile(text), firstRoot));
    },
    'enroll.join': async ({ address, fingerprint, group, kind }) => {
      if (!isDialAddress(address)) {
        throw new Refusal('config-value', { key: 'address', got: address.slice(0, 128) });
      }
      const firstRoot = parseFingerprint(fingerprint);
      await joining.join({ wish: { group, kind }, address, firstRoot });
      return { node: status().node, trouble: joining.trouble?.code ?? '' };
    },
    'enroll.install': async ({ text }) => {
      await applicant.install(decodeMessageFile(text));
      return status().node;
    },
  } satisfies Partial<ControlMethods>;
}
