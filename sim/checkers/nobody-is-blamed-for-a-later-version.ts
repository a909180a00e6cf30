/** Whoever says what only a later version reads is blamed for nothing (PROTOCOL §6.1). */

import type { CheckerKind } from '../checker.ts';
import { isOfLaterVersion } from '../later-version.ts';

export const nobodyIsBlamedForALaterVersion: CheckerKind = {
  sentence: 'nobody is blamed for a later version',
  make: (world, fail) => ({
    step: ({ machine, delivery: { input }, output: { verdict } }) => {
      if (!isOfLaterVersion(input) || input.kind !== 'frame') return;
      world.coverage.saw('checker: a later version was not understood');
      if (verdict?.judgement === 'ignore') return;
      fail(`${machine.name} says ${verdict?.code ?? 'nothing'} to ${input.peer}`);
    },
  }),
};
