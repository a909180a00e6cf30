/**
 * The device's half of credential activation: only the chip that holds both the endorsement key
 * and the attestation key can open what a verifier made for the two. The verifier's half is
 * activation.ts. TPM 2.0 Part 1 §24, Part 3 TPM2_ActivateCredential.
 */

import { concat, equalBytes } from '../core/bytes.ts';
import type { Credential } from './activation.ts';
import type { Held } from './held.ts';
import type { Session } from './session.ts';
import { hierarchyEntity, type LoadedKey } from './tpm-keys.ts';
import { policyOr, policySecret, underPolicy } from './tpm-policy.ts';
import { type Entity, readSized, sized } from './tpm-structures.ts';
import { EK_POLICY_A_SHA384, EK_POLICY_B_SHA384, EK_POLICY_C_SHA384 } from './tpm-templates.ts';

/**
 * Opens a credential. TPM_RC_INTEGRITY says that it was made for another attestation key, TPM_RC_
 * VALUE or _SIZE for another endorsement key. The key counts wrong passwords towards lockout, so
 * none is ever shown: its policy authorizes, by the secret of the endorsement hierarchy. What is
 * opened crosses the bus encrypted.
 */
export async function activateCredential(
  held: Held,
  attestationKey: Entity,
  endorsementKey: LoadedKey,
  { blob, encryptedSecret }: Credential,
): Promise<Uint8Array> {
  const hash = endorsementKey.publicArea.nameHash;
  const steps = (session: Session) => satisfyEndorsementPolicy(held, endorsementKey, session);
  return underPolicy(held, { hash, salt: endorsementKey }, steps, async (session) => {
    const { parameters } = await held.run({
      name: 'ActivateCredential',
      handles: [attestationKey, endorsementKey],
      sessions: ['password', session],
      parameters: concat(sized(blob), sized(encryptedSecret)),
      secrecy: 'response',
      commandClass: 'slow',
    });
    const secret = readSized(parameters);
    parameters.end();
    return secret;
  });
}

/** PolicyA, and for the high-range templates PolicyB over it. EK Credential Profile §B.6. */
async function satisfyEndorsementPolicy(
  held: Held,
  { publicArea }: LoadedKey,
  session: Session,
): Promise<void> {
  await policySecret(held, session, hierarchyEntity('endorsement'));
  if (equalBytes(publicArea.policy, EK_POLICY_B_SHA384)) {
    await policyOr(held, session, [EK_POLICY_A_SHA384, EK_POLICY_C_SHA384]);
  }
}
