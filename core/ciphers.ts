/**
 * The primitives that TPM 2.0 asks of its caller: hashes, HMAC, AES-CFB, ECDH and RSA-OAEP; and
 * AES-GCM, by which one key that a chip seals guards what is too large for it.
 *
 * Everything here is a function of its arguments. Randomness is passed in, so the simulator and
 * the tests can repeat a run byte for byte. This is not the signature suite of the protocol (see
 * suite.ts): a TPM fixes its own algorithms, and none of them is post-quantum. Longer than other
 * files, because whoever reviews what we ask of OpenSSL for a TPM should have one file to read.
 */

import {
  constants,
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPublicKey,
  type KeyObject,
  verify as nativeVerify,
  publicEncrypt,
} from 'node:crypto';
import { assert } from './assert.ts';
import { concat, fromHex, toBase64Url, toHex } from './bytes.ts';
import { Refusal } from './refusal.ts';

/** Hashes a TPM may name. SHA-1 occurs in old PCR banks alone; nothing is signed with it. */
export type HashName = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** Bytes of each digest (FIPS 180-4 §1). */
export const HASH_BYTES = {
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
} as const satisfies Record<HashName, number>;

/** The digest of the concatenation of `parts` (FIPS 180-4). */
export function hashOf(hash: HashName, ...parts: readonly Uint8Array[]): Uint8Array {
  const state = createHash(hash);
  for (const part of parts) state.update(part);
  return plain(state.digest());
}

/** HMAC over the concatenation of `parts` (FIPS 198-1). */
export function hmacOf(
  hash: HashName,
  key: Uint8Array,
  ...parts: readonly Uint8Array[]
): Uint8Array {
  const state = createHmac(hash, key);
  for (const part of parts) state.update(part);
  return plain(state.digest());
}

/** What AES-CFB works on. */
export interface CfbInput {
  /** 16, 24 or 32 bytes; the length chooses AES-128, 192 or 256. */
  readonly key: Uint8Array;
  /** 16 bytes. */
  readonly iv: Uint8Array;
  readonly bytes: Uint8Array;
}

/** AES in full-block CFB mode (SP 800-38A §6.3). It hides, and proves nothing. */
export function encryptAesCfb({ key, iv, bytes }: CfbInput): Uint8Array {
  const cipher = createCipheriv(cfbName(key), key, iv);
  return concat(cipher.update(bytes), cipher.final());
}

/** The inverse of `encryptAesCfb`. */
export function decryptAesCfb({ key, iv, bytes }: CfbInput): Uint8Array {
  const decipher = createDecipheriv(cfbName(key), key, iv);
  return concat(decipher.update(bytes), decipher.final());
}

/** What AES-GCM works on. */
export interface GcmInput {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 12 bytes, never twice under one key. */
  readonly nonce: Uint8Array;
  /** What the ciphertext is bound to and does not hold, such as a name. */
  readonly bound: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Bytes of the nonce and of the tag that ends a ciphertext (SP 800-38D §5.2). */
export const GCM_NONCE_BYTES = 12;
const GCM_TAG_BYTES = 16;

/** AES-256-GCM: ciphertext ‖ tag (SP 800-38D §7.1). */
export function encryptAesGcm({ key, nonce, bound, bytes }: GcmInput): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(bound);
  return concat(cipher.update(bytes), cipher.final(), cipher.getAuthTag());
}

/** The inverse of `encryptAesGcm`; undefined unless every byte is as it was. */
export function decryptAesGcm({ key, nonce, bound, bytes }: GcmInput): Uint8Array | undefined {
  if (bytes.length < GCM_TAG_BYTES) return undefined;
  const end = bytes.length - GCM_TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(bound);
  decipher.setAuthTag(bytes.subarray(end));
  const opened = decipher.update(bytes.subarray(0, end));
  try {
    return concat(opened, decipher.final());
  } catch {
    return undefined; // nothing of it may be looked at: the tag does not fit
  }
}

/** The NIST curves a TPM key may lie on. */
export type CurveName = 'p256' | 'p384';

/** A point in affine coordinates, big-endian; leading zeros may be absent, as a TPM sends them. */
export interface EccPoint {
  readonly x: Uint8Array;
  readonly y: Uint8Array;
}

interface Curve {
  readonly native: string;
  readonly jwk: string;
  readonly bytes: number;
  readonly order: bigint;
}

const CURVES: Readonly<Record<CurveName, Curve>> = {
  p256: {
    native: 'prime256v1',
    jwk: 'P-256',
    bytes: 32,
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n, // SP 800-186 §3.2.1.3
  },
  p384: {
    native: 'secp384r1',
    jwk: 'P-384',
    bytes: 48,
    order:
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n, // SP 800-186 §3.2.1.4
  },
};

/** Bytes of one coordinate. */
export function coordinateBytes(curve: CurveName): number {
  return CURVES[curve].bytes;
}

/** Random bytes that `ecdhEphemeral` wants: 128 more bits than the order, so no bias is left. */
export function ecdhSeedBytes(curve: CurveName): number {
  return CURVES[curve].bytes + 16;
}

/**
 * A one-time ECDH with `peer` (SP 800-56A §6.2.2): our ephemeral point, and the x coordinate of
 * the shared one. The private scalar is made of `seed` by FIPS 186-5 §A.2.1. Refuses
 * `key-malformed` for a peer that is no point of the curve.
 */
export function ecdhEphemeral(
  curve: CurveName,
  peer: EccPoint,
  seed: Uint8Array,
): { readonly ephemeral: EccPoint; readonly sharedX: Uint8Array } {
  assert(seed.length === ecdhSeedBytes(curve), 'an ECDH seed has its exact length');
  const { native, bytes, order } = CURVES[curve];
  const scalar = (BigInt(`0x${toHex(seed)}`) % (order - 1n)) + 1n;
  const ecdh = createECDH(native);
  ecdh.setPrivateKey(fromHex(scalar.toString(16).padStart(2 * bytes, '0')));
  const own = plain(ecdh.getPublicKey());
  const point = concat(Uint8Array.of(4), padStart(peer.x, bytes), padStart(peer.y, bytes));
  try {
    const sharedX = padStart(plain(ecdh.computeSecret(point)), bytes);
    return {
      ephemeral: { x: own.subarray(1, 1 + bytes), y: own.subarray(1 + bytes) },
      sharedX,
    };
  } catch {
    throw new Refusal('key-malformed', { curve });
  }
}

/** An ECDSA signature in question; r and s are big-endian, leading zeros may be absent. */
export interface EcdsaCheck {
  readonly curve: CurveName;
  readonly publicPoint: EccPoint;
  readonly hash: HashName;
  readonly message: Uint8Array;
  readonly r: Uint8Array;
  readonly s: Uint8Array;
}

/** True if (r, s) signs the digest of `message` (FIPS 186-5 §6.4.2). Malformed input is false. */
export function verifyEcdsa({ curve, publicPoint, hash, message, r, s }: EcdsaCheck): boolean {
  const { jwk, bytes } = CURVES[curve];
  if (r.length > bytes || s.length > bytes) return false;
  const key = importJwk({
    kty: 'EC',
    crv: jwk,
    x: toBase64Url(padStart(publicPoint.x, bytes)),
    y: toBase64Url(padStart(publicPoint.y, bytes)),
  });
  if (key === undefined) return false;
  const signature = concat(padStart(r, bytes), padStart(s, bytes));
  return nativeVerify(hash, message, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** An RSA public key: modulus big-endian, and its exponent. */
export interface RsaPublicKey {
  readonly modulus: Uint8Array;
  readonly exponent: number;
}

/** An RSA signature in question: RSASSA-PKCS1-v1_5, or PSS with a salt of any length. */
export interface RsaCheck {
  readonly publicKey: RsaPublicKey;
  readonly padding: 'pkcs1' | 'pss';
  readonly hash: HashName;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** True if `signature` signs the digest of `message` (RFC 8017 §8). Malformed input is false. */
export function verifyRsa({ publicKey, padding, hash, message, signature }: RsaCheck): boolean {
  const key = rsaKey(publicKey);
  if (key === undefined) return false;
  if (padding === 'pkcs1') return nativeVerify(hash, message, key, signature);
  const pss = {
    key,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_AUTO,
  };
  return nativeVerify(hash, message, pss, signature);
}

/** What OAEP encrypts, to whom, and the randomness it is given. */
export interface OaepInput {
  readonly publicKey: RsaPublicKey;
  readonly hash: HashName;
  readonly label: Uint8Array;
  readonly message: Uint8Array;
  /** As many random bytes as the hash has. */
  readonly seed: Uint8Array;
}

/**
 * RSAES-OAEP (RFC 8017 §7.1.1) with the seed given. The padding is ours because node:crypto
 * draws the seed by itself; the modular power is not. Refuses `key-malformed`.
 */
export function encryptRsaOaep({ publicKey, hash, label, message, seed }: OaepInput): Uint8Array {
  const size = HASH_BYTES[hash];
  assert(seed.length === size, 'an OAEP seed is as long as its hash');
  const key = rsaKey(publicKey);
  const spare = publicKey.modulus.length - 2 * size - 2 - message.length;
  if (key === undefined || spare < 0) throw new Refusal('key-malformed', { kind: 'rsa' });
  const block = concat(hashOf(hash, label), new Uint8Array(spare), Uint8Array.of(1), message);
  const maskedBlock = xor(block, mgf1(hash, seed, block.length));
  const maskedSeed = xor(seed, mgf1(hash, maskedBlock, size));
  const padded = concat(Uint8Array.of(0), maskedSeed, maskedBlock);
  try {
    return plain(publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, padded));
  } catch {
    throw new Refusal('key-malformed', { kind: 'rsa' }); // such as a modulus with leading zeros
  }
}

/** The mask generation function of RFC 8017 §B.2.1. */
function mgf1(hash: HashName, seed: Uint8Array, length: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let counter = 0; blocks.length * HASH_BYTES[hash] < length; counter++) {
    blocks.push(hashOf(hash, seed, fromHex(counter.toString(16).padStart(8, '0'))));
  }
  return concat(...blocks).subarray(0, length);
}

function rsaKey({ modulus, exponent }: RsaPublicKey): KeyObject | undefined {
  const hex = exponent.toString(16);
  const e = fromHex(hex.padStart(hex.length + (hex.length % 2), '0'));
  return importJwk({ kty: 'RSA', n: toBase64Url(modulus), e: toBase64Url(e) });
}

/** A key that the runtime refuses is absent: the caller says what that means. */
function importJwk(jwk: Readonly<Record<string, string>>): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function cfbName(key: Uint8Array): string {
  return `aes-${8 * key.length}-cfb`;
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] ?? 0));
}

/** `bytes` as a big-endian number of exactly `size` bytes; what is longer was refused before. */
function padStart(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length >= size) return bytes.subarray(bytes.length - size);
  return concat(new Uint8Array(size - bytes.length), bytes);
}

/** A Buffer seen as the plain bytes it holds. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
