/**
 * An X.509 authority of a domain: one key and its self-signed certificate (X509-SVID §3.1, §4.1).
 *
 * What a P-256 authority signs any SPIFFE library can verify. That is why it is classical and why
 * its life is short: the hybrid keys of Root answer for the domain, and this certificate is only
 * what they name in the bundle. An ML-DSA-65 authority stands beside it for entries that ask. The
 * key's storage is the caller's; here it is made, opened and used.
 */

import { createPublicKey } from 'node:crypto';
import { equalBytes, toHex } from '../../core/bytes.ts';
import { contextTag, encodeDer, TAG } from '../../core/der.ts';
import { AUTHORITY_LIFE_MS, SVID_BACKDATE_MS } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { type SpiffeId, spiffeId, type TrustDomain } from '../../core/spiffe-id.ts';
import { addMs, type UnixMs } from '../../core/time.ts';
import type { Random } from '../ports.ts';
import { type Certificate, decodeCertificate, EXTENSION } from './certificate.ts';
import {
  type CertificateSigner,
  encodeAuthorityName,
  encodeExtension,
  encodeKeyUsage,
  encodeNames,
  KEY_USAGE,
  keyIdOf,
  serialFrom,
  signCertificate,
} from './certificate-writer.ts';
import { drawKey, type KeyType, openPrivateKey } from './private-key.ts';

const SERIAL_RANDOM_BYTES = 16;

/** What storage holds of an authority. The second member is a secret. */
export interface StoredX509Authority {
  readonly certificateDer: Uint8Array;
  readonly privateKeyPkcs8: Uint8Array;
}

/** Whoever signs leaves: an authority, or an intermediate below one. */
export interface LeafIssuer {
  /** Whose IDs it may certify. */
  readonly domain: TrustDomain;
  /** Hex of the subject key identifier. */
  readonly id: string;
  readonly certificate: Certificate;
  /** The AuthorityKeyIdentifier of all it signs, encoded once. */
  readonly authorityKeyId: Uint8Array;
}

/** An authority ready to sign. */
export type X509Authority = CertificateSigner & LeafIssuer;

/** Makes a new authority for `domain`, valid for `AUTHORITY_LIFE_MS` from `now`. */
export function createX509Authority(
  domain: TrustDomain,
  now: UnixMs,
  random: Random,
  keyType: KeyType = 'ec-p256',
): StoredX509Authority {
  const drawn = drawKey(keyType);
  const serial = serialFrom(random.bytes(SERIAL_RANDOM_BYTES));
  const name = encodeAuthorityName('Holdfast', serial);
  const key = openPrivateKey(drawn.privateKeyPkcs8);
  const certificateDer = signCertificate(
    {
      serial,
      issuer: name,
      notBefore: addMs(now, -SVID_BACKDATE_MS),
      notAfter: addMs(now, AUTHORITY_LIFE_MS),
      subject: name,
      spki: drawn.spki,
      extensions: [...CA_EXTENSIONS, subjectKeyId(keyIdOf(drawn.bits)), domainName(domain)],
    },
    { keyType, key },
  );
  return { certificateDer, privateKeyPkcs8: drawn.privateKeyPkcs8 };
}

/**
 * Opens a stored authority. Refuses `key-malformed` if the key does not read back, is not the
 * certificate's, or the certificate speaks for another domain.
 */
export function openX509Authority(domain: TrustDomain, stored: StoredX509Authority): X509Authority {
  const certificate = decodeCertificate(stored.certificateDer);
  const key = openPrivateKey(stored.privateKeyPkcs8);
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  if (!equalBytes(new Uint8Array(spki), certificate.spki)) {
    throw new Refusal('key-malformed', { why: 'the certificate is of another key' });
  }
  if (!certificate.isCa || certificate.subjectKeyId === null) {
    throw new Refusal('key-malformed', { why: 'the certificate is no authority' });
  }
  const [uri = ''] = certificate.uris;
  if (uri !== domainId(domain)) {
    throw new Refusal('key-malformed', { expected: domainId(domain), got: uri.slice(0, 128) });
  }
  const keyType = key.asymmetricKeyType === 'ec' ? 'ec-p256' : 'ml-dsa-65';
  const id = toHex(certificate.subjectKeyId);
  return {
    ...{ domain, id, certificate, keyType, key },
    authorityKeyId: authorityKeyId(certificate.subjectKeyId),
  };
}

/** The SubjectKeyIdentifier extension (RFC 5280 §4.2.1.2). */
export function subjectKeyId(keyId: Uint8Array): Uint8Array {
  const value = encodeDer(TAG.octetString, keyId);
  return encodeExtension(EXTENSION.subjectKeyIdentifier, 'optional', value);
}

/** The AuthorityKeyIdentifier extension (RFC 5280 §4.2.1.1). */
export function authorityKeyId(keyId: Uint8Array): Uint8Array {
  const value = encodeDer(TAG.sequence, encodeDer(contextTag(0, 'primitive'), keyId));
  return encodeExtension(EXTENSION.authorityKeyIdentifier, 'optional', value);
}

function domainName(domain: TrustDomain): Uint8Array {
  return encodeExtension(EXTENSION.subjectAltName, 'optional', encodeNames(domainId(domain)));
}

function domainId(domain: TrustDomain): SpiffeId {
  return spiffeId(domain, '');
}

const CA_EXTENSIONS: readonly Uint8Array[] = [
  encodeExtension(
    EXTENSION.basicConstraints,
    'critical',
    encodeDer(TAG.sequence, encodeDer(TAG.boolean, Uint8Array.of(0xff))),
  ),
  encodeExtension(
    EXTENSION.keyUsage,
    'critical',
    encodeKeyUsage(KEY_USAGE.keyCertSign, KEY_USAGE.crlSign),
  ),
];
