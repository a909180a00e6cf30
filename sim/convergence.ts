/**
 * Convergence: how long after a heal the machines that were cut off know what the others know.
 *
 * Half of a web of machines is cut off, a bundle is withdrawn meanwhile, the cut is mended. A
 * machine knows of it with the new beacon, and agrees once it holds all that this names. Held
 * against a flood that no protocol beats: from everybody who knows, over each link from the moment
 * that it is up, every hop at once and at the delay of a link, and one transfer of the beacon.
 */

import { assert } from '../core/assert.ts';
import { HOUR_MS, MINUTE_MS } from '../core/time.ts';
import { recordKey } from '../federation/record-key.ts';
import type { DomainView } from '../federation/view.ts';
import { settle } from './coalition.ts';
import type { Machine } from './machine.ts';
import type { Link } from './network.ts';
import { PLAIN, type Scenario } from './scenario.ts';
import { standInSuite } from './stand-in-suite.ts';
import { World } from './world.ts';

/** After how many milliseconds half of the machines did, 99 in a hundred, and the last one. */
export interface Spread {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lastMs: number;
}

/** How long it took, and what no flood takes less than. */
export interface Convergence {
  readonly known: Spread;
  readonly agreed: Spread;
  readonly flood: Spread;
  /** The most hops of the flood. */
  readonly hops: number;
  readonly machines: number;
}

const CUT_AT_MS = 3 * MINUTE_MS;
const WITHDRAWN_AT_MS = 5 * MINUTE_MS;
const HEALED_AT_MS = 7 * MINUTE_MS;
/** All machines are looked at so often, and at most for so long. */
const LOOK_MS = 10;
const PATIENCE_MS = 5 * MINUTE_MS;

/** A web of so many machines, in as many domains as trust each other in a large coalition. */
export function webOf(machines: number, domains: number): Scenario {
  return {
    ...PLAIN,
    name: 'web',
    domains,
    followers: Math.max(0, Math.floor(machines / domains) - 1),
    links: 'web',
    relations: 'all',
    minutes: 15,
    limits: { freshForMs: HOUR_MS, degradedForMs: 2 * HOUR_MS, survivalForMs: 4 * HOUR_MS },
    bitsPerSecond: 10_000_000,
    heals: false,
  };
}

/** Runs the world until all agree again. */
export function measureConvergence(scenario: Scenario, seed: number): Convergence {
  const world = new World(scenario, seed, standInSuite, true);
  settle(world, [{ at: WITHDRAWN_AT_MS, fault: 'withdrawing', on: ['d00'], forMs: 0, amount: 7 }]);
  world.runUntil(CUT_AT_MS);
  const cutOff = halfOf(world);
  const on = cutOff.map(({ name }) => name).sort();
  const forMs = HEALED_AT_MS - CUT_AT_MS;
  world.befall({ at: world.now, fault: 'partition', on, forMs, amount: 0 });
  world.runUntil(HEALED_AT_MS);
  const { known, agreed } = watch(world, cutOff);
  const reached = flood(world, new Set(cutOff), HEALED_AT_MS);
  return {
    known: spreadOf(known),
    agreed: spreadOf(agreed),
    flood: spreadOf(reached.map(({ at }) => at - HEALED_AT_MS + transferMs(world))),
    hops: Math.max(...reached.map(({ hops }) => hops)),
    machines: world.machines.size,
  };
}

/** Half of the machines, the authority that withdraws not among them. */
function halfOf(world: World): readonly Machine[] {
  const others = [...world.machines.values()].filter(
    ({ domain }) => domain !== hubOf(world).domain,
  );
  return world
    .dice('half')
    .shuffle(others)
    .slice(0, Math.floor(world.machines.size / 2));
}

function hubOf(world: World): Machine {
  const hub = world.machine('d00');
  assert(hub !== undefined, 'the first domain is there');
  return hub;
}

/** For each machine, how long after now it knows, and how long until it agrees. */
function watch(
  world: World,
  machines: readonly Machine[],
): { readonly known: readonly number[]; readonly agreed: readonly number[] } {
  const start = world.now;
  const known = new Map<Machine, number>();
  const agreed = new Map<Machine, number>();
  while (agreed.size < machines.length) {
    assert(world.now - start < PATIENCE_MS, `${agreed.size} of ${machines.length} agree`);
    world.runUntil(world.now + LOOK_MS);
    const theirs = viewOf(world, hubOf(world));
    for (const machine of machines) {
      if (agreed.has(machine)) continue;
      const mine = viewOf(world, machine);
      if (mine?.beacon !== theirs?.beacon) continue;
      if (!known.has(machine)) known.set(machine, world.now - start);
      if (bundleIn(mine) === bundleIn(theirs)) agreed.set(machine, world.now - start);
    }
  }
  return { known: [...known.values()], agreed: [...agreed.values()] };
}

/** The bundle in force, or undefined. */
function bundleIn(view: DomainView | null): string | undefined {
  return view?.isComplete === true ? view.documents.get('bundle')?.digest : undefined;
}

function viewOf(world: World, machine: Machine): DomainView | null {
  return machine.node?.viewOf(hubOf(world).domain, machine.clock.now(world.now)) ?? null;
}

/** What one wire takes for the beacon. */
function transferMs(world: World): number {
  const { bitsPerSecond } = world.scenario;
  if (bitsPerSecond === 0) return 0;
  const beacon = hubOf(world).believed.get(recordKey(hubOf(world).domain, 'beacon'));
  return Math.ceil(((beacon?.length ?? 0) * 8_000) / bitsPerSecond);
}

/** When a flood reaches a machine, and over how many hops. */
interface Reached {
  readonly at: number;
  readonly hops: number;
}

/** When a flood that starts now with everybody else reaches those that were cut off. */
function flood(world: World, cutOff: ReadonlySet<Machine>, start: number): readonly Reached[] {
  const upAt = upTimes(world, start);
  const reached = new Map<Machine, Reached>();
  let front = [...world.machines.values()].filter((machine) => !cutOff.has(machine));
  for (const machine of front) reached.set(machine, { at: start, hops: 0 });
  while (front.length > 0) {
    const next = new Set<Machine>();
    for (const machine of front) {
      const { at, hops } = reached.get(machine) ?? { at: start, hops: 0 };
      for (const link of world.network.linksOf(machine)) {
        const wire = link.wires[0].from === machine ? link.wires[0] : link.wires[1];
        const then = Math.max(at, upAt.get(nameOf(link)) ?? start) + wire.latencyMs;
        if (then >= (reached.get(wire.to)?.at ?? Number.POSITIVE_INFINITY)) continue;
        reached.set(wire.to, { at: then, hops: hops + 1 });
        next.add(wire.to);
      }
    }
    front = [...next];
  }
  return [...cutOff].map((machine) => reached.get(machine) ?? { at: start, hops: 0 });
}

/** When each link that was down at the heal came up. */
function upTimes(world: World, start: number): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const { at, a, b, up } of world.history.links) {
    const name = `${a}~${b}`;
    if (at >= start && up && times.get(name) === Number.POSITIVE_INFINITY) times.set(name, at);
    else if (at < start) times.set(name, up ? start : Number.POSITIVE_INFINITY);
  }
  return times;
}

function nameOf({ wires: [{ from, to }] }: Link): string {
  return `${from.name}~${to.name}`;
}

function spreadOf(times: readonly number[]): Spread {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (percent: number): number =>
    sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0;
  return { p50Ms: at(50), p99Ms: at(99), lastMs: at(100) };
}
