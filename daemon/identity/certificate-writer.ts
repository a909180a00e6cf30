/**
 * Writes and signs certificates: the part that an authority's own and a workload's share
 * (RFC 5280 §4.1).
 *
 * Issuing is a hot path: a fleet that comes back after a long cut renews all at once. So
 * everything that does not change is encoded once, and the rest is a few copies. Who may get a
 * certificate, and for how long, is decided elsewhere.
 */

import { type KeyObject, sign } from 'node:crypto';
import { concat, fromHex, toHex } from '../../core/bytes.ts';
import {
  ascii,
  contextTag,
  encodeBitString,
  encodeDer,
  encodeOid,
  encodeTime,
  encodeUnsigned,
  TAG,
} from '../../core/der.ts';
import type { Digest } from '../../core/digest.ts';
import { sha256 } from '../../core/digest.ts';
import type { KeyId } from '../../core/suite.ts';
import type { UnixMs } from '../../core/time.ts';
import type { Assurance } from '../../federation/assurance.ts';
import { EXTENSION } from './certificate.ts';
import { type KeyType, ML_DSA_65_OID } from './private-key.ts';

const SERIAL_BYTES = 16;
const KEY_ID_BYTES = 20;

/** What signs: a private key, and what kind it is. */
export interface CertificateSigner {
  readonly keyType: KeyType;
  readonly key: KeyObject;
}

/** The key identifier: the leftmost 160 bits of SHA-256 over the key (RFC 7093 §2, method 1). */
export function keyIdOf(bits: Uint8Array): Uint8Array {
  return sha256(bits).subarray(0, KEY_ID_BYTES);
}

/** A positive serial of 16 octets, from random octets (RFC 5280 §4.1.2.2). */
export function serialFrom(random: Uint8Array): Uint8Array {
  const serial = random.slice(0, SERIAL_BYTES);
  // The top bit clear keeps it positive, the next one set keeps it 16 octets long.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

/** Octets of a serial's start that tell which node was certified. */
const NODE_MARK_BYTES = 8;

/**
 * How the serial of all that is certified for a node begins, so that what is out for a captured
 * one is known from the certificate alone. Ours are 20 octets, the most there may be.
 */
export function nodeMark(node: KeyId): Uint8Array {
  return serialFrom(fromHex(node)).subarray(0, NODE_MARK_BYTES);
}

/** A serial that shows its node, from 12 random octets. */
export function nodeSerial(node: KeyId, random: Uint8Array): Uint8Array {
  return concat(nodeMark(node), random);
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

/** Assembles a version 3 certificate and signs it: ecdsa-with-SHA256, or ML-DSA-65 (RFC 9881). */
export function signCertificate(parts: CertificateParts, signer: CertificateSigner): Uint8Array {
  return signDer(signer, (algorithm) => encodeTbs(parts, algorithm));
}

/** The same with a key that answers later, such as one in a chip: ecdsa-with-SHA256. */
export async function signCertificateLater(
  parts: CertificateParts,
  sign: (message: Uint8Array) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const { algorithm } = SIGNATURES['ec-p256'];
  const tbs = encodeTbs(parts, algorithm);
  return encodeDer(TAG.sequence, tbs, algorithm, encodeBitString(await sign(tbs)));
}

function encodeTbs(parts: CertificateParts, algorithm: Uint8Array): Uint8Array {
  return encodeDer(
    TAG.sequence,
    VERSION_3,
    encodeUnsigned(parts.serial),
    algorithm,
    parts.issuer,
    encodeDer(TAG.sequence, encodeTime(parts.notBefore), encodeTime(parts.notAfter)),
    parts.subject,
    parts.spki,
    encodeDer(contextTag(3, 'constructed'), encodeDer(TAG.sequence, ...parts.extensions)),
  );
}

/** Signs what `encode` makes of the signer's AlgorithmIdentifier: a certificate, or a CRL. */
export function signDer(
  signer: CertificateSigner,
  encode: (algorithm: Uint8Array) => Uint8Array,
): Uint8Array {
  const { algorithm, hash } = SIGNATURES[signer.keyType];
  const tbs = encode(algorithm);
  const signature = sign(hash, tbs, signer.key);
  return encodeDer(TAG.sequence, tbs, algorithm, encodeBitString(signature));
}

/** One extension; `value` is the DER that its octet string wraps. */
export function encodeExtension(
  id: string,
  criticality: 'critical' | 'optional',
  value: Uint8Array,
): Uint8Array {
  const flag = criticality === 'critical' ? CRITICAL : NOTHING;
  const number = EXTENSION_NUMBERS.get(id) ?? encodeOid(id);
  return encodeDer(TAG.sequence, number, flag, encodeDer(TAG.octetString, value));
}

/** Says of the machine whose key is certified how much is known about it (PROTOCOL §7.3). */
export function encodeAssurance(level: Assurance): Uint8Array {
  const text = encodeDer(TAG.printableString, ascii(level));
  return encodeExtension(EXTENSION.assurance, 'optional', text);
}

/** Names the override that allowed what is certified (PROTOCOL §4.9). */
export function encodeOverride(override: Digest): Uint8Array {
  const text = encodeDer(TAG.printableString, ascii(override));
  return encodeExtension(EXTENSION.override, 'optional', text);
}

/** A Name of single-valued attributes, each `[oid, value]`. Values are printable ASCII. */
export function encodeName(...attributes: readonly (readonly [string, string])[]): Uint8Array {
  const sets = attributes.map(([id, value]) => {
    const text = encodeDer(TAG.printableString, ascii(value));
    return encodeDer(TAG.set, encodeDer(TAG.sequence, encodeOid(id), text));
  });
  return encodeDer(TAG.sequence, ...sets);
}

/**
 * The Name of an authority: an organization, and its own serial number, which keeps two authorities
 * of one domain apart for whoever builds a path.
 */
export function encodeAuthorityName(organization: string, serial: Uint8Array): Uint8Array {
  return encodeName(['2.5.4.10', organization], ['2.5.4.5', toHex(serial)]);
}

/** The GeneralNames of one URI, the SPIFFE ID (X509-SVID §2), and of names of hosts. */
export function encodeNames(uri: string, dnsNames: readonly string[] = []): Uint8Array {
  return encodeDer(
    TAG.sequence,
    encodeDer(contextTag(6, 'primitive'), ascii(uri)),
    ...dnsNames.map((name) => encodeDer(contextTag(2, 'primitive'), ascii(name))),
  );
}

/** What a certificate's key is for, by its bit in KeyUsage (RFC 5280 §4.2.1.3). */
export const KEY_USAGE = { digitalSignature: 0, keyCertSign: 5, crlSign: 6 } as const;

/** A KeyUsage of one octet, `bits` counted from its top (RFC 5280 §4.2.1.3). */
export function encodeKeyUsage(...bits: readonly number[]): Uint8Array {
  const octet = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  return encodeDer(TAG.bitString, Uint8Array.of(7 - Math.max(...bits), octet));
}

const EXTENSION_NUMBERS: ReadonlyMap<string, Uint8Array> = new Map(
  Object.values(EXTENSION).map((id) => [id, encodeOid(id)]),
);
const NOTHING = new Uint8Array(0);
const CRITICAL = encodeDer(TAG.boolean, Uint8Array.of(0xff));
const VERSION_3 = encodeDer(contextTag(0, 'constructed'), encodeDer(TAG.integer, Uint8Array.of(2)));
/** The AlgorithmIdentifier of each signature, and the hash that node:crypto is to take. */
const SIGNATURES: Readonly<
  Record<KeyType, { readonly algorithm: Uint8Array; readonly hash: string | null }>
> = {
  'ec-p256': {
    algorithm: encodeDer(TAG.sequence, encodeOid('1.2.840.10045.4.3.2')),
    hash: 'sha256',
  },
  'ml-dsa-65': { algorithm: encodeDer(TAG.sequence, encodeOid(ML_DSA_65_OID)), hash: null },
};
