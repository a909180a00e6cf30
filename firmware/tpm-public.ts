/**
 * Public areas of TPM objects: read under bounds, and named.
 *
 * The raw bytes stay with the parsed view, because the name is a digest of them and every
 * signature covers the name. Templates, which are public areas that we write, are in
 * tpm-templates.ts. Part 2 §12.2.4, TPMT_PUBLIC.
 */

import { concat, Reader, Writer } from '../core/bytes.ts';
import {
  type CurveName,
  coordinateBytes,
  type EccPoint,
  type HashName,
  hashOf,
  type RsaPublicKey,
} from '../core/ciphers.ts';
import { Refusal } from '../core/refusal.ts';
import { CURVE_ID, HASH_ALG, TPM_ALG, TPMA_OBJECT } from './tpm-constants.ts';
import { readHash, readSized } from './tpm-structures.ts';

/** The cipher by which a storage key protects its children; null for keys that sign. */
export interface SymmetricScheme {
  readonly keyBits: number;
}

/** How a key signs; null where each use says so. */
export interface SigningScheme {
  readonly alg: number;
  readonly hash: HashName;
}

interface PublicHead {
  /** TPMT_PUBLIC as the TPM sent it. */
  readonly raw: Uint8Array;
  /** nameAlg ‖ digest of `raw` (Part 1 §16). */
  readonly name: Uint8Array;
  readonly nameHash: HashName;
  /** TPMA_OBJECT, see `TPMA_OBJECT`. */
  readonly attributes: number;
  /** Empty if no policy guards the object. */
  readonly policy: Uint8Array;
}

/** An RSA key. An exponent of 0 in the structure means 65537. Part 2 §12.2.3.5. */
export interface RsaPublic extends PublicHead {
  readonly kind: 'rsa';
  readonly symmetric: SymmetricScheme | null;
  readonly scheme: SigningScheme | null;
  readonly bits: number;
  readonly key: RsaPublicKey;
}

/** A key on a NIST curve. Part 2 §12.2.3.6. */
export interface EccPublic extends PublicHead {
  readonly kind: 'ecc';
  readonly symmetric: SymmetricScheme | null;
  readonly scheme: SigningScheme | null;
  readonly curve: CurveName;
  readonly point: EccPoint;
}

/** A sealed secret. Part 2 §12.2.3.3. */
export interface SealedPublic extends PublicHead {
  readonly kind: 'sealed';
}

/** The parsed view of a public area; `raw` is what was signed. */
export type TpmPublic = RsaPublic | EccPublic | SealedPublic;

/** A public area that is a key, which a secret may be encrypted to or a signature checked by. */
export type KeyPublic = RsaPublic | EccPublic;

/**
 * Decodes TPMT_PUBLIC. Refuses `tpm-malformed` for kinds, curves and name hashes that we do not
 * use (SHA-1 names among them: such a name is forgeable), and the codes of `Reader`.
 */
export function decodePublic(raw: Uint8Array): TpmPublic {
  const reader = new Reader(raw);
  const type = reader.u16();
  const nameHash = readHash(reader);
  if (nameHash === 'sha1') throw new Refusal('tpm-malformed', { field: 'nameAlg', got: 'sha1' });
  const attributes = reader.u32();
  const policy = readSized(reader);
  const head: PublicHead = { raw, name: nameOf(nameHash, raw), nameHash, attributes, policy };
  const decoded = readBody(reader, type, head);
  reader.end();
  return decoded;
}

/** The name of an entity: the hash identifier and the digest of its public area. Part 1 §16. */
export function nameOf(hash: HashName, publicArea: Uint8Array): Uint8Array {
  return concat(new Writer().u16(HASH_ALG[hash]).finish(), hashOf(hash, publicArea));
}

/** Whether every bit of `flag` is set in the attributes of `key`. */
export function hasAttribute(key: TpmPublic, flag: keyof typeof TPMA_OBJECT): boolean {
  return (key.attributes & TPMA_OBJECT[flag]) !== 0;
}

function readBody(reader: Reader, type: number, head: PublicHead): TpmPublic {
  switch (type) {
    case TPM_ALG.RSA: {
      const symmetric = readSymmetric(reader);
      const scheme = readScheme(reader);
      const bits = reader.u16();
      const exponent = reader.u32();
      const key = { modulus: readSized(reader, bits / 8), exponent: exponent || 65_537 };
      return { ...head, kind: 'rsa', symmetric, scheme, bits, key };
    }
    case TPM_ALG.ECC: {
      const symmetric = readSymmetric(reader);
      const scheme = readScheme(reader);
      const curve = readCurve(reader);
      expectNull(reader, 'kdf');
      const size = coordinateBytes(curve);
      const point = { x: readSized(reader, size), y: readSized(reader, size) };
      return { ...head, kind: 'ecc', symmetric, scheme, curve, point };
    }
    case TPM_ALG.KEYEDHASH:
      expectNull(reader, 'scheme');
      readSized(reader);
      return { ...head, kind: 'sealed' };
    default:
      throw new Refusal('tpm-malformed', { field: 'type', got: type });
  }
}

/** TPMT_SYM_DEF_OBJECT: null, or AES in CFB mode. Part 2 §11.1.7. */
function readSymmetric(reader: Reader): SymmetricScheme | null {
  const alg = reader.u16();
  if (alg === TPM_ALG.NULL) return null;
  const keyBits = reader.u16();
  const mode = reader.u16();
  const known = keyBits === 128 || keyBits === 192 || keyBits === 256;
  if (alg !== TPM_ALG.AES || mode !== TPM_ALG.CFB || !known) {
    throw new Refusal('tpm-malformed', { field: 'symmetric', got: alg });
  }
  return { keyBits };
}

/** TPMT_RSA_SCHEME or TPMT_ECC_SCHEME: null, or a signature scheme we verify. Part 2 §11.2. */
function readScheme(reader: Reader): SigningScheme | null {
  const alg = reader.u16();
  switch (alg) {
    case TPM_ALG.NULL:
      return null;
    case TPM_ALG.ECDSA:
    case TPM_ALG.RSASSA:
    case TPM_ALG.RSAPSS:
      return { alg, hash: readHash(reader) };
    default:
      throw new Refusal('tpm-malformed', { field: 'scheme', got: alg });
  }
}

function readCurve(reader: Reader): CurveName {
  const id = reader.u16();
  if (id === CURVE_ID.p256) return 'p256';
  if (id === CURVE_ID.p384) return 'p384';
  throw new Refusal('tpm-malformed', { field: 'curve', got: id });
}

function expectNull(reader: Reader, field: string): void {
  const alg = reader.u16();
  if (alg !== TPM_ALG.NULL) throw new Refusal('tpm-malformed', { field, got: alg });
}
