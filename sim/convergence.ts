/**
 * Convergence: how long after a heal each machine that was cut off holds what the others hold.
 *
 * Half of a web of machines is cut off, a bundle is withdrawn meanwhile, the cut is mended. Held
 * against a flood that no protocol beats: every hop at once, each at the delay of a link, and one
 * transfer of what has to be carried.
 */

import { assert } from '../core/assert.ts';
import { HOUR_MS, MINUTE_MS } from '../core/time.ts';
import type { DomainView } from '../federation/view.ts';
import { settle } from './coalition.ts';
import type { Machine } from './machine.ts';
import { PLAIN, type Scenario } from './scenario.ts';
import { standInSuite } from './stand-in-suite.ts';
import { World } from './world.ts';

/** How long it took, and what no flood takes less than; milliseconds. */
export interface Convergence {
  /** Until all but one in a hundred of those cut off hold the new beacon and its documents. */
  readonly p99Ms: number;
  /** Until half of them do, and until the last one does. */
  readonly p50Ms: number;
  readonly lastMs: number;
  readonly boundMs: number;
  /** Of the graph of all links. */
  readonly diameter: number;
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
  const world = new World(scenario, seed, standInSuite, false);
  settle(world, [
    { at: WITHDRAWN_AT_MS, fault: 'withdrawing', on: ['d00'], forMs: 0, amount: 7 },
  ]);
  world.runUntil(CUT_AT_MS);
  const cutOff = halfOf(world);
  const on = cutOff.map(({ name }) => name).sort();
  const forMs = HEALED_AT_MS - CUT_AT_MS;
  world.befall({ at: world.now, fault: 'partition', on, forMs, amount: 0 });
  world.runUntil(HEALED_AT_MS);
  const times = timesToAgree(world, cutOff);
  const diameter = diameterOf(world);
  return {
    p50Ms: quantile(times, 50),
    p99Ms: quantile(times, 99),
    lastMs: quantile(times, 100),
    boundMs: diameter * scenario.latencyMs + transferMs(world),
    diameter,
    machines: world.machines.size,
  };
}

/** Half of the machines, the authority that withdraws not among them. */
function halfOf(world: World): readonly Machine[] {
  const others = [...world.machines.values()].filter(({ domain }) => domain !== hubOf(world).domain);
  return world.dice('half').shuffle(others).slice(0, Math.floor(world.machines.size / 2));
}

function hubOf(world: World): Machine {
  const hub = world.machine('d00');
  assert(hub !== undefined, 'the first domain is there');
  return hub;
}

/** For each machine, how long after now it holds all that the authority holds. */
function timesToAgree(world: World, machines: readonly Machine[]): readonly number[] {
  const start = world.now;
  const times: number[] = [];
  let waiting = machines;
  while (waiting.length > 0) {
    assert(world.now - start < PATIENCE_MS, `${waiting.length} machines never agree`);
    world.runUntil(world.now + LOOK_MS);
    const still = waiting.filter((machine) => !agrees(world, machine));
    for (let i = still.length; i < waiting.length; i++) times.push(world.now - start);
    waiting = still;
  }
  return times;
}

function agrees(world: World, machine: Machine): boolean {
  const theirs = viewOf(world, hubOf(world));
  const mine = viewOf(world, machine);
  const bundle = theirs?.documents.get('bundle');
  return (
    bundle !== undefined &&
    mine?.beacon === theirs?.beacon &&
    mine?.isComplete === true &&
    mine.documents.get('bundle')?.digest === bundle.digest
  );
}

function viewOf(world: World, machine: Machine): DomainView | null {
  return machine.node?.viewOf(hubOf(world).domain, machine.clock.now(world.now)) ?? null;
}

/** What one wire takes for the beacon, the manifest and the bundle. */
function transferMs(world: World): number {
  const { bitsPerSecond } = world.scenario;
  if (bitsPerSecond === 0) return 0;
  const { believed, domain } = hubOf(world);
  const kinds = ['beacon', 'manifest', 'document/bundle'];
  const bytes = kinds.map((kind) => believed.get(`federation/${domain}/${kind}`)?.length ?? 0);
  return Math.ceil((bytes.reduce((sum, size) => sum + size, 0) * 8_000) / bitsPerSecond);
}

/** The most hops between any two machines. */
function diameterOf(world: World): number {
  let most = 0;
  for (const machine of world.machines.values()) most = Math.max(most, hopsFrom(world, machine));
  return most;
}

function hopsFrom(world: World, first: Machine): number {
  const seen = new Set([first]);
  let ring: readonly Machine[] = [first];
  for (let hops = 0; ; hops++) {
    const next: Machine[] = [];
    for (const machine of ring) {
      for (const { wires } of world.network.linksOf(machine)) {
        const other = wires[0].from === machine ? wires[0].to : wires[0].from;
        if (seen.has(other)) continue;
        seen.add(other);
        next.push(other);
      }
    }
    if (next.length === 0) return hops;
    ring = next;
  }
}

function quantile(times: readonly number[], percent: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0;
}
