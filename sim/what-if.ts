/**
 * What if the limits were others: the same run under tighter and wider limits, and what each costs.
 *
 * Tight limits end a withdrawn identity sooner and refuse honest work more often. A coalition's
 * admins should see both numbers before they choose.
 */

import { MINUTE_MS } from '../core/time.ts';
import type { AgeLimits } from '../federation/limits.ts';
import { permitted } from '../federation/view.ts';
import { Stuck, Violation } from './checker.ts';
import { settle } from './coalition.ts';
import { drawHappenings } from './happening.ts';
import type { Scenario } from './scenario.ts';
import { standInSuite } from './stand-in-suite.ts';
import { World } from './world.ts';

/** One row of the table. */
export interface WhatIf {
  readonly limits: AgeLimits;
  /** The longest that a withdrawn bundle was still honoured somewhere. */
  readonly honouredMs: number;
  /** Share of moments at which honest work with a partner was refused. */
  readonly refusedShare: number;
}

const FACTORS = [0.25, 0.5, 1, 2] as const;
const SAMPLES = 300;
const CEILING_MS = 30 * 24 * 60 * MINUTE_MS;

/** Runs the scenario under several limits. */
export function whatIf(scenario: Scenario, seed: number): readonly WhatIf[] {
  return FACTORS.map((factor) => {
    const scaled = (ms: number): number =>
      Math.min(CEILING_MS, Math.max(3 * scenario.periodMs, Math.round(ms * factor)));
    const limits = {
      freshForMs: scaled(scenario.limits.freshForMs),
      degradedForMs: scaled(scenario.limits.degradedForMs),
      survivalForMs: scaled(scenario.limits.survivalForMs),
    };
    return { limits, ...costOf({ ...scenario, limits }, seed) };
  });
}

function costOf(scenario: Scenario, seed: number): Omit<WhatIf, 'limits'> {
  const world = new World(scenario, seed, standInSuite, false);
  settle(world, drawHappenings(scenario, seed));
  const endMs = scenario.minutes * MINUTE_MS;
  let [asked, refused, honouredMs] = [0, 0, 0];
  const act = { action: 'accept-foreign', lifetime: 'accept-foreign' } as const;
  const sample = (): void => {
    for (const machine of world.honest) {
      const { node } = machine;
      if (node === null || machine.power !== 'on') continue;
      for (const view of node.view(machine.clock.now(world.now))) {
        if (view.isOwn) continue;
        const { permitted: may } = permitted(view, node.policy, { ...act, documents: ['bundle'] });
        asked += 1;
        if (!may) refused += 1;
        const digest = view.documents.get('bundle')?.digest;
        const gone = world.withdrawals.find((withdrawal) => withdrawal.digest === digest);
        if (may && gone !== undefined) {
          honouredMs = Math.max(honouredMs, world.now - gone.acknowledgedAt);
        }
      }
    }
  };
  try {
    for (let i = 1; i <= SAMPLES; i++) {
      world.runUntil(Math.floor((endMs * i) / SAMPLES));
      sample();
    }
  } catch (error) {
    // A broken invariant is the run's own verdict; here it ends the counting.
    if (!(error instanceof Violation) && !(error instanceof Stuck)) throw error;
  }
  return { honouredMs, refusedShare: asked === 0 ? 0 : refused / asked };
}
