/**
 * A node that only climbs the ladder: one belief, its disk, its clocks. After every step it reads
 * its disk back, and fails unless the belief it finds there is the one it has.
 */

import * as assert from 'uvu/assert';
import { assert as demand } from '../../core/assert.ts';
import { toHex } from '../../core/bytes.ts';
import { digestOf } from '../../core/digest.ts';
import { Refusal, type RefusalCode, refusalOf } from '../../core/refusal.ts';
import { bootMs, unixMs } from '../../core/time.ts';
import type { Admission, AdmitContext } from '../../federation/admission.ts';
import { admit, UNBOUNDED_STEPS } from '../../federation/admit.ts';
import type { StepBudget } from '../../federation/admit-tick.ts';
import { boundAt, settleKeeping, settleWithoutEvidence } from '../../federation/age.ts';
import type { BeaconPlace } from '../../federation/beacon.ts';
import { type Belief, newBelief } from '../../federation/belief.ts';
import type { FileItem } from '../../federation/bundle-file.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { asRead, type Moment } from '../../federation/moment.ts';
import { type Continuity, recordsByDomain, restoreBelief } from '../../federation/record.ts';
import { type Standing, standingOf } from '../../federation/standing.ts';
import { decodeTick, TICK_BYTES } from '../../federation/tick.ts';
import { SUITE } from '../fakes/coalition.ts';
import { CONTENTS, DOMAIN, forgeBeacon, forgeRoot, NOW } from './forge.ts';

/** How giving something ended. */
export type Outcome = 'admitted' | RefusalCode;

/** One belief that climbs. */
export class Climber {
  belief: Belief;
  records = new Map<string, Uint8Array>();
  wallMs = NOW;
  bootNowMs = 1_000_000;
  bootId = 'boot-1';
  /** Somebody vouches for the date. */
  isVouched = false;
  continuity: Continuity = 'software';
  last: Admission | null = null;

  constructor(firstRoot: Uint8Array = forgeRoot()) {
    this.belief = newBelief(DOMAIN, decodeEnvelope(firstRoot).digest);
  }

  get now(): Moment {
    const read = { wall: unixMs(this.wallMs), boot: bootMs(this.bootNowMs) };
    return { ...asRead(read), isVouched: this.isVouched };
  }

  get context(): AdmitContext {
    return { suite: SUITE, now: this.now, bootId: this.bootId };
  }

  /** Both clocks go on. */
  wait(ms: number): this {
    this.wallMs += ms;
    this.bootNowMs += ms;
    return this;
  }

  /** Gives an envelope, a tick or a stop. A refusal changes nothing, unless it taught something. */
  give(bytes: Uint8Array, budget: StepBudget = UNBOUNDED_STEPS): Outcome {
    const { context } = this;
    const admission = refusalOf(() => admit(context, this.belief, itemOf(bytes), budget));
    if (admission instanceof Refusal) return admission.code;
    this.last = admission;
    this.belief = admission.belief;
    for (const { key, value } of admission.writes) {
      if (value === null) this.records.delete(key);
      else this.records.set(key, value);
    }
    assert.is(fingerprintOf(this.restored(), this.now), fingerprintOf(this.belief, this.now));
    return admission.refusal?.code ?? 'admitted';
  }

  /** Gives several in order; each has to be admitted. */
  take(...all: readonly Uint8Array[]): this {
    for (const bytes of all) assert.is(this.give(bytes), 'admitted');
    return this;
  }

  /** What the disk holds, read back in this boot. */
  restored(): Belief {
    const mine = recordsByDomain(this.records).get(DOMAIN);
    const boot = { bootId: this.bootId, continuity: this.continuity };
    const belief = mine === undefined ? null : restoreBelief(DOMAIN, mine, boot);
    demand(belief !== null, 'a belief of which a Root was stored');
    return belief;
  }

  /** The machine starts again; another boot begins its clock anew. */
  restart(bootId: string = this.bootId, bootNowMs: number = this.bootNowMs): this {
    this.bootId = bootId;
    this.bootNowMs = bootNowMs;
    this.belief = this.restored();
    return this;
  }

  get standing(): Standing {
    return standingOf(this.belief, [], this.now);
  }
}

/** A belief of Root, beacon, manifest and documents of the first forged contents. */
export function settled(): Climber {
  const { manifest, bundle, entries } = CONTENTS;
  return new Climber().take(forgeRoot(), forgeBeacon().bytes, manifest, bundle, entries);
}

/** All that a belief says, as text: equal texts are equal beliefs. */
export function fingerprintOf(belief: Belief, now: Moment): string {
  const { tick, keeping, documents, disowned, future } = belief;
  const settle = belief.asOf === null ? settleWithoutEvidence : settleKeeping;
  const bytesOf = (held: { readonly bytes: Uint8Array } | null): string =>
    held === null ? 'none' : digestOf(held.bytes);
  const lines = {
    name: `${belief.domain} ${belief.firstRoot}`,
    roots: belief.roots.map(bytesOf).join(),
    beacon: `${bytesOf(belief.beacon)} ${belief.beacon?.signedBy}`,
    tick: tick === null ? 'none' : `${tick.index} ${toHex(tick.value)}`,
    stop: belief.stop === null ? 'none' : toHex(belief.stop),
    asOf: String(belief.asOf),
    keeping:
      keeping === null
        ? 'none'
        : `${boundAt(keeping, now.boot)} ${settle(keeping, now.boot).ledgerMs}`,
    manifest: `${bytesOf(belief.manifest)} ${belief.manifest?.signedBy}`,
    documents: [...documents]
      .map(([key, held]) => `${key} ${bytesOf(held)} ${held.signedBy} ${held.frozenAsOf}`)
      .sort(),
    future: future === null ? 'none' : `${bytesOf(future)} ${future.signedBy} ${placeOf(future)}`,
    history: belief.history.map((past) => `${placeOf(past)} ${past.digest} ${past.asOf}`),
    revoked: belief.revocations.documents.map(({ digest }) => digest),
    overrides: [...belief.overrides.values()]
      .map(({ digest, recall }) => `${digest} ${recall === null ? '' : digestOf(recall)}`)
      .sort(),
    disowned: [...disowned].map(([key, proof]) => `${key} ${digestOf(proof)}`).sort(),
  };
  return JSON.stringify(lines, null, 1);
}

function placeOf({ lineage, rank, epoch }: BeaconPlace): string {
  return `${lineage}/${rank}/${epoch}`;
}

function itemOf(bytes: Uint8Array): FileItem {
  return bytes.length === TICK_BYTES
    ? { kind: 'tick', tick: decodeTick(bytes) }
    : { kind: 'envelope', envelope: decodeEnvelope(bytes) };
}
