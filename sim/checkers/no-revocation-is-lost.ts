/**
 * Rotation, takeover and Root steps lose no revocation (PROTOCOL §5.5): what a process believes to
 * be revoked it believes for good, and finds again at its next start. A machine that was put back
 * to an older state is not held to what it had before.
 */

import type { CheckerKind } from '../checker.ts';
import type { Machine } from '../machine.ts';

export const noRevocationIsLost: CheckerKind = {
  sentence: 'no revocation is lost',
  make: (world, fail) => {
    const known = new Map<Machine, Map<string, ReadonlySet<string>>>();
    return {
      // What was owed to the disk when power ended was never said to anybody.
      started: (machine) => void known.delete(machine),
      viewed: ({ domain, revocations }, { machine }) => {
        if (revocations.union.size === 0 && known.get(machine) === undefined) return;
        const mine = known.get(machine) ?? new Map<string, ReadonlySet<string>>();
        known.set(machine, mine);
        const gone = [...(mine.get(domain) ?? [])].find((key) => !revocations.union.has(key));
        if (gone !== undefined) fail(`${machine.name} lost ${gone} of ${domain}`);
        if (revocations.union.size > 0) world.coverage.saw('checker: a revocation was held');
        mine.set(domain, new Set(revocations.union.keys()));
      },
    };
  },
};
