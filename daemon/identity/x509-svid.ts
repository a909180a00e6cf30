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
import { toHex } from '../../core/bytes.ts';
import { encodeDer, encodeOid, TAG } from '../../core/der.ts';
import { SVID_BACKDATE_MS } from '../../core/limits.ts';
import { pathOf, type SpiffeId, trustDomainOf } from '../../core/spiffe-id.ts';
import { addMs, SECOND_MS, type UnixMs, unixMs } from '../../core/time.ts';
import type { Random } from '../ports.ts';
import { EXTENSION, PURPOSE } from './certificate.ts';
import {
  encodeExtension,
  encodeKeyUsage,
  encodeNames,
  keyIdOf,
  serialFrom,
  signCertificate,
} from './certificate-writer.ts';
import { drawKey } from './private-key.ts';
import { subjectKeyId, type X509Authority } from './x509-authority.ts';

const DIGITAL_SIGNATURE = 0;
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
}

/** Issues one X509-SVID. An ID without a path, or of another domain, is a bug of the caller. */
export function issueX509Svid(
  authority: X509Authority,
  order: SvidOrder,
  random: Random,
): X509Svid {
  assert(trustDomainOf(order.spiffeId) === authority.domain, 'an SVID of the own domain');
  assert(pathOf(order.spiffeId) !== '', 'a leaf names a workload, not its domain');
  const issuer = authority.certificate;
  const notBefore = wholeSeconds(addMs(order.now, -SVID_BACKDATE_MS));
  const notAfter = wholeSeconds(unixMs(Math.min(order.notAfter, issuer.notAfter)));
  assert(notBefore < notAfter, 'an SVID ends after it begins');
  const drawn = drawKey(authority.keyType);
  const serial = serialFrom(random.bytes(SERIAL_RANDOM_BYTES));
  const leaf = signCertificate(
    {
      serial,
      issuer: issuer.subject,
      notBefore,
      notAfter,
      subject: EMPTY_NAME,
      spki: drawn.spki,
      extensions: [
        ...LEAF_EXTENSIONS,
        subjectKeyId(keyIdOf(drawn.bits)),
        authority.authorityKeyId,
        // Critical because the subject is empty (RFC 5280 §4.2.1.6).
        encodeExtension(
          EXTENSION.subjectAltName,
          'critical',
          encodeNames(order.spiffeId, order.dnsNames),
        ),
      ],
    },
    authority,
  );
  return {
    spiffeId: order.spiffeId,
    certificatesDer: [leaf],
    privateKeyPkcs8: drawn.privateKeyPkcs8,
    notBefore,
    notAfter,
    serial: toHex(serial),
    authorityId: authority.id,
  };
}

function wholeSeconds(at: UnixMs): UnixMs {
  return unixMs(at - (at % SECOND_MS));
}

const EMPTY_NAME = encodeDer(TAG.sequence);
const LEAF_EXTENSIONS: readonly Uint8Array[] = [
  encodeExtension(EXTENSION.keyUsage, 'critical', encodeKeyUsage(DIGITAL_SIGNATURE)),
  encodeExtension(
    EXTENSION.extendedKeyUsage,
    'optional',
    encodeDer(TAG.sequence, encodeOid(PURPOSE.serverAuth), encodeOid(PURPOSE.clientAuth)),
  ),
  // cA is false by absence: DER writes no default (RFC 5280 §4.2.1.9).
  encodeExtension(EXTENSION.basicConstraints, 'critical', encodeDer(TAG.sequence)),
];
