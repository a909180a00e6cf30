/**
 * Issues the X509-SVID of a workload: a leaf with a fresh key (X509-SVID §4, §5).
 *
 * The key is of the authority's own kind, so that whoever can verify the one can use the other.
 *
 * The subject stays empty and the name is the one URI, so that nobody is tempted to read an
 * identity out of anything else. Whether the workload may have it, and until when, was decided by
 * the caller (`svid-cache.ts`).
 */

import { assert } from '../../core/assert.ts';
import { concat, toHex } from '../../core/bytes.ts';
import { encodeDer, encodeOid, TAG } from '../../core/der.ts';
import type { Digest } from '../../core/digest.ts';
import { SVID_BACKDATE_MS } from '../../core/limits.ts';
import { pathOf, type SpiffeId, trustDomainOf } from '../../core/spiffe-id.ts';
import { addMs, SECOND_MS, type UnixMs, unixMs } from '../../core/time.ts';
import type { Assurance } from '../../federation/assurance.ts';
import type { Random } from '../ports.ts';
import { EXTENSION, PURPOSE } from './certificate.ts';
import {
  type CertificateParts,
  encodeAssurance,
  encodeExtension,
  encodeKeyUsage,
  encodeNames,
  encodeOverride,
  KEY_USAGE,
  keyIdOf,
  serialFrom,
  signCertificate,
} from './certificate-writer.ts';
import { drawKey } from './private-key.ts';
import { type LeafIssuer, subjectKeyId, type X509Authority } from './x509-authority.ts';

const SERIAL_RANDOM_BYTES = 16;

/** An X509-SVID with its private key, as a workload receives it. */
export interface X509Svid {
  readonly spiffeId: SpiffeId;
  /** The leaf, then intermediates; no root. */
  readonly certificatesDer: readonly Uint8Array[];
  readonly privateKeyPkcs8: Uint8Array;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  /** Hex of the certificate's serial, for logs and the audit. */
  readonly serial: string;
  /** Id of the authority that signed it. */
  readonly authorityId: string;
  /** When the next one can be had; absent where that is at any time. */
  readonly renewAt?: UnixMs;
}

/** What is to be issued. */
export interface SvidOrder {
  readonly spiffeId: SpiffeId;
  /** Names of hosts beside the ID. */
  readonly dnsNames?: readonly string[];
  readonly now: UnixMs;
  /** The end of what may be signed; cut to whole seconds, and to the authority's own end. */
  readonly notAfter: UnixMs;
  /** The override that allows it (PROTOCOL §4.9). */
  readonly override?: Digest | null;
}

/** What the owner of a key gets certified. */
export interface LeafTerms extends SvidOrder {
  readonly spki: Uint8Array;
  /** The last part of the SPKI. */
  readonly bits: Uint8Array;
  readonly serial: Uint8Array;
  /** What is known of the machine that gets it; absent where the issuer is that machine. */
  readonly assurance?: Assurance;
}

/** Issues one X509-SVID. An ID without a path, or of another domain, is a bug of the caller. */
export function issueX509Svid(
  authority: X509Authority,
  order: SvidOrder,
  random: Random,
): X509Svid {
  const drawn = drawKey(authority.keyType);
  const serial = serialFrom(random.bytes(SERIAL_RANDOM_BYTES));
  const parts = leafParts(authority, { ...order, ...drawn, serial });
  const { spiffeId } = order;
  return {
    spiffeId,
    certificatesDer: [signCertificate(parts, authority)],
    privateKeyPkcs8: drawn.privateKeyPkcs8,
    notBefore: parts.notBefore,
    notAfter: parts.notAfter,
    serial: toHex(serial),
    authorityId: authority.id,
  };
}

/** What stands in a leaf. Its end is cut to the issuer's; both are cut to whole seconds. */
export function leafParts(issuer: LeafIssuer, terms: LeafTerms): CertificateParts {
  const { spiffeId, dnsNames, spki, bits, serial, assurance, override = null } = terms;
  assert(trustDomainOf(spiffeId) === issuer.domain, 'an SVID of the own domain');
  assert(pathOf(spiffeId) !== '', 'a leaf names a workload, not its domain');
  const notBefore = wholeSeconds(addMs(terms.now, -SVID_BACKDATE_MS));
  const notAfter = wholeSeconds(unixMs(Math.min(terms.notAfter, issuer.certificate.notAfter)));
  assert(notBefore < notAfter, 'an SVID ends after it begins');
  const names = encodeNames(spiffeId, dnsNames);
  return {
    ...{ serial, notBefore, notAfter, spki },
    issuer: issuer.certificate.subject,
    subject: EMPTY_NAME,
    extensions: [
      LEAF_EXTENSIONS,
      ...(assurance === undefined ? [] : [encodeAssurance(assurance)]),
      ...(override === null ? [] : [encodeOverride(override)]),
      subjectKeyId(keyIdOf(bits)),
      issuer.authorityKeyId,
      // Critical because the subject is empty (RFC 5280 §4.2.1.6).
      encodeExtension(EXTENSION.subjectAltName, 'critical', names),
    ],
  };
}

function wholeSeconds(at: UnixMs): UnixMs {
  return unixMs(at - (at % SECOND_MS));
}

const EMPTY_NAME = encodeDer(TAG.sequence);
const LEAF_EXTENSIONS: Uint8Array = concat(
  encodeExtension(EXTENSION.keyUsage, 'critical', encodeKeyUsage(KEY_USAGE.digitalSignature)),
  encodeExtension(
    EXTENSION.extendedKeyUsage,
    'optional',
    encodeDer(TAG.sequence, encodeOid(PURPOSE.serverAuth), encodeOid(PURPOSE.clientAuth)),
  ),
  // cA is false by absence: DER writes no default (RFC 5280 §4.2.1.9).
  encodeExtension(EXTENSION.basicConstraints, 'critical', encodeDer(TAG.sequence)),
);
