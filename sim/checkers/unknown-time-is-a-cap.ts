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

export const unknownTimeIsACap: CheckerKind = {
  sentence: 'unknown time is a cap',
  make: (world, fail) => {
    const lost = new Set<Machine>();
    /** What all leaps of a clock came to when it was looked at last. */
    const leapt = new Map<Machine, number>();
    const noteLeap = (machine: Machine, t: number): void => {
      const { leaptMs } = machine.clock;
      const leapMs = Math.abs(leaptMs - (leapt.get(machine) ?? leaptMs));
      leapt.set(machine, leaptMs);
      if (leapMs <= VOUCHED_SLOW_MS + t * SLEW_SHARE || isAnchored(machine)) return;
      world.coverage.saw('protocol: a wall clock leapt');
      lost.add(machine);
    };
    return {
      started: (machine) => {
        lost.delete(machine); // set up anew it has no past
        leapt.set(machine, machine.clock.leaptMs);
        const past = recordOf(machine, machine.domain, 'keeping');
        if (past === null || isVouched(machine)) return;
        if (keepingOf(past).bootId !== machine.clock.bootId) lost.add(machine);
      },
      wrote: {
        time: (_, { machine }) => {
          if (!isVouched(machine) || isAsking(machine)) return;
          leapt.set(machine, machine.clock.leaptMs);
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
