/**
 * Registration entries: which callers of this domain are which workload.
 *
 * An entry says "whoever shows all of these selectors, at this node, is this SPIFFE ID". Entries
 * travel in the signed documents `entries/<group>`, read and written by `entry-group.ts`. An entry
 * is named by what it means (its ID, its selectors, and where it holds), so the same statement
 * cannot be made twice under two names.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { encodeCanonical, isObject, type Json, type JsonObject } from '../../core/canonical.ts';
import { digestOf } from '../../core/digest.ts';
import {
  DNS_NAMES_MAX,
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
import { SECOND_MS, type UnixMs, unixMs } from '../../core/time.ts';
import { ASSURANCES, type Assurance } from '../../federation/assurance.ts';
import { isDnsName } from './dns-name.ts';
import { isReservedId } from './node-id.ts';
import { KEY_TYPES, type KeyType } from './private-key.ts';
import { parseSelector, type Selector } from './selector.ts';

/** One registration entry. */
export interface Entry {
  /** `e-` and 16 hex digits, derived from `spiffeId`, `selectors`, `group` and `parent`. */
  readonly id: string;
  /** Of the own domain, with a path. */
  readonly spiffeId: SpiffeId;
  /** Sorted, each once, at least one: an entry without selectors would match everybody. */
  readonly selectors: readonly Selector[];
  /** Whose nodes hold the entry: the name of the document it stands in. */
  readonly group: string;
  /** The one node of the group that serves it; null for all of them. */
  readonly parent: SpiffeId | null;
  readonly x509SvidTtlMs: number;
  readonly jwtSvidTtlMs: number;
  /** The kind of all keys and signatures of this workload; not every library knows ML-DSA. */
  readonly keyType: KeyType;
  /** Names that the certificate carries beside the ID; sorted, each once. */
  readonly dnsNames: readonly string[];
  /** Trust domains whose bundles the workload also receives; sorted, each once. */
  readonly federatesWith: readonly TrustDomain[];
  /** A word for the workload that holds several SVIDs; empty for none. */
  readonly hint: string;
  /** The workload speaks for operators, to whoever asks that of an entry. */
  readonly admin: boolean;
  /** A node whose lease says less serves nothing of the entry. */
  readonly minAssurance: Assurance;
  /** From this second on the entry holds no more; null for never. */
  readonly expiresAt: UnixMs | null;
  /** 0 for entries that are older than this member. */
  readonly createdAt: UnixMs;
  /** Counts the changes of this entry, from 1. */
  readonly revision: number;
}

/** What a person decides about an entry; the rest follows. */
export interface EntryDraft {
  readonly spiffeId: string;
  readonly selectors: readonly string[];
  readonly group?: string;
  readonly parent?: string | null;
  readonly x509SvidTtlMs?: number;
  readonly jwtSvidTtlMs?: number;
  readonly keyType?: KeyType;
  readonly dnsNames?: readonly string[];
  readonly federatesWith?: readonly string[];
  readonly hint?: string;
  readonly admin?: boolean;
  readonly minAssurance?: Assurance;
  readonly expiresAt?: UnixMs | null;
}

/** The group of every node that was given no other. */
export const DEFAULT_GROUP = 'default';

/** What an entry says where the member is left out, as older versions left it. */
const DEFAULTS = {
  admin: false,
  createdAt: '0',
  dnsNames: [],
  expiresAt: null,
  jwtSvidTtlMs: JWT_SVID_TTL_MS,
  keyType: 'ec-p256',
  minAssurance: 'software',
  parent: null,
} as const satisfies JsonObject;

const REQUIRED: readonly string[] = [
  'federatesWith',
  'hint',
  'id',
  'revision',
  'selectors',
  'spiffeId',
  'x509SvidTtlMs',
];
const MEMBERS: ReadonlySet<string> = new Set([...REQUIRED, ...Object.keys(DEFAULTS)]);
/** Decimal digits of a time in milliseconds, the one spelling of each. */
const TIME = /^(0|[1-9][0-9]{0,15})$/;

/**
 * Makes the first revision of an entry, in canonical order. Refuses what `parseEntry` does, and
 * selectors, names or domains given twice.
 */
export function createEntry(draft: EntryDraft, domain: TrustDomain, now: UnixMs): Entry {
  const selectors = [...draft.selectors].sort();
  const { group = DEFAULT_GROUP, parent = null } = draft;
  const members = {
    admin: draft.admin ?? false,
    createdAt: String(now),
    dnsNames: [...(draft.dnsNames ?? [])].sort(),
    expiresAt: textOfTime(draft.expiresAt ?? null),
    federatesWith: [...(draft.federatesWith ?? [])].sort(),
    hint: draft.hint ?? '',
    id: entryId({ spiffeId: draft.spiffeId, selectors, group, parent }),
    jwtSvidTtlMs: draft.jwtSvidTtlMs ?? JWT_SVID_TTL_MS,
    keyType: draft.keyType ?? 'ec-p256',
    minAssurance: draft.minAssurance ?? 'software',
    parent,
    revision: 1,
    selectors,
    spiffeId: draft.spiffeId,
    x509SvidTtlMs: draft.x509SvidTtlMs ?? SVID_TTL_MS,
  };
  const entry = parseEntry(withoutDefaults(members), domain, group);
  return isReservedId(entry.spiffeId) ? refuseEntry('spiffeId', 'an ID of nodes') : entry;
}

/**
 * Reads one entry of `domain` out of the document of `group`. Refuses `entry-malformed` with the
 * member that is wrong, `selector-malformed`, `spiffe-id-invalid` and `trust-domain-invalid`.
 */
export function parseEntry(value: Json, domain: TrustDomain, group: string): Entry {
  if (!isObject(value)) refuseEntry('entry', 'not an object');
  const unknown = Object.keys(value).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) refuseEntry(unknown.slice(0, 64), 'nobody knows this member');
  checkNoDefault(value);
  const members: JsonObject = { ...DEFAULTS, ...value };
  const spiffeId = pathIdOf(members, 'spiffeId', domain, group);
  const selectors = sortedTexts(members, 'selectors', SELECTORS_MAX).map(parseSelector);
  if (selectors.length === 0) refuseEntry('selectors', 'at least one');
  const parent = members.parent === null ? null : pathIdOf(members, 'parent', domain);
  const id = textOf(members, 'id');
  if (id !== entryId({ spiffeId, selectors, group, parent })) {
    refuseEntry('id', 'not of this ID, these selectors and this place');
  }
  return {
    ...{ id, spiffeId, selectors, group, parent },
    x509SvidTtlMs: countOf(members, 'x509SvidTtlMs', SVID_TTL_MS_MIN, SVID_TTL_MS_MAX),
    jwtSvidTtlMs: countOf(members, 'jwtSvidTtlMs', JWT_SVID_TTL_MS_MIN, JWT_SVID_TTL_MS_MAX),
    keyType: oneOf(members, 'keyType', KEY_TYPES),
    dnsNames: dnsNamesOf(members),
    federatesWith: partnersOf(members, domain),
    hint: hintOf(members),
    admin: flagOf(members, 'admin'),
    minAssurance: oneOf(members, 'minAssurance', ASSURANCES),
    expiresAt: members.expiresAt === null ? null : secondOf(members, 'expiresAt'),
    createdAt: timeOf(members, 'createdAt'),
    revision: countOf(members, 'revision', 1, Number.MAX_SAFE_INTEGER),
  };
}

/** The entry as the member of a document; what is the default is left out. */
export function encodeEntry(entry: Entry): JsonObject {
  const { group: _group, ...members } = entry;
  return withoutDefaults({
    ...members,
    expiresAt: textOfTime(entry.expiresAt),
    createdAt: String(entry.createdAt),
  });
}

/** True until the second in which the entry ends. */
export function isLive({ expiresAt }: Entry, now: UnixMs): boolean {
  return expiresAt === null || now < expiresAt;
}

/** Throws `entry-malformed` with the member that is wrong. */
export function refuseEntry(member: string, why: string): never {
  throw new Refusal('entry-malformed', { member, why });
}

/** Refuses `entry-malformed` unless `texts` rise, each once. */
export function checkRising(member: string, texts: readonly string[]): void {
  const rises = texts.every((text, i) => i === 0 || (texts[i - 1] ?? '') < text);
  if (!rises) refuseEntry(member, 'sorted, and each once');
}

/**
 * `e-` and the first 16 hex digits of SHA-256 over `["spiffe://…",["unix:…",…]]` in JCS, with the
 * group and the parent (or an empty text) behind them where the entry has others than the default.
 */
function entryId(named: {
  readonly spiffeId: string;
  readonly selectors: readonly string[];
  readonly group: string;
  readonly parent: string | null;
}): string {
  const { spiffeId, selectors, group, parent } = named;
  const place = group === DEFAULT_GROUP && parent === null ? [] : [group, parent ?? ''];
  return `e-${digestOf(encodeCanonical([spiffeId, selectors, ...place])).slice(0, 16)}`;
}

function withoutDefaults(members: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(members).filter(([name, value]) => !isDefault(name, value)),
  );
}

/** A default has one spelling, its absence: so that old entries read as they were signed. */
function checkNoDefault(value: JsonObject): void {
  for (const [name, member] of Object.entries(value)) {
    if (isDefault(name, member)) refuseEntry(name, 'the default is left out');
  }
}

function isDefault(name: string, value: Json): boolean {
  const usual: Json | undefined = (DEFAULTS as JsonObject)[name];
  if (Array.isArray(usual)) return Array.isArray(value) && value.length === 0;
  return usual !== undefined && value === usual;
}

/** An ID with a path, of the domain; with `group` also of the cell of that group. */
function pathIdOf(
  value: JsonObject,
  member: string,
  domain: TrustDomain,
  group?: string,
): SpiffeId {
  const id = parseSpiffeId(textOf(value, member));
  const name = trustDomainOf(id);
  const isOwn = name === domain || name === `${group}.${domain}`;
  if (!isOwn) refuseEntry(member, 'of another domain');
  if (pathOf(id) === '') refuseEntry(member, 'an ID with a path');
  return id;
}

function partnersOf(value: JsonObject, domain: TrustDomain): readonly TrustDomain[] {
  const partners = sortedTexts(value, 'federatesWith', RELATIONS_MAX).map(parseTrustDomain);
  return partners.includes(domain) ? refuseEntry('federatesWith', 'its own domain') : partners;
}

function dnsNamesOf(value: JsonObject): readonly string[] {
  const names = sortedTexts(value, 'dnsNames', DNS_NAMES_MAX);
  const wrong = names.find((name) => !isDnsName(name));
  return wrong === undefined ? names : refuseEntry('dnsNames', 'lower-case names of hosts');
}

function hintOf(value: JsonObject): string {
  const hint = textOf(value, 'hint');
  const fits = hint.isWellFormed() && toUtf8(hint).length <= HINT_BYTES_MAX;
  return fits ? hint : refuseEntry('hint', 'too long');
}

function textOf(value: JsonObject, member: string): string {
  const text = value[member];
  return typeof text === 'string' ? text : refuseEntry(member, 'absent or no text');
}

function countOf(value: JsonObject, member: string, min: number, max: number): number {
  const count = value[member];
  const ok =
    typeof count === 'number' && Number.isSafeInteger(count) && count >= min && count <= max;
  return ok ? count : refuseEntry(member, `an integer from ${min} to ${max}`);
}

function flagOf(value: JsonObject, member: string): boolean {
  const flag = value[member];
  return typeof flag === 'boolean' ? flag : refuseEntry(member, 'true or false');
}

function oneOf<T extends string>(value: JsonObject, member: string, known: readonly T[]): T {
  return known.find((one) => one === value[member]) ?? refuseEntry(member, known.join(' or '));
}

function timeOf(value: JsonObject, member: string): UnixMs {
  const text = textOf(value, member);
  if (!TIME.test(text)) refuseEntry(member, 'milliseconds since 1970, as text');
  return unixMs(Number.parseInt(text, 10));
}

function secondOf(value: JsonObject, member: string): UnixMs {
  const at = timeOf(value, member);
  return at % SECOND_MS === 0 ? at : refuseEntry(member, 'a whole second');
}

function textOfTime(at: UnixMs | null): string | null {
  return at === null ? null : String(at);
}

function sortedTexts(value: JsonObject, member: string, max: number): readonly string[] {
  const list = value[member];
  if (!Array.isArray(list) || list.length > max) refuseEntry(member, `a list of at most ${max}`);
  const texts = (list as readonly Json[]).map((item) =>
    typeof item === 'string' ? item : refuseEntry(member, 'a list of texts'),
  );
  checkRising(member, texts);
  return texts;
}
