/**
 * Statements a TPM signs: quotes, certified keys, certified counters, certified time.
 *
 * The bytes come back as the TPM made them, since they are what was signed; attest.ts reads a
 * copy. Every statement carries the caller's nonce. TPM 2.0 Part 3 §18 and §31.
 */

import { type Reader, Writer } from '../core/bytes.ts';
import type { SignedAttest } from './attested.ts';
import { TPM_ALG } from './tpm-constants.ts';
import { type Creation, hierarchyEntity } from './tpm-keys.ts';
import type { NvIndex } from './tpm-nv.ts';
import type { Command, TpmRunner } from './tpm-runner.ts';
import {
  type Entity,
  encodePcrSelections,
  type PcrSelection,
  readSized,
  sized,
} from './tpm-structures.ts';

/** The key's own scheme signs. Part 2 §11.2.2, TPMT_SIG_SCHEME. */
const OWN_SCHEME = new Writer().u16(TPM_ALG.NULL).finish();

/** PCRs as they are, signed. Part 3, TPM2_Quote. */
export function quote(
  tpm: TpmRunner,
  key: Entity,
  nonce: Uint8Array,
  selection: PcrSelection,
): Promise<SignedAttest> {
  return attest(tpm, {
    name: 'Quote',
    handles: [key],
    sessions: ['password'],
    parameters: new Writer()
      .raw(sized(nonce))
      .raw(OWN_SCHEME)
      .raw(encodePcrSelections([selection]))
      .finish(),
  });
}

/** That `object` is loaded in the chip of `key`, by its name. Part 3, TPM2_Certify. */
export function certify(
  tpm: TpmRunner,
  key: Entity,
  object: Entity,
  nonce: Uint8Array,
): Promise<SignedAttest> {
  return attest(tpm, {
    name: 'Certify',
    handles: [object, key],
    sessions: ['password', 'password'],
    parameters: new Writer().raw(sized(nonce)).raw(OWN_SCHEME).finish(),
  });
}

/** That the chip of `key` made `object`, and how. Part 3, TPM2_CertifyCreation. */
export function certifyCreation(
  tpm: TpmRunner,
  key: Entity,
  object: Entity,
  creation: Creation,
  nonce: Uint8Array,
): Promise<SignedAttest> {
  return attest(tpm, {
    name: 'CertifyCreation',
    handles: [key, object],
    sessions: ['password'],
    parameters: new Writer()
      .raw(sized(nonce))
      .raw(sized(creation.hash))
      .raw(OWN_SCHEME)
      .raw(creation.ticket)
      .finish(),
  });
}

/** What an NV index holds, whole. Part 3, TPM2_NV_Certify. */
export function certifyNv(
  tpm: TpmRunner,
  key: Entity,
  index: NvIndex,
  nonce: Uint8Array,
): Promise<SignedAttest> {
  return attest(tpm, {
    name: 'NV_Certify',
    handles: [key, index, index],
    sessions: ['password', 'password'],
    parameters: new Writer().raw(sized(nonce)).raw(OWN_SCHEME).u16(index.sizeBytes).u16(0).finish(),
  });
}

/** The clock, the counts of resets, and the firmware version. Part 3, TPM2_GetTime. */
export function getTime(
  tpm: TpmRunner,
  key: Entity,
  nonce: Uint8Array,
  privacyAdmin: Entity = hierarchyEntity('endorsement'),
): Promise<SignedAttest> {
  return attest(tpm, {
    name: 'GetTime',
    handles: [privacyAdmin, key],
    sessions: ['password', 'password'],
    parameters: new Writer().raw(sized(nonce)).raw(OWN_SCHEME).finish(),
  });
}

async function attest(tpm: TpmRunner, command: Command): Promise<SignedAttest> {
  const { parameters } = await tpm.run({ ...command, commandClass: 'slow' });
  return readAttestation(parameters);
}

function readAttestation(reader: Reader): SignedAttest {
  return { attest: readSized(reader), signature: reader.take(reader.remaining) };
}
