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
/** An answer is as old as its question at most, and so was what the answerer went by. */
const SLACK_MS = MAX_LEAD_MS + 2 * QUESTION_FOR_MS;

export const fewerThanAQuorumMoveNoClock: CheckerKind = {
  sentence: 'fewer than a quorum move no clock',
  make: (world, fail) => {
    /** By how much a machine is wrong about the date, or ever was by its own clock. */
    const errorOf = ({ node, clock }: Machine): number => {
      const saidMs =
        node === null ? 0 : node.clock(clock.now(world.now)).wall - START_MS - world.now;
      return Math.max(Math.abs(saidMs), clock.worstMs(world.now));
    };
    return {
      step: ({ t, machine, writes }) => {
        for (const { kind, value } of writes) {
          if (kind !== 'time' || value === null) continue;
          const { basis, time } = timeOf(value);
          if (basis !== 'quorum') continue;
          const fellows = [...world.machines.values()].filter(
            (one) => one.domain === machine.domain && one !== machine,
          );
          const honest = fellows.filter(({ isHonest }) => isHonest);
          if (fellows.length - honest.length >= QUORUM) continue;
          world.coverage.saw('checker: leases vouched for a date');
          const wrongMs = Math.abs(time - START_MS - t);
          const allowedMs = SLACK_MS + Math.max(0, ...honest.map(errorOf));
          if (wrongMs > allowedMs) fail(`${machine.name} goes by a date ${wrongMs} ms off`);
        }
      },
    };
  },
};
