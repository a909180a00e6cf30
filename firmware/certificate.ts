/**
 * Certificates of endorsement keys and of their makers, as much of them as a path needs
 * (RFC 5280 §4, TCG EK Credential Profile 2.5 §3).
 *
 * Decoding believes nothing; `certificate-path.ts` verifies. Genuine endorsement certificates have
 * habits that general readers refuse, such as an empty subject beside a critical alternative name
 * that holds a directoryName.
 */

import { fromUtf8 } from '../core/bytes.ts';
import type { CurveName, EccPoint, HashName, RsaPublicKey } from '../core/ciphers.ts';
import { coordinateBytes, verifyEcdsa, verifyRsa } from '../core/ciphers.ts';
import {
  DerReader,
  decodeCount,
  decodeOctetBits,
  decodeOid,
  decodeTime,
  decodeUnsigned,
  TAG,
} from '../core/der.ts';
import { CERTIFICATE_BYTES_MAX, RSA_BYTES_MAX } from '../core/limits.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import type { UnixMs } from '../core/time.ts';
import { checkSize, refusedAs } from './malformed.ts';

/** A key that a certificate is for; `unknown` is of an algorithm that we do not compute. */
export type CertifiedKey =
  | { readonly kind: 'rsa'; readonly key: RsaPublicKey }
  | { readonly kind: 'ecc'; readonly curve: CurveName; readonly point: EccPoint }
  | { readonly kind: 'unknown' };

/** A certificate as it was read. Nothing here is proven. */
export interface UnverifiedCertificate {
  readonly raw: Uint8Array;
  /** The signed part, and how it is signed. */
  readonly tbs: Uint8Array;
  readonly signatureOid: string;
  readonly signature: Uint8Array;
  /** Names as DER: equal bytes are equal names here. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  readonly key: CertifiedKey;
  readonly isAuthority: boolean;
  /** Authorities that may follow below; null where there is no limit. */
  readonly pathLength: number | null;
  /** May sign certificates: true also where the extension is absent. */
  readonly maySign: boolean;
  readonly purposes: readonly string[];
  /** TPM attributes of the alternative name, by dotted number (§3.1.2). */
  readonly tpmAttributes: ReadonlyMap<string, string>;
  /** Critical extensions that nobody here understands. */
  readonly unknownCritical: readonly string[];
}

const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const DIRECTORY_NAME = 0xa4;
const ISSUER_ID = 0x81;
const SUBJECT_ID = 0x82;
const KEY_CERT_SIGN = 0x04;

/** The dotted numbers of what is read (RFC 5280 §4.2.1). */
const EXTENSION = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** Understood though not read: identifiers, policies, and where to ask for more. */
const HARMLESS: ReadonlySet<string> = new Set(['2.5.29.14', '2.5.29.31', '2.5.29.32', '2.5.29.35']);

/** Decodes one certificate. Refuses `too-large` and `ek-certificate-malformed`. */
export function decodeCertificate(raw: Uint8Array): UnverifiedCertificate {
  checkSize(raw, CERTIFICATE_BYTES_MAX);
  return refusedAs('ek-certificate-malformed', () => {
    const file = new DerReader(raw);
    const whole = file.open(TAG.sequence);
    file.end();
    const tbs = whole.expect(TAG.sequence);
    const signatureOid = decodeOid(whole.open(TAG.sequence).expect(TAG.oid).contents);
    const signature = decodeOctetBits(whole.expect(TAG.bitString).contents);
    whole.end();
    return { raw, tbs: tbs.raw, signatureOid, signature, ...readBody(new DerReader(tbs.contents)) };
  });
}

type Body = Omit<UnverifiedCertificate, 'raw' | 'tbs' | 'signatureOid' | 'signature'>;

function readBody(body: DerReader): Body {
  body.optional(VERSION);
  body.expect(TAG.integer); // serial number: makers write it in every way there is
  body.expect(TAG.sequence); // the signature algorithm, which counts where it stands outside
  const issuer = body.expect(TAG.sequence).raw;
  const validity = body.open(TAG.sequence);
  const notBefore = decodeTime(validity.next());
  const notAfter = decodeTime(validity.next());
  validity.end();
  const subject = body.expect(TAG.sequence).raw;
  const key = readKey(body.open(TAG.sequence));
  body.optional(ISSUER_ID);
  body.optional(SUBJECT_ID);
  const extensions = readExtensions(body.optional(EXTENSIONS)?.contents ?? null);
  body.end();
  return { issuer, subject, notBefore, notAfter, key, ...extensions };
}

const CURVES: ReadonlyMap<string, CurveName> = new Map([
  ['1.2.840.10045.3.1.7', 'p256'], // RFC 5480 §2.1.1.1
  ['1.3.132.0.34', 'p384'],
] as const);
const EC_KEY = '1.2.840.10045.2.1';
/** rsaEncryption, and id-RSAES-OAEP which some makers write (RFC 4055 §1.2, §4.1). */
const RSA_KEYS: ReadonlySet<string> = new Set(['1.2.840.113549.1.1.1', '1.2.840.113549.1.1.7']);

function readKey(spki: DerReader): CertifiedKey {
  const algorithm = spki.open(TAG.sequence);
  const oid = decodeOid(algorithm.expect(TAG.oid).contents);
  const bits = decodeOctetBits(spki.expect(TAG.bitString).contents);
  spki.end();
  if (RSA_KEYS.has(oid)) {
    const numbers = new DerReader(bits).open(TAG.sequence);
    const modulus = decodeUnsigned(numbers.expect(TAG.integer).contents);
    const exponent = decodeCount(numbers.expect(TAG.integer).contents);
    if (modulus.length > RSA_BYTES_MAX) return { kind: 'unknown' };
    return { kind: 'rsa', key: { modulus, exponent } };
  }
  if (oid !== EC_KEY) return { kind: 'unknown' };
  const curve = CURVES.get(decodeOid(algorithm.expect(TAG.oid).contents));
  if (curve === undefined) return { kind: 'unknown' };
  const size = coordinateBytes(curve);
  if (bits.length !== 1 + 2 * size || bits[0] !== 4) {
    throw new Refusal('ek-certificate-malformed', { why: 'not an uncompressed point' });
  }
  return {
    kind: 'ecc',
    curve,
    point: { x: bits.subarray(1, 1 + size), y: bits.subarray(1 + size) },
  };
}

type Extensions = Pick<
  UnverifiedCertificate,
  'isAuthority' | 'pathLength' | 'maySign' | 'purposes' | 'tpmAttributes' | 'unknownCritical'
>;

function readExtensions(wrapped: Uint8Array | null): Extensions {
  let authority = NO_AUTHORITY;
  let maySign = true;
  let purposes: readonly string[] = [];
  let tpmAttributes: ReadonlyMap<string, string> = new Map();
  const unknownCritical: string[] = [];
  const seen = new Set<string>();
  const list = wrapped === null ? null : new DerReader(wrapped).open(TAG.sequence);
  while (list !== null && !list.isAtEnd) {
    const extension = list.open(TAG.sequence);
    const oid = decodeOid(extension.expect(TAG.oid).contents);
    const critical = (extension.optional(TAG.boolean)?.contents[0] ?? 0) !== 0;
    const value = new DerReader(extension.expect(TAG.octetString).contents);
    extension.end();
    // The same extension twice would mean one thing to us and another to the next reader.
    if (seen.has(oid)) throw new Refusal('ek-certificate-malformed', { twice: oid });
    seen.add(oid);
    if (oid === EXTENSION.basicConstraints) authority = readBasicConstraints(value);
    else if (oid === EXTENSION.keyUsage) maySign = readMaySign(value);
    else if (oid === EXTENSION.extendedKeyUsage) purposes = readPurposes(value);
    else if (oid === EXTENSION.subjectAltName) tpmAttributes = readTpmAttributes(value);
    else if (critical && !HARMLESS.has(oid)) unknownCritical.push(oid);
  }
  return { ...authority, maySign, purposes, tpmAttributes, unknownCritical };
}

type Authority = Pick<UnverifiedCertificate, 'isAuthority' | 'pathLength'>;
const NO_AUTHORITY: Authority = { isAuthority: false, pathLength: null };

function readBasicConstraints(value: DerReader): Authority {
  const constraints = value.open(TAG.sequence);
  const isAuthority = (constraints.optional(TAG.boolean)?.contents[0] ?? 0) !== 0;
  const length = constraints.optional(TAG.integer);
  return { isAuthority, pathLength: length === undefined ? null : decodeCount(length.contents) };
}

function readMaySign(value: DerReader): boolean {
  const bits = value.expect(TAG.bitString).contents;
  return ((bits[1] ?? 0) & KEY_CERT_SIGN) !== 0;
}

function readPurposes(value: DerReader): readonly string[] {
  const list = value.open(TAG.sequence);
  const purposes: string[] = [];
  while (!list.isAtEnd) purposes.push(decodeOid(list.expect(TAG.oid).contents));
  return purposes;
}

/** The attributes of every directoryName; other kinds of name are passed over. */
function readTpmAttributes(value: DerReader): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  const names = value.open(TAG.sequence);
  while (!names.isAtEnd) {
    const name = names.next();
    if (name.tag !== DIRECTORY_NAME) continue;
    const sets = new DerReader(name.contents).open(TAG.sequence);
    while (!sets.isAtEnd) {
      const set = sets.open(TAG.set);
      while (!set.isAtEnd) {
        const pair = set.open(TAG.sequence);
        const oid = decodeOid(pair.expect(TAG.oid).contents);
        attributes.set(oid, fromUtf8(pair.next().contents));
      }
    }
  }
  return attributes;
}

/** Signature algorithms (RFC 4055 §5, RFC 5758 §3.2). SHA-1 is not among them. */
const SIGNATURES: ReadonlyMap<string, readonly ['rsa' | 'ecc', HashName]> = new Map([
  ['1.2.840.113549.1.1.11', ['rsa', 'sha256']],
  ['1.2.840.113549.1.1.12', ['rsa', 'sha384']],
  ['1.2.840.113549.1.1.13', ['rsa', 'sha512']],
  ['1.2.840.10045.4.3.2', ['ecc', 'sha256']],
  ['1.2.840.10045.4.3.3', ['ecc', 'sha384']],
  ['1.2.840.10045.4.3.4', ['ecc', 'sha512']],
] as const);

/** Whether `key` made the signature of the certificate. What is malformed is not signed. */
export function isSignedBy(certificate: UnverifiedCertificate, key: CertifiedKey): boolean {
  const [kind, hash] = SIGNATURES.get(certificate.signatureOid) ?? [];
  const { tbs: message, signature } = certificate;
  if (hash === undefined || key.kind !== kind) return false;
  if (key.kind === 'rsa') {
    return verifyRsa({ publicKey: key.key, padding: 'pkcs1', hash, message, signature });
  }
  const numbers = refusalOf(() => {
    const pair = new DerReader(signature).open(TAG.sequence);
    const r = decodeUnsigned(pair.expect(TAG.integer).contents);
    return { r, s: decodeUnsigned(pair.expect(TAG.integer).contents) };
  });
  if (numbers instanceof Refusal) return false;
  const { curve, point: publicPoint } = key;
  return verifyEcdsa({ curve, publicPoint, hash, message, ...numbers });
}
