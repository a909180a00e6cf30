/**
 * Beliefs as stored records, and back.
 *
 * Records come from our own store, which guards each with a checksum; signatures were verified
 * before anything was written and are not verified again at a start, so that a node with hundreds
 * of partners serves at once. Framing and members are still read strictly: a record that does not
 * read back is refused, never repaired.
 */

import { assert } from '../core/assert.ts';
import { concat, Reader, toUtf8, Writer } from '../core/bytes.ts';
import { canonicalText, parseCanonical } from '../core/canonical.ts';
import { EPOCH_HISTORY_MAX } from '../core/limits.ts';
import { parseTrustDomain, type TrustDomain } from '../core/spiffe-id.ts';
import type { KeyId } from '../core/suite.ts';
import { type BootMs, bootMs, unixMs } from '../core/time.ts';
import {
  FOREVER_MS,
  ledgerStepMs,
  resumeKeeping,
  settleKeeping,
  settleWithoutEvidence,
} from './age.ts';
import { comparePlaces, readBeacon } from './beacon.ts';
import {
  type Belief,
  type HeldDocument,
  type HeldRoot,
  newBelief,
  newestRoot,
  type PastBeacon,
  type PastEvidence,
} from './belief.ts';
import { readDocument } from './document.ts';
import { decodeEnvelope, type UnverifiedEnvelope } from './envelope.ts';
import { NO_LIMITS } from './limits.ts';
import { readManifest } from './manifest.ts';
import { Members } from './members.ts';
import { type HeldOverride, readOverride } from './override.ts';
import { RECORD_PREFIX, type RecordKind } from './record-key.ts';
import { type Revocations, readRevocations, unionOf } from './revocations.ts';
import { readRoot } from './root.ts';
import { chainCommitment, decodeTick } from './tick.ts';

const PINNED = (1n << 64n) - 1n;

/** A content document: u64 frozen asOf, all ones while pinned, then the envelope. */
export function encodeDocumentRecord(held: HeldDocument): Uint8Array {
  const frozen = held.frozenAsOf === null ? PINNED : BigInt(held.frozenAsOf);
  return concat(new Writer().u64(frozen).finish(), held.bytes);
}

/** A manifest: u8 rank of the beacon that named it, then the envelope. */
export function encodeManifestRecord(rank: number, envelope: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(rank), envelope);
}

/** An override: u32 length ‖ its envelope ‖ the envelope of its recall, where there is one. */
export function encodeOverrideRecord({ bytes, recall }: HeldOverride): Uint8Array {
  return concat(new Writer().u32(bytes.length).finish(), bytes, recall ?? new Uint8Array());
}

/**
 * asOf and the bookkeeping of time as of the reading `boot`, the ledger one step ahead for a boot
 * that may follow: the time powered since the last evidence is stored too, or a restart would
 * hide it.
 */
export function encodeKeeping(belief: Belief, bootId: string, boot: BootMs): Uint8Array {
  const { asOf } = belief;
  assert(belief.keeping !== null, 'evidence without bookkeeping of time');
  const settle = asOf === null ? settleWithoutEvidence : settleKeeping;
  const { bound, boundBoot, ledgerMs, ledgerBoot } = settle(belief.keeping, boot);
  const aheadMs = ledgerStepOf(belief);
  // Its one canonical spelling, put together as it is: every tick writes one.
  return toUtf8(
    `{"aheadMs":${aheadMs},"asOf":${asOf === null ? 'null' : `"${asOf}"`},` +
      `"bootId":${canonicalText(bootId)},"bound":"${bound}","boundBoot":${boundBoot},` +
      `"ledgerBoot":${ledgerBoot},"ledgerMs":${ledgerMs}}`,
  );
}

/**
 * How far ahead the ledger of this domain is stored. While no beacon says what it can afford its
 * Root's ceilings do: a domain that lost all evidence may stay so for weeks, and permits nothing.
 */
export function ledgerStepOf(belief: Belief): number {
  const limits = belief.beacon?.beacon.limits ?? newestRoot(belief)?.root.ceilings;
  return ledgerStepMs(limits ?? NO_LIMITS);
}

/** Past evidence, newest last. */
export function encodeHistory(history: readonly PastEvidence[]): Uint8Array {
  // As `encodeKeeping`: every beacon writes one.
  const entries = history.map(
    ({ asOf, digest, epoch, lineage, rank }) =>
      `{"asOf":"${asOf}","digest":"${digest}","epoch":"${epoch}",` +
      `"lineage":"${lineage}","rank":${rank}}`,
  );
  return toUtf8(`{"history":[${entries.join(',')}]}`);
}

/**
 * How far the records of a start can be trusted to be the last ones written: `proven` by a counter
 * that only rises, by `software` alone, or `rolled-back`, which such a counter showed.
 */
export type Continuity = 'proven' | 'software' | 'rolled-back';

/** The boot that a start happens in, and what is known of the records it starts on. */
export interface Boot {
  readonly bootId: string;
  readonly continuity: Continuity;
}

/** The stored records of one domain, by `kind` or `kind/part`. */
type DomainRecords = ReadonlyMap<string, Uint8Array>;

/** Sorts stored records by domain; foreign keys of the store are passed over. */
export function recordsByDomain(
  records: ReadonlyMap<string, Uint8Array>,
): ReadonlyMap<TrustDomain, DomainRecords> {
  const domains = new Map<TrustDomain, Map<string, Uint8Array>>();
  for (const key of [...records.keys()].sort()) {
    if (!key.startsWith(RECORD_PREFIX)) continue;
    const rest = key.slice(RECORD_PREFIX.length);
    const slash = rest.indexOf('/');
    const domain = parseTrustDomain(rest.slice(0, slash));
    const mine = domains.get(domain) ?? new Map<string, Uint8Array>();
    domains.set(domain, mine.set(rest.slice(slash + 1), records.get(key) ?? new Uint8Array()));
  }
  return domains;
}

/** A belief as it was stored, its clocks carried into this boot. Null when no Root is stored. */
export function restoreBelief(
  domain: TrustDomain,
  records: DomainRecords,
  boot: Boot,
): Belief | null {
  const roots = partsOf(records, 'root').map(([, bytes]) => restoreRoot(bytes));
  const first = roots[0];
  if (first === undefined) return null;
  const manifest = records.get('manifest');
  const future = records.get('future');
  const disowned = partsOf(records, 'disowned').map(
    ([key, proof]) => [key as KeyId, proof] as const,
  );
  return {
    ...newBelief(domain, first.digest),
    roots,
    ...restoreEvidence(records),
    ...restoreKeeping(records.get('keeping'), boot),
    manifest: manifest === undefined ? null : restoreManifest(manifest),
    documents: new Map(
      partsOf(records, 'document').map(([key, bytes]) => [key, restoreDocument(bytes)]),
    ),
    future: future === undefined ? null : restoreFuture(future),
    history: restoreHistory(records.get('history')),
    past: restorePast(records),
    disowned: new Map(disowned),
    revocations: restoreRevocations(records),
    overrides: new Map(
      partsOf(records, 'override').map(([, bytes]) => {
        const held = restoreOverride(bytes);
        return [held.digest, held];
      }),
    ),
  };
}

function restoreRoot(bytes: Uint8Array): HeldRoot {
  const envelope = decodeEnvelope(bytes);
  return { root: readRoot(envelope), digest: envelope.digest, bytes };
}

function restoreEvidence(records: DomainRecords): Pick<Belief, 'beacon' | 'tick' | 'stop'> {
  const bytes = records.get('beacon');
  if (bytes === undefined) return { beacon: null, tick: null, stop: null };
  const envelope = decodeEnvelope(bytes);
  const beacon = readBeacon(envelope);
  const tick = records.get('tick');
  return {
    beacon: { beacon, bytes, commitment: chainCommitment(beacon), signedBy: signerOf(envelope) },
    tick: tick === undefined ? { index: 0, value: beacon.anchor } : decodeTick(tick),
    stop: records.get('stop') ?? null,
  };
}

function restoreFuture(bytes: Uint8Array): Belief['future'] {
  const envelope = decodeEnvelope(bytes);
  const { lineage, rank, epoch, issuedAt } = readBeacon(envelope);
  return { lineage, rank, epoch, issuedAt, bytes, signedBy: signerOf(envelope), isAhead: false };
}

function restoreManifest(record: Uint8Array): Belief['manifest'] {
  const reader = new Reader(record);
  const rank = reader.u8();
  const bytes = reader.take(reader.remaining);
  const envelope = decodeEnvelope(bytes);
  return { manifest: readManifest(envelope), rank, bytes, signedBy: signerOf(envelope) };
}

function restoreDocument(record: Uint8Array): HeldDocument {
  const reader = new Reader(record);
  const frozen = reader.u64();
  const bytes = reader.take(reader.remaining);
  const envelope = decodeEnvelope(bytes);
  return {
    head: readDocument(envelope),
    members: envelope.members,
    signedBy: signerOf(envelope),
    bytes,
    frozenAsOf: frozen === PINNED ? null : unixMs(Number(frozen)),
  };
}

function restoreOverride(record: Uint8Array): HeldOverride {
  const reader = new Reader(record);
  const bytes = reader.take(reader.u32());
  const recall = reader.remaining === 0 ? null : reader.take(reader.remaining);
  const envelope = decodeEnvelope(bytes);
  const signedBy = envelope.slots.map(({ keyId }) => keyId);
  return { ...readOverride(envelope), signedBy, bytes, recall };
}

function restoreRevocations(records: DomainRecords): Revocations {
  const documents = partsOf(records, 'revocations').map(([, bytes]) => ({
    ...readRevocations(decodeEnvelope(bytes)),
    bytes,
  }));
  return { documents, union: unionOf(documents) };
}

/**
 * A store that was rolled back proves what had been said, and not that it was the last: the bound
 * stands, the evidence counts no more, and the ledger that was lost is without end, until new
 * evidence comes and a date is vouched for by which it can be judged (PROTOCOL §5.7).
 */
function restoreKeeping(
  bytes: Uint8Array | undefined,
  boot: Boot,
): Pick<Belief, 'asOf' | 'keeping'> {
  if (bytes === undefined) return { asOf: null, keeping: null };
  const members = new Members(parseCanonical(bytes), 'keeping');
  const stored = {
    bound: members.time('bound'),
    boundBoot: bootMs(members.integer('boundBoot', 0, Number.MAX_SAFE_INTEGER)),
    ledgerMs: members.integer('ledgerMs', 0, Number.MAX_SAFE_INTEGER),
    ledgerBoot: bootMs(members.integer('ledgerBoot', 0, Number.MAX_SAFE_INTEGER)),
    aheadMs: members.integer('aheadMs', 0, Number.MAX_SAFE_INTEGER),
    bootId: members.text('bootId', 64),
  };
  const keeping = resumeKeeping(stored, boot.bootId);
  if (boot.continuity === 'rolled-back') {
    return { asOf: null, keeping: { ...keeping, ledgerMs: FOREVER_MS } };
  }
  return { asOf: members.value('asOf') === null ? null : members.time('asOf'), keeping };
}

function restoreHistory(bytes: Uint8Array | undefined): readonly PastEvidence[] {
  if (bytes === undefined) return [];
  const members = new Members(parseCanonical(bytes), 'history');
  return members.list('history', EPOCH_HISTORY_MAX).map((_, i) => {
    const past = members.item('history', i);
    return {
      lineage: past.u64('lineage'),
      rank: past.integer('rank', 0, 255),
      epoch: past.u64('epoch'),
      digest: past.digest('digest'),
      asOf: past.time('asOf'),
    };
  });
}

function restorePast(records: DomainRecords): readonly PastBeacon[] {
  const past = partsOf(records, 'past').map(([, bytes]): PastBeacon => {
    const { lineage, rank, epoch, digest } = readBeacon(decodeEnvelope(bytes));
    return { lineage, rank, epoch, digest, bytes };
  });
  return past.sort(comparePlaces);
}

function partsOf(
  records: DomainRecords,
  kind: RecordKind,
): readonly (readonly [string, Uint8Array])[] {
  const prefix = `${kind}/`;
  return [...records]
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, bytes]) => [key.slice(prefix.length), bytes] as const);
}

function signerOf(envelope: UnverifiedEnvelope): KeyId {
  const slot = envelope.slots[0];
  assert(slot !== undefined, 'a stored document was admitted without a signature');
  return slot.keyId;
}
