/** Whoever says what only a later version reads is blamed for nothing (PROTOCOL §6.1). */

import type { CheckerKind } from '../checker.ts';
import { isOfLaterVersion } from '../later-version.ts';

export const nobodyIsBlamedForALaterVersion: CheckerKind = {
  sentence: 'nobody is blamed for a later version',
  make: (world, fail) => ({
    given: {
      frame: ({ machine, delivery: { input }, output: { verdict } }) => {
        if (!isOfLaterVersion(input)) return;
        world.coverage.saw('checker: a later version was not understood');
        if (verdict?.judgement === 'ignore') return;
        fail(`${machine.name} says ${verdict?.code ?? 'nothing'} to a later version`);
      },
    },
  }),
};
