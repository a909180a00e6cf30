/** Certificates made for tests: right ones, and any single thing about them wrong. */

import type { KeyObject } from 'node:crypto';
import { encodeDer, encodeOid, encodeUnsigned, TAG } from '../../../core/der.ts';
import { spiffeId, type TrustDomain } from '../../../core/spiffe-id.ts';
import { HOUR_MS, type UnixMs, unixMs } from '../../../core/time.ts';
import { EXTENSION, PURPOSE } from '../../../daemon/identity/certificate.ts';
import {
  encodeExtension,
  encodeKeyUsage,
  encodeName,
  encodeNames,
  signCertificate,
} from '../../../daemon/identity/certificate-writer.ts';
import { drawKey, openPrivateKey } from '../../../daemon/identity/private-key.ts';

export const NOW: UnixMs = unixMs(Date.UTC(2026, 10, 21));
export const BIT = { digitalSignature: 0, keyAgreement: 4, keyCertSign: 5, cRLSign: 6 } as const;

/** A certificate with the key that it certifies. */
export interface Forged {
  readonly der: Uint8Array;
  readonly key: KeyObject;
  readonly name: Uint8Array;
}

export interface Wish {
  readonly issuer?: Forged;
  readonly name?: string;
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** All extensions, replacing those of a proper one. */
  readonly extensions?: readonly Uint8Array[];
}

/** A certificate of whatever extensions, signed by `issuer` or by itself. */
export function forge(extensions: readonly Uint8Array[], wish: Wish = {}): Forged {
  const drawn = drawKey('ec-p256');
  const key = openPrivateKey(drawn.privateKeyPkcs8);
  const name = encodeName(['2.5.4.10', wish.name ?? 'forged']);
  const der = signCertificate(
    {
      serial: Uint8Array.of(1),
      issuer: wish.issuer?.name ?? name,
      notBefore: unixMs(wish.notBefore ?? NOW - HOUR_MS),
      notAfter: unixMs(wish.notAfter ?? NOW + HOUR_MS),
      subject: name,
      spki: drawn.spki,
      extensions: wish.extensions ?? extensions,
    },
    { keyType: 'ec-p256', key: wish.issuer?.key ?? key },
  );
  return { der, key, name };
}

export function forgeRoot(domain: TrustDomain, wish: Wish = {}): Forged {
  const own = [constraints(true), usage(BIT.keyCertSign), uris(spiffeId(domain, ''))];
  return forge(own, { name: `root of ${domain}`, ...wish });
}

export function forgeLeaf(issuer: Forged, id: string, wish: Wish = {}): Forged {
  return forge(leafExtensions(id), { issuer, name: 'leaf', ...wish });
}

/** The extensions of a proper leaf, in order: constraints, usage, purposes, names. */
export function leafExtensions(
  id: string,
): readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array] {
  const purposeList = purposes(PURPOSE.serverAuth, PURPOSE.clientAuth);
  return [constraints(false), usage(BIT.digitalSignature), purposeList, uris(id)];
}

export function constraints(isCa: boolean, pathLength?: number): Uint8Array {
  const flag = isCa ? [encodeDer(TAG.boolean, Uint8Array.of(0xff))] : [];
  const length = pathLength === undefined ? [] : [encodeUnsigned(Uint8Array.of(pathLength))];
  const value = encodeDer(TAG.sequence, ...flag, ...length);
  return encodeExtension(EXTENSION.basicConstraints, 'critical', value);
}

export function usage(...bits: readonly number[]): Uint8Array {
  return encodeExtension(EXTENSION.keyUsage, 'critical', encodeKeyUsage(...bits));
}

export function purposes(...ids: readonly string[]): Uint8Array {
  const value = encodeDer(TAG.sequence, ...ids.map(encodeOid));
  return encodeExtension(EXTENSION.extendedKeyUsage, 'optional', value);
}

export function uris(...names: readonly string[]): Uint8Array {
  const inner = names.map((name) => encodeNames(name).subarray(2));
  const value = encodeDer(TAG.sequence, ...inner);
  return encodeExtension(EXTENSION.subjectAltName, 'optional', value);
}
