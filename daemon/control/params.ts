/**
 * Strict parsing of what a control client asks: every member named, typed and bounded.
 *
 * Only the form is judged here. Whether a SPIFFE ID is one, or a domain is known, is for the code
 * that acts on it, which refuses with its own codes.
 */

import { isObject, type Json, type JsonObject } from '../../core/canonical.ts';
import {
  ADDRESSES_MAX,
  AUDIT_TAIL_LINES_MAX,
  BACKUP_BYTES_MAX,
  BACKUP_PART_BYTES,
  BUNDLE_FILE_BYTES_MAX,
  COURIER_RECIPIENTS_MAX,
  DIAL_ADDRESS_CHARS_MAX,
  DNS_NAME_CHARS_MAX,
  DNS_NAMES_MAX,
  DOCUMENT_BYTES_MAX,
  DOMAIN_BUDGET_MIB_MAX,
  DOMAIN_BUDGET_MIB_MIN,
  ENDPOINT_URL_CHARS_MAX,
  ENTRIES_MAX,
  JWT_SVID_TTL_MS_MAX,
  NAME_CHARS_MAX,
  RECIPIENT_CHARS_MAX,
  RELATIONS_MAX,
  SCOPE_PATHS_MAX,
  SELECTORS_MAX,
  SPIFFE_ID_BYTES_MAX,
  SURVIVAL_CEILING_MS,
  SVID_TTL_MS_MAX,
  TRUST_DOMAIN_BYTES_MAX,
} from '../../core/limits.ts';
import type { Method, ParamsOf } from './calls.ts';
import { ParamReader, refuse } from './param-reader.ts';
import {
  type AgeLimitsView,
  type AssuranceLevel,
  type AuthorityUse,
  type BundleFormat,
  type EnrolWish,
  type EntryCreate,
  type EntryUpdate,
  type KeyType,
  REVOCATION_KINDS,
  type ReferencesDraft,
  type RelationTermsView,
  type RevokeParams,
  ROLE_KEYS,
} from './views.ts';

/** A selector or a hint: a path is the longest thing either holds. */
const TEXT_CHARS_MAX = 4_096 + 64;

const KEY_TYPES: readonly KeyType[] = ['ec-p256', 'ml-dsa-65'];
const ASSURANCE_LEVELS: readonly AssuranceLevel[] = ['software', 'vtpm', 'tpm', 'measured-boot'];
const AUTHORITY_USES: readonly AuthorityUse[] = ['x509', 'jwt'];

/** The digits of a u64. */
const U64_CHARS_MAX = 20;
/** A path of Linux (limits.h, PATH_MAX). */
const PATH_CHARS_MAX = 4_096;
/** `2026-11-21T05:50:58Z`. */
const TIME_CHARS_MAX = 20;
/** A sentence in the audit log. */
const REASON_CHARS_MAX = 256;

const LEASE_KINDS: readonly EnrolWish['kind'][] = ['slices', 'cell', 'domain'];
const GROUP_CHARS_MAX = 63;
/** A head sealed to as many recipients as there may be, in base64url. */
const COURIER_HEADER_CHARS_MAX = 128 * 1024;
/** A key's id in hex. */
const NODE_CHARS_MAX = 64;
/** A digest or a key's id in hex, or the start of one. */
const CEREMONY_CHARS_MAX = 64;
/** A fingerprint: hex, what a scanner reads, or words. */
const FINGERPRINT_CHARS_MAX = 512;

type Parsers = { readonly [M in Method]: (params: ParamReader) => ParamsOf<M> };

const PARSERS: Parsers = {
  status: () => ({}),
  whoami: () => ({}),
  'entry.create': entryIn,
  'entry.list': () => ({}),
  'entry.show': (params) => ({ id: params.text('id', TEXT_CHARS_MAX) }),
  'entry.history': (params) => ({ id: params.text('id', TEXT_CHARS_MAX) }),
  'entry.update': (params) => ({
    id: params.text('id', TEXT_CHARS_MAX),
    ...revisionIn(params),
  }),
  'entry.apply': (params) => ({
    entries: params.items('entries', ENTRIES_MAX, parseEntryCreate),
    others: params.oneOf('others', ['keep', 'delete']),
    act: params.oneOf('act', ['preview', 'publish']),
  }),
  'entry.delete': (params) => ({ id: params.text('id', TEXT_CHARS_MAX) }),
  'authority.confirm': () => ({}),
  'authority.show': () => ({}),
  'authority.prepare': (params) => ({
    use: params.oneOf('use', AUTHORITY_USES),
    keyType: params.oneOf('keyType', KEY_TYPES),
  }),
  'authority.activate': (params) => ({ id: params.text('id', TEXT_CHARS_MAX) }),
  'authority.taint': (params) => ({ id: params.text('id', TEXT_CHARS_MAX) }),
  'authority.revoke': (params) => ({ id: params.text('id', TEXT_CHARS_MAX) }),
  revoke: revokeIn,
  'revoke.propose': revokeIn,
  'root.key': (params) => ({ role: params.oneOf('role', ROLE_KEYS) }),
  'revoke.list': (params) => params.optional('domain', domainIn(params)),
  'references.show': () => ({}),
  'references.approve': referencesDraftIn,
  'references.offer': referencesDraftIn,
  'references.withdraw': (params) => ({ name: params.text('name', NAME_CHARS_MAX) }),
  'key.list': () => ({}),
  'key.copy': keyToFolderIn,
  'key.move': keyToFolderIn,
  'backup.begin': (params) => ({
    salt: params.text('salt', TEXT_CHARS_MAX),
    key: params.text('key', TEXT_CHARS_MAX),
  }),
  'backup.part': (params) => ({
    digest: params.text('digest', TEXT_CHARS_MAX),
    part: params.count('part', BACKUP_BYTES_MAX / BACKUP_PART_BYTES),
  }),
  'time.show': () => ({}),
  'time.tell': (params) => params.optional('at', (name) => params.text(name, TIME_CHARS_MAX)),
  'enroll.request': (params) => ({
    group: params.text('group', GROUP_CHARS_MAX),
    kind: params.oneOf('kind', LEASE_KINDS),
  }),
  'enroll.challenge': messageIn,
  'enroll.answer': (params) => ({
    ...messageIn(params),
    ...params.optional('fingerprint', (name) => params.text(name, FINGERPRINT_CHARS_MAX)),
  }),
  'enroll.grant': messageIn,
  'attestation.show': () => ({}),
  'workload.list': () => ({}),
  'ceremony.list': () => ({}),
  'ceremony.file': ceremonyIn,
  'ceremony.offer': messageIn,
  'ceremony.approve': ceremonyIn,
  'ceremony.refuse': (params) => ({
    ...ceremonyIn(params),
    reason: params.text('reason', REASON_CHARS_MAX),
  }),
  'enroll.join': (params) => ({
    group: params.text('group', GROUP_CHARS_MAX),
    kind: params.oneOf('kind', LEASE_KINDS),
    address: params.text('address', DIAL_ADDRESS_CHARS_MAX),
    fingerprint: params.text('fingerprint', FINGERPRINT_CHARS_MAX),
  }),
  'enroll.install': messageIn,
  'enroll.list': () => ({}),
  'enroll.approve': (params) => ({
    node: params.text('node', NODE_CHARS_MAX),
    ...params.optional('forgetMarks', (name) => params.flag(name)),
  }),
  'enroll.refuse': (params) => ({ node: params.text('node', NODE_CHARS_MAX) }),
  'bundle.show': (params) => params.optional('domain', domainIn(params)),
  'bundle.export': (params) => ({
    ...params.optional('domain', domainIn(params)),
    format: params.oneOf('format', ['holdfast', 'spiffe'] satisfies BundleFormat[]),
  }),
  'bundle.import': (params) => ({ text: params.text('text', BUNDLE_FILE_BYTES_MAX) }),
  'courier.recipient': () => ({}),
  'courier.part': (params) => ({
    ...params.optional('domain', domainIn(params)),
    recipients: params.texts('recipients', COURIER_RECIPIENTS_MAX, RECIPIENT_CHARS_MAX),
  }),
  'courier.open': (params) => ({ header: params.text('header', COURIER_HEADER_CHARS_MAX) }),
  'courier.preview': (params) => ({ text: params.text('text', BUNDLE_FILE_BYTES_MAX) }),
  'federation.add': (params) => ({
    text: params.text('text', BUNDLE_FILE_BYTES_MAX),
    peers: params.texts('peers', ADDRESSES_MAX, DIAL_ADDRESS_CHARS_MAX),
    ...params.optional('survivalForeign', (name) => params.flag(name)),
  }),
  'federation.add-spiffe': (params) => ({
    domain: domainIn(params)('domain'),
    url: params.text('url', ENDPOINT_URL_CHARS_MAX),
    profile: params.oneOf('profile', ['https_web', 'https_spiffe']),
    ...params.optional('endpointId', (name) => params.text(name, SPIFFE_ID_BYTES_MAX)),
    ...params.optional('bundle', (name) => params.text(name, DOCUMENT_BYTES_MAX)),
  }),
  'federation.refresh': (params) => ({ domain: domainIn(params)('domain') }),
  'federation.list': () => ({}),
  'federation.remove': (params) => ({ domain: domainIn(params)('domain') }),
  'relation.propose': (params) => ({
    to: domainIn(params)('to'),
    asks: params.object('asks', termsIn),
    addresses: params.texts('addresses', ADDRESSES_MAX, DIAL_ADDRESS_CHARS_MAX),
    send: params.flag('send'),
  }),
  'relation.proposals': () => ({}),
  'relation.answer': (params) => ({
    domain: domainIn(params)('domain'),
    terms: params.object('terms', termsIn),
    peers: params.texts('peers', ADDRESSES_MAX, DIAL_ADDRESS_CHARS_MAX),
  }),
  'relation.accept': (params) => ({
    text: params.text('text', BUNDLE_FILE_BYTES_MAX),
    peers: params.texts('peers', ADDRESSES_MAX, DIAL_ADDRESS_CHARS_MAX),
    terms: params.object('terms', termsIn),
  }),
  'relation.narrow': (params) => ({
    domain: domainIn(params)('domain'),
    terms: params.object('terms', termsIn),
  }),
  'relation.withdraw': (params) => ({ domain: domainIn(params)('domain') }),
  'alarm.clear': (params) => ({ id: params.count('id', Number.MAX_SAFE_INTEGER) }),
  'audit.verify': () => ({}),
  'audit.tail': (params) => ({ lines: params.count('lines', AUDIT_TAIL_LINES_MAX) }),
  subscribe: () => ({}),
};

/** Every method that there is. */
export const METHODS = Object.keys(PARSERS) as readonly Method[];

/** True if there is such a method. */
export function isMethod(name: string): name is Method {
  return Object.hasOwn(PARSERS, name);
}

/** Reads the parameters of `method`. Refuses `control-params` with the member that is wrong. */
export function parseParams<M extends Method>(method: M, params: JsonObject): ParamsOf<M> {
  const reader = new ParamReader(params);
  const parsed = PARSERS[method](reader);
  reader.end();
  return parsed;
}

/** Reads one entry as a person decides it. Refuses `control-params`. */
export function parseEntryCreate(value: Json): EntryCreate {
  const reader = new ParamReader(isObject(value) ? value : refuse('entries', 'a list of objects'));
  const entry = entryIn(reader);
  reader.end();
  return entry;
}

function entryIn(params: ParamReader): EntryCreate {
  return {
    spiffeId: params.text('spiffeId', SPIFFE_ID_BYTES_MAX),
    selectors: params.texts('selectors', SELECTORS_MAX, TEXT_CHARS_MAX),
    ...params.optional('group', (name) => params.text(name, TEXT_CHARS_MAX)),
    ...params.optional('parent', (name) => params.text(name, SPIFFE_ID_BYTES_MAX)),
    ...revisionIn(params),
  };
}

/** What may change in the life of an entry. */
function ceremonyIn(params: ParamReader): { readonly id: string } {
  return { id: params.text('id', CEREMONY_CHARS_MAX) };
}

function keyToFolderIn(params: ParamReader) {
  const name = params.text('name', NAME_CHARS_MAX);
  return { name, folder: params.text('folder', PATH_CHARS_MAX) };
}

function revisionIn(params: ParamReader): Omit<EntryUpdate, 'id'> {
  return {
    ...params.optional('x509SvidTtlMs', (name) => params.count(name, SVID_TTL_MS_MAX)),
    ...params.optional('jwtSvidTtlMs', (name) => params.count(name, JWT_SVID_TTL_MS_MAX)),
    ...params.optional('keyType', (name) => params.oneOf(name, KEY_TYPES)),
    ...params.optional('federatesWith', (name) =>
      params.texts(name, RELATIONS_MAX, TRUST_DOMAIN_BYTES_MAX),
    ),
    ...params.optional('dnsNames', (name) => params.texts(name, DNS_NAMES_MAX, DNS_NAME_CHARS_MAX)),
    ...params.optional('hint', (name) => params.text(name, TEXT_CHARS_MAX)),
    ...params.optional('admin', (name) => params.flag(name)),
    ...params.optional('minAssurance', (name) => params.oneOf(name, ASSURANCE_LEVELS)),
    ...params.optional('expiresAt', (name) => params.text(name, TEXT_CHARS_MAX)),
  };
}

function referencesDraftIn(params: ParamReader): ReferencesDraft {
  return {
    text: params.text('text', DOCUMENT_BYTES_MAX),
    generation: params.text('generation', U64_CHARS_MAX),
  };
}

function revokeIn(params: ParamReader): RevokeParams {
  return {
    kind: params.oneOf('kind', REVOCATION_KINDS),
    target: params.text('target', SPIFFE_ID_BYTES_MAX),
    reason: params.text('reason', REASON_CHARS_MAX),
  };
}

function termsIn(params: ParamReader): RelationTermsView {
  return {
    scope: params.texts('scope', SCOPE_PATHS_MAX, SPIFFE_ID_BYTES_MAX),
    minAssurance: params.oneOf('minAssurance', ASSURANCE_LEVELS),
    limits: params.nullable('limits', () => params.object('limits', limitsIn)),
    survivalForeign: params.flag('survivalForeign'),
    peering: params.flag('peering'),
    serveBundle: params.flag('serveBundle'),
    budgetMib: params.count('budgetMib', DOMAIN_BUDGET_MIB_MAX, DOMAIN_BUDGET_MIB_MIN),
    notAfter: params.text('notAfter', TIME_CHARS_MAX),
  };
}

function limitsIn(params: ParamReader): AgeLimitsView {
  return {
    freshForMs: params.count('freshForMs', SURVIVAL_CEILING_MS),
    degradedForMs: params.count('degradedForMs', SURVIVAL_CEILING_MS),
    survivalForMs: params.count('survivalForMs', SURVIVAL_CEILING_MS),
  };
}

/** A message of an enrolment, in armour. */
function messageIn(params: ParamReader): { readonly text: string } {
  return { text: params.text('text', BUNDLE_FILE_BYTES_MAX) };
}

function domainIn(params: ParamReader): (name: string) => string {
  return (name) => params.text(name, TRUST_DOMAIN_BYTES_MAX);
}
