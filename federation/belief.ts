/**
 * Belief: what this node holds true about one domain, as one immutable value.
 *
 * Only `admit*.ts` makes a new belief from an old one, and always together with the records that
 * store the step. The newest evidence is `beacon` and `tick`; the contents may lag behind it, and
 * each content document therefore knows when evidence last pinned it (PROTOCOL §5.4).
 */

import type { Digest } from '../core/digest.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { KeyId } from '../core/suite.ts';
import { type UnixMs, unixMs } from '../core/time.ts';
import type { TimeKeeping } from './age.ts';
import type { Beacon, BeaconPlace } from './beacon.ts';
import type { DocumentHead } from './document.ts';
import type { Manifest } from './manifest.ts';
import type { Members } from './members.ts';
import type { HeldOverride } from './override.ts';
import { NO_REVOCATIONS, type Revocations, revocationOf } from './revocations.ts';
import type { Root } from './root.ts';
import type { KnownStep } from './tick.ts';

/** A Root whose place in the chain was verified. */
export interface HeldRoot {
  readonly root: Root;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** The newest beacon admitted, and what its ticks are verified with. */
export interface HeldBeacon {
  readonly beacon: Beacon;
  readonly signedBy: KeyId;
  /** C of its tick chain and stop (PROTOCOL §3.1). */
  readonly commitment: Uint8Array;
  readonly bytes: Uint8Array;
}

/** The manifest held; it is in force only while the newest beacon names it. */
export interface HeldManifest {
  readonly manifest: Manifest;
  /** Of the beacon that named it: versions are marks within one rank (PROTOCOL §2.5). */
  readonly rank: number;
  readonly signedBy: KeyId;
  readonly bytes: Uint8Array;
}

/** A content document that a manifest pinned when it was admitted. */
export interface HeldDocument {
  readonly head: DocumentHead;
  readonly members: Members;
  readonly signedBy: KeyId;
  readonly bytes: Uint8Array;
  /**
   * Null while the newest beacon's manifest pins this very document: it is as fresh as the
   * evidence. Otherwise the asOf of the last evidence that did.
   */
  readonly frozenAsOf: UnixMs | null;
}

/** Evidence that was admitted before, for forks and for falling back behind a disputed number. */
export interface PastEvidence extends BeaconPlace {
  readonly digest: Digest;
  readonly asOf: UnixMs;
}

/** A beacon that was the newest once, kept whole: half of a proof, if its number comes again. */
export interface PastBeacon extends BeaconPlace {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** Evidence dated in our future: authentic, and granting nothing (PROTOCOL §4.3). */
export interface FutureEvidence extends BeaconPlace {
  readonly bytes: Uint8Array;
  readonly issuedAt: UnixMs;
  readonly signedBy: KeyId;
  /** It was ahead of a date that somebody vouched for: it waits, and casts no more doubt. */
  readonly isAhead: boolean;
}

/** All that is held true about one domain (PROTOCOL §5.1). */
export interface Belief {
  readonly domain: TrustDomain;
  /** Digest of the first Root: the other half of the domain's name. */
  readonly firstRoot: Digest;
  /** The whole chain from version 1, oldest first. */
  readonly roots: readonly HeldRoot[];
  readonly beacon: HeldBeacon | null;
  /** The highest verified step of the beacon's chain; index 0 is the anchor itself. */
  readonly tick: KnownStep | null;
  /** The 43 bytes of the revealed stop. */
  readonly stop: Uint8Array | null;
  /** Time of the newest evidence that counts; null before any. */
  readonly asOf: UnixMs | null;
  readonly keeping: TimeKeeping | null;
  readonly manifest: HeldManifest | null;
  /** By manifest key. */
  readonly documents: ReadonlyMap<string, HeldDocument>;
  readonly future: FutureEvidence | null;
  /** Newest last, at most `EPOCH_HISTORY_MAX`. */
  readonly history: readonly PastEvidence[];
  /** Behind `beacon`, newest last, at most `BEACONS_KEPT_MAX`. */
  readonly past: readonly PastBeacon[];
  /** Beacon keys that an equivocation proof revoked, with the two envelopes that prove it. */
  readonly disowned: ReadonlyMap<KeyId, Uint8Array>;
  /** What the domain took back for good. Negative: it outlives evidence, Roots and lineages. */
  readonly revocations: Revocations;
  /** What people permit for a time that no age would (PROTOCOL §4.9); of our own domain alone. */
  readonly overrides: ReadonlyMap<Digest, HeldOverride>;
}

/** Of nearly every domain nothing else is held here: one of each serves them all. */
const NO_KEYS_DISOWNED: Belief['disowned'] = new Map();
const NO_OVERRIDES: Belief['overrides'] = new Map();

/** A domain of which nothing is held but its name and the digest that pins it. */
export function newBelief(domain: TrustDomain, firstRoot: Digest): Belief {
  return {
    domain,
    firstRoot,
    roots: [],
    beacon: null,
    tick: null,
    stop: null,
    asOf: null,
    keeping: null,
    manifest: null,
    documents: new Map(),
    future: null,
    history: [],
    past: [],
    disowned: NO_KEYS_DISOWNED,
    revocations: NO_REVOCATIONS,
    overrides: NO_OVERRIDES,
  };
}

/** True where the two differ in no more than the newest tick, of what others may be told. */
export function isTickAlone(before: Belief, after: Belief): boolean {
  return (
    after.beacon === before.beacon &&
    after.stop === before.stop &&
    after.roots === before.roots &&
    after.manifest === before.manifest &&
    after.documents === before.documents &&
    after.revocations === before.revocations &&
    after.disowned === before.disowned &&
    after.overrides === before.overrides
  );
}

/** The newest Root held. */
export function newestRoot(belief: Belief): HeldRoot | null {
  return belief.roots.at(-1) ?? null;
}

/** The Root of that version, if held. */
export function rootOfVersion(belief: Belief, version: bigint): Root | null {
  return belief.roots.find((held) => held.root.version === version)?.root ?? null;
}

/** The date of the Root that began the lineage in force: where numbering starts (PROTOCOL §5.3). */
export function lineageStart(belief: Belief): UnixMs | null {
  const lineage = newestRoot(belief)?.root.lineage;
  return belief.roots.find((held) => held.root.lineage === lineage)?.root.issuedAt ?? null;
}

/** True for a key that an equivocation proof or a revocation took its word from. */
export function isDisowned(belief: Belief, keyId: KeyId): boolean {
  const revoked = revocationOf(belief.revocations, { class: 'authority', target: keyId });
  return revoked !== undefined || belief.disowned.has(keyId);
}

/** The lowest beacon rank that nothing disowns, or null: the domain is QUARANTINED (§2.5). */
export function rankInForce(belief: Belief): number | null {
  const keys = newestRoot(belief)?.root.beaconKeys ?? [];
  return keys.find((key) => !isDisowned(belief, key.keyId))?.rank ?? null;
}

/** True when the manifest held is the one the newest beacon names. */
export function isManifestCurrent(belief: Belief): boolean {
  return (
    belief.beacon !== null &&
    belief.manifest?.manifest.digest === belief.beacon.beacon.manifestDigest
  );
}

/** True when every document that the manifest in force names is held. */
export function isWhole(belief: Belief): boolean {
  if (!isManifestCurrent(belief)) return false;
  return [...(belief.manifest?.manifest.pins ?? [])].every(([key, { digest }]) => {
    const isAbsent = digest === null || key === 'revocations';
    return isAbsent || belief.documents.get(key)?.head.digest === digest;
  });
}

/** Digest of the revocation document that the manifest in force names, or null. */
export function namedRevocations(belief: Belief): Digest | null {
  return belief.manifest?.manifest.revocations ?? null;
}

/**
 * The revocation documents that the manifest in force pins: the one it names, and those that this
 * one names beside it, while any of their targets lives by the newest beacon (PROTOCOL §5.5).
 */
export function pinnedRevocations(belief: Belief): ReadonlySet<Digest> {
  const named = namedRevocations(belief);
  if (named === null) return NOTHING_PINNED;
  const { documents } = belief.revocations;
  const beside = documents.find(({ digest }) => digest === named)?.beside ?? [];
  const now = belief.beacon?.beacon.issuedAt ?? 0;
  const living = beside.filter(({ notAfter }) => notAfter >= now);
  return new Set([named, ...living.map(({ document }) => document)]);
}

/** True while the newest manifest pins revocations that are not here (PROTOCOL §5.5). */
export function lacksRevocations(belief: Belief): boolean {
  const pinned = pinnedRevocations(belief);
  if (pinned.size === 0) return false;
  const held = new Set(belief.revocations.documents.map(({ digest }) => digest));
  return [...pinned].some((digest) => !held.has(digest));
}

const NOTHING_PINNED: ReadonlySet<Digest> = new Set();

/**
 * The asOf at which a document freezes that the newest beacon does not pin: that of the last
 * evidence that did, and the beginning of time where none of it counts any more.
 */
export function freezeTime(held: HeldDocument, belief: Belief): UnixMs {
  return held.frozenAsOf ?? belief.asOf ?? unixMs(0);
}

/** Finds a content document by its name, whatever its manifest key. */
export function documentNamed(belief: Belief, name: string): HeldDocument | null {
  for (const held of belief.documents.values()) if (held.head.name === name) return held;
  return null;
}
