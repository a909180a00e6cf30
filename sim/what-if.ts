/**
 * What if the limits were others: what tighter and wider limits would have cost in this very run.
 *
 * Tight limits end a withdrawn identity sooner and refuse honest work more often. A coalition's
 * admins should see both numbers before they choose. Ages do not depend on limits, so one run
 * answers for all of them.
 */

import { MINUTE_MS } from '../core/time.ts';
import type { AgeLimits } from '../federation/limits.ts';
import { isPermitted, tierOfAge, worst } from '../federation/tier.ts';
import type { Sample } from './history.ts';
import type { Scenario } from './scenario.ts';

/** One row of the table. */
export interface WhatIf {
  readonly limits: AgeLimits;
  /** The longest that a withdrawn bundle was still honoured somewhere. */
  readonly honouredMs: number;
  /** Share of moments at which honest work with a partner was refused. */
  readonly refusedShare: number;
}

const FACTORS = [0.25, 0.5, 1, 2, 4] as const;
const CEILING_MS = 30 * 24 * 60 * MINUTE_MS;
/** What a policy that says nothing asks of a partner (`federation/tier.ts`). */
const NEEDED = 'DEGRADED';

/** What each of several limits would have cost. */
export function whatIf(scenario: Scenario, samples: readonly Sample[]): readonly WhatIf[] {
  return FACTORS.map((factor) => {
    const scaled = (ms: number): number =>
      Math.min(CEILING_MS, Math.max(3 * scenario.periodMs, Math.round(ms * factor)));
    const limits = {
      freshForMs: scaled(scenario.limits.freshForMs),
      degradedForMs: scaled(scenario.limits.degradedForMs),
      survivalForMs: scaled(scenario.limits.survivalForMs),
    };
    return { limits, ...costOf(limits, samples) };
  });
}

function costOf(limits: AgeLimits, samples: readonly Sample[]): Omit<WhatIf, 'limits'> {
  let [asked, refused, honouredMs] = [0, 0, 0];
  for (const { isPartner, ageMs, bundleLagMs, best, withdrawnMs } of samples) {
    if (!isPartner) continue;
    asked += 1;
    if (!isPermitted(worst(best, tierOfAge(ageMs + bundleLagMs, limits)), NEEDED)) refused += 1;
    else if (withdrawnMs !== null) honouredMs = Math.max(honouredMs, withdrawnMs);
  }
  return { honouredMs, refusedShare: asked === 0 ? 0 : refused / asked };
}
