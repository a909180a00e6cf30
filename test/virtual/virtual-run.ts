/**
 * A scenario of the simulator over real libp2p: lived through once, healed, and taken down again.
 */

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { drawHappenings, type Happening, shapeOf } from '../../sim/happening.ts';
import type { TierChange } from '../../sim/history.ts';
import type { Lived } from '../../sim/lived.ts';
import { sampleRegularly } from '../../sim/sampling.ts';
import type { Scenario } from '../../sim/scenario.ts';
import type { Fall } from '../fleet/comparison.ts';
import { beginning } from '../fleet/plot.ts';
import { lackingIn } from './agreement.ts';
import { VirtualCoalition } from './virtual-coalition.ts';
import { VIRTUAL_FAULTS, whyNoFault } from './virtual-faults.ts';

/** Who is healed has to agree within so long: a redial, a comparison, an epoch. */
const HEAL_MS_MAX = 5 * MINUTE_MS;
const LOOK_MS = SECOND_MS;
const MACHINES_MAX = 100;

/** What a run came to. */
export interface VirtualRun {
  readonly tiers: readonly TierChange[];
  /** From the end of the scenario until all agreed; null where they did not. */
  readonly agreedAfterMs: number | null;
  /** What was lacking then, as sentences. */
  readonly lacking: readonly string[];
  readonly lines: number;
  /** Over everything that any machine sent, heard, believed and did. */
  readonly traceHash: string;
  /** For a report. */
  readonly lived: Lived;
}

/** Why real libp2p cannot live through it; null where it can. */
export function whyNotVirtually(scenario: Scenario): string | null {
  const { machines } = shapeOf(scenario);
  if (machines.length > MACHINES_MAX) return `one process bears ${MACHINES_MAX} daemons`;
  if (scenario.links === 'web') return 'nobody lays the links of a web here';
  const faults = [...scenario.faults, ...scenario.happenings.map(({ fault }) => fault)];
  return faults.map(whyNoFault).find((why) => why !== null) ?? null;
}

/** Lives through a scenario that `whyNotVirtually` has nothing against. */
export async function runVirtually(
  scenario: Scenario,
  seed: number,
  { isReported }: { readonly isReported: boolean } = { isReported: false },
): Promise<VirtualRun> {
  await using coalition = new VirtualCoalition(scenario, seed);
  const { time, trace, history, machines } = coalition;
  await coalition.begin();
  if (isReported) sampleRegularly(coalition);
  for (const happening of drawHappenings(scenario, seed)) befallLater(coalition, happening);
  const endMs = scenario.minutes * MINUTE_MS;
  await time.runUntil(endMs);
  coalition.heal();
  let lacking = lackingIn(coalition);
  while (lacking.length > 0 && time.now < endMs + HEAL_MS_MAX) {
    await time.runUntil(time.now + LOOK_MS);
    lacking = lackingIn(coalition);
  }
  const agreedAfterMs = lacking.length === 0 ? time.now - endMs : null;
  const { now, traffic } = coalition;
  return {
    ...{ tiers: history.tiers, agreedAfterMs, lacking },
    ...{ lines: trace.lines, traceHash: trace.digest() },
    lived: { scenario, now, history, machines, traffic },
  };
}

/** The falls of a run from its first happening on, as a fleet tells them. */
export function fallsOf(scenario: Scenario, tiers: readonly TierChange[]): readonly Fall[] {
  const from = beginning(scenario);
  return tiers
    .filter(({ at }) => at >= from && at < scenario.minutes * MINUTE_MS)
    .map(({ at, machine, domain, tier }) => {
      return { by: machine, of: domain, tier, afterMs: at - from };
    });
}

function befallLater(coalition: VirtualCoalition, happening: Happening): void {
  const { time, scenario } = coalition;
  const begin = VIRTUAL_FAULTS.get(happening.fault);
  if (begin === undefined) return;
  const { at, fault, on, forMs } = happening;
  time.after(at - time.now, () => {
    coalition.note(`* ${fault} ${on.join(',')}`);
    coalition.history.happened(time.now, happening);
    const end = begin(coalition, happening);
    if (forMs === 0) return;
    const leftMs = scenario.minutes * MINUTE_MS - time.now;
    time.after(Math.min(forMs, leftMs), end);
  });
}
