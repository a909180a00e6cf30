/**
 * A scenario of the simulator, run by a fleet of real daemons and by the clock: who saw whom in
 * which tier, and when, beside what the simulated run had to say about it.
 */

import { MINUTE_MS } from '../../core/time.ts';
import { shapeOf } from '../../sim/happening.ts';
import { runWorld } from '../../sim/run.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { followAudits } from './audit-tail.ts';
import type { Fall } from './comparison.ts';
import { domainOf, foundFleet } from './fleet.ts';
import { beginning, Plot } from './plot.ts';
import type { OpenSite } from './site.ts';
import { planOf } from './story-plan.ts';

const SEED = 1;

/** The falls of the simulated run from its first happening on. */
export function simulatedFalls(scenario: Scenario): readonly Fall[] {
  const { world } = runWorld({ scenario, seed: SEED, records: true });
  const from = beginning(scenario);
  return world.history.tiers
    .filter(({ at }) => at >= from && at < scenario.minutes * MINUTE_MS)
    .map(({ at, machine, domain, tier }) => ({
      by: machine,
      of: domain,
      tier,
      afterMs: at - from,
    }));
}

/** The falls of a fleet that lives through the same. */
export async function livedFalls(scenario: Scenario, openSite: OpenSite): Promise<readonly Fall[]> {
  const plan = planOf(scenario);
  const { lossPpm } = scenario;
  const site = await openSite(plan.size, plan.links, { bitsPerS: plan.line.bitsPerS, lossPpm });
  await using fleet = await foundFleet(plan, site);
  const { machines, authorities } = shapeOf(scenario);
  const plot = new Plot(fleet, scenario);
  await plot.prepare();
  const falls: Fall[] = [];
  const from = performance.now();
  const silence = followAudits(fleet, ({ by, at, entry: { event, fields } }) => {
    if (event !== 'tier.changed') return;
    const of = authorities.find((_, index) => domainOf(index) === fields.domain) ?? '';
    const seen = { by: machines[by] ?? '', of: `${of}.example`, tier: String(fields.to) };
    falls.push({ ...seen, afterMs: at - from });
  });
  try {
    await plot.play();
  } finally {
    silence(); // or it would look for logs that are gone with the fleet
  }
  return falls;
}
