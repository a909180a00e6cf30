/**
 * Healing: after the faults, does the coalition come together again (the liveness phase)?
 *
 * A core of honest machines is made sound: power, disks, clocks, links. Everybody else is switched
 * off for good. After one reconcile interval for each hop they have to agree (`agreement.ts`).
 */

import { SYNC_INTERVAL_MS, WANT_TIMEOUT_MS } from '../core/limits.ts';
import { SECOND_MS } from '../core/time.ts';
import { judgeAgreement } from './agreement.ts';
import type { Machine } from './machine.ts';
import { setUpAgain } from './repair.ts';
import type { World } from './world.ts';

/** Links come up, disks catch up, authorities begin their next beacon. */
const SETTLE_MS = 90 * SECOND_MS;
/** Comparisons are spread by a tenth; what one asks may take a timeout to come. */
const HOP_MS = Math.ceil(SYNC_INTERVAL_MS * 1.1) + 2 * WANT_TIMEOUT_MS;

/** Heals a core, lets time pass, and throws `Stuck` unless all agree. */
export function heal(world: World): void {
  world.becomeCalm();
  const core = chooseCore(world);
  for (const machine of world.machines.values()) {
    if (core.has(machine)) restore(world, machine);
    else machine.stop(true);
  }
  for (const machine of core) world.network.machineStarted(machine);
  world.runUntil(Math.max(world.now, lastArrival(world)));
  world.runUntil(world.now + SETTLE_MS + HOP_MS * hopsAcross(world, core));
  world.runUntil(world.now + freshness(world));
  judgeAgreement(world, core);
}

/** When the last of what narrow and slow wires still carry is there: nothing overtakes it. */
function lastArrival(world: World): number {
  return Math.max(0, ...world.network.links.flatMap(({ wires }) => wires.map((w) => w.arrivedAt)));
}

/** The most hops that anything may need between two of the core: at most twice what one needs. */
function hopsAcross(world: World, core: ReadonlySet<Machine>): number {
  const left = new Set(core);
  let most = 1;
  for (const first of left) {
    left.delete(first);
    let ring: Machine[] = [first];
    for (let hops = 0; ring.length > 0; hops++) {
      most = Math.max(most, 2 * hops);
      ring = ring.flatMap((machine) => othersOf(world, machine).filter((m) => left.delete(m)));
    }
  }
  return Math.min(most, core.size);
}

function othersOf(world: World, machine: Machine): readonly Machine[] {
  return world.network.linksOf(machine).map(({ wires: [{ from, to }] }) => {
    return from === machine ? to : from;
  });
}

/** Two ticks are needed at most: one that is due, and one that was under way. */
function freshness(world: World): number {
  return 2 * world.scenario.periodMs + HOP_MS;
}

function chooseCore(world: World): ReadonlySet<Machine> {
  const dice = world.dice('core');
  const honest = world.honest;
  const lost = honest.length > 3 && dice.chance(500_000) ? dice.below(honest.length / 3) : 0;
  return new Set(dice.shuffle(honest).slice(lost));
}

function restore(world: World, machine: Machine): void {
  machine.disk.full = false;
  machine.disk.latencyMs = 2;
  machine.clock.correct(world.now);
  if (machine.power !== 'off') return machine.resume();
  if (machine.disk.isSound) machine.boot();
  else setUpAgain(machine);
}
