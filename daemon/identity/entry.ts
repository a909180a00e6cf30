/**
 * Registration entries: which callers of this domain are which workload.
 *
 * An entry says "whoever shows all of these selectors is this SPIFFE ID". Entries travel in the
 * signed document `entries` as `{entries: [...]}`, sorted by id; the document's other members are
 * the federation's. An entry is named by what it means (its ID and its selectors), so the same
 * statement cannot be made twice under two names.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { encodeCanonical, isObject, type Json, type JsonObject } from '../../core/canonical.ts';
import { digestOf } from '../../core/digest.ts';
import {
  ENTRIES_MAX,
  HINT_BYTES_MAX,
  JWT_SVID_TTL_MS,
  JWT_SVID_TTL_MS_MAX,
  JWT_SVID_TTL_MS_MIN,
  RELATIONS_MAX,
  SELECTORS_MAX,
  SVID_TTL_MS,
  SVID_TTL_MS_MAX,
  SVID_TTL_MS_MIN,
} from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import {
  parseSpiffeId,
  parseTrustDomain,
  pathOf,
  type SpiffeId,
  type TrustDomain,
  trustDomainOf,
} from '../../core/spiffe-id.ts';
import { KEY_TYPES, type KeyType } from './private-key.ts';
import { parseSelector, type Selector } from './selector.ts';

/** One registration entry. */
export interface Entry {
  /** `e-` and 16 hex digits, derived from `spiffeId` and `selectors`. */
  readonly id: string;
  /** Of the own domain, with a path. */
  readonly spiffeId: SpiffeId;
  /** Sorted, each once, at least one: an entry without selectors would match everybody. */
  readonly selectors: readonly Selector[];
  readonly x509SvidTtlMs: number;
  readonly jwtSvidTtlMs: number;
  /** The kind of all keys and signatures of this workload; not every library knows ML-DSA. */
  readonly keyType: KeyType;
  /** Trust domains whose bundles the workload also receives; sorted, each once. */
  readonly federatesWith: readonly TrustDomain[];
  /** A word for the workload that holds several SVIDs; empty for none. */
  readonly hint: string;
  /** Counts the changes of this entry, from 1. */
  readonly revision: number;
}

/** What a person decides about an entry; the rest follows. */
export interface EntryDraft {
  readonly spiffeId: string;
  readonly selectors: readonly string[];
  readonly x509SvidTtlMs?: number;
  readonly jwtSvidTtlMs?: number;
  readonly keyType?: KeyType;
  readonly federatesWith?: readonly string[];
  readonly hint?: string;
}

const MEMBERS: readonly string[] = [
  'federatesWith',
  'hint',
  'id',
  'jwtSvidTtlMs',
  'keyType',
  'revision',
  'selectors',
  'spiffeId',
  'x509SvidTtlMs',
];

/**
 * Makes the first revision of an entry, in canonical order. Refuses what `parseEntry` does, and
 * selectors or domains given twice.
 */
export function createEntry(draft: EntryDraft, domain: TrustDomain): Entry {
  const selectors = [...draft.selectors].sort();
  return parseEntry(
    {
      federatesWith: [...(draft.federatesWith ?? [])].sort(),
      hint: draft.hint ?? '',
      id: entryId(draft.spiffeId, selectors),
      ...unlessDefault(draft.jwtSvidTtlMs, draft.keyType),
      revision: 1,
      selectors,
      spiffeId: draft.spiffeId,
      x509SvidTtlMs: draft.x509SvidTtlMs ?? SVID_TTL_MS,
    },
    domain,
  );
}

/**
 * Reads one entry of `domain`. Refuses `entry-malformed` with the member that is wrong,
 * `selector-malformed`, `spiffe-id-invalid` and `trust-domain-invalid`.
 */
export function parseEntry(value: Json, domain: TrustDomain): Entry {
  if (!isObject(value)) refuse('entry', 'not an object');
  const unknown = Object.keys(value).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) refuse(unknown.slice(0, 64), 'nobody knows this member');
  const spiffeId = parseSpiffeId(textOf(value, 'spiffeId'));
  if (trustDomainOf(spiffeId) !== domain) refuse('spiffeId', 'of another domain');
  if (pathOf(spiffeId) === '') refuse('spiffeId', 'a workload has a path');
  const selectors = sortedTexts(value, 'selectors', SELECTORS_MAX).map(parseSelector);
  if (selectors.length === 0) refuse('selectors', 'at least one');
  const federatesWith = sortedTexts(value, 'federatesWith', RELATIONS_MAX).map(parseTrustDomain);
  if (federatesWith.includes(domain)) refuse('federatesWith', 'its own domain');
  const hint = textOf(value, 'hint');
  if (!hint.isWellFormed() || toUtf8(hint).length > HINT_BYTES_MAX) refuse('hint', 'too long');
  const id = textOf(value, 'id');
  if (id !== entryId(spiffeId, selectors)) refuse('id', 'not of this ID and these selectors');
  return {
    id,
    spiffeId,
    selectors,
    x509SvidTtlMs: countOf(value, 'x509SvidTtlMs', SVID_TTL_MS_MIN, SVID_TTL_MS_MAX),
    jwtSvidTtlMs: jwtTtlOf(value),
    keyType: keyTypeOf(value),
    federatesWith,
    hint,
    revision: countOf(value, 'revision', 1, Number.MAX_SAFE_INTEGER),
  };
}

/** The entry as the member of a document; what is the default is left out. */
export function encodeEntry(entry: Entry): JsonObject {
  const { jwtSvidTtlMs, keyType, ...rest } = entry;
  return { ...rest, ...unlessDefault(jwtSvidTtlMs, keyType) };
}

/** Reads the `entries` member of a document. Refuses `entry-malformed` and what an entry may be. */
export function parseEntries(body: JsonObject, domain: TrustDomain): readonly Entry[] {
  const list = body.entries;
  if (!Array.isArray(list)) refuse('entries', 'absent or no list');
  if (list.length > ENTRIES_MAX) refuse('entries', `more than ${ENTRIES_MAX}`);
  const entries = (list as readonly Json[]).map((value) => parseEntry(value, domain));
  checkRising(
    'entries',
    entries.map(({ id }) => id),
  );
  return entries;
}

/** The body of the `entries` document, sorted by id. */
export function encodeEntries(entries: readonly Entry[]): JsonObject {
  return { entries: [...entries].sort(byId).map(encodeEntry) };
}

/** `e-` and the first 16 hex digits of SHA-256 over `["spiffe://…",["unix:…",…]]` in JCS. */
function entryId(spiffeId: string, selectors: readonly string[]): string {
  return `e-${digestOf(encodeCanonical([spiffeId, selectors])).slice(0, 16)}`;
}

function byId(a: Entry, b: Entry): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function textOf(value: JsonObject, member: string): string {
  const text = value[member];
  return typeof text === 'string' ? text : refuse(member, 'absent or no text');
}

function countOf(value: JsonObject, member: string, min: number, max: number): number {
  const count = value[member];
  const ok =
    typeof count === 'number' && Number.isSafeInteger(count) && count >= min && count <= max;
  return ok ? count : refuse(member, `an integer from ${min} to ${max}`);
}

/** The members that entries of older versions lack, so that those read as they were signed. */
function unlessDefault(jwtSvidTtlMs = JWT_SVID_TTL_MS, keyType: KeyType = 'ec-p256'): JsonObject {
  return {
    ...(jwtSvidTtlMs === JWT_SVID_TTL_MS ? {} : { jwtSvidTtlMs }),
    ...(keyType === 'ec-p256' ? {} : { keyType }),
  };
}

function jwtTtlOf(value: JsonObject): number {
  if (value.jwtSvidTtlMs === undefined) return JWT_SVID_TTL_MS;
  const ttlMs = countOf(value, 'jwtSvidTtlMs', JWT_SVID_TTL_MS_MIN, JWT_SVID_TTL_MS_MAX);
  return ttlMs === JWT_SVID_TTL_MS ? refuse('jwtSvidTtlMs', 'the default is left out') : ttlMs;
}

function keyTypeOf(value: JsonObject): KeyType {
  if (value.keyType === undefined) return 'ec-p256';
  const named = KEY_TYPES.find((keyType) => keyType === value.keyType);
  if (named === 'ec-p256') return refuse('keyType', 'the default is left out');
  return named ?? refuse('keyType', KEY_TYPES.join(' or '));
}

function sortedTexts(value: JsonObject, member: string, max: number): readonly string[] {
  const list = value[member];
  if (!Array.isArray(list) || list.length > max) refuse(member, `a list of at most ${max}`);
  const texts = (list as readonly Json[]).map((item) =>
    typeof item === 'string' ? item : refuse(member, 'a list of texts'),
  );
  checkRising(member, texts);
  return texts;
}

function checkRising(member: string, texts: readonly string[]): void {
  const rises = texts.every((text, i) => i === 0 || (texts[i - 1] ?? '') < text);
  if (!rises) refuse(member, 'sorted, and each once');
}

function refuse(member: string, why: string): never {
  throw new Refusal('entry-malformed', { member, why });
}
