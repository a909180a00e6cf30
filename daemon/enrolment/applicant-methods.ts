/** The control methods of a machine that is being enrolled: each step of it, by files. */

import type { Status } from '../control/protocol.ts';
import type { ControlMethods } from '../control/server.ts';
import type { Applicant } from './applicant.ts';
import { parseFingerprint } from './fingerprint.ts';
import { decodeMessageFile, encodeMessageFile, nodeOf } from './message.ts';

export interface ApplicantMethodOptions {
  readonly applicant: Applicant;
  readonly status: () => Status;
}

/** The methods by which a person enrols the machine at hand. */
export function applicantMethods({ applicant, status }: ApplicantMethodOptions) {
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
    'enroll.install': async ({ text }) => {
      await applicant.install(decodeMessageFile(text));
      return status().node;
    },
  } satisfies Partial<ControlMethods>;
}
