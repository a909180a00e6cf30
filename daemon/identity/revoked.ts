/**
 * What a domain has revoked, as verifiers ask for it: by serial, by SPIFFE ID, by authority.
 *
 * It is the union of the domain's signed revocations and of the CRLs in its bundle (PROTOCOL §5.5).
 * Certificates are never named by their hash: who can make another encoding could shed it.
 */

import { toHex } from '../../core/bytes.ts';
import { digestOf } from '../../core/digest.ts';
import { SVID_BACKDATE_MS } from '../../core/limits.ts';
import type { SpiffeId, TrustDomain } from '../../core/spiffe-id.ts';
import { addMs, type UnixMs } from '../../core/time.ts';
import type { Certificate } from './certificate.ts';

/** Digits of a serial that shows its node, and those that show it (certificate-writer.ts). */
const NODE_SERIAL_CHARS = 40;
const NODE_MARK_CHARS = 16;

/** All that one domain has revoked. */
export interface RevokedSet {
  /** Serials in lower-case hex. */
  readonly serials: ReadonlySet<string>;
  /** What was issued for the ID before that moment. */
  readonly identities: ReadonlyMap<string, UnixMs>;
  /** SHA-256, in hex, of the SubjectPublicKeyInfo of authorities. */
  readonly authorities: ReadonlySet<string>;
  /** Nodes, by how the serials of all begin that was certified for them, in hex. */
  readonly nodes: ReadonlySet<string>;
}

/** By domain; a domain that is absent has revoked nothing. */
export type RevokedByDomain = ReadonlyMap<TrustDomain, RevokedSet>;

/** Nothing is revoked. */
export const NOTHING_REVOKED: RevokedSet = {
  serials: new Set(),
  identities: new Map(),
  authorities: new Set(),
  nodes: new Set(),
};

/** True if the leaf itself, or what was issued for its ID at its time, is revoked. */
export function isLeafRevoked(
  revoked: RevokedSet,
  leaf: { readonly spiffeId: SpiffeId; readonly serial: string; readonly notBefore: UnixMs },
): boolean {
  const issuedAt = addMs(leaf.notBefore, SVID_BACKDATE_MS);
  return (
    isSerialRevoked(revoked, leaf.serial) || isIdentityRevoked(revoked, leaf.spiffeId, issuedAt)
  );
}

/** True if this certificate is revoked, or the node that it was made for. */
export function isSerialRevoked({ serials, nodes }: RevokedSet, serial: string): boolean {
  return serials.has(serial) || nodes.has(nodeMarkIn(serial) ?? '');
}

/** How the serials of one node begin; undefined for what was not made for a node. */
export function nodeMarkIn(serial: string): string | undefined {
  return serial.length === NODE_SERIAL_CHARS ? serial.slice(0, NODE_MARK_CHARS) : undefined;
}

/** True if all that was issued for `id` up to `issuedAt` is revoked. */
export function isIdentityRevoked(revoked: RevokedSet, id: SpiffeId, issuedAt: UnixMs): boolean {
  const at = revoked.identities.get(id);
  return at !== undefined && issuedAt < at;
}

/** True if the certificate's key may vouch for nothing any more. */
export function isAuthorityRevoked(revoked: RevokedSet, { spki }: Certificate): boolean {
  return revoked.authorities.has(digestOf(spki));
}

/** How a serial is written: hex of its octets. */
export function serialText({ serial }: Pick<Certificate, 'serial'>): string {
  return toHex(serial);
}
