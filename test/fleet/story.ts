/**
 * A scenario of the simulator, run by a fleet of real daemons and by the clock: who saw whom in
 * which tier, and when, beside what the simulated run had to say about it.
 *
 * What a fleet can do to networks are partitions: the wires across are held, and nobody is told.
 * It founds no followers and moves no clocks; a scenario that asks for them is left alone.
 */

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { runWorld } from '../../sim/run.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { domainOf, type Fleet, type FleetPlan, foundFleet, indexOf } from './fleet.ts';
import type { LinkEnds, OpenSite } from './site.ts';

const SEED = 1;

/** Somebody saw somebody in another tier, so long after the first happening. */
export interface Fall {
  readonly by: number;
  readonly of: number;
  readonly tier: string;
  readonly afterMs: number;
}

/** How the two runs compare. */
export interface Comparison {
  /** Changes of tier that both runs have. */
  readonly compared: number;
  /** Those that only one of them has, as sentences. */
  readonly unmatched: readonly string[];
  /** By how much the most different pair differs. */
  readonly worstMs: number;
}

/** Why a fleet cannot run it; null where it can. */
export function whyNot({ followers, links, relations, happenings }: Scenario): string | null {
  if (followers > 0) return 'a fleet has no followers';
  if (links !== 'ring' || relations !== 'all') return 'a fleet is a ring where all are related';
  const other = happenings.find(({ fault }) => fault !== 'partition');
  return other === undefined ? null : `a fleet cannot do ${other.fault}`;
}

/** The falls of the simulated run from its first happening on. */
export function simulatedFalls(scenario: Scenario): readonly Fall[] {
  const { world } = runWorld({ scenario, seed: SEED, records: true });
  const from = beginning(scenario);
  return world.history.tiers
    .filter(({ at }) => at >= from && at < scenario.minutes * MINUTE_MS)
    .map(({ at, machine, domain, tier }) => {
      return { by: indexOf(machine), of: indexOf(domain), tier, afterMs: at - from };
    });
}

/** The falls of a fleet that lives through the same. */
export async function livedFalls(scenario: Scenario, openSite: OpenSite): Promise<readonly Fall[]> {
  const plan = planOf(scenario);
  const { lossPpm } = scenario;
  const site = await openSite(plan.size, plan.links, { bitsPerS: plan.line.bitsPerS, lossPpm });
  await using fleet = await foundFleet(plan, site);
  const falls: Fall[] = [];
  const from = performance.now();
  const silence = fleet.listen(({ by, at, entry: { event, fields } }) => {
    if (event !== 'tier.changed') return;
    const { domain, to } = fields;
    falls.push({ by, of: indexOf(String(domain)), tier: String(to), afterMs: at - from });
  });
  const since = beginning(scenario);
  for (const { at, forMs, on } of scenario.happenings) {
    const across = wiresAcross(fleet, scenario, on.map(indexOf));
    setTimeout(() => across.forEach((wire) => void wire.hold()), at - since);
    setTimeout(() => across.forEach((wire) => void wire.mend()), at - since + forMs);
  }
  await new Promise((resolve) => setTimeout(resolve, scenario.minutes * MINUTE_MS - since));
  silence();
  return falls;
}

/** Pairs the falls of both runs, in their order for each two daemons. */
export function compareFalls(lived: readonly Fall[], simulated: readonly Fall[]): Comparison {
  const unmatched: string[] = [];
  let compared = 0;
  let worstMs = 0;
  const names = new Set([...lived, ...simulated].map(nameOf));
  for (const name of names) {
    const [ours, theirs] = [lived, simulated].map((falls) =>
      falls.filter((fall) => nameOf(fall) === name),
    );
    for (let i = 0; i < Math.max(ours?.length ?? 0, theirs?.length ?? 0); i++) {
      const [real, told] = [ours?.[i], theirs?.[i]];
      if (real === undefined || told === undefined || real.tier !== told.tier) {
        unmatched.push(`${name}: ${sayFall(real)} lived, ${sayFall(told)} simulated`);
        continue;
      }
      compared++;
      worstMs = Math.max(worstMs, Math.abs(real.afterMs - told.afterMs));
    }
  }
  return { compared, unmatched, worstMs };
}

function planOf({ domains, latencyMs, bitsPerSecond, limits, periodMs }: Scenario): FleetPlan {
  const seconds = (ms: number): string => `"${ms / SECOND_MS}s"`;
  return {
    size: domains,
    links: ring(domains),
    line: { delayMs: latencyMs, bitsPerS: bitsPerSecond === 0 ? null : bitsPerSecond },
    tickPeriod: `${periodMs / SECOND_MS}s`,
    configOf: () =>
      `fresh_for = ${seconds(limits.freshForMs)}\n` +
      `degraded_for = ${seconds(limits.degradedForMs)}\n` +
      `survival_for = ${seconds(limits.survivalForMs)}\n`,
  };
}

function ring(size: number): readonly LinkEnds[] {
  return Array.from({ length: size }, (_, i): LinkEnds => [i, (i + 1) % size]);
}

function wiresAcross(fleet: Fleet, { domains }: Scenario, on: readonly number[]) {
  return ring(domains)
    .filter(([a, b]) => on.includes(a) !== on.includes(b))
    .map(([a, b]) => fleet.wire(a, b));
}

function beginning({ happenings }: Scenario): number {
  return Math.min(...happenings.map(({ at }) => at));
}

function nameOf({ by, of }: Fall): string {
  return `${domainOf(by)} of ${domainOf(of)}`;
}

function sayFall(fall: Fall | undefined): string {
  return fall === undefined ? 'nothing' : `${fall.tier} after ${fall.afterMs.toFixed(0)} ms`;
}
