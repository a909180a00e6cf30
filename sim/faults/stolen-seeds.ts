/**
 * The seeds of a beacon are read out of the memory of its writer. With an even `amount` the first
 * machine reveals the stop of the second's domain; with an odd one it says tick after tick, early
 * ones too, whatever that domain has withdrawn since.
 */

import { equalBytes } from '../../core/bytes.ts';
import type { Beacon } from '../../federation/beacon.ts';
import { recordKey } from '../../federation/record-key.ts';
import {
  buildChain,
  chainCommitment,
  encodeTick,
  STOP_INDEX,
  stopCommitment,
  tickTime,
} from '../../federation/tick.ts';
import type { Fault } from '../happening.ts';
import type { Machine } from '../machine.ts';
import { START_MS } from '../machine-clock.ts';
import { beaconOf } from '../reading.ts';
import type { World } from '../world.ts';
import { sayToAll, theftIn } from './thieves.ts';
import { machinesOf } from './victims.ts';

/** How early ticks are said: some by more than any Root of a run allows. */
const EARLY_MS = [0, 60_000, 300_000] as const;

export const stolenSeeds: Fault = {
  name: 'stolen-seeds',
  family: 'adversary',
  draw: (dice, shape) => {
    const on = theftIn(dice, shape);
    if (on === null) return null;
    return { on, forMs: 1 + dice.wait(20 * shape.periodMs), amount: dice.below(1_000) };
  },
  begin: (world, happening) => {
    const [thief, victim] = machinesOf(world, happening);
    const held = victim && thief?.believed.get(recordKey(victim.domain, 'beacon'));
    if (thief === undefined || !victim?.drawn || held === undefined) return () => undefined;
    const beacon = beaconOf(held);
    const [seed, secret] = [victim.drawn.slice(0, 32), victim.drawn.slice(32, 64)];
    const commitment = chainCommitment(beacon);
    // What the thief holds is of another beacon than that which the writer drew for last.
    if (!equalBytes(stopCommitment(commitment, secret), beacon.stop)) return () => undefined;
    noteTheft(world, victim, 0);
    if (happening.amount % 2 === 0) {
      world.coverage.saw('adversary: stopped a beacon');
      sayToAll(world, thief, encodeTick(beacon.digest, STOP_INDEX, secret));
      return () => undefined;
    }
    return sayTicks(world, { thief, victim, beacon }, buildChain(commitment, seed, beacon.count));
  },
};

interface Theft {
  readonly thief: Machine;
  readonly victim: Machine;
  readonly beacon: Beacon;
}

/** The step of each period from now on, and some before their time. */
function sayTicks(
  world: World,
  { thief, victim, beacon }: Theft,
  chain: readonly Uint8Array[],
): () => void {
  let isOver = false;
  let turn = 0;
  const say = (): void => {
    if (isOver) return;
    world.after(beacon.periodMs, say);
    const earlyMs = EARLY_MS[turn++ % EARLY_MS.length] ?? 0;
    const sinceMs = START_MS + world.now + earlyMs - beacon.issuedAt;
    const index = Math.floor(sinceMs / beacon.periodMs);
    const value = chain[index];
    if (index < 1 || value === undefined) return;
    world.coverage.saw('adversary: said a tick');
    noteTheft(world, victim, tickTime(beacon, index));
    sayToAll(world, thief, encodeTick(beacon.digest, index, value));
  };
  say();
  return () => {
    isOver = true;
  };
}

/** Whoever has the seeds of a writer has given its domain evidence of this date. */
function noteTheft({ robbed }: World, { domain }: Machine, date: number): void {
  robbed.set(domain, Math.max(date, robbed.get(domain) ?? 0));
}
