/**
 * Documents: the long-lived contents that a manifest pins (PROTOCOL §2.4).
 *
 * `bundle` and `revocations` are for every related domain and bear their type as name. `policy`,
 * `references` and `entries/<group>` are for the domain's own nodes: they carry a salt, and the
 * manifest names them by its hash. What stands inside is read by `policy.ts`, by `bundle.ts`, or,
 * for entries, by the daemon that serves workloads.
 */

import type { Digest } from '../core/digest.ts';
import { NAME_CHARS_MAX } from '../core/limits.ts';
import { readOnce } from '../core/read-once.ts';
import { Refusal } from '../core/refusal.ts';
import { readBundle } from './bundle.ts';
import type { DocumentType, UnverifiedEnvelope } from './envelope.ts';
import { saltedKey } from './manifest.ts';
import type { Members } from './members.ts';
import { checkMust } from './must.ts';
import { readPolicy } from './policy.ts';

/** Types that a manifest may pin. */
export const CONTENT_TYPES = ['bundle', 'policy', 'revocations', 'references', 'entries'] as const;
export type ContentType = (typeof CONTENT_TYPES)[number];
/** Types that related domains may read; all others stay inside the domain (PROTOCOL §6.4). */
const PUBLIC_TYPES: ReadonlySet<DocumentType> = new Set(['bundle', 'revocations']);
/** Evidence and negative statements: what flows on the recovery lane (PROTOCOL §6.3). */
const GUEST_TYPES: ReadonlySet<DocumentType> = new Set(['root', 'beacon', 'revocations']);
const GROUP = /^[a-z0-9][a-z0-9-]{0,62}$/;
const ENTRIES_PREFIX = 'entries/';
const ENTRIES_KNOWN = new Set([
  ...['domain', 'entries', 'group', 'must', 'name', 'salt', 'type', 'version'],
]);

/** The head every content document has. */
export interface DocumentHead {
  readonly type: ContentType;
  /** `bundle`, `policy`, `entries/default`, … */
  readonly name: string;
  /** How the manifest lists it: the name, or its salted hash. */
  readonly key: string;
  readonly version: bigint;
  readonly digest: Digest;
}

/** True for what a guest may give, and be given. */
export function isForGuests(type: DocumentType): boolean {
  return GUEST_TYPES.has(type);
}

/** True for a document that a related domain may be given. */
export function isPublic(type: DocumentType): boolean {
  return PUBLIC_TYPES.has(type);
}

/** True for a document that stays inside its domain (PROTOCOL §6.4). */
export function isSecret(type: DocumentType): boolean {
  const isOverride = type === 'override' || type === 'recall';
  return isOverride || (CONTENT_TYPES.some((content) => content === type) && !isPublic(type));
}

/** True for the name of a group: 1 to 63 of `a-z 0-9 -`, not beginning with `-`. */
export function isGroup(name: string): boolean {
  return GROUP.test(name);
}

/** Reads the member `group`. Refuses `document-malformed`. */
export function readGroup(members: Members): string {
  const group = members.text('group', NAME_CHARS_MAX);
  return isGroup(group) ? group : members.refuse('group');
}

/** The group whose entries a document of this name holds; null for every other name. */
export function groupOf(name: string): string | null {
  const group = name.startsWith(ENTRIES_PREFIX) ? name.slice(ENTRIES_PREFIX.length) : '';
  return isGroup(group) ? group : null;
}

/**
 * Reads the head of a content document and checks the body of the types this core acts on.
 * Refuses `document-type`, `document-malformed`, `document-must` and `bundle-malformed`.
 */
export const readDocument = readOnce(readHead);

function readHead(envelope: UnverifiedEnvelope): DocumentHead {
  const type = CONTENT_TYPES.find((known) => known === envelope.type);
  if (type === undefined) throw new Refusal('document-type', { got: envelope.type });
  const { members } = envelope;
  const version = members.u64('version');
  const head = { type, version, digest: envelope.digest };
  if (type === 'bundle') readBundle(members);
  if (type === 'policy') readPolicy(members);
  if (isPublic(type)) return { ...head, name: type, key: type };
  const name = members.text('name', NAME_CHARS_MAX);
  if (type === 'entries') checkMust(members, ENTRIES_KNOWN);
  if (type === 'entries' ? groupOf(name) === null : name !== type) members.refuse('name');
  return { ...head, name, key: saltedKey(name, members.digest('salt')) };
}
