/**
 * Ed25519 signatures that no honest signer makes: keys and nonces with a small-order part.
 *
 * Verifiers that multiply by the cofactor take all of these, the others only those whose torsion
 * happens to cancel. Both of ours must say the same, or a coalition would disagree about belief.
 */

import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, fromHex } from '../../core/bytes.ts';

const { Point } = ed25519;
type Point = InstanceType<typeof Point>;
const ORDER = Point.Fn.ORDER;

/** A point of order 8; its multiples are the whole small-order subgroup. */
const TORSION = Point.fromBytes(
  fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'),
  true,
);

/** A key, a message, a signature, and whether the equation without the cofactor holds. */
export interface CraftedSignature {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly holds: boolean;
}

/** What to craft: multiples (0 to 7) of the point of order 8 within the key and the nonce. */
export interface Recipe {
  readonly secret: bigint;
  readonly nonce: bigint;
  readonly message: Uint8Array;
  readonly keyTorsion: bigint;
  readonly nonceTorsion: bigint;
}

/** Signs with `A = a·B + t·T` and `R = r·B + u·T`, so that `S·B = R + h·A` up to torsion. */
export function craft({ secret, nonce, message, ...torsion }: Recipe): CraftedSignature {
  const publicKey = pointOf(secret, torsion.keyTorsion).toBytes();
  const r = pointOf(nonce, torsion.nonceTorsion).toBytes();
  const h = modulo(numberOf(sha512(concat(r, publicKey, message))), ORDER);
  const s = modulo(nonce + h * secret, ORDER);
  // S·B − h·A = r·B − h·t·T, which is R only where −h·t and u are the same multiple of T.
  const holds = modulo(torsion.nonceTorsion + h * torsion.keyTorsion, 8n) === 0n;
  return { publicKey, message, signature: concat(r, scalarBytes(s)), holds };
}

/** The eight points of small order, in their canonical encoding. */
export function smallOrderPoints(): readonly Uint8Array[] {
  return Array.from({ length: 8 }, (_, i) => TORSION.multiplyUnsafe(BigInt(i)).toBytes());
}

/** `signature` with S + L in place of S: the same equation, another spelling. */
export function withSurplusOrder(signature: Uint8Array): Uint8Array {
  const s = numberOf(signature.subarray(32));
  return concat(signature.subarray(0, 32), scalarBytes(s + ORDER));
}

function pointOf(scalar: bigint, torsion: bigint): Point {
  return Point.BASE.multiply(scalar).add(TORSION.multiplyUnsafe(torsion));
}

function scalarBytes(scalar: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((scalar >> BigInt(8 * i)) & 0xffn));
}

function numberOf(littleEndian: Uint8Array): bigint {
  return littleEndian.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function modulo(value: bigint, modulus: bigint): bigint {
  return ((value % modulus) + modulus) % modulus;
}
