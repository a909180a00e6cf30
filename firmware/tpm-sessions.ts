/**
 * Starting sessions. What a session then computes is in session.ts, what a policy session is
 * shown in tpm-policy.ts. TPM 2.0 Part 3, TPM2_StartAuthSession.
 */

import { Writer } from '../core/bytes.ts';
import { HASH_BYTES, type HashName } from '../core/ciphers.ts';
import type { Held } from './held.ts';
import { Session } from './session.ts';
import { HASH_ALG, TPM_ALG, TPM_RH, TPM_SE } from './tpm-constants.ts';
import { kdfa } from './tpm-kdf.ts';
import type { LoadedKey } from './tpm-keys.ts';
import { shareSecret } from './tpm-secret.ts';
import { EMPTY, entityOf, readSized, sized } from './tpm-structures.ts';

/** AES-128-CFB, TPMT_SYM_DEF, which every TPM of a PC has. Part 2 §11.1.6. */
const AES_128_CFB = new Writer().u16(TPM_ALG.AES).u16(128).u16(TPM_ALG.CFB).finish();
const NO_CIPHER = new Writer().u16(TPM_ALG.NULL).finish();

/** What a session shall be. */
export interface SessionInput {
  readonly kind: 'hmac' | 'policy';
  /** The hash of its HMACs and of its policy digest; SHA-256 unless said. */
  readonly hash?: HashName;
  /**
   * A loaded decryption key. With it the session is secret to us and the chip, and can encrypt;
   * the caller knows by its name that the key is the chip's. Absent: integrity only against
   * accidents, which is enough where nothing is secret and a policy alone authorizes.
   */
  readonly salt?: LoadedKey;
}

/** Starts a session, which the scope ends. Salted sessions can encrypt, others cannot. */
export async function startSession(held: Held, input: SessionInput): Promise<Session> {
  const { kind, hash = 'sha256', salt } = input;
  const shared = salt && shareSecret(salt.publicArea, 'SECRET', held.random);
  const nonce = held.random.bytes(HASH_BYTES[hash]);
  const nobody = entityOf(TPM_RH.NULL);
  const { handle, parameters } = await held.runStarting({
    name: 'StartAuthSession',
    handles: [salt ?? nobody, nobody],
    parameters: new Writer()
      .raw(sized(nonce))
      .raw(sized(shared?.encrypted ?? EMPTY))
      .u8(kind === 'policy' ? TPM_SE.POLICY : TPM_SE.HMAC)
      .raw(shared === undefined ? NO_CIPHER : AES_128_CFB)
      .u16(HASH_ALG[hash])
      .finish(),
    commandClass: 'slow',
  });
  const nonceTpm = readSized(parameters);
  parameters.end();
  const key = shared === undefined ? EMPTY : saltedKey(hash, shared.secret, nonceTpm, nonce);
  return new Session({ handle, kind, hash, key, nonceTpm, encrypts: shared !== undefined });
}

/** The session key of Part 1 §19.6.8: both nonces under the salt, the TPM's first. */
function saltedKey(
  hash: HashName,
  salt: Uint8Array,
  nonceTpm: Uint8Array,
  nonceCaller: Uint8Array,
): Uint8Array {
  return kdfa({
    hash,
    key: salt,
    label: 'ATH',
    contextU: nonceTpm,
    contextV: nonceCaller,
    bits: 8 * HASH_BYTES[hash],
  });
}
