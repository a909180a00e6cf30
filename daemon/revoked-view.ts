/**
 * From belief to what verifiers ask: which serials, identities and authorities a domain revoked,
 * and which CRLs stand in its bundle (PROTOCOL §5.5).
 */

import { X509Certificate } from 'node:crypto';
import { toHex } from '../core/bytes.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import type { KeyId } from '../core/suite.ts';
import type { UnixMs } from '../core/time.ts';
import type { Members } from '../federation/members.ts';
import type { Revocations } from '../federation/revocations.ts';
import type { DomainView } from '../federation/view.ts';
import { nodeMark } from './identity/certificate-writer.ts';
import type { RevokedSet } from './identity/revoked.ts';
import { parseSpiffeBundle } from './identity/spiffe-bundle.ts';
import { type Crl, crlsIn } from './identity/x509-crl.ts';

/** A view is made at every tick, and a bundle is another object as soon as it differs. */
const KNOWN_CRLS = new WeakMap<Members, readonly Crl[]>();
/** By the lists of a domain: those that revoked nothing share one and the same `revocations`. */
const KNOWN_SETS = new WeakMap<
  readonly Crl[],
  { readonly revocations: Revocations; readonly set: RevokedSet }
>();

/** The CRLs in the bundle of a domain that are its own; the signed revocations say the same. */
export function crlsOf(view: DomainView): readonly Crl[] {
  const members = view.documents.get('bundle')?.members;
  if (members === undefined) return [];
  const known = KNOWN_CRLS.get(members);
  if (known !== undefined) return known;
  const bundle = members.json();
  const found = refusalOf(() => {
    const { x509Authorities, mlDsa65 } = parseSpiffeBundle(bundle);
    return crlsIn(bundle, [...x509Authorities, ...mlDsa65.x509Authorities]);
  });
  const crls = found instanceof Refusal ? [] : found;
  KNOWN_CRLS.set(members, crls);
  return crls;
}

/** All that a domain revoked, by its documents and by its lists. */
export function revokedOf(view: DomainView): RevokedSet {
  const crls = crlsOf(view);
  const { revocations } = view;
  const known = KNOWN_SETS.get(crls);
  if (known?.revocations === revocations) return known.set;
  const serials = new Set(crls.flatMap((crl) => crl.serials));
  const identities = new Map<string, UnixMs>();
  const authorities = new Set<string>();
  const nodes = new Set<string>();
  for (const { class: kind, target, at } of revocations.union.values()) {
    if (kind === 'leaf') serials.add(target);
    if (kind === 'identity') identities.set(target, at);
    if (kind === 'authority') authorities.add(target);
    if (kind === 'lease') nodes.add(toHex(nodeMark(target as KeyId)));
  }
  const set = { serials, identities, authorities, nodes };
  KNOWN_SETS.set(crls, { revocations, set });
  return set;
}

/** The SubjectPublicKeyInfo of an X.509 authority. */
export function spkiOf(certificateDer: Uint8Array): Uint8Array {
  const key = new X509Certificate(certificateDer).publicKey;
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
}
