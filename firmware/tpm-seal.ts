/**
 * Secrets that only this chip, under a policy, hands out again. TPM 2.0 Part 1 §27.6.
 *
 * In both directions the secret crosses the bus encrypted. Once unsealed it is bytes in a process,
 * which cannot be wiped with certainty.
 */

import { assert } from '../core/assert.ts';
import type { Held } from './held.ts';
import type { Session } from './session.ts';
import { createObject, type LoadedKey, loadObject, type ObjectBlob } from './tpm-keys.ts';
import { type PolicySteps, underPolicy } from './tpm-policy.ts';
import type { TpmRunner } from './tpm-runner.ts';
import { startSession } from './tpm-sessions.ts';
import { EMPTY, type Entity, readSized } from './tpm-structures.ts';
import { type Guard, sealedSecret } from './tpm-templates.ts';

/** Bytes one sealed object holds. Part 2 §11.1.14, MAX_SYM_DATA. */
export const SEALED_BYTES_MAX = 128;

/** What is sealed, under which storage key, for whom. */
export interface SealInput {
  readonly parent: LoadedKey;
  readonly guard: Guard;
  readonly secret: Uint8Array;
  /** The secret that guards it, by `auth` or by PolicyAuthValue. */
  readonly auth?: Uint8Array;
}

/** Seals up to `SEALED_BYTES_MAX` bytes. Part 3, TPM2_Create. */
export async function seal(
  held: Held,
  { parent, guard, secret, auth = EMPTY }: SealInput,
): Promise<ObjectBlob> {
  const ok = secret.length > 0 && secret.length <= SEALED_BYTES_MAX;
  assert(ok, `a sealed secret has 1 to ${SEALED_BYTES_MAX} bytes`);
  const template = sealedSecret(guard);
  return held.within(async () => {
    const session = await startSession(held, { kind: 'hmac', salt: parent });
    return createObject(held, { parent, template, auth, secret, session });
  });
}

/** What is unsealed, and how its policy is satisfied. */
export interface UnsealInput {
  readonly parent: LoadedKey;
  readonly blob: ObjectBlob;
  readonly steps: PolicySteps;
  readonly auth?: Uint8Array;
}

/**
 * Loads a sealed object and unseals it under its policy, again while other PCRs change. Takes two
 * places for objects beside the parent at most. Part 3, TPM2_Unseal.
 */
export async function unsealUnderPolicy(
  held: Held,
  { parent, blob, steps, auth = EMPTY }: UnsealInput,
): Promise<Uint8Array> {
  return held.within(async () => {
    const object = await loadObject(held, parent, blob, auth);
    const use = (session: Session) => unseal(held, object, session);
    return underPolicy(held, { salt: parent }, steps, use);
  });
}

/** Unseals a loaded object with a session that authorizes it. Part 3, TPM2_Unseal. */
export async function unseal(
  tpm: TpmRunner,
  object: Entity,
  session: Session,
): Promise<Uint8Array> {
  const { parameters } = await tpm.run({
    name: 'Unseal',
    handles: [object],
    sessions: [session],
    secrecy: 'response',
    commandClass: 'slow',
  });
  const secret = readSized(parameters);
  parameters.end();
  return secret;
}
