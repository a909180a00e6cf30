/**
 * The ladder for beacons (PROTOCOL §5.1 to §5.3), one numbered rung per rule.
 *
 * The cheap rungs come first: what is held or below the mark is dropped before a signature is
 * computed, because a replay costs its sender nothing.
 */

import { assert } from '../core/assert.ts';
import type { Digest } from '../core/digest.ts';
import { BEACON_BYTES_MAX, BEACONS_KEPT_MAX, EPOCH_HISTORY_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { KeyId, PublicPair } from '../core/suite.ts';
import { addMs } from '../core/time.ts';
import type { Admission, AdmitContext } from './admission.ts';
import { admitProof, disowning } from './admit-proof.ts';
import { resettled, revocationChanges } from './admit-revocations.ts';
import { advance, evaluationClock, startKeeping } from './age.ts';
import { type Beacon, checkBeacon, comparePlaces, readBeacon } from './beacon.ts';
import {
  type Belief,
  freezeTime,
  type HeldBeacon,
  isDisowned,
  lineageStart,
  newestRoot,
  type PastBeacon,
  rankInForce,
  rootOfVersion,
} from './belief.ts';
import type { RecordWrite } from './effect.ts';
import { type UnverifiedEnvelope, verifyEnvelope } from './envelope.ts';
import { decodeEquivocation, encodeEquivocation } from './equivocation.ts';
import { encodeDocumentRecord, encodeHistory, encodeKeeping } from './record.ts';
import { recordKey } from './record-key.ts';
import { beaconKeyOf, type Root } from './root.ts';
import { chainCommitment } from './tick.ts';

/** Admits a beacon, or disowns the key that signed two under one number. */
export function admitBeacon(
  context: AdmitContext,
  belief: Belief,
  envelope: UnverifiedEnvelope,
): Admission {
  // PROTOCOL §5.2 — replay: equal number, equal digest is a no-op.
  const held = belief.beacon;
  if (held?.beacon.digest === envelope.digest || isHeldForLater(belief, envelope)) {
    throw new Refusal('document-held', { type: 'beacon' });
  }
  // PROTOCOL §2.2 — a beacon too large to gossip, or to prove anything with.
  if (envelope.bytes.length > BEACON_BYTES_MAX) {
    throw new Refusal('too-large', { limit: BEACON_BYTES_MAX, got: envelope.bytes.length });
  }
  const beacon = readBeacon(envelope);
  const newest = newestRoot(belief)?.root;
  if (newest === undefined) throw new Refusal('root-unknown', { domain: belief.domain });
  // PROTOCOL §2.1 — a beacon under a Root we lack: the Root has to come first.
  const governing = rootOfVersion(belief, beacon.rootVersion);
  if (governing === null || beacon.lineage > governing.lineage) {
    throw new Refusal('beacon-root', { held: newest.version, got: beacon.rootVersion });
  }
  // PROTOCOL §5.2 — rollback: below the mark. Nothing is verified, nothing is stored.
  const order = held === null ? 1 : comparePlaces(beacon, held.beacon);
  // PROTOCOL §5.2 — equivocation at a number that is past: other histories show it.
  const rival = belief.past.find((past) => comparePlaces(past, beacon) === 0);
  if (order < 0 && rival !== undefined && rival.digest !== envelope.digest) {
    return disownByPast(context, belief, rival, envelope);
  }
  if (beacon.lineage < newest.lineage || order < 0) {
    throw new Refusal('epoch-rolled-back', {
      held: held?.beacon.epoch ?? 0n,
      got: beacon.epoch,
    });
  }
  // PROTOCOL §2.5 — the key in force: the lowest rank that nothing disowns.
  const signer = signerInForce(belief, beacon, newest, governing);
  // PROTOCOL §1.2 — both legs, or neither counts.
  verifyEnvelope(context.suite, envelope, { keys: new Map([signer]), threshold: 1 });
  const candidate: HeldBeacon = {
    beacon,
    signedBy: signer[0],
    commitment: chainCommitment(beacon),
    bytes: envelope.bytes,
  };
  // PROTOCOL §5.2 — equivocation: two payloads, one key, one number.
  if (held !== null && order === 0) {
    assert(held.signedBy === candidate.signedBy, 'a rank of a lineage is of one key');
    return disownKey(context, belief, held, candidate);
  }
  // PROTOCOL §5.3 — numbering ahead of time, and every ceiling of Root.
  checkBeacon(beacon, governing, lineageStart(belief) ?? governing.issuedAt);
  // PROTOCOL §4.3 — the future: authentic, and no ground to believe that time has come.
  const clock =
    belief.keeping === null ? context.now.wall : evaluationClock(belief.keeping, context.now);
  if (beacon.issuedAt > addMs(clock, newest.maxLeadMs)) return holdForLater(belief, candidate);
  return believeBeacon(context, belief, candidate);
}

/** The belief with `candidate` as its newest evidence. */
function believeBeacon(context: AdmitContext, belief: Belief, candidate: HeldBeacon): Admission {
  const { beacon } = candidate;
  const asOf = beacon.issuedAt;
  const keeping =
    belief.keeping === null
      ? startKeeping(asOf, context.now)
      : // Where no evidence counts any more, the ledger counts from the bound.
        advance(
          belief.keeping,
          { from: belief.asOf ?? belief.keeping.bound, to: asOf },
          context.now,
        );
  const { lineage, rank, epoch, digest } = beacon;
  const history = [...belief.history, { lineage, rank, epoch, digest, asOf }];
  // A higher number with a believable date sets aside what was held; a lower one is an old one
  // that a relay kept, and the doubt about our clock stays.
  const isOutdone = belief.future !== null && comparePlaces(belief.future, beacon) <= 0;
  const future = isOutdone ? null : belief.future;
  const next = resettled({
    ...belief,
    documents: contentsUnder(belief, beacon),
    beacon: candidate,
    tick: { index: 0, value: beacon.anchor },
    stop: null,
    asOf,
    keeping,
    future,
    history: history.slice(-EPOCH_HISTORY_MAX),
    past: pastWith(belief),
  });
  return {
    belief: next,
    writes: [
      { key: recordKey(belief.domain, 'beacon'), value: candidate.bytes },
      { key: recordKey(belief.domain, 'tick'), value: null },
      { key: recordKey(belief.domain, 'stop'), value: null },
      ...(isOutdone ? [{ key: recordKey(belief.domain, 'future'), value: null }] : []),
      { key: recordKey(belief.domain, 'history'), value: encodeHistory(next.history) },
      {
        key: recordKey(belief.domain, 'keeping'),
        value: encodeKeeping(next, context.bootId, context.now.boot),
      },
      ...pastChanges(belief, next),
      ...writeFrozen(belief, next),
      ...revocationChanges(belief, next),
    ],
    notes: [
      {
        kind: 'audit',
        event: 'beacon.admitted',
        fields: { domain: belief.domain, epoch, rank, digest },
      },
    ],
    forward: true,
    refusal: null,
  };
}

/** What is kept whole once the newest beacon is the newest no more. */
function pastWith({ past, beacon: held }: Belief): Belief['past'] {
  if (held === null) return past;
  const { lineage, rank, epoch, digest } = held.beacon;
  return [...past, { lineage, rank, epoch, digest, bytes: held.bytes }].slice(-BEACONS_KEPT_MAX);
}

/**
 * The contents under a new beacon. Where it names the manifest held, what that pins is as fresh as
 * the beacon; otherwise the bodies keep the asOf of the evidence that last pinned them, until the
 * new manifest says more (PROTOCOL §5.4).
 */
function contentsUnder(belief: Belief, beacon: Beacon): Belief['documents'] {
  const held = belief.manifest?.manifest;
  const pins = held?.digest === beacon.manifestDigest ? held.pins : null;
  return new Map(
    [...belief.documents].map(([key, document]) => {
      const live = pins?.get(key)?.digest === document.head.digest;
      const frozenAsOf = live ? null : freezeTime(document, belief);
      const same = document.frozenAsOf === frozenAsOf;
      return [key, same ? document : { ...document, frozenAsOf }];
    }),
  );
}

function writeFrozen(before: Belief, after: Belief): readonly RecordWrite[] {
  return [...after.documents]
    .filter(([key, held]) => before.documents.get(key) !== held)
    .map(([key, held]) => ({
      key: recordKey(after.domain, 'document', key),
      value: encodeDocumentRecord(held),
    }));
}

/** Two beacons under one number, of which we held one, revoke the key that signed both. */
function disownKey(
  context: AdmitContext,
  belief: Belief,
  held: HeldBeacon,
  rival: HeldBeacon,
): Admission {
  const proof = encodeEquivocation(held.bytes, rival.bytes);
  const { signedBy, beacon } = held;
  const refusal = new Refusal('epoch-repeated', {
    ...{ domain: belief.domain, epoch: beacon.epoch, key: signedBy },
  });
  return { ...disowning(context, belief, signedBy, beacon, proof), refusal };
}

/** The same of a number that is past, of which we kept the other beacon whole. */
function disownByPast(
  context: AdmitContext,
  belief: Belief,
  rival: PastBeacon,
  envelope: UnverifiedEnvelope,
): Admission {
  const proof = decodeEquivocation(encodeEquivocation(rival.bytes, envelope.bytes));
  const { domain } = belief;
  const { keyId } = proof;
  const refusal = new Refusal('epoch-repeated', { domain, epoch: rival.epoch, key: keyId });
  return { ...admitProof(context, belief, proof), refusal };
}

/** The records that keep what was the newest beacon before, and drop the oldest of them. */
function pastChanges(before: Belief, after: Belief): readonly RecordWrite[] {
  const [was, is] = [before, after].map(({ past }) => new Set(past.map(({ digest }) => digest)));
  const gone = before.past.filter(({ digest }) => is?.has(digest) !== true);
  const fresh = after.past.filter(({ digest }) => was?.has(digest) !== true);
  const key = (digest: Digest) => recordKey(before.domain, 'past', digest);
  return [
    ...gone.map(({ digest }) => ({ key: key(digest), value: null })),
    ...fresh.map(({ digest, bytes }) => ({ key: key(digest), value: bytes })),
  ];
}

/** Keeps one beacon of the future, the highest: it grants nothing and casts doubt on our clock. */
function holdForLater(belief: Belief, candidate: HeldBeacon): Admission {
  const { lineage, rank, epoch, issuedAt } = candidate.beacon;
  const later = belief.future === null || comparePlaces(belief.future, candidate.beacon) < 0;
  const { bytes, signedBy } = candidate;
  const future = later
    ? { lineage, rank, epoch, issuedAt, bytes, signedBy, isAhead: false }
    : belief.future;
  const fields = { domain: belief.domain, epoch, issuedAt };
  return {
    belief: { ...belief, future },
    writes: later ? [{ key: recordKey(belief.domain, 'future'), value: candidate.bytes }] : [],
    notes: later
      ? [
          { kind: 'audit', event: 'beacon.held', fields },
          { kind: 'alarm', code: 'clock-or-key', domain: belief.domain, details: fields },
        ]
      : [],
    forward: false,
    refusal: new Refusal('evidence-held', fields),
  };
}

function isHeldForLater(belief: Belief, envelope: UnverifiedEnvelope): boolean {
  const { future } = belief;
  return (
    future !== null &&
    future.bytes.length === envelope.bytes.length &&
    future.bytes.every((byte, i) => byte === envelope.bytes[i])
  );
}

/**
 * The one key that may have signed: that of the rank in force in the newest Root, or a key the
 * newest Root calls retired, for what it dated before that Root. Refuses `beacon-key`,
 * `beacon-key-replaced`, `beacon-rank`, `key-revoked` and `signer-unknown`.
 */
function signerInForce(
  belief: Belief,
  beacon: Beacon,
  newest: Root,
  governing: Root,
): readonly [KeyId, PublicPair] {
  const named = beaconKeyOf(governing, beacon.rank)?.keyId;
  if (named === undefined) throw new Refusal('beacon-key', { rank: beacon.rank });
  if (isDisowned(belief, named)) throw new Refusal('key-revoked', { key: named });
  const inForce = beaconKeyOf(newest, beacon.rank)?.keyId === named;
  const retired = newest.retired.includes(named) && beacon.issuedAt < newest.issuedAt;
  if (!inForce && !retired) {
    throw new Refusal('beacon-key-replaced', { rank: beacon.rank, key: named });
  }
  const turn = rankInForce(belief);
  if (turn !== null && turn < beacon.rank) {
    // Its turn may have come all the same, and be over where the key is retired since: what
    // disowned the lower rank need not be here yet.
    throw new Refusal('beacon-rank', { expected: turn, got: beacon.rank });
  }
  const pair = governing.publicPairs.get(named);
  if (pair === undefined) throw new Refusal('signer-unknown', { key: named });
  return [named, pair];
}
