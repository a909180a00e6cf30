/**
 * Intermediates: what a node signs leaves with while no authority is in reach (PROTOCOL §7.2).
 *
 * One is made for a `cell`, whose trust domain name constraints fence off, or for the whole
 * `domain`, which nothing fences off: who has its key can be every workload there. Both end with
 * their lease, sign leaves alone (path length 0), and show their node in their serial. The private
 * key is the node's own, in its chip where there is one, and never here.
 */

import { equalBytes, toHex } from '../../core/bytes.ts';
import { encodeDer, encodeUnsigned, TAG } from '../../core/der.ts';
import type { Digest } from '../../core/digest.ts';
import { SVID_BACKDATE_MS } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { spiffeId, type TrustDomain } from '../../core/spiffe-id.ts';
import type { KeyId } from '../../core/suite.ts';
import { addMs, SECOND_MS, type UnixMs, unixMs } from '../../core/time.ts';
import type { Assurance } from '../../federation/assurance.ts';
import type { IssuingKey } from '../custody/custody.ts';
import type { Random } from '../ports.ts';
import { decodeCertificate, EXTENSION } from './certificate.ts';
import {
  encodeAssurance,
  encodeAuthorityName,
  encodeExtension,
  encodeKeyUsage,
  encodeNames,
  encodeOverride,
  KEY_USAGE,
  keyIdOf,
  nodeSerial,
  serialFrom,
  signCertificate,
  signCertificateLater,
} from './certificate-writer.ts';
import { encodeConfinement } from './name-constraints.ts';
import { drawKey } from './private-key.ts';
import type { PublicKey } from './public-key.ts';
import {
  authorityKeyId,
  type LeafIssuer,
  subjectKeyId,
  type X509Authority,
} from './x509-authority.ts';
import { leafParts, type SvidOrder, type X509Svid } from './x509-svid.ts';

const RANDOM_BYTES = 12;
const LEAF_RANDOM_BYTES = 16;

/** What an intermediate is made for. */
export interface IntermediateOrder {
  readonly node: KeyId;
  readonly publicKey: PublicKey;
  /** The cell's own trust domain, or the authority's. */
  readonly domain: TrustDomain;
  /** What the lease of the node says. */
  readonly assurance: Assurance;
  /** The override that allows it (PROTOCOL §4.9). */
  readonly override: Digest | null;
  readonly now: UnixMs;
  /** Cut to whole seconds, and to the authority's own end. */
  readonly notAfter: UnixMs;
}

/** Certifies the key of a node; one for another domain than the authority's is confined to it. */
export function issueIntermediate(
  authority: X509Authority,
  order: IntermediateOrder,
  random: Random,
): Uint8Array {
  const { node, publicKey, domain, assurance, override, now } = order;
  const serial = nodeSerial(node, random.bytes(RANDOM_BYTES));
  const notAfter = Math.min(order.notAfter, authority.certificate.notAfter);
  const confinement =
    domain === authority.domain
      ? []
      : [encodeExtension(EXTENSION.nameConstraints, 'critical', encodeConfinement(domain))];
  return signCertificate(
    {
      serial,
      issuer: authority.certificate.subject,
      notBefore: unixMs(secondOf(addMs(now, -SVID_BACKDATE_MS))),
      notAfter: unixMs(secondOf(notAfter)),
      subject: encodeAuthorityName('Holdfast node', serial),
      spki: publicKey.spki,
      extensions: [
        LEAVES_ALONE,
        encodeExtension(EXTENSION.keyUsage, 'critical', encodeKeyUsage(KEY_USAGE.keyCertSign)),
        ...confinement,
        encodeAssurance(assurance),
        ...(override === null ? [] : [encodeOverride(override)]),
        subjectKeyId(keyIdOf(publicKey.bits)),
        authority.authorityKeyId,
        encodeExtension(EXTENSION.subjectAltName, 'optional', encodeNames(spiffeId(domain, ''))),
      ],
    },
    authority,
  );
}

/** An intermediate with the key that signs by it. */
export interface NodeIntermediate extends LeafIssuer {
  readonly key: IssuingKey;
}

/**
 * Opens what `issueIntermediate` made. Refuses `issuing-malformed` for a certificate of another key
 * or domain, or one that signs nothing.
 */
export function openIntermediate(
  der: Uint8Array,
  domain: TrustDomain,
  key: IssuingKey,
): NodeIntermediate {
  const certificate = decodeCertificate(der);
  const { spki, isCa, subjectKeyId: keyId, uris } = certificate;
  const isOurs = equalBytes(spki, key.spki) && uris[0] === spiffeId(domain, '');
  if (!isOurs || !isCa || keyId === null) {
    throw new Refusal('issuing-malformed', { why: 'an intermediate of another key or domain' });
  }
  const id = toHex(keyId);
  return { domain, id, certificate, authorityKeyId: authorityKeyId(keyId), key };
}

/** Issues one X509-SVID below an intermediate; the chain shows both. */
export async function issueBelow(
  intermediate: NodeIntermediate,
  order: SvidOrder,
  random: Random,
): Promise<X509Svid> {
  const drawn = drawKey('ec-p256');
  const serial = serialFrom(random.bytes(LEAF_RANDOM_BYTES));
  const parts = leafParts(intermediate, { ...order, ...drawn, serial });
  const leaf = await signCertificateLater(parts, (message) => intermediate.key.sign(message));
  return {
    spiffeId: order.spiffeId,
    certificatesDer: [leaf, intermediate.certificate.der],
    privateKeyPkcs8: drawn.privateKeyPkcs8,
    notBefore: parts.notBefore,
    notAfter: parts.notAfter,
    serial: toHex(serial),
    authorityId: intermediate.id,
  };
}

function secondOf(at: number): number {
  return at - (at % SECOND_MS);
}

/** An authority that may have none below it (RFC 5280 §4.2.1.9). */
const LEAVES_ALONE = encodeExtension(
  EXTENSION.basicConstraints,
  'critical',
  encodeDer(
    TAG.sequence,
    encodeDer(TAG.boolean, Uint8Array.of(0xff)),
    encodeUnsigned(Uint8Array.of(0)),
  ),
);
