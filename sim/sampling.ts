/**
 * Sampling: at regular moments, how old what each machine holds is. What a report draws, and what a
 * table of other limits is computed from.
 */

import { MINUTE_MS } from '../core/time.ts';
import type { FederationNode } from '../federation/node.ts';
import { tierOfAge, worst } from '../federation/tier.ts';
import type { DomainView } from '../federation/view.ts';
import type { History, Sample } from './history.ts';
import type { MachineClock } from './machine-clock.ts';
import type { Scenario } from './scenario.ts';

const MOMENTS = 240;
/** Of a large coalition some machines stand for all. */
const MACHINES_MAX = 60;

/** A machine that can be asked how old what it holds is. */
interface Sampled {
  readonly name: string;
  readonly isHonest: boolean;
  readonly power: string;
  readonly clock: MachineClock;
  readonly node: Pick<FederationNode, 'view'> | null;
}

/** A coalition that lives on while it is sampled. */
interface SampledWorld {
  readonly scenario: Scenario;
  readonly now: number;
  readonly machines: ReadonlyMap<string, Sampled>;
  readonly history: History;
  after(delayMs: number, run: () => void): void;
}

/** Samples from now to the end of the run. */
export function sampleRegularly(world: SampledWorld): void {
  const stepMs = Math.ceil((world.scenario.minutes * MINUTE_MS) / MOMENTS);
  const stride = Math.ceil(world.machines.size / MACHINES_MAX);
  const sampled = [...world.machines.values()].filter((_, i) => i % stride === 0);
  const sample = (): void => {
    for (const machine of sampled) {
      if (!machine.isHonest || machine.power !== 'on') continue;
      for (const view of machine.node?.view(machine.clock.now(world.now)) ?? []) {
        const seen = sampleOf(world, machine, view);
        if (seen !== null) world.history.sampled(seen);
      }
    }
    world.after(stepMs, sample);
  };
  world.after(stepMs, sample);
}

function sampleOf(world: SampledWorld, machine: Sampled, view: DomainView): Sample | null {
  const { standing, domain } = view;
  const { ageMs, asOf, tier } = standing;
  const bundle = view.documents.get('bundle');
  if (ageMs === null || asOf === null || bundle === undefined) return null;
  const gone = world.history.withdrawals.find(({ digest }) => digest === bundle.digest);
  const byAge = tierOfAge(ageMs, standing.limits);
  return {
    at: world.now,
    machine: machine.name,
    domain,
    isPartner: !view.isOwn,
    ageMs,
    bundleLagMs: bundle.frozenAsOf === null ? 0 : Math.max(0, asOf - bundle.frozenAsOf),
    best: worst(tier, byAge) === byAge ? 'FRESH' : tier,
    withdrawnMs: gone === undefined ? null : world.now - gone.acknowledgedAt,
  };
}
