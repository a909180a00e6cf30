/**
 * One X.509 certificate, decoded field by field from DER (RFC 5280 §4).
 *
 * node:crypto hides what decides about an SVID: which extensions are critical, whether one occurs
 * twice, which key usage bits are set. So the fields are read here, and node:crypto is asked for
 * signatures alone. Decoding judges form only: no date, no signature, no SPIFFE rule. Those are in
 * `x509-verify.ts`.
 */

import { X509Certificate } from 'node:crypto';
import { equalBytes } from '../../core/bytes.ts';
import {
  contextTag,
  type DerElement,
  DerReader,
  decodeBoolean,
  decodeOctetBits,
  decodeOid,
  decodeTime,
  decodeUnsigned,
  TAG,
} from '../../core/der.ts';
import { CERTIFICATE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { UnixMs } from '../../core/time.ts';
import { type Assurance, parseAssurance } from '../../federation/assurance.ts';
import {
  decodeNameConstraints,
  decodeNames,
  type GeneralName,
  NAME_FORM,
  type NameConstraints,
} from './name-constraints.ts';

/** Extensions by their number (RFC 5280 §4.2.1, and one of ours). */
export const EXTENSION = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  /**
   * Ours: a level of assurance, as a PrintableString (PROTOCOL §7.3). A UUID in short arcs, as
   * whoever has no arc of their own may take one there: Go reads no arc beyond 31 bits, and a
   * UUID below 2.25 as one arc makes every SVID unreadable to it.
   */
  assurance: '1.2.840.113556.1.8000.2554.51377.50521.15240.20220.36264.12801890.4695107',
  /** Ours: the digest of the override that allowed it, as a PrintableString (PROTOCOL §4.9). */
  override: '1.2.840.113556.1.8000.2554.51377.50521.15240.20220.36264.12801890.4695107.1',
} as const;

/** Purposes of an extended key usage (RFC 5280 §4.2.1.12). */
export const PURPOSE = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** Longer than any level is: what is cut here is none. */
const ASSURANCE_CHARS_MAX = 32;
/** A digest in hex. */
const OVERRIDE_CHARS = 64;

/** The key usages that the SPIFFE rules name (RFC 5280 §4.2.1.3). */
export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly keyCertSign: boolean;
  readonly cRLSign: boolean;
}

/** What a certificate says. It proves nothing until its signature is verified. */
export interface Certificate {
  readonly der: Uint8Array;
  /** Big-endian magnitude. */
  readonly serial: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  readonly spki: Uint8Array;
  readonly signatureAlgorithm: string;
  /** Absent means false (RFC 5280 §4.2.1.9). */
  readonly isCa: boolean;
  readonly pathLength: number | null;
  readonly keyUsage: KeyUsage | null;
  readonly purposes: readonly string[] | null;
  readonly uris: readonly string[];
  /** All names of the SubjectAltName, the URIs among them. */
  readonly names: readonly GeneralName[];
  /** What names an authority may certify; null for all. */
  readonly nameConstraints: NameConstraints | null;
  readonly subjectKeyId: Uint8Array | null;
  /** Key identifier of the issuer; it finds one, and proves nothing. */
  readonly authorityKeyId: Uint8Array | null;
  /** What its issuer says of the machine; null for nothing, or for a level of the future. */
  readonly assurance: Assurance | null;
  /** The override that allowed it, in hex; null for none. */
  readonly override: string | null;
  /** All extensions present, by dotted number, with whether each is critical. */
  readonly extensions: ReadonlyMap<string, boolean>;
}

/** Decodes one certificate. Refuses `too-large` and `bad-encoding`. */
export function decodeCertificate(der: Uint8Array): Certificate {
  if (der.length > CERTIFICATE_BYTES_MAX) {
    throw new Refusal('too-large', { limit: CERTIFICATE_BYTES_MAX, got: der.length });
  }
  const file = new DerReader(der);
  const whole = file.open(TAG.sequence);
  file.end();
  const tbs = whole.open(TAG.sequence);
  const outerAlgorithm = whole.expect(TAG.sequence);
  decodeOctetBits(whole.expect(TAG.bitString).contents);
  whole.end();
  return { der, ...decodeTbs(tbs, outerAlgorithm) };
}

/** True if `issuer` names itself as `certificate` does, and its key made the signature. */
export function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  if (!equalBytes(certificate.issuer, issuer.subject)) return false;
  try {
    return new X509Certificate(certificate.der).verify(new X509Certificate(issuer.der).publicKey);
  } catch {
    return false; // a key or an algorithm OpenSSL does not have signs nothing here
  }
}

function decodeTbs(tbs: DerReader, outerAlgorithm: DerElement): Omit<Certificate, 'der'> {
  const version = tbs.open(contextTag(0, 'constructed'));
  if (version.expect(TAG.integer).contents[0] !== 2) refuse('not a certificate of version 3');
  version.end();
  const serial = decodeUnsigned(tbs.expect(TAG.integer).contents);
  const algorithm = tbs.expect(TAG.sequence);
  // The unsigned copy of the algorithm must say what the signed one does (RFC 5280 §4.1.1.2).
  if (!equalBytes(algorithm.raw, outerAlgorithm.raw)) refuse('two signature algorithms');
  const issuer = tbs.expect(TAG.sequence).raw;
  const validity = tbs.open(TAG.sequence);
  const notBefore = decodeTime(validity.next());
  const notAfter = decodeTime(validity.next());
  validity.end();
  const subject = tbs.expect(TAG.sequence).raw;
  const spki = tbs.expect(TAG.sequence).raw;
  const extensions = decodeExtensions(tbs);
  return {
    serial,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    signatureAlgorithm: decodeOid(new DerReader(algorithm.contents).expect(TAG.oid).contents),
    ...meaningOf(extensions),
    extensions: new Map(Array.from(extensions, ([id, { critical }]) => [id, critical])),
  };
}

interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

function decodeExtensions(tbs: DerReader): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>();
  tbs.optional(contextTag(1, 'primitive')); // unique identifiers: nobody writes them any more
  tbs.optional(contextTag(2, 'primitive'));
  const holder = tbs.optional(contextTag(3, 'constructed'));
  tbs.end();
  if (holder === undefined) return extensions;
  const outer = new DerReader(holder.contents);
  const list = outer.open(TAG.sequence);
  outer.end();
  while (!list.isAtEnd) {
    const extension = list.open(TAG.sequence);
    const id = decodeOid(extension.expect(TAG.oid).contents);
    const flag = extension.optional(TAG.boolean);
    const value = extension.expect(TAG.octetString).contents;
    extension.end();
    // Which of two would count is what an attacker plays verifiers off with (RFC 5280 §4.2).
    if (extensions.has(id)) refuse('an extension that occurs twice');
    extensions.set(id, { critical: flag !== undefined && decodeBoolean(flag.contents), value });
  }
  return extensions;
}

type Meaning = Pick<
  Certificate,
  | 'isCa'
  | 'pathLength'
  | 'keyUsage'
  | 'purposes'
  | 'uris'
  | 'names'
  | 'nameConstraints'
  | 'subjectKeyId'
  | 'authorityKeyId'
  | 'assurance'
  | 'override'
>;

function meaningOf(extensions: ReadonlyMap<string, Extension>): Meaning {
  const readerOf = (id: string): DerReader | undefined => {
    const extension = extensions.get(id);
    return extension === undefined ? undefined : new DerReader(extension.value);
  };
  const constraints = readerOf(EXTENSION.basicConstraints);
  const usage = readerOf(EXTENSION.keyUsage);
  const purposes = readerOf(EXTENSION.extendedKeyUsage);
  const subjectNames = readerOf(EXTENSION.subjectAltName);
  const confinement = readerOf(EXTENSION.nameConstraints);
  const keyId = readerOf(EXTENSION.subjectKeyIdentifier);
  const issuerKeyId = readerOf(EXTENSION.authorityKeyIdentifier);
  const assurance = readerOf(EXTENSION.assurance);
  const override = readerOf(EXTENSION.override);
  const names = subjectNames === undefined ? [] : decodeSubjectNames(subjectNames);
  return {
    ...(constraints === undefined
      ? { isCa: false, pathLength: null }
      : decodeConstraints(constraints)),
    keyUsage: usage === undefined ? null : decodeKeyUsage(usage),
    purposes: purposes === undefined ? null : decodePurposes(purposes),
    uris: names.filter(({ form }) => form === NAME_FORM.uri).map(({ text }) => text),
    names,
    nameConstraints: confinement === undefined ? null : decodeNameConstraints(confinement),
    subjectKeyId: keyId === undefined ? null : decodeKeyId(keyId),
    authorityKeyId: issuerKeyId === undefined ? null : decodeAuthorityKeyId(issuerKeyId),
    assurance: assurance === undefined ? null : decodeAssurance(assurance),
    override: override === undefined ? null : decodeOverride(override),
  };
}

function decodeConstraints(value: DerReader): Pick<Certificate, 'isCa' | 'pathLength'> {
  const fields = value.open(TAG.sequence);
  value.end();
  const flag = fields.optional(TAG.boolean);
  const length = fields.optional(TAG.integer);
  fields.end();
  return {
    isCa: flag !== undefined && decodeBoolean(flag.contents),
    pathLength: length === undefined ? null : smallNumber(decodeUnsigned(length.contents)),
  };
}

function decodeKeyUsage(value: DerReader): KeyUsage {
  const [unused = 8, first = 0] = value.expect(TAG.bitString).contents;
  value.end();
  if (unused > 7) refuse('a bit string with absurd unused bits');
  // Bit 0 is the highest of the first octet (X.690 §8.6.2).
  return {
    digitalSignature: (first & 0x80) !== 0,
    keyCertSign: (first & 0x04) !== 0,
    cRLSign: (first & 0x02) !== 0,
  };
}

function decodePurposes(value: DerReader): readonly string[] {
  const list = value.open(TAG.sequence);
  value.end();
  const purposes: string[] = [];
  while (!list.isAtEnd) purposes.push(decodeOid(list.expect(TAG.oid).contents));
  return purposes;
}

function decodeSubjectNames(value: DerReader): readonly GeneralName[] {
  const list = value.open(TAG.sequence);
  value.end();
  return decodeNames(list);
}

function decodeKeyId(value: DerReader): Uint8Array {
  const { contents } = value.expect(TAG.octetString);
  value.end();
  return contents;
}

/** RFC 5280 §4.2.1.1: names and serials of the issuer may follow, and pass by. */
function decodeAuthorityKeyId(value: DerReader): Uint8Array | null {
  const fields = value.open(TAG.sequence);
  value.end();
  return fields.optional(contextTag(0, 'primitive'))?.contents ?? null;
}

function decodeAssurance(value: DerReader): Assurance | null {
  const { contents } = value.expect(TAG.printableString);
  value.end();
  return parseAssurance(String.fromCharCode(...contents.subarray(0, ASSURANCE_CHARS_MAX)));
}

function decodeOverride(value: DerReader): string {
  const { contents } = value.expect(TAG.printableString);
  value.end();
  return String.fromCharCode(...contents.subarray(0, OVERRIDE_CHARS));
}

function smallNumber(magnitude: Uint8Array): number {
  if (magnitude.length > 2) refuse('an absurd path length');
  return magnitude.reduce((value, octet) => value * 256 + octet, 0);
}

function refuse(why: string): never {
  throw new Refusal('bad-encoding', { encoding: 'X.509', why });
}
