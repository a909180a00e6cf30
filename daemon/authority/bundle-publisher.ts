/**
 * Publishing our own bundle document: the keys that the authority book holds, when they differ
 * from what stands published (PROTOCOL §2.4).
 */

import { canonicalText, type JsonObject } from '../../core/canonical.ts';
import type { Draft } from '../../federation/input.ts';
import type { DomainView } from '../../federation/view.ts';
import type { Driver } from '../driver.ts';
import { encodeKeys, REFRESH_HINT_SECONDS_DEFAULT } from '../identity/spiffe-bundle.ts';
import { CRLS_MEMBER } from '../identity/x509-crl.ts';

/** Members that the publishing itself adds to a draft. */
const ADDED: readonly string[] = ['domain', 'name', 'spiffe_sequence', 'type', 'version'];

/** The bundle of these authorities, each a JWK that bears its use, and of their CRLs as base64. */
export function bundleDraft(keys: readonly JsonObject[], crls: readonly string[] = []): Draft {
  const lists = crls.length === 0 ? {} : { [CRLS_MEMBER]: [...crls] };
  const body = { ...encodeKeys(keys, REFRESH_HINT_SECONDS_DEFAULT), ...lists };
  return { type: 'bundle', name: 'bundle', body };
}

/** Publishes the keys unless they stand published. Taking one out is a withdrawal. */
export async function publishBundle(
  driver: Driver,
  own: DomainView | null,
  keys: readonly JsonObject[],
  crls: readonly string[],
): Promise<void> {
  const draft = bundleDraft(keys, crls);
  const standing = own?.documents.get('bundle')?.members.json() ?? {};
  const members = Object.entries(standing).filter(([name]) => !ADDED.includes(name));
  if (canonicalText(Object.fromEntries(members)) === canonicalText(draft.body)) return;
  const shown = canonicalText([...keys]);
  const withdrawal = keysIn(standing).some((key) => !shown.includes(canonicalText(key)));
  await driver.request({ kind: 'publish', drafts: [draft], withdrawal });
}

/** The JWKs in every list of a bundle. */
export function keysIn(bundle: JsonObject): readonly JsonObject[] {
  return Object.entries(bundle).flatMap(([name, member]) =>
    Array.isArray(member) && name !== CRLS_MEMBER ? (member as readonly JsonObject[]) : [],
  );
}
