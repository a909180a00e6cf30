/**
 * A node wakes for something: what it says is due it does when it wakes, and then it is not due any
 * more. One that does not comes back at once, for ever, and its processor never rests.
 */

import type { CheckerKind } from '../checker.ts';
import type { Machine } from '../machine.ts';

/** Clocks are read in whole milliseconds, so a few wakes may come just too early. */
const IN_VAIN_MAX = 64;

export const aNodeWakesForSomething: CheckerKind = {
  sentence: 'a node wakes for something',
  make: (_, fail) => {
    const inVain = new Map<Machine, number>();
    return {
      idled: (machine, nextMs) => {
        const times = nextMs > 1 ? 0 : (inVain.get(machine) ?? 0) + 1;
        inVain.set(machine, times);
        if (times > IN_VAIN_MAX) fail(`${machine.name} woke ${times} times in a row in vain`);
      },
    };
  },
};
