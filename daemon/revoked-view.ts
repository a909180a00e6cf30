/**
 * From belief to what verifiers ask: which serials, identities and authorities a domain revoked,
 * and which CRLs stand in its bundle (PROTOCOL §5.5).
 */

import { X509Certificate } from 'node:crypto';
import { fromBase64, toHex } from '../core/bytes.ts';
import type { JsonObject } from '../core/canonical.ts';
import { AUTHORITIES_MAX } from '../core/limits.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import type { KeyId } from '../core/suite.ts';
import type { UnixMs } from '../core/time.ts';
import type { Members } from '../federation/members.ts';
import type { Revocations } from '../federation/revocations.ts';
import type { DomainView } from '../federation/view.ts';
import { nodeMark } from './identity/certificate-writer.ts';
import type { RevokedSet } from './identity/revoked.ts';
import { parseSpiffeBundle } from './identity/spiffe-bundle.ts';
import { type Crl, decodeCrl, isCrlOf } from './identity/x509-crl.ts';

/** Our top-level member of a bundle: CRLs of its X.509 authorities, DER as base64. */
export const CRLS_MEMBER = 'x509_crls';

/** A view is made at every tick, and a bundle is another object as soon as it differs. */
const KNOWN_CRLS = new WeakMap<Members, readonly Crl[]>();
const KNOWN_SETS = new WeakMap<Revocations, { readonly crls: unknown; readonly set: RevokedSet }>();

/**
 * The CRLs in the bundle of a domain. What does not read, or none of its authorities signed, is
 * absent: the signed revocations say the same, and a verifier that is handed a broken list may
 * refuse every SVID.
 */
export function crlsOf(view: DomainView): readonly Crl[] {
  const members = view.documents.get('bundle')?.members;
  if (members === undefined) return [];
  const known = KNOWN_CRLS.get(members);
  if (known !== undefined) return known;
  const bundle = members.json();
  const found = refusalOf(() => {
    const { x509Authorities, mlDsa65 } = parseSpiffeBundle(bundle);
    const authorities = [...x509Authorities, ...mlDsa65.x509Authorities];
    return listsIn(bundle).filter((crl) => authorities.some((der) => isCrlOf(crl, der)));
  });
  const crls = found instanceof Refusal ? [] : found;
  KNOWN_CRLS.set(members, crls);
  return crls;
}

/** All that a domain revoked, by its documents and by its lists. */
export function revokedOf(view: DomainView): RevokedSet {
  const crls = crlsOf(view);
  const known = KNOWN_SETS.get(view.revocations);
  if (known?.crls === crls) return known.set;
  const serials = new Set(crls.flatMap((crl) => crl.serials));
  const identities = new Map<string, UnixMs>();
  const authorities = new Set<string>();
  const nodes = new Set<string>();
  for (const { class: kind, target, at } of view.revocations.union.values()) {
    if (kind === 'leaf') serials.add(target);
    if (kind === 'identity') identities.set(target, at);
    if (kind === 'authority') authorities.add(target);
    if (kind === 'lease') nodes.add(toHex(nodeMark(target as KeyId)));
  }
  const set = { serials, identities, authorities, nodes };
  KNOWN_SETS.set(view.revocations, { crls, set });
  return set;
}

/** The SubjectPublicKeyInfo of an X.509 authority. */
export function spkiOf(certificateDer: Uint8Array): Uint8Array {
  const key = new X509Certificate(certificateDer).publicKey;
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
}

function listsIn(bundle: JsonObject): readonly Crl[] {
  const member = bundle[CRLS_MEMBER];
  if (!Array.isArray(member)) return [];
  return member.slice(0, AUTHORITIES_MAX).flatMap((text) => {
    const crl = refusalOf(() => decodeCrl(fromBase64(String(text))));
    return crl instanceof Refusal ? [] : [crl];
  });
}
