/**
 * Certificate revocation lists of X.509 authorities (RFC 5280 §5): for verifiers that know nothing
 * of Holdfast, handed out in the `crl` fields of the Workload API.
 *
 * A list names serials and nothing else. Our own verifier takes the union of lists and revocation
 * documents, so that it never waits for a list; a list that has ended revokes on.
 */

import { verify, X509Certificate } from 'node:crypto';
import { equalBytes, fromBase64, toHex } from '../../core/bytes.ts';
import type { JsonObject } from '../../core/canonical.ts';
import {
  contextTag,
  DerReader,
  decodeOctetBits,
  decodeOid,
  decodeTime,
  decodeUnsigned,
  encodeDer,
  encodeTime,
  encodeUnsigned,
  TAG,
} from '../../core/der.ts';
import { AUTHORITIES_MAX, CRL_BYTES_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import type { UnixMs } from '../../core/time.ts';
import { decodeCertificate } from './certificate.ts';
import { encodeExtension, signDer } from './certificate-writer.ts';
import { NOTHING_REVOKED, type RevokedByDomain, type RevokedSet } from './revoked.ts';
import type { X509Authority } from './x509-authority.ts';

/** One revoked certificate. */
export interface RevokedSerial {
  /** Big-endian magnitude. */
  readonly serial: Uint8Array;
  readonly at: UnixMs;
}

/** What a list says besides its serials. */
export interface CrlTerms {
  /** Rising; the epoch that publishes the list. */
  readonly number: bigint;
  readonly thisUpdate: UnixMs;
  readonly nextUpdate: UnixMs;
}

/** A list as read. It proves nothing until its signature is verified. */
export interface Crl {
  readonly der: Uint8Array;
  readonly issuer: Uint8Array;
  readonly thisUpdate: UnixMs;
  readonly nextUpdate: UnixMs;
  /** In lower-case hex. */
  readonly serials: readonly string[];
  readonly signed: Uint8Array;
  readonly algorithm: string;
  readonly signature: Uint8Array;
}

const CRL_NUMBER = '2.5.29.20';
const VERSION_2 = Uint8Array.of(TAG.integer, 1, 1);
/** Hash of each signature algorithm that our authorities use; null where the scheme has its own. */
const HASHES: Readonly<Record<string, string | null>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '2.16.840.1.101.3.4.3.18': null,
};

/** Signs the list of an authority, serials in the order given. */
export function signCrl(
  authority: X509Authority,
  revoked: readonly RevokedSerial[],
  terms: CrlTerms,
): Uint8Array {
  const entries = revoked.map(({ serial, at }) =>
    encodeDer(TAG.sequence, encodeUnsigned(serial), encodeTime(at)),
  );
  const number = encodeDer(TAG.integer, magnitudeOf(terms.number));
  const extensions = [authority.authorityKeyId, encodeExtension(CRL_NUMBER, 'optional', number)];
  return signDer(authority, (algorithm) =>
    encodeDer(
      TAG.sequence,
      VERSION_2,
      algorithm,
      authority.certificate.subject,
      encodeTime(terms.thisUpdate),
      encodeTime(terms.nextUpdate),
      // An empty list has no list (RFC 5280 §5.1.2.6).
      ...(entries.length === 0 ? [] : [encodeDer(TAG.sequence, ...entries)]),
      encodeDer(contextTag(0, 'constructed'), encodeDer(TAG.sequence, ...extensions)),
    ),
  );
}

/** Reads a list. Refuses `too-large` and `bad-encoding`. */
export function decodeCrl(der: Uint8Array): Crl {
  if (der.length > CRL_BYTES_MAX) {
    throw new Refusal('too-large', { limit: CRL_BYTES_MAX, got: der.length });
  }
  const file = new DerReader(der);
  const whole = file.open(TAG.sequence);
  file.end();
  const tbs = whole.expect(TAG.sequence);
  const algorithm = whole.open(TAG.sequence);
  const signature = decodeOctetBits(whole.expect(TAG.bitString).contents);
  whole.end();
  const body = new DerReader(tbs.raw).open(TAG.sequence);
  body.expect(TAG.integer);
  body.expect(TAG.sequence);
  const issuer = body.expect(TAG.sequence).raw;
  const thisUpdate = decodeTime(body.next());
  const nextUpdate = decodeTime(body.next());
  const list = body.isAtEnd ? undefined : body.next();
  const serials = list?.tag === TAG.sequence ? serialsIn(list.raw) : [];
  return {
    ...{ der, issuer, thisUpdate, nextUpdate, serials, signature },
    signed: tbs.raw,
    algorithm: decodeOid(algorithm.expect(TAG.oid).contents),
  };
}

/** True if the authority of that certificate signed the list. */
export function isCrlOf(crl: Crl, authorityDer: Uint8Array): boolean {
  const hash = HASHES[crl.algorithm];
  if (hash === undefined) return false;
  if (!equalBytes(decodeCertificate(authorityDer).subject, crl.issuer)) return false;
  const key = new X509Certificate(authorityDer).publicKey;
  return verify(hash, crl.signed, key, crl.signature);
}

/** What CRLs alone revoke, each in the domain whose authority signed it. */
export function revokedByLists(
  lists: readonly Uint8Array[],
  authorities: ReadonlyMap<TrustDomain, readonly Uint8Array[]>,
): RevokedByDomain {
  const crls = lists.map(decodeCrl);
  return new Map(
    [...authorities].map(([domain, ders]) => {
      const own = crls.filter((crl) => ders.some((der) => isCrlOf(crl, der)));
      return [domain, revokedBy(own)];
    }),
  );
}

/** Our top-level member of a bundle: CRLs of its X.509 authorities, DER as base64. */
export const CRLS_MEMBER = 'x509_crls';

/**
 * The lists in the JSON of a bundle that one of its `authorities` signed. What does not read, or
 * is signed by nobody of these, is absent: a verifier that is handed a broken list may refuse
 * every SVID.
 */
export function crlsIn(bundle: JsonObject, authorities: readonly Uint8Array[]): readonly Crl[] {
  const member = bundle[CRLS_MEMBER];
  if (!Array.isArray(member)) return [];
  const lists = member.slice(0, AUTHORITIES_MAX).flatMap((text) => {
    const crl = refusalOf(() => decodeCrl(fromBase64(String(text))));
    return crl instanceof Refusal ? [] : [crl];
  });
  return lists.filter((crl) => authorities.some((der) => isCrlOf(crl, der)));
}

/** What lists alone revoke. */
export function revokedBy(crls: readonly Crl[]): RevokedSet {
  return { ...NOTHING_REVOKED, serials: new Set(crls.flatMap(({ serials }) => serials)) };
}

function serialsIn(raw: Uint8Array): readonly string[] {
  const list = new DerReader(raw).open(TAG.sequence);
  const serials: string[] = [];
  while (!list.isAtEnd) {
    const entry = list.open(TAG.sequence);
    serials.push(toHex(decodeUnsigned(entry.expect(TAG.integer).contents)));
  }
  return serials;
}

/** The contents of a non-negative INTEGER: a zero octet before a set top bit. */
function magnitudeOf(value: bigint): Uint8Array {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  const bytes = Uint8Array.from(even.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return (bytes[0] ?? 0) < 0x80 ? bytes : Uint8Array.of(0, ...bytes);
}
