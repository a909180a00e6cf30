/**
 * Revocations: what a domain takes back for good (PROTOCOL §5.5).
 *
 * A revocation document is negative: it never ages, needs no pin, and merges with others by union.
 * Belief holds every document that says something no other says alone, and the union of their
 * entries. Each document says what ends in some month, and names the others that stood beside it
 * when it was signed: so one pin speaks for all, and a month that is over goes as a whole. Which
 * thresholds a document has to meet, and who admits it, is `admit-revocations.ts`.
 */

import type { JsonObject } from '../core/canonical.ts';
import type { Digest } from '../core/digest.ts';
import {
  REVOCATION_DOCUMENTS_MAX,
  REVOCATION_MONTH_MS,
  REVOCATIONS_MAX,
  SPIFFE_ID_BYTES_MAX,
} from '../core/limits.ts';
import { readOnce } from '../core/read-once.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import { parseSpiffeId, type TrustDomain, trustDomainOf } from '../core/spiffe-id.ts';
import type { UnixMs } from '../core/time.ts';
import type { UnverifiedEnvelope } from './envelope.ts';
import type { Members } from './members.ts';
import { checkMust } from './must.ts';
import type { RevocationRole } from './root.ts';

/** What can be revoked, in the order in which entries stand. */
export const REVOCATION_CLASSES = ['authority', 'identity', 'leaf', 'lease'] as const;
export type RevocationClass = (typeof REVOCATION_CLASSES)[number];

/** What is taken back, and until when the target itself would have lived. */
export interface RevocationTarget {
  readonly class: RevocationClass;
  /**
   * leaf: serial of an X.509 leaf in hex · identity: a SPIFFE ID, all that was issued for it before
   * `at` · lease: key id of a node · authority: key id of a beacon or documents key of Root, or the
   * SHA-256 of the SubjectPublicKeyInfo of an X.509 or JWT authority.
   */
  readonly target: string;
  readonly notAfter: UnixMs;
}

/** One entry of a revocation document. */
export interface Revocation extends RevocationTarget {
  /** When it was revoked. */
  readonly at: UnixMs;
}

/** A document as read. */
export interface RevocationDocument {
  readonly digest: Digest;
  readonly version: bigint;
  /** Rising by class, then target. */
  readonly entries: readonly Revocation[];
  /** Documents that its signer held beside it, rising by digest. */
  readonly beside: readonly Beside[];
}

/** Another document, and when the last of its targets ends. */
export interface Beside {
  readonly document: Digest;
  readonly notAfter: UnixMs;
}

/** A document that is believed, with the envelope that proves it. */
export interface HeldRevocations extends RevocationDocument {
  readonly bytes: Uint8Array;
}

/** All that is revoked in one domain. */
export interface Revocations {
  /** Rising by digest. */
  readonly documents: readonly HeldRevocations[];
  /** The union of their entries, by `class/target`. */
  readonly union: ReadonlyMap<string, Revocation>;
}

/** What says something of targets. */
type Said = Pick<RevocationDocument, 'entries'>;

/** Nothing is revoked. */
export const NO_REVOCATIONS: Revocations = { documents: [], union: new Map() };

const KNOWN = new Set(['beside', 'domain', 'entries', 'must', 'type', 'version']);
const SERIAL = /^(?:[0-9a-f]{2}){1,20}$/;
const DIGEST = /^[0-9a-f]{64}$/;

/**
 * Reads a revocation document. Refuses `document-malformed` (also entries out of order, or twice),
 * `document-must`, and `revocation-foreign` for an identity of another domain.
 */
export const readRevocations = readOnce(readMembers);

function readMembers(envelope: UnverifiedEnvelope): RevocationDocument {
  const { members, digest } = envelope;
  checkMust(members, KNOWN);
  const entries = members
    .list('entries', REVOCATIONS_MAX)
    .map((_, i) => readEntry(members.item('entries', i), envelope.domain));
  const keys = entries.map(revocationKey);
  if (keys.some((key, i) => i > 0 && key <= (keys[i - 1] ?? ''))) members.refuse('entries');
  const beside = members.has('beside')
    ? members
        .list('beside', REVOCATION_DOCUMENTS_MAX)
        .map((_, i) => readBeside(members.item('beside', i)))
    : [];
  const digests = beside.map(({ document }) => document);
  if (digests.some((key, i) => i > 0 && key <= (digests[i - 1] ?? ''))) members.refuse('beside');
  return { digest, version: members.u64('version'), entries, beside };
}

/** The members of a document beside its type. */
export function revocationsBody(
  domain: TrustDomain,
  version: bigint,
  entries: Iterable<Revocation>,
  beside: readonly Beside[],
): JsonObject {
  const others = beside.map(({ document, notAfter }) => ({ document, notAfter: String(notAfter) }));
  return {
    domain,
    ...(others.length === 0 ? {} : { beside: others }),
    version: String(version),
    entries: [...entries]
      .sort((a, b) => (revocationKey(a) < revocationKey(b) ? -1 : 1))
      .map((entry) => ({
        class: entry.class,
        target: entry.target,
        notAfter: String(entry.notAfter),
        at: String(entry.at),
      })),
  };
}

/** The entry against a target, or undefined. */
export function revocationOf(
  { union }: Revocations,
  target: Pick<RevocationTarget, 'class' | 'target'>,
): Revocation | undefined {
  // Nearly always empty, and asked several times a step: no key is put together for that.
  return union.size === 0 ? undefined : union.get(revocationKey(target));
}

/** How many keys of the role have to sign a document with these entries (PROTOCOL §2.1). */
export function thresholdOf(role: RevocationRole, entries: readonly RevocationTarget[]): number {
  const isAuthority = entries.some((entry) => entry.class === 'authority');
  return isAuthority ? Math.max(role.authorityThreshold, role.leaseThreshold) : role.leaseThreshold;
}

/** The month in which a target ends, as a number since 1970. */
export function monthOf({ notAfter }: Pick<Revocation, 'notAfter'>): number {
  return Math.floor(notAfter / REVOCATION_MONTH_MS);
}

/** Those of `documents` that a document over `entries` leaves to stand beside it, by digest. */
export function besideOf(
  documents: readonly HeldRevocations[],
  entries: readonly Revocation[],
): readonly Beside[] {
  return documents
    .filter((other) => !isCovered(other, { entries }))
    .map(({ digest, entries: others }) => ({
      document: digest,
      notAfter: others.reduce((last, { notAfter }) => Math.max(last, notAfter), 0) as UnixMs,
    }));
}

/** True if every entry of `inner` is said by `outer` too, with dates at least as late. */
export function isCovered(inner: Said, outer: Said): boolean {
  const said = unionOf([outer]);
  return inner.entries.every((entry) => {
    const other = said.get(revocationKey(entry));
    return other !== undefined && other.at >= entry.at && other.notAfter >= entry.notAfter;
  });
}

/** True once nothing the document names could still be valid. */
export function isPast(document: RevocationDocument, now: UnixMs): boolean {
  return document.entries.every((entry) => entry.notAfter < now);
}

/**
 * The documents worth keeping: what another covers alone, or what is past by `now`, is dropped,
 * except for those that the manifest pins. Of two that cover each other the higher version stays.
 * The outcome depends on the set alone, so that whoever holds the same documents keeps the same.
 */
export function settled(
  documents: readonly HeldRevocations[],
  now: UnixMs,
  pinned: ReadonlySet<Digest>,
): Revocations {
  const kept = documents.filter((document) => {
    if (pinned.has(document.digest)) return true;
    const covers = (other: HeldRevocations): boolean =>
      other !== document && isCovered(document, other) && !isOutranked(other, document);
    return !isPast(document, now) && !documents.some(covers);
  });
  const sorted = [...kept].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return { documents: sorted, union: unionOf(sorted) };
}

/**
 * The document that a writer pins: the one that says most, with those that it names beside it; of
 * two that say as much the later one. It is one that stays whatever is pinned: another would be
 * dropped as covered when its pin goes.
 */
export function leadingOf({ documents }: Revocations): HeldRevocations | null {
  const spoken = new Map(documents.map((one) => [one, spokenBy(one, documents)]));
  const saysMore = (one: HeldRevocations, other: HeldRevocations): boolean => {
    const more = (spoken.get(one) ?? 0) - (spoken.get(other) ?? 0);
    if (more !== 0) return more > 0;
    return isOutranked(other, one) || (!isOutranked(one, other) && one.version > other.version);
  };
  return documents.reduce<HeldRevocations | null>(
    (best, next) => (best === null || saysMore(next, best) ? next : best),
    null,
  );
}

/** How many targets one document speaks for, those that it names beside it included. */
function spokenBy(one: HeldRevocations, documents: readonly HeldRevocations[]): number {
  const named = new Set(one.beside.map(({ document }) => document));
  return unionOf([one, ...documents.filter(({ digest }) => named.has(digest))]).size;
}

/** The entries of several documents as one map, each with its latest dates. */
export function unionOf(
  documents: readonly { readonly entries: readonly Revocation[] }[],
): ReadonlyMap<string, Revocation> {
  const union = new Map<string, Revocation>();
  for (const entry of documents.flatMap(({ entries }) => entries)) {
    const key = revocationKey(entry);
    const held = union.get(key);
    const at = Math.max(entry.at, held?.at ?? 0) as UnixMs;
    const notAfter = Math.max(entry.notAfter, held?.notAfter ?? 0) as UnixMs;
    union.set(key, { ...entry, at, notAfter });
  }
  return union;
}

/** Names a target among all: `class/target`. */
export function revocationKey(target: Pick<RevocationTarget, 'class' | 'target'>): string {
  return `${target.class}/${target.target}`;
}

/** Checks the form of a target. Refuses `revocation-target` and `revocation-foreign`. */
export function checkTarget(
  { class: kind, target }: Pick<RevocationTarget, 'class' | 'target'>,
  domain: TrustDomain,
): void {
  if (kind === 'identity') {
    const id = refusalOf(() => parseSpiffeId(target));
    if (id instanceof Refusal) throw new Refusal('revocation-target', { class: kind });
    if (trustDomainOf(id) !== domain) throw new Refusal('revocation-foreign', { domain, got: id });
    return;
  }
  const form = kind === 'leaf' ? SERIAL : DIGEST;
  if (!form.test(target)) throw new Refusal('revocation-target', { class: kind });
}

function readBeside(members: Members): Beside {
  return { document: members.digest('document'), notAfter: members.time('notAfter') };
}

function readEntry(members: Members, domain: TrustDomain): Revocation {
  const kind = REVOCATION_CLASSES.find((known) => known === members.value('class'));
  const entry: Revocation = {
    class: kind ?? members.refuse('class'),
    target: members.text('target', SPIFFE_ID_BYTES_MAX),
    notAfter: members.time('notAfter'),
    at: members.time('at'),
  };
  checkTarget(entry, domain);
  return entry;
}

/** Of two documents that say the same, the older version goes, then the higher digest. */
function isOutranked(a: RevocationDocument, b: RevocationDocument): boolean {
  if (!isCovered(a, b)) return false;
  return a.version === b.version ? a.digest > b.digest : a.version < b.version;
}
