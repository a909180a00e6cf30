/**
 * Fresh key pairs for certificates and tokens, in the encodings that others read (RFC 5958).
 *
 * P-256 is what every SPIFFE library takes. ML-DSA-65 is drawn for entries that ask for it, and its
 * private key is the seed alone, the shortest form of RFC 9881 §6. P-256 keys are drawn as raw
 * bytes rather than as objects to be exported, because a fleet that comes back after a long cut
 * renews all at once. (Long lists of prefixes below are DER with its last part cut off.)
 */

import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { concat, toHex } from '../../core/bytes.ts';
import type { EccPoint } from '../../core/ciphers.ts';
import { contextTag, encodeBitString, encodeDer, encodeOid, TAG } from '../../core/der.ts';
import { Refusal } from '../../core/refusal.ts';

/** The kinds of keys that authorities and workloads have. */
export const KEY_TYPES = ['ec-p256', 'ml-dsa-65'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/** ML-DSA-65 as an algorithm of keys and of signatures (RFC 9881 §2). */
export const ML_DSA_65_OID = '2.16.840.1.101.3.4.3.18';

/** A fresh key pair: what goes into a certificate, and what its owner keeps. */
export interface DrawnKey {
  /** SubjectPublicKeyInfo, DER (RFC 5480 §2, RFC 9881 §4). */
  readonly spki: Uint8Array;
  /** The last part of the SPKI: the bare point, or the bare ML-DSA key. */
  readonly bits: Uint8Array;
  /** PKCS#8, DER (RFC 5958 §2). */
  readonly privateKeyPkcs8: Uint8Array;
}

/** Draws a key pair from OpenSSL's own generator. */
export function drawKey(keyType: KeyType): DrawnKey {
  return keyType === 'ec-p256' ? drawP256() : drawMlDsa65();
}

/** Octets that `deriveKey` makes a key of. */
export const KEY_MATERIAL_BYTES = 48;

/** The key pair of secret material, the same each time (FIPS 186-5 §A.2.1, FIPS 204 §6.1). */
export function deriveKey(keyType: KeyType, material: Uint8Array): DrawnKey {
  return keyType === 'ec-p256' ? deriveP256(material) : deriveMlDsa65(material);
}

/** Opens PKCS#8. Refuses `key-malformed`. */
export function openPrivateKey(pkcs8: Uint8Array): KeyObject {
  // node:crypto wants a Buffer; this one shares the memory of the bytes it is given.
  const key = Buffer.from(pkcs8.buffer, pkcs8.byteOffset, pkcs8.byteLength);
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  } catch {
    throw new Refusal('key-malformed', { why: 'the key is not PKCS#8' });
  }
}

const P256_SCALAR_BYTES = 32;
const P256_POINT_BYTES = 65;
const ML_DSA_65_KEY_BYTES = 1_952;
const ML_DSA_65_SEED_BYTES = 32;
/** The order of the group of P-256 (SP 800-186 §3.2.1.3). */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

// One generator for all: making it anew costs a sixth of a key. It remembers the last pair drawn,
// which its owner holds in this same memory anyway.
const pair = createECDH('prime256v1');

function drawP256(): DrawnKey {
  return heldPair(pair.generateKeys());
}

/** Extra random bits, so that the remainder favours no scalar. */
function deriveP256(material: Uint8Array): DrawnKey {
  const scalar = (BigInt(`0x${toHex(material)}`) % (P256_ORDER - 1n)) + 1n;
  pair.setPrivateKey(scalar.toString(16).padStart(2 * P256_SCALAR_BYTES, '0'), 'hex');
  return heldPair(pair.getPublicKey());
}

/** The pair that the generator holds; to ask it for the point once more costs a sixth of a key. */
function heldPair(publicKey: Uint8Array): DrawnKey {
  const point = new Uint8Array(publicKey);
  const drawn = pair.getPrivateKey();
  // A scalar that happens to be small comes back short.
  const scalar = new Uint8Array(P256_SCALAR_BYTES);
  scalar.set(drawn, P256_SCALAR_BYTES - drawn.length);
  drawn.fill(0);
  const privateKeyPkcs8 = concat(PKCS8_BEFORE_SCALAR, scalar, PKCS8_BEFORE_POINT, point);
  scalar.fill(0);
  return { spki: concat(SPKI_BEFORE_POINT, point), bits: point, privateKeyPkcs8 };
}

/** The SPKI of a point, DER; its coordinates may lack leading zeros, as a TPM sends them. */
export function encodeP256Spki({ x, y }: EccPoint): Uint8Array {
  const point = new Uint8Array(P256_POINT_BYTES);
  point[0] = 4; // uncompressed
  point.set(x, 1 + P256_SCALAR_BYTES - x.length);
  point.set(y, P256_POINT_BYTES - y.length);
  return concat(SPKI_BEFORE_POINT, point);
}

function drawMlDsa65(): DrawnKey {
  const { publicKey, privateKey } = generateKeyPairSync('ml-dsa-65', {
    publicKeyEncoding: { format: 'der', type: 'spki' },
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
  });
  const spki = new Uint8Array(publicKey);
  const bits = spki.subarray(spki.length - ML_DSA_65_KEY_BYTES);
  return { spki, bits, privateKeyPkcs8: new Uint8Array(privateKey) };
}

function deriveMlDsa65(material: Uint8Array): DrawnKey {
  const seed = encodeDer(contextTag(0, 'primitive'), material.subarray(0, ML_DSA_65_SEED_BYTES));
  const privateKeyPkcs8 = encodeDer(
    TAG.sequence,
    encodeDer(TAG.integer, new Uint8Array(1)),
    encodeDer(TAG.sequence, encodeOid(ML_DSA_65_OID)),
    encodeDer(TAG.octetString, seed),
  );
  const publicKey = createPublicKey(openPrivateKey(privateKeyPkcs8));
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  return { spki, bits: spki.subarray(spki.length - ML_DSA_65_KEY_BYTES), privateKeyPkcs8 };
}

/** Cuts a finished element down to what precedes its last `count` octets. */
function before(element: Uint8Array, count: number): Uint8Array {
  return element.slice(0, element.length - count);
}

const EC_P256 = encodeDer(
  TAG.sequence,
  encodeOid('1.2.840.10045.2.1'),
  encodeOid('1.2.840.10045.3.1.7'),
);
const SPKI_BEFORE_POINT = before(
  encodeDer(TAG.sequence, EC_P256, encodeBitString(new Uint8Array(P256_POINT_BYTES))),
  P256_POINT_BYTES,
);
const PKCS8_BEFORE_POINT = before(
  encodeDer(contextTag(1, 'constructed'), encodeBitString(new Uint8Array(P256_POINT_BYTES))),
  P256_POINT_BYTES,
);
/** RFC 5915 §3 inside of RFC 5958 §2. */
const PKCS8_BEFORE_SCALAR = before(
  encodeDer(
    TAG.sequence,
    encodeDer(TAG.integer, new Uint8Array(1)),
    EC_P256,
    encodeDer(
      TAG.octetString,
      encodeDer(
        TAG.sequence,
        encodeDer(TAG.integer, Uint8Array.of(1)),
        encodeDer(TAG.octetString, new Uint8Array(P256_SCALAR_BYTES)),
        PKCS8_BEFORE_POINT,
        new Uint8Array(P256_POINT_BYTES),
      ),
    ),
  ),
  P256_SCALAR_BYTES + PKCS8_BEFORE_POINT.length + P256_POINT_BYTES,
);
