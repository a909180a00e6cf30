/**
 * Summaries and what follows from comparing them (PROTOCOL §6.1): pure functions over beliefs.
 */

import { fromHex } from '../core/bytes.ts';
import type { Digest } from '../core/digest.ts';
import { DIGEST_BYTES, digestOf } from '../core/digest.ts';
import { comparePlaces } from './beacon.ts';
import { type Belief, isManifestCurrent, newestRoot } from './belief.ts';
import { type DocumentHead, groupOf, isPublic } from './document.ts';
import type { GroupScope } from './lease.ts';
import { type SummaryRow, type Tag, versionArgument, type Want, type WantKind } from './message.ts';
import { overrideDigests } from './overriding.ts';
import type { RangeId } from './ranges.ts';
import { STOP_INDEX } from './tick.ts';

const NO_DIGEST = '0'.repeat(2 * DIGEST_BYTES) as Digest;
const CONTENTS_CHARS = 16;

/**
 * What the two sides of a link may show each other of a domain: the same for both, so that their
 * rows agree when they hold the same (PROTOCOL §6.4).
 */
export interface Reading {
  readonly tag: Tag;
  /** They speak on the recovery lane, where no contents are shown (PROTOCOL §6.3). */
  readonly isGuest: boolean;
  /** The link has no gossip: rows say no ticks, which come in batches (PROTOCOL §6.1). */
  readonly isSparse: boolean;
  /** Both are nodes of the domain spoken of, and so read what is not public. */
  readonly isOwnNode: boolean;
  /** Of that, the entries that both read. */
  readonly groups: GroupScope;
}

/** True for a document that both sides may read. */
export function isReadable(
  { isGuest, isOwnNode, groups }: Pick<Reading, 'isGuest' | 'isOwnNode' | 'groups'>,
  head: DocumentHead,
): boolean {
  if (isGuest) return false;
  if (isPublic(head.type)) return true;
  if (!isOwnNode) return false;
  const group = groupOf(head.name);
  return group === null || groups === 'every' || (groups !== 'none' && groups.group === group);
}

/** The groups that two nodes of one domain both read. */
export function sharedGroups(a: GroupScope, b: GroupScope): GroupScope {
  if (a === 'every') return b;
  if (b === 'every' || a === 'none') return a;
  return b !== 'none' && a.group === b.group ? a : 'none';
}

/** What we hold of a domain, as a row for one peer. */
export function rowOf(belief: Belief, reading: Reading): SummaryRow {
  const beacon = belief.beacon?.beacon;
  return {
    tag: reading.tag,
    rootVersion: newestRoot(belief)?.root.version ?? 0n,
    lineage: beacon?.lineage ?? 0n,
    rank: beacon?.rank ?? 0,
    epoch: beacon?.epoch ?? 0n,
    beacon: beacon?.digest ?? NO_DIGEST,
    tick: tickIn(belief, reading),
    contents: contentsDigest(belief, reading),
  };
}

/** What to ask of a peer whose row is `row`. Negative statements first, then newest evidence. */
export function wantsFrom(belief: Belief, row: SummaryRow, reading: Reading): readonly Want[] {
  const want = (what: WantKind, argument: string): Want => ({ tag: reading.tag, what, argument });
  const root = newestRoot(belief)?.root.version ?? 0n;
  if (row.rootVersion > root) return [want('root', versionArgument(root + 1n))];
  const beacon = belief.beacon?.beacon;
  if (row.beacon === NO_DIGEST) return [];
  if (row.beacon !== beacon?.digest) {
    const order = beacon === undefined ? 1 : comparePlaces(row, beacon);
    // Equal place and another digest is a proof against the key: worth fetching above all.
    return order >= 0 ? [want('beacon', row.beacon)] : [];
  }
  const tick = row.tick > tickIn(belief, reading) ? [want('tick', row.beacon)] : [];
  const lacks = row.contents === contentsDigest(belief, reading) ? [] : missing(belief, reading);
  return [...tick, ...lacks.map((gap) => want(gap.what, gap.digest))];
}

/** True where two sides may differ in what no manifest pins, by their rows. */
export function mayDifferUnpinned(belief: Belief, row: SummaryRow, reading: Reading): boolean {
  if (newestRoot(belief) === null) return false;
  // Rows under different beacons differ anyhow, so that they prove nothing.
  const sameBeacon = row.beacon === (belief.beacon?.beacon.digest ?? NO_DIGEST);
  return !sameBeacon || row.contents !== contentsDigest(belief, reading);
}

/**
 * All that no manifest pins and both may read, as a set to be reconciled: revocations, proofs by
 * their keys, and between nodes of one domain its overrides.
 */
export function unpinnedIds(
  belief: Belief,
  { isOwnNode }: Pick<Reading, 'isOwnNode'>,
): readonly RangeId[] {
  const { revocations, disowned } = belief;
  const overrides = isOwnNode ? overrideDigests(belief) : [];
  const documents = revocations.documents.map(({ digest }) => digest);
  return [...documents, ...disowned.keys(), ...overrides].sort();
}

/** True when we hold something of the domain that a peer with this row lacks. */
export function isAhead(belief: Belief, row: SummaryRow, reading: Reading): boolean {
  const root = newestRoot(belief)?.root.version ?? 0n;
  const beacon = belief.beacon?.beacon;
  if (root > row.rootVersion) return true;
  if (beacon === undefined || row.rootVersion > root) return false;
  if (row.beacon === NO_DIGEST) return true;
  if (row.beacon !== beacon.digest) return comparePlaces(beacon, row) >= 0;
  return tickIn(belief, reading) > row.tick;
}

/** The tick that a row says: the highest there is after a stop, and none on a sparse link. */
export function tickIn({ stop, tick }: Belief, { isSparse }: Reading): number {
  if (stop !== null) return STOP_INDEX;
  return isSparse ? 0 : (tick?.index ?? 0);
}

/** One body that we lack. */
export interface Gap {
  readonly what: 'manifest' | 'document';
  readonly digest: Digest;
}

/**
 * The manifest, or the documents it pins, that we lack and may read. A salted name that we never
 * held may be another group's: it is asked for last, and not answered.
 */
export function missing(belief: Belief, reading: Reading): readonly Gap[] {
  const beacon = belief.beacon?.beacon;
  if (beacon === undefined || reading.isGuest) return [];
  if (!isManifestCurrent(belief)) return [{ what: 'manifest', digest: beacon.manifestDigest }];
  const known: Gap[] = [];
  const unknown: Gap[] = [];
  for (const [key, pin] of belief.manifest?.manifest.pins ?? []) {
    if (key === 'revocations') continue; // asked for as a set, whatever the manifest says
    const held = belief.documents.get(key);
    const mayRead =
      held === undefined
        ? reading.isOwnNode || !key.startsWith('~')
        : isReadable(reading, held.head);
    if (!mayRead || pin.digest === null || held?.head.digest === pin.digest) continue;
    const gap = { what: 'document', digest: pin.digest } as const;
    if (held === undefined) unknown.push(gap);
    else known.push(gap);
  }
  return [...known, ...unknown];
}

/** What a digest of contents was made from; it holds while all of that is the same. */
interface KnownContents {
  readonly manifest: Belief['manifest'];
  readonly revocations: Belief['revocations'];
  readonly disowned: Belief['disowned'];
  readonly overrides: Belief['overrides'];
  readonly digest: string;
}

/** By the documents held, then by who reads them: ticks change none of it. */
const knownContents = new WeakMap<Belief['documents'], Map<string, KnownContents>>();

function contentsDigest(belief: Belief, reading: Reading): string {
  const manifest = isManifestCurrent(belief) && !reading.isGuest ? belief.manifest : null;
  const { documents, revocations, disowned, overrides } = belief;
  let byReader = knownContents.get(documents);
  if (byReader === undefined) {
    byReader = new Map();
    knownContents.set(documents, byReader);
  }
  const reader = readerOf(reading);
  const last = byReader.get(reader);
  const isSame = last?.revocations === revocations && last.disowned === disowned;
  if (isSame && last.overrides === overrides && last.manifest === manifest) return last.digest;
  const digest = digestContents(belief, reading, manifest);
  byReader.set(reader, { manifest, revocations, disowned, overrides, digest });
  return digest;
}

/** One name for all who read the same of a domain. */
function readerOf({ isGuest, isSparse, isOwnNode, groups }: Omit<Reading, 'tag'>): string {
  if (isGuest) return 'guests';
  if (isSparse) return `sparse ${readerOf({ isGuest, isSparse: false, isOwnNode, groups })}`;
  if (!isOwnNode) return 'others';
  return typeof groups === 'string' ? groups : `group ${groups.group}`;
}

function digestContents(belief: Belief, reading: Reading, current: Belief['manifest']): string {
  const digests = [...belief.documents.values()]
    .filter((held) => held.frozenAsOf === null)
    .filter((held) => isReadable(reading, held.head))
    .map((held) => held.head.digest);
  const documents = belief.revocations.documents.map((held) => held.digest);
  const overrides = reading.isOwnNode ? overrideDigests(belief) : [];
  const revoked = [...documents, ...belief.disowned.keys(), ...overrides];
  const parts = [current?.manifest.digest ?? NO_DIGEST, ...[...digests, ...revoked].sort()];
  return digestOf(...parts.map(fromHex)).slice(0, CONTENTS_CHARS);
}
