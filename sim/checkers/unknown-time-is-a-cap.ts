/**
 * Unknown time is a cap (PROTOCOL §4.4): after a boot that its past does not belong to, and after a
 * leap of the wall clock that it goes by, a machine finds nothing better than SURVIVAL until
 * somebody vouched for a date. What leapt while no process ran, and what an image slept through,
 * is not looked at here.
 */

import { TIERS } from '../../federation/tier.ts';
import type { CheckerKind } from '../checker.ts';
import { isAnchored, isAsking, isVouched, VOUCHED_SLOW_MS } from '../date.ts';
import type { Machine } from '../machine.ts';
import { keepingOf, recordOf } from '../reading.ts';

/** Clocks may part by this share of the time, and by the lead of Root beside it, unnoticed. */
const SLEW_SHARE = 1 / 100;

/** What a clock had come to when it was looked at last. */
interface Look {
  /** All its leaps together. */
  readonly leaptMs: number;
  readonly aheadOfBootMs: number;
}

export const unknownTimeIsACap: CheckerKind = {
  sentence: 'unknown time is a cap',
  make: (world, fail) => {
    const lost = new Set<Machine>();
    const looked = new Map<Machine, Look>();
    const noteLeap = (machine: Machine, t: number): void => {
      const now = lookAt(machine, t);
      const before = looked.get(machine) ?? now;
      looked.set(machine, now);
      // What a clock that had stood still catches up with was missed before, and is no leap.
      const leapMs = Math.min(
        Math.abs(now.leaptMs - before.leaptMs),
        Math.abs(now.aheadOfBootMs - before.aheadOfBootMs),
      );
      if (leapMs <= VOUCHED_SLOW_MS + t * SLEW_SHARE || isAnchored(machine)) return;
      world.coverage.saw('protocol: a wall clock leapt');
      lost.add(machine);
    };
    return {
      started: (machine) => {
        lost.delete(machine); // set up anew it has no past
        looked.set(machine, lookAt(machine, world.now));
        const past = recordOf(machine, machine.domain, 'keeping');
        if (past === null || isVouched(machine)) return;
        if (keepingOf(past).bootId !== machine.clock.bootId) lost.add(machine);
      },
      wrote: {
        time: (_, { machine, t }) => {
          if (!isVouched(machine) || isAsking(machine)) return;
          looked.set(machine, lookAt(machine, t));
          if (lost.delete(machine)) world.coverage.saw('protocol: a date was vouched for');
        },
      },
      viewed: ({ domain, standing: { tier } }, { machine, t }) => {
        noteLeap(machine, t);
        if (!lost.has(machine) || TIERS.indexOf(tier) >= TIERS.indexOf('SURVIVAL')) return;
        fail(`${machine.name} knows no date and finds ${domain} ${tier}`);
      },
    };
  },
};

function lookAt({ clock }: Machine, t: number): Look {
  const { wall, boot } = clock.now(t);
  return { leaptMs: clock.leaptMs, aheadOfBootMs: wall - boot };
}
