/**
 * Fewer captured nodes than a quorum move no clock (PROTOCOL §4.4): a date that leases vouched for
 * is one that an honest node of the domain may have said.
 */

import { MAX_LEAD_MS, QUESTION_FOR_MS } from '../../core/limits.ts';
import type { CheckerKind } from '../checker.ts';
import type { Machine } from '../machine.ts';
import { START_MS } from '../machine-clock.ts';
import { timeOf } from '../reading.ts';

/** What founding puts into each Root (`federation/found.ts`). */
const QUORUM = 2;
/** An answer is as old as its question at most, and counts beside others within the lead. */
const SLACK_MS = MAX_LEAD_MS + QUESTION_FOR_MS;

export const fewerThanAQuorumMoveNoClock: CheckerKind = {
  sentence: 'fewer than a quorum move no clock',
  make: (world, fail) => {
    /** The farthest from true time that anything was which a machine was told. */
    const told = new Map<Machine, number>();
    const errorOf = (machine: Machine): number =>
      Math.max(told.get(machine) ?? 0, machine.clock.worstMs(world.now));
    const judge = (machine: Machine, wrongMs: number): void => {
      const fellows = [...world.machines.values()].filter(
        (one) => one.domain === machine.domain && one !== machine,
      );
      const honest = fellows.filter(({ isHonest }) => isHonest);
      if (fellows.length - honest.length >= QUORUM) return;
      world.coverage.saw('checker: leases vouched for a date');
      const allowedMs = SLACK_MS + Math.max(0, ...honest.map(errorOf));
      if (wrongMs > allowedMs) fail(`${machine.name} goes by a date ${wrongMs} ms off`);
    };
    return {
      wrote: {
        time: ({ value }, { machine }) => {
          if (value === null) return;
          const { basis, time, boot, isAnchored } = timeOf(value);
          const wrongMs = Math.abs(time - START_MS - machine.clock.timeOf(boot));
          if (basis === 'quorum') judge(machine, wrongMs);
          if (isAnchored) told.set(machine, Math.max(wrongMs, told.get(machine) ?? 0));
        },
      },
    };
  },
};
