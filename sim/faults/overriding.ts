/**
 * Two people of a domain override what the age of its own statements, or of another domain's, would
 * forbid, and hand it to one machine; with an odd amount one of them takes it back later.
 */

import { addMs, unixMs } from '../../core/time.ts';
import { OVERRIDABLE_ACTIONS } from '../../federation/override.ts';
import type { Fault } from '../happening.ts';
import { signOverride, signRecallOf } from '../override.ts';
import { hand } from './by-hand.ts';
import { machinesOf } from './victims.ts';

export const overriding: Fault = {
  name: 'overriding',
  family: 'people',
  draw: (dice, { authorities, machines, periodMs }) => ({
    on: [dice.pick(machines), dice.pick(authorities)],
    forMs: 1 + dice.wait(20 * periodMs),
    amount: dice.below(1_000),
  }),
  begin: (world, happening) => {
    const [machine, about] = machinesOf(world, happening);
    if (machine === undefined || about === undefined) return () => undefined;
    const action = OVERRIDABLE_ACTIONS[happening.amount % OVERRIDABLE_ACTIONS.length] ?? 'renew';
    const isOfOwn = action === 'issue' || action === 'renew';
    const now = machine.clock.now(world.now).wall;
    const override = signOverride(world, machine.domain, {
      ...{ about: isOfOwn ? machine.domain : about.domain, action, tier: 'EXPIRED' },
      ...{ reason: `run ${happening.amount}`, issuedAt: now },
      notAfter: addMs(now, happening.forMs + world.scenario.limits.survivalForMs),
    });
    hand(machine, { label: 'override', bytes: override }, (outcome) => {
      if (outcome === 'admitted') world.coverage.saw('people: an override was taken');
    });
    return () => {
      if (happening.amount % 2 === 0) return;
      const recall = signRecallOf(world, machine.domain, override, unixMs(now));
      hand(machine, { label: 'recall', bytes: recall }, (outcome) => {
        if (outcome === 'admitted') world.coverage.saw('people: an override was recalled');
      });
    };
  },
};
