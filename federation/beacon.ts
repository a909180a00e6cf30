/**
 * Beacon: the one document that says what is current, and until when (PROTOCOL §2.2).
 *
 * It pins the manifest, carries the age limits, and publishes the anchors of its tick chain and of
 * its stop. Everything else a domain says is long-lived and believed only because a beacon's
 * manifest names it.
 */

import type { Digest } from '../core/digest.ts';
import {
  CHAIN_MS_MAX,
  FRESH_PERIODS_MIN,
  TICK_COUNT_MAX,
  TICK_PERIOD_MS_MIN,
} from '../core/limits.ts';
import { readOnce } from '../core/read-once.ts';
import { Refusal } from '../core/refusal.ts';
import { HOUR_MS, type UnixMs } from '../core/time.ts';
import type { UnverifiedEnvelope } from './envelope.ts';
import { type AgeLimits, isWithin, readLimits } from './limits.ts';
import { checkMust } from './must.ts';
import { beaconKeyOf, RANK_MAX, type Root } from './root.ts';

const ANCHOR_BYTES = 32;
const KNOWN = new Set([
  ...['domain', 'epoch', 'issuedAt', 'limits', 'lineage', 'manifest', 'must', 'previous', 'rank'],
  ...['root', 'stop', 'tick', 'type'],
]);

/** A beacon as read. */
export interface Beacon {
  readonly digest: Digest;
  readonly domain: string;
  readonly rootVersion: bigint;
  readonly lineage: bigint;
  readonly rank: number;
  readonly epoch: bigint;
  readonly issuedAt: UnixMs;
  readonly manifestVersion: bigint;
  readonly manifestDigest: Digest;
  readonly limits: AgeLimits;
  /** v[0] of the tick chain (PROTOCOL §3.1). */
  readonly anchor: Uint8Array;
  readonly periodMs: number;
  readonly count: number;
  /** Commitment to the secret whose revelation is the stop (PROTOCOL §3.4). */
  readonly stop: Uint8Array;
  readonly previous: Digest | null;
}

/** Reads a beacon's payload. Refuses `document-malformed`, `document-must` and `beacon-chain`. */
export const readBeacon = readOnce(readMembers);

function readMembers(envelope: UnverifiedEnvelope): Beacon {
  const { members } = envelope;
  checkMust(members, KNOWN);
  const manifest = members.object('manifest');
  const tick = members.object('tick');
  const beacon: Beacon = {
    digest: envelope.digest,
    domain: envelope.domain,
    rootVersion: members.u64('root'),
    lineage: members.u64('lineage'),
    rank: members.integer('rank', 0, RANK_MAX),
    epoch: members.u64('epoch'),
    issuedAt: members.time('issuedAt'),
    manifestVersion: manifest.u64('version'),
    manifestDigest: manifest.digest('digest'),
    limits: readLimits(members.object('limits')),
    anchor: tick.bytes('anchor', ANCHOR_BYTES),
    periodMs: tick.integer('periodMs', TICK_PERIOD_MS_MIN, HOUR_MS),
    count: tick.integer('count', 1, TICK_COUNT_MAX),
    stop: members.bytes('stop', ANCHOR_BYTES),
    previous: members.digestOrNull('previous'),
  };
  if (beacon.count * beacon.periodMs > CHAIN_MS_MAX) {
    throw new Refusal('beacon-chain', { limit: CHAIN_MS_MAX, got: beacon.count * beacon.periodMs });
  }
  return beacon;
}

/**
 * Checks a beacon against the Root that governs it: ceilings, chain, and no numbering ahead of
 * time (PROTOCOL §5.3): without that rule a thief of the key numbers his beacon so high that the
 * domain can never follow. `lineageStart` is the date of the Root that began the lineage.
 *
 * Refuses `beacon-limits`, `beacon-chain`, `beacon-key-ended` and `epoch-ahead`.
 */
export function checkBeacon(beacon: Beacon, root: Root, lineageStart: UnixMs): void {
  if (!isWithin(beacon.limits, root.ceilings)) {
    throw new Refusal('beacon-limits', { why: 'a limit is above the ceiling of Root' });
  }
  if (beacon.limits.freshForMs < FRESH_PERIODS_MIN * beacon.periodMs) {
    throw new Refusal('beacon-limits', { why: 'freshFor is below three tick periods' });
  }
  if (beacon.count * beacon.periodMs > root.chainMs) {
    throw new Refusal('beacon-chain', { limit: root.chainMs, got: beacon.count * beacon.periodMs });
  }
  const until = beaconKeyOf(root, beacon.rank)?.until;
  if (until !== undefined && until <= beacon.issuedAt) {
    throw new Refusal('beacon-key-ended', { until, got: beacon.issuedAt });
  }
  const highest = highestEpoch(beacon.issuedAt, lineageStart, root.minEpochMs);
  if (beacon.epoch > highest) {
    throw new Refusal('epoch-ahead', { highest, got: beacon.epoch });
  }
}

/** The highest epoch that a beacon dated `issuedAt` may bear (PROTOCOL §5.3). */
export function highestEpoch(issuedAt: UnixMs, lineageStart: UnixMs, minEpochMs: number): bigint {
  return 1n + BigInt(Math.floor(Math.max(0, issuedAt - lineageStart) / minEpochMs));
}

/** The place of a beacon in its domain's order. */
export interface BeaconPlace {
  readonly lineage: bigint;
  readonly rank: number;
  readonly epoch: bigint;
}

/** Beacons order by (lineage, rank, epoch) (PROTOCOL §2.5): negative, zero or positive. */
export function comparePlaces(a: BeaconPlace, b: BeaconPlace): number {
  if (a.lineage !== b.lineage) return a.lineage < b.lineage ? -1 : 1;
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.epoch !== b.epoch) return a.epoch < b.epoch ? -1 : 1;
  return 0;
}
