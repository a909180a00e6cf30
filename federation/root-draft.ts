/**
 * Drafting the next Root: the one held, with changes (PROTOCOL §2.7).
 *
 * A draft is made from the members that stand, so that whatever a later version adds to a Root is
 * carried on. It names every revocation document that is held: they count from then on whatever
 * becomes of the keys that signed them. Nothing here signs, and nothing is believed.
 */

import { encodeCanonical, type JsonObject } from '../core/canonical.ts';
import { BEACON_KEY_LIFE_MS, REVOCATION_DOCUMENTS_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { type KeyId, keyIdOf, type PublicPair } from '../core/suite.ts';
import { addMs, type UnixMs } from '../core/time.ts';
import { type Belief, isDisowned, newestRoot, rankInForce } from './belief.ts';
import { decodeEnvelope, encodeEnvelope } from './envelope.ts';
import { publicMembers } from './found.ts';
import type { AgeLimits } from './limits.ts';
import {
  type BeaconKey,
  checkNext,
  KEYS_NAMED_MAX,
  type LeaseKind,
  type OverrideKey,
  type Root,
  readRoot,
} from './root.ts';

/** The roles that are a set of keys. */
export type SetRole = 'root' | 'documents' | 'revocation';
/** What has a threshold: two roles, and the two classes of the revocation role. */
export type Threshold = 'root' | 'documents' | 'lease' | 'authority';

/** One thing that the next Root says otherwise. */
export type RootChange =
  | { readonly kind: 'add'; readonly role: SetRole; readonly key: PublicPair }
  /** A beacon key behind all others: another machine, or a safe. */
  | { readonly kind: 'standby'; readonly key: PublicPair }
  /** The beacon key that speaks from now on; the one in force before it is retired. */
  | { readonly kind: 'rotate'; readonly key: PublicPair }
  /** A person who may sign overrides (PROTOCOL §4.9). */
  | { readonly kind: 'override'; readonly name: string; readonly key: PublicPair }
  | { readonly kind: 'retire' | 'compromise'; readonly keyId: KeyId }
  | { readonly kind: 'threshold'; readonly of: Threshold; readonly is: number }
  | { readonly kind: 'ceilings'; readonly limits: Partial<AgeLimits> }
  | { readonly kind: 'lease-kinds'; readonly kinds: readonly LeaseKind[] }
  /** A writer falls silent so long after its standby last answered; null never. */
  | { readonly kind: 'writer-for'; readonly ms: number | null }
  | { readonly kind: 'until'; readonly keyId: KeyId; readonly until: UnixMs }
  /** Marks, bound and ranks begin anew. */
  | { readonly kind: 'lineage' };

/** What a draft is while changes are applied to it. */
interface Draft {
  readonly issuedAt: UnixMs;
  readonly pairs: Map<KeyId, PublicPair>;
  readonly sets: Readonly<Record<SetRole, Set<KeyId>>>;
  readonly thresholds: Record<Threshold, number>;
  beacon: readonly BeaconKey[];
  override: readonly OverrideKey[];
  readonly retired: Set<KeyId>;
  readonly compromised: Set<KeyId>;
  ceilings: AgeLimits;
  leaseKinds: readonly LeaseKind[];
  writerForMs: number | null;
  lineage: bigint;
}

/**
 * The envelope, unsigned, of the Root that follows the one held, dated `now`, or later where what
 * is held is: as late as that Root, and after the newest evidence. By a clock that was set back it
 * would name keys that have ended, and take back what the key in force said last. Refuses
 * `root-unknown`, `root-change` for a change that names no key of the Root or adds one that it has,
 * and whatever a reader would refuse about the outcome.
 */
export function draftRoot(belief: Belief, changes: readonly RootChange[], now: UnixMs): Uint8Array {
  const held = newestRoot(belief);
  if (held === null) throw new Refusal('root-unknown', { domain: belief.domain });
  const known = [now, held.root.issuedAt, belief.asOf === null ? now : addMs(belief.asOf, 1)];
  const issuedAt = known.reduce((late, next) => (next > late ? next : late));
  const draft = draftOf(held.root, issuedAt);
  const inForce = rankInForce(belief);
  const isNewLineage = changes.some(({ kind }) => kind === 'lineage');
  if (isNewLineage) draft.lineage += 1n;
  const highest = highestRank(belief, draft.lineage);
  for (const change of changes) apply(change, draft, { inForce, highest });
  // What a person retires of the standbys is gone before ranks are given to those that stay.
  const rotated = changes.find((change) => change.kind === 'rotate');
  if (rotated !== undefined) raise(draft, rotated.key, belief, highest);
  const members = decodeEnvelope(held.bytes).members.json();
  const { writerForMs: _, ...others } = members;
  const body = { ...others, ...bodyOf(draft, belief), issuedAt: String(issuedAt) };
  const version = String(held.root.version + 1n);
  const bytes = encodeEnvelope('root', [], encodeCanonical({ ...body, version }));
  const chain = belief.roots.map(({ root }) => root);
  checkNext(readRoot(decodeEnvelope(bytes)), chain);
  return bytes;
}

function draftOf(root: Root, issuedAt: UnixMs): Draft {
  return {
    issuedAt,
    pairs: new Map(root.publicPairs),
    sets: {
      root: new Set(root.root.keys.keys()),
      documents: new Set(root.documents.keys.keys()),
      revocation: new Set(root.revocation.keys.keys()),
    },
    thresholds: {
      root: root.root.threshold,
      documents: root.documents.threshold,
      lease: root.revocation.leaseThreshold,
      authority: root.revocation.authorityThreshold,
    },
    beacon: root.beaconKeys,
    override: root.override,
    retired: new Set(root.retired),
    compromised: new Set(root.compromised),
    ceilings: root.ceilings,
    leaseKinds: root.leaseKinds,
    writerForMs: root.writerForMs,
    lineage: root.lineage,
  };
}

function apply(
  change: RootChange,
  draft: Draft,
  ranks: { readonly inForce: number | null; readonly highest: number },
): void {
  switch (change.kind) {
    case 'add':
      draft.sets[change.role].add(addPair(draft, change.key));
      return;
    case 'override': {
      const keyId = addPair(draft, change.key);
      draft.override = [...draft.override, { keyId, name: change.name }];
      return;
    }
    case 'standby': {
      const rank = Math.max(ranks.highest, ...draft.beacon.map((key) => key.rank)) + 1;
      draft.beacon = [...draft.beacon, beaconKey(draft, addPair(draft, change.key), rank)];
      return;
    }
    case 'rotate': {
      addPair(draft, change.key);
      const spoke = draft.beacon.find((key) => key.rank === ranks.inForce);
      if (spoke !== undefined) remove(draft, spoke.keyId, draft.retired);
      return;
    }
    case 'retire':
      return remove(draft, change.keyId, draft.retired);
    case 'compromise':
      return remove(draft, change.keyId, draft.compromised);
    case 'threshold':
      draft.thresholds[change.of] = change.is;
      return;
    case 'ceilings':
      draft.ceilings = { ...draft.ceilings, ...change.limits };
      return;
    case 'lease-kinds':
      draft.leaseKinds = change.kinds;
      return;
    case 'writer-for':
      draft.writerForMs = change.ms;
      return;
    case 'until': {
      const { keyId, until } = change;
      if (!draft.beacon.some((key) => key.keyId === keyId)) throw unfit('no beacon key', keyId);
      draft.beacon = draft.beacon.map((key) => (key.keyId === keyId ? { ...key, until } : key));
      return;
    }
    case 'lineage':
      return; // raised before the others, which give away ranks by it
  }
}

/**
 * Gives `key` a rank above all there ever were, and each standby one above that: one that stayed
 * below would be the lowest in force. What is disowned keeps its rank, and never speaks.
 */
function raise(draft: Draft, key: PublicPair, belief: Belief, highest: number): void {
  const silent = draft.beacon.filter(({ keyId }) => isDisowned(belief, keyId));
  const standbys = draft.beacon.filter(({ keyId }) => !isDisowned(belief, keyId));
  const raised = standbys.map((standby, i) => ({ ...standby, rank: highest + 2 + i }));
  draft.beacon = [...silent, beaconKey(draft, keyIdOf(key), highest + 1), ...raised];
}

/** The highest rank that the lineage of the draft ever gave away; −1 where it begins one. */
function highestRank(belief: Belief, lineage: bigint): number {
  const roots = belief.roots.map(({ root }) => root).filter((root) => root.lineage === lineage);
  return Math.max(-1, ...roots.flatMap(({ beaconKeys }) => beaconKeys.map(({ rank }) => rank)));
}

function beaconKey(draft: Draft, keyId: KeyId, rank: number): BeaconKey {
  return { keyId, rank, until: addMs(draft.issuedAt, BEACON_KEY_LIFE_MS) };
}

function addPair(draft: Draft, key: PublicPair): KeyId {
  const keyId = keyIdOf(key);
  if (draft.pairs.has(keyId)) throw unfit('the key has a role already', keyId);
  draft.pairs.set(keyId, key);
  return keyId;
}

/** Takes a key out of its role and names it among `named`; one retired may be compromised. */
function remove(draft: Draft, keyId: KeyId, named: Set<KeyId>): void {
  const isKnown = draft.pairs.has(keyId) || draft.retired.has(keyId);
  if (!isKnown || named.has(keyId)) throw unfit('no key of this Root', keyId);
  draft.pairs.delete(keyId);
  draft.retired.delete(keyId);
  for (const set of Object.values(draft.sets)) set.delete(keyId);
  draft.beacon = draft.beacon.filter((key) => key.keyId !== keyId);
  draft.override = draft.override.filter((key) => key.keyId !== keyId);
  named.add(keyId);
}

function unfit(why: string, key: KeyId): Refusal {
  return new Refusal('root-change', { why, key });
}

function bodyOf(draft: Draft, belief: Belief): JsonObject {
  const { pairs, sets, thresholds, beacon, override } = draft;
  const carried = belief.revocations.documents.map(({ digest }) => digest);
  return {
    lineage: String(draft.lineage),
    keys: Object.fromEntries([...pairs].map(([keyId, pair]) => [keyId, publicMembers(pair)])),
    roles: {
      root: { keys: [...sets.root], threshold: thresholds.root },
      beacon: beacon.map(({ keyId, rank, until }) => ({ key: keyId, rank, until: String(until) })),
      documents: { keys: [...sets.documents], threshold: thresholds.documents },
      revocation: {
        keys: [...sets.revocation],
        lease: thresholds.lease,
        authority: thresholds.authority,
      },
      ...(override.length === 0
        ? {}
        : { override: override.map(({ keyId, name }) => ({ key: keyId, name })) }),
    },
    // The oldest go first: what a key retired so long ago has signed is no evidence any more.
    retired: [...draft.retired].slice(-KEYS_NAMED_MAX),
    compromised: [...draft.compromised].slice(-KEYS_NAMED_MAX),
    revocations: carried.slice(0, REVOCATION_DOCUMENTS_MAX),
    ceilings: { ...draft.ceilings },
    leaseKinds: [...draft.leaseKinds],
    ...(draft.writerForMs === null ? {} : { writerForMs: draft.writerForMs }),
  };
}
