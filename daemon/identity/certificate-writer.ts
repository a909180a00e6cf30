/**
 * Writes and signs certificates: the part that an authority's own and a workload's share
 * (RFC 5280 §4.1).
 *
 * Issuing is a hot path: a fleet that comes back after a long cut renews all at once. So
 * everything that does not change is encoded once, keys are drawn as raw bytes rather than as
 * objects to be exported, and the rest is a few copies. Who may get a certificate, and for how
 * long, is decided elsewhere.
 */

import { createECDH, type KeyObject, sign } from 'node:crypto';
import { concat } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import type { UnixMs } from '../../core/time.ts';
import {
  contextTag,
  encodeBitString,
  encodeDer,
  encodeOid,
  encodeTime,
  encodeUnsigned,
  TAG,
} from './der.ts';

const P256_SCALAR_BYTES = 32;
const SERIAL_BYTES = 16;
const KEY_ID_BYTES = 20;

/** A fresh P-256 key pair: what goes into a certificate, and what its owner keeps. */
export interface DrawnKey {
  /** SubjectPublicKeyInfo, DER (RFC 5480 §2). */
  readonly spki: Uint8Array;
  /** The last part of the SPKI: the bare point. */
  readonly point: Uint8Array;
  /** PKCS#8, DER (RFC 5958 §2, RFC 5915 §3). */
  readonly privateKeyPkcs8: Uint8Array;
}

// One generator for all: making it anew costs a sixth of a key. It remembers the last pair drawn,
// which its owner holds in this same memory anyway.
const pair = createECDH('prime256v1');

/** Draws a P-256 key pair from OpenSSL's own generator. */
export function drawP256(): DrawnKey {
  const point = new Uint8Array(pair.generateKeys());
  const drawn = pair.getPrivateKey();
  // A scalar that happens to be small comes back short.
  const scalar = new Uint8Array(P256_SCALAR_BYTES);
  scalar.set(drawn, P256_SCALAR_BYTES - drawn.length);
  drawn.fill(0);
  const privateKeyPkcs8 = concat(PKCS8_BEFORE_SCALAR, scalar, PKCS8_BEFORE_POINT, point);
  scalar.fill(0);
  return { spki: concat(SPKI_BEFORE_POINT, point), point, privateKeyPkcs8 };
}

/** The key identifier: the leftmost 160 bits of SHA-256 over the point (RFC 7093 §2, method 1). */
export function keyIdOf(point: Uint8Array): Uint8Array {
  return sha256(point).subarray(0, KEY_ID_BYTES);
}

/** A positive serial of 16 octets, from random octets (RFC 5280 §4.1.2.2). */
export function serialFrom(random: Uint8Array): Uint8Array {
  const serial = random.slice(0, SERIAL_BYTES);
  // The top bit clear keeps it positive, the next one set keeps it 16 octets long.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

/** What stands in a certificate, each part encoded but for the serial and the dates. */
export interface CertificateParts {
  readonly serial: Uint8Array;
  readonly issuer: Uint8Array;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly extensions: readonly Uint8Array[];
}

/** Assembles a version 3 certificate and signs it with a P-256 key: ecdsa-with-SHA256. */
export function signCertificate(parts: CertificateParts, key: KeyObject): Uint8Array {
  const tbs = encodeDer(
    TAG.sequence,
    VERSION_3,
    encodeUnsigned(parts.serial),
    ECDSA_WITH_SHA256,
    parts.issuer,
    encodeDer(TAG.sequence, encodeTime(parts.notBefore), encodeTime(parts.notAfter)),
    parts.subject,
    parts.spki,
    encodeDer(contextTag(3, 'constructed'), encodeDer(TAG.sequence, ...parts.extensions)),
  );
  const signature = sign('sha256', tbs, key);
  return encodeDer(TAG.sequence, tbs, ECDSA_WITH_SHA256, encodeBitString(signature));
}

/** One extension; `value` is the DER that its octet string wraps. */
export function encodeExtension(
  id: string,
  criticality: 'critical' | 'optional',
  value: Uint8Array,
): Uint8Array {
  const flag = criticality === 'critical' ? CRITICAL : NOTHING;
  return encodeDer(TAG.sequence, encodeOid(id), flag, encodeDer(TAG.octetString, value));
}

/** A Name of single-valued attributes, each `[oid, value]`. Values are printable ASCII. */
export function encodeName(...attributes: readonly (readonly [string, string])[]): Uint8Array {
  const sets = attributes.map(([id, value]) => {
    const text = encodeDer(TAG.printableString, ascii(value));
    return encodeDer(TAG.set, encodeDer(TAG.sequence, encodeOid(id), text));
  });
  return encodeDer(TAG.sequence, ...sets);
}

/** The GeneralNames with one URI: how a SPIFFE ID stands in a certificate (X509-SVID §2). */
export function encodeUriName(uri: string): Uint8Array {
  return encodeDer(TAG.sequence, encodeDer(contextTag(6, 'primitive'), ascii(uri)));
}

/** A KeyUsage of one octet, `bits` counted from its top (RFC 5280 §4.2.1.3). */
export function encodeKeyUsage(...bits: readonly number[]): Uint8Array {
  const octet = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  return encodeDer(TAG.bitString, Uint8Array.of(7 - Math.max(...bits), octet));
}

function ascii(text: string): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

const NOTHING = new Uint8Array(0);
const CRITICAL = encodeDer(TAG.boolean, Uint8Array.of(0xff));
const VERSION_3 = encodeDer(contextTag(0, 'constructed'), encodeDer(TAG.integer, Uint8Array.of(2)));
const ECDSA_WITH_SHA256 = encodeDer(TAG.sequence, encodeOid('1.2.840.10045.4.3.2'));
const EC_P256 = encodeDer(
  TAG.sequence,
  encodeOid('1.2.840.10045.2.1'),
  encodeOid('1.2.840.10045.3.1.7'),
);
const POINT_BYTES = 65;

/** Cuts a finished element down to what precedes its last `count` octets. */
function before(element: Uint8Array, count: number): Uint8Array {
  return element.slice(0, element.length - count);
}

const SPKI_BEFORE_POINT = before(
  encodeDer(TAG.sequence, EC_P256, encodeBitString(new Uint8Array(POINT_BYTES))),
  POINT_BYTES,
);
const PKCS8_BEFORE_POINT = before(
  encodeDer(contextTag(1, 'constructed'), encodeBitString(new Uint8Array(POINT_BYTES))),
  POINT_BYTES,
);
const PKCS8_BEFORE_SCALAR = before(
  encodeDer(
    TAG.sequence,
    encodeDer(TAG.integer, new Uint8Array(1)),
    EC_P256,
    encodeDer(
      TAG.octetString,
      encodeDer(
        TAG.sequence,
        encodeDer(TAG.integer, Uint8Array.of(1)),
        encodeDer(TAG.octetString, new Uint8Array(P256_SCALAR_BYTES)),
        PKCS8_BEFORE_POINT,
        new Uint8Array(POINT_BYTES),
      ),
    ),
  ),
  P256_SCALAR_BYTES + PKCS8_BEFORE_POINT.length + POINT_BYTES,
);
