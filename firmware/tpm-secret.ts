/**
 * Sharing a secret with a TPM that only the holder of one loaded key can read: the salt of a
 * session, and the seed of a credential. Part 1 §B.10 (RSA) and §C.6 (ECC).
 */

import { assert } from '../core/assert.ts';
import { concat } from '../core/bytes.ts';
import {
  coordinateBytes,
  ecdhEphemeral,
  ecdhSeedBytes,
  encryptRsaOaep,
  HASH_BYTES,
} from '../core/ciphers.ts';
import { kdfe, zeroTerminated } from './tpm-kdf.ts';
import type { KeyPublic } from './tpm-public.ts';
import { sized } from './tpm-structures.ts';
import type { Random } from './transport.ts';

/** What the secret is for; it separates the uses of one key. Part 1 §11.4.10.4. */
export type SecretLabel = 'SECRET' | 'IDENTITY';

/** A secret, and the contents of the TPM2B_ENCRYPTED_SECRET that carries it. */
export interface SharedSecret {
  readonly secret: Uint8Array;
  readonly encrypted: Uint8Array;
}

/**
 * Draws a secret as long as the name hash of `key`, and encrypts it to `key`: by OAEP for RSA, by
 * one-time ECDH and KDFe for ECC. Refuses `key-malformed` for a key that is none.
 */
export function shareSecret(key: KeyPublic, label: SecretLabel, random: Random): SharedSecret {
  const size = HASH_BYTES[key.nameHash];
  if (key.kind === 'rsa') {
    const secret = random.bytes(size);
    const encrypted = encryptRsaOaep({
      publicKey: key.key,
      hash: key.nameHash,
      label: zeroTerminated(label),
      message: secret,
      seed: random.bytes(size),
    });
    return { secret, encrypted };
  }
  const { ephemeral, sharedX } = ecdhEphemeral(
    key.curve,
    key.point,
    random.bytes(ecdhSeedBytes(key.curve)),
  );
  const secret = kdfe({
    hash: key.nameHash,
    sharedX,
    label,
    partyU: ephemeral.x,
    partyV: padded(key.point.x, coordinateBytes(key.curve)),
    bits: 8 * size,
  });
  return { secret, encrypted: concat(sized(ephemeral.x), sized(ephemeral.y)) };
}

/** A coordinate at the length of its field: a TPM may send it without leading zeros. */
function padded(coordinate: Uint8Array, size: number): Uint8Array {
  assert(coordinate.length <= size, 'the decoder bounds a coordinate by its curve');
  return concat(new Uint8Array(size - coordinate.length), coordinate);
}
