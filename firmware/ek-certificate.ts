/**
 * Trust in a chip: its endorsement key has a certificate of a maker, or a person allowed the key
 * itself by its hash.
 *
 * The certificate lies in NV memory, where makers pad it and some put a header before it. It is
 * bound to the endorsement key that was shown, its path ends at a root that the domain trusts, and
 * its purpose is to endorse. TCG EK Credential Profile 2.5 §2.2.1.4, §3.
 */

import type { Brand } from '../core/brand.ts';
import { equalBytes, fromHex } from '../core/bytes.ts';
import { type CurveName, coordinateBytes } from '../core/ciphers.ts';
import { encodeDer, encodeUnsigned, TAG } from '../core/der.ts';
import { type Digest, digestOf } from '../core/digest.ts';
import { CERTIFICATE_BYTES_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { UnixMs } from '../core/time.ts';
import { type CertifiedKey, decodeCertificate, type UnverifiedCertificate } from './certificate.ts';
import { buildPath } from './certificate-path.ts';
import { type ChipGrade, gradeMaker } from './ek-makers.ts';
import { checkSize } from './malformed.ts';
import type { KeyPublic } from './tpm-public.ts';

/** tcg-kp-EKCertificate (§3.1.7). */
const PURPOSE = '2.23.133.8.1';
/** at-tpmManufacturer, at-tpmModel, at-tpmVersion (§3.1.2). */
const MANUFACTURER = '2.23.133.2.1';
const MODEL = '2.23.133.2.2';
const VERSION = '2.23.133.2.3';

/** A chip whose endorsement key is trusted. Made by the two verifiers below alone. */
export type TrustedChip = Brand<
  {
    /** SHA-256 of the endorsement key as SubjectPublicKeyInfo. */
    readonly endorsement: Digest;
    readonly grade: ChipGrade;
    /** By certificate: who made it. By hash: the words of whoever allowed it. */
    readonly maker: string;
    readonly model: string;
    readonly version: string;
  },
  'TrustedChip'
>;

/** What a node shows of its endorsement key, and whom the domain trusts. */
export interface EndorsementInput {
  readonly key: KeyPublic;
  /** The contents of the NV index. */
  readonly certificate: Uint8Array;
  /** Certificates that travelled along, DER. */
  readonly intermediates: readonly Uint8Array[];
  /** Roots of makers that the domain trusts, DER. */
  readonly roots: readonly Uint8Array[];
  readonly now: UnixMs;
}

/**
 * Verifies a certificate. Refuses `ek-certificate-malformed`, `-purpose`, `-key`, `-expired`,
 * `-critical` and `-untrusted`.
 */
export function verifyEkCertificate(input: EndorsementInput): TrustedChip {
  const leaf = decodeCertificate(unwrapCertificate(input.certificate));
  if (!leaf.purposes.includes(PURPOSE) || leaf.isAuthority) {
    throw new Refusal('ek-certificate-purpose', { got: leaf.purposes.join(' ') });
  }
  if (!isFor(leaf, input.key)) throw new Refusal('ek-certificate-key', { kind: input.key.kind });
  const intermediates = input.intermediates.map(decodeCertificate);
  const roots = input.roots.map(decodeCertificate);
  buildPath({ leaf, intermediates, roots, now: input.now });
  const endorsement = endorsementDigest(input.key);
  return { endorsement, ...makeOf(leaf) } as unknown as TrustedChip;
}

/** Who made a chip, by its certificate: a claim until that is verified. */
export interface ChipMake {
  readonly grade: ChipGrade;
  readonly maker: string;
  readonly model: string;
  readonly version: string;
}

/** Reads the make off a certificate; what it does not say is empty. */
export function makeOf({ tpmAttributes }: UnverifiedCertificate): ChipMake {
  return {
    ...gradeMaker(tpmAttributes.get(MANUFACTURER) ?? ''),
    model: tpmAttributes.get(MODEL) ?? '',
    version: tpmAttributes.get(VERSION) ?? '',
  };
}

/** One endorsement key that a person allowed after comparing its hash on the machine. */
export interface EkAllowance {
  readonly endorsement: Digest;
  readonly grade: ChipGrade;
  readonly note: string;
}

/** Trusts a key that is on the list, for chips without a certificate. Refuses `ek-unlisted`. */
export function checkEkAllowed(key: KeyPublic, allowed: readonly EkAllowance[]): TrustedChip {
  const endorsement = endorsementDigest(key);
  const found = allowed.find((allowance) => allowance.endorsement === endorsement);
  if (found === undefined) throw new Refusal('ek-unlisted', { endorsement });
  const { grade, note } = found;
  return { endorsement, grade, maker: note, model: '', version: '' } as unknown as TrustedChip;
}

/**
 * The certificate inside the contents of an NV index: without the header `10 01 00` and its
 * length of two bytes, and without what pads it. Refuses `too-large` and
 * `ek-certificate-malformed` where no certificate begins.
 */
export function unwrapCertificate(contents: Uint8Array): Uint8Array {
  checkSize(contents, CERTIFICATE_BYTES_MAX);
  const headed = contents[0] === 0x10 && contents[1] === 0x01 && contents[2] === 0x00;
  const der = headed ? contents.subarray(5) : contents;
  // SEQUENCE with a length of two octets: no certificate is shorter than 256 bytes.
  if (der[0] !== TAG.sequence || der[1] !== 0x82) {
    throw new Refusal('ek-certificate-malformed', { first: der[0] ?? -1 });
  }
  const size = 4 + 256 * (der[2] ?? 0) + (der[3] ?? 0);
  const padding = der.subarray(size);
  const fill = padding[0] ?? 0;
  const plain = (fill === 0 || fill === 0xff) && padding.every((octet) => octet === fill);
  if (!plain) throw new Refusal('ek-certificate-malformed', { surplus: padding.length });
  return der.subarray(0, size);
}

function isFor({ key: certified }: UnverifiedCertificate, key: KeyPublic): boolean {
  if (certified.kind === 'rsa' && key.kind === 'rsa') {
    const { modulus, exponent } = certified.key;
    return exponent === key.key.exponent && equalBytes(modulus, key.key.modulus);
  }
  if (certified.kind !== 'ecc' || key.kind !== 'ecc' || certified.curve !== key.curve) return false;
  const size = coordinateBytes(key.curve);
  return (
    equalBytes(certified.point.x, padded(key.point.x, size)) &&
    equalBytes(certified.point.y, padded(key.point.y, size))
  );
}

const RSA_ALGORITHM = fromHex('300d06092a864886f70d0101010500'); // RFC 3279 §2.3.1
const ECC_ALGORITHMS: Readonly<Record<CurveName, Uint8Array>> = {
  p256: fromHex('301306072a8648ce3d020106082a8648ce3d030107'), // RFC 5480 §2.1.1
  p384: fromHex('301006072a8648ce3d020106052b81040022'),
};

/** A key of an algorithm that we compute, in a chip or in a certificate. */
export type KnownKey = Exclude<CertifiedKey, { readonly kind: 'unknown' }>;

/** SHA-256 of a key as SubjectPublicKeyInfo: what `openssl pkey -pubout -outform DER` prints. */
export function endorsementDigest(key: KnownKey): Digest {
  if (key.kind === 'rsa') {
    const exponent = fromHex(key.key.exponent.toString(16).padStart(8, '0'));
    const numbers = [encodeUnsigned(key.key.modulus), encodeUnsigned(exponent)];
    return digestOf(spki(RSA_ALGORITHM, encodeDer(TAG.sequence, ...numbers)));
  }
  const size = coordinateBytes(key.curve);
  const point = [Uint8Array.of(4), padded(key.point.x, size), padded(key.point.y, size)];
  return digestOf(spki(ECC_ALGORITHMS[key.curve], ...point));
}

function spki(algorithm: Uint8Array, ...key: readonly Uint8Array[]): Uint8Array {
  const bits = encodeDer(TAG.bitString, new Uint8Array(1), ...key);
  return encodeDer(TAG.sequence, algorithm, bits);
}

/** A coordinate at the length of its field: a TPM may leave out leading zeros. */
function padded(coordinate: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  out.set(coordinate, size - coordinate.length);
  return out;
}
