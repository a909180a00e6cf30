/** Wycheproof's ML-KEM-768 against the secure channel's key agreement. */

import { createPrivateKey } from 'node:crypto';
import { concat, equalBytes, fromHex } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import { decapsulateFrom, type PrivatePair } from '../../daemon/network/noise-primitives.ts';
import type { Kind } from './kind.ts';
import { type CaseJudge, hexMember, isWycheproof, judgeCases } from './wycheproof.ts';

const TYPE = 'MLKEMTest';
const SEED_BYTES = 64;
const PKCS8_SEED_PREFIX = fromHex('3054020100300b060960864801650304040204428040'); // RFC 9935 §6

/** ML-KEM-768: the secret in a ciphertext, for a key given by its seed. */
export const mlKem768Kind: Kind = {
  name: 'ML-KEM-768 decapsulation (Wycheproof)',
  claims: (file) => isWycheproof(file, 'ML-KEM', TYPE),
  judge: (files) => judgeCases(files, judge),
};

const judge: CaseJudge = {
  type: TYPE,
  members: ['seed', 'ek', 'c', 'K'],
  verdicts(group, each) {
    const set = String(group.parameterSet);
    if (set !== 'ML-KEM-768') return { unjudged: `parameter set ${set}` };
    const seed = hexMember(each, 'seed');
    if (seed.length !== SEED_BYTES) return { unjudged: 'a seed of another size: ours are drawn' };
    return { native: secretIs(seed, hexMember(each, 'c'), hexMember(each, 'K')) };
  },
};

function secretIs(seed: Uint8Array, ciphertext: Uint8Array, expected: Uint8Array): boolean {
  const der = Buffer.from(concat(PKCS8_SEED_PREFIX, seed));
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const pair: PrivatePair = { publicKey: new Uint8Array(), privateKey };
  try {
    return equalBytes(decapsulateFrom(pair, ciphertext), expected);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'handshake-failed') return false;
    throw error;
  }
}
