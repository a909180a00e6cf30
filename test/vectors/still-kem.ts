/** The KEM key of a node of the vectors, and the randomness of whoever seals to it. */

import { toUtf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { KEM_RANDOM_BYTES, KEM_SEED_BYTES, kemKeyOf } from '../../core/hybrid-kem.ts';
import type { SealedTo } from '../../federation/courier.ts';
import { KEYS } from '../federation/forge.ts';

/** As many bytes as are asked for: SHA-256 of the name and 1, of the name and 2, and so on. */
export function namedBytes(name: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 32) {
    bytes.set(sha256(toUtf8(`${name}/${1 + at / 32}`)).subarray(0, length - at), at);
  }
  return bytes;
}

/** The private KEM key of the node. */
export const KEM_SEED: Uint8Array = namedBytes('blue/node/kem', KEM_SEED_BYTES);
/** What is drawn to seal to it. */
export const KEM_RANDOM: Uint8Array = namedBytes('courier/kem', KEM_RANDOM_BYTES);
/** The one recipient. */
export const SEALED_TO: readonly SealedTo[] = [{ node: KEYS.node.keyId, key: kemKeyOf(KEM_SEED) }];
