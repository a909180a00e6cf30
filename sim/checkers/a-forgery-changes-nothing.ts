/** A message made without a key changes no belief, mark or tier, and raises no alarm. */

import type { AlarmCode } from '../../core/alarm.ts';
import type { CheckerKind } from '../checker.ts';

/** What time alone makes due, in whatever step comes next: that somebody does not answer. */
const OF_SILENCE = new Set<AlarmCode>(['own-documents-unconfirmed', 'standby-silent']);

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
      const alarm = output.effects.find((e) => e.kind === 'alarm' && !OF_SILENCE.has(e.code));
      if (alarm !== undefined) fail(`${machine.name} is alarmed`);
      if (output.verdict === null) fail(`${machine.name} admitted a forgery about ${forgedFor}`);
    },
  }),
};
