/**
 * The fleet of a scenario: a daemon for each of its machines, its authorities in a ring of
 * partners, its followers members beside them, one to be tampered with where it will be.
 */

import { fileURLToPath } from 'node:url';
import { SECOND_MS } from '../../core/time.ts';
import { shapeOf } from '../../sim/happening.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { authorityName } from '../../sim/web.ts';
import type { FleetPlan } from './fleet.ts';
import { isTampering, PLOT_FAULTS } from './plot.ts';
import type { LinkEnds } from './site.ts';

const TAMPERED = fileURLToPath(new URL('tampered-daemon.js', import.meta.url));

/** Why a fleet cannot run it, with or without a kernel that loses segments; null where it can. */
export function whyNot(scenario: Scenario, hasCables: boolean): string | null {
  const { links, relations, happenings, lossPpm } = scenario;
  if (links !== 'ring' || relations !== 'all') return 'a fleet is a ring where all are related';
  if (lossPpm > 0 && !hasCables) return 'without network namespaces nothing is lost';
  const other = happenings.find(({ fault }) => !PLOT_FAULTS.includes(fault));
  return other === undefined ? null : `a fleet cannot do ${other.fault}`;
}

/** As the simulator settles it: authorities first, then their followers. */
export function planOf(scenario: Scenario): FleetPlan {
  const { latencyMs, bitsPerSecond, limits, periodMs, happenings } = scenario;
  const { machines } = shapeOf(scenario);
  const tampered = happenings.filter(isTampering).flatMap(({ on }) => on);
  const seconds = (ms: number): string => `"${ms / SECOND_MS}s"`;
  return {
    size: machines.length,
    links: linksOf(scenario),
    line: { delayMs: latencyMs, bitsPerS: bitsPerSecond === 0 ? null : bitsPerSecond },
    tickPeriod: `${periodMs / SECOND_MS}s`,
    authorityOf: (index) => machines.indexOf(authorityName(machines[index] ?? '')),
    configOf: () =>
      `fresh_for = ${seconds(limits.freshForMs)}\n` +
      `degraded_for = ${seconds(limits.degradedForMs)}\n` +
      `survival_for = ${seconds(limits.survivalForMs)}\n`,
    programOf: (index) => (tampered.includes(machines[index] ?? '') ? TAMPERED : undefined),
  };
}

/** Authorities in a ring, followers of neighbours beside them, each dialling its own authority. */
function linksOf(scenario: Scenario): readonly LinkEnds[] {
  const { machines, authorities, followers } = shapeOf(scenario);
  const at = (name: string): number => machines.indexOf(name);
  const ring = authorities.flatMap((name, i) => {
    const next = authorities[(i + 1) % authorities.length] ?? name;
    const beside = Array.from({ length: scenario.followers }, (_, k) => `-${k + 1}`);
    return ['', ...beside].map((which): LinkEnds => [at(name + which), at(next + which)]);
  });
  return [...ring, ...followers.map((name): LinkEnds => [at(name), at(authorityName(name))])];
}
