/**
 * Signatures by keys of the chip, and signatures checked by the chip for its own tickets.
 *
 * TPM 2.0 Part 3 §20. Attestations, which restricted keys sign, are in tpm-attest.ts.
 */

import { Writer } from '../core/bytes.ts';
import type { Session } from './session.ts';
import { TPM_ALG, TPM_RH, TPM_ST } from './tpm-constants.ts';
import type { TpmRunner } from './tpm-runner.ts';
import {
  EMPTY,
  type Entity,
  readSignature,
  readTicket,
  sized,
  type Ticket,
  type TpmSignature,
} from './tpm-structures.ts';

/**
 * Signs a SHA-256 digest with an unrestricted key of the chip, by its own scheme. Under a policy
 * the session must have satisfied it. Part 3, TPM2_Sign.
 */
export async function signDigest(
  tpm: TpmRunner,
  key: Entity,
  digest: Uint8Array,
  session: Session | 'password',
): Promise<TpmSignature> {
  const noTicket = new Writer().u16(TPM_ST.HASHCHECK).u32(TPM_RH.NULL).raw(sized(EMPTY));
  const { parameters } = await tpm.run({
    name: 'Sign',
    handles: [key],
    sessions: [session],
    parameters: new Writer().raw(sized(digest)).u16(TPM_ALG.NULL).raw(noTicket.finish()).finish(),
    commandClass: 'slow',
  });
  const signature = readSignature(parameters);
  parameters.end();
  return signature;
}

/**
 * Has the TPM verify a signature, for the ticket that PolicyAuthorize wants. `signature` is
 * TPMT_SIGNATURE. Part 3, TPM2_VerifySignature.
 */
export async function verifySignature(
  tpm: TpmRunner,
  key: Entity,
  digest: Uint8Array,
  signature: Uint8Array,
): Promise<Ticket> {
  const { parameters } = await tpm.run({
    name: 'VerifySignature',
    handles: [key],
    parameters: new Writer().raw(sized(digest)).raw(signature).finish(),
    commandClass: 'slow',
  });
  const ticket = readTicket(parameters, TPM_ST.VERIFIED);
  parameters.end();
  return ticket;
}
