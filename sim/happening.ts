/**
 * Happenings: everything that befalls a run from outside, as one explicit list.
 *
 * The list is drawn from the seed before the run begins, or written by hand. A run is a function
 * of its scenario, its seed and this list, which is what lets a failing run be shrunk.
 */

import { MINUTE_MS, SECOND_MS } from '../core/time.ts';
import { Dice } from './dice.ts';
import { FAULTS } from './faults/table.ts';
import type { Scenario } from './scenario.ts';
import { authorityName } from './web.ts';
import type { World } from './world.ts';

/** One thing that happens: which fault, when, to whom, for how long, how much. */
export interface Happening {
  readonly at: number;
  readonly fault: string;
  readonly on: readonly string[];
  readonly forMs: number;
  readonly amount: number;
}

/** What a fault may draw upon. */
export interface Shape {
  readonly authorities: readonly string[];
  readonly followers: readonly string[];
  /** Each after the authority that it stands by for. */
  readonly standbys: readonly string[];
  readonly machines: readonly string[];
  readonly periodMs: number;
}

/** One kind of thing that happens. */
export interface Fault {
  readonly name: string;
  readonly family: 'network' | 'power' | 'disk' | 'clock' | 'adversary' | 'stranger' | 'people';
  /** Whom it befalls, for how long, how much. Null where the shape has no place for it. */
  draw(dice: Dice, shape: Shape): Pick<Happening, 'on' | 'forMs' | 'amount'> | null;
  /** Makes it happen; returns how it ends. */
  begin(world: World, happening: Happening): () => void;
}

/** Nothing befalls anybody before the coalition stands. */
export const CALM_MS = 30 * SECOND_MS;
const PPM_DRAWN = 400_000;
const PER_RUN_MAX = 5;

/** The fault of that name, if there is one. */
export function faultNamed(name: string): Fault | undefined {
  return FAULTS.find((fault) => fault.name === name);
}

/** The names of the machines that a scenario has. */
export function shapeOf(scenario: Scenario): Shape {
  const authorities = Array.from({ length: scenario.domains }, (_, i) => domainLabel(i));
  const followers = authorities.flatMap((name) =>
    Array.from({ length: scenario.followers }, (_, i) => `${name}-${i + 1}`),
  );
  const standbys = authorities.flatMap((name) => standbysOf(scenario, name));
  const machines = [...authorities, ...followers, ...standbys];
  return { authorities, followers, standbys, machines, periodMs: scenario.periodMs };
}

/** The names of those who stand by for an authority: `d00-s1`, `d00-s2`. */
export function standbysOf({ standbys }: Scenario, authority: string): readonly string[] {
  return Array.from({ length: standbys }, (_, i) => `${authority}-s${i + 1}`);
}

/** `d00`, `d01`, … */
export function domainLabel(i: number): string {
  return `d${String(i).padStart(2, '0')}`;
}

/** A third of the domains is cut off with all its machines, other ones each time. */
function drawPartitions(scenario: Scenario, seed: number): readonly Happening[] {
  const everyMs = scenario.partitionMinutes * MINUTE_MS;
  if (everyMs === 0) return [];
  const { authorities, machines } = shapeOf(scenario);
  const dice = new Dice(seed, 'partitions');
  const forMs = Math.ceil(everyMs / 3);
  const drawn: Happening[] = [];
  for (let at = everyMs; at < scenario.minutes * MINUTE_MS; at += everyMs) {
    const count = Math.ceil(authorities.length / 3);
    const cutOff = new Set(dice.shuffle(authorities).slice(0, count));
    const on = machines.filter((name) => cutOff.has(authorityName(name)));
    drawn.push({ at, fault: 'partition', on, forMs, amount: 0 });
  }
  return drawn;
}

/** Swarm testing: each run draws which faults it has at all, and then how often. */
export function drawHappenings(scenario: Scenario, seed: number): readonly Happening[] {
  const shape = shapeOf(scenario);
  const kinds = FAULTS.filter((fault) => scenario.faults.includes(fault.name));
  const drawn: Happening[] = [...scenario.happenings, ...drawPartitions(scenario, seed)];
  for (const fault of kinds) {
    const dice = new Dice(seed, `fault/${fault.name}`);
    if (!dice.chance(PPM_DRAWN)) continue;
    const times = dice.between(1, PER_RUN_MAX);
    for (let i = 0; i < times; i++) {
      const what = fault.draw(dice, shape);
      if (what === null) continue;
      const at = CALM_MS + dice.below(Math.max(1, scenario.minutes * MINUTE_MS - CALM_MS));
      drawn.push({ at, fault: fault.name, ...what });
    }
  }
  return drawn.sort((a, b) => a.at - b.at || (a.fault < b.fault ? -1 : 1));
}
