/** A message made without a key changes no belief, mark or tier, and raises no alarm. */

import type { CheckerKind } from '../checker.ts';

export const aForgeryChangesNothing: CheckerKind = {
  sentence: 'a forgery changes nothing',
  make: (world, fail) => ({
    forged: ({ machine, output, writes }, forgedFor) => {
      world.coverage.saw('protocol: a forgery was met');
      const about = writes.filter(({ domain }) => domain === forgedFor);
      // Evidence that waited for its time may be believed in any step; the forgery did not do that.
      if (about.some(({ kind, before }) => kind === 'future' && before !== null)) return;
      const touched = about.find(({ kind }) => kind !== 'keeping');
      if (touched !== undefined && forgedFor !== machine.domain) {
        fail(`${machine.name} stored ${touched.kind} of ${forgedFor} after a forgery`);
      }
      if (output.effects.some(({ kind }) => kind === 'alarm')) fail(`${machine.name} is alarmed`);
      if (output.verdict === null) fail(`${machine.name} admitted a forgery about ${forgedFor}`);
    },
  }),
};
