/**
 * Two versions: a machine is updated where it stands, with its state, and says from then on what
 * this version cannot read. With an odd `amount` the update is taken back in the end; with an even
 * one it stays, and the coalition has to agree all the same.
 */

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import type { Fault } from '../happening.ts';
import { laterDraft, speakAsLater } from '../later-version.ts';
import type { Machine } from '../machine.ts';
import { machinesOf, oneFor } from './victims.ts';

/** A later version says something of its own so often. */
const SPEAKS_MS = 20 * SECOND_MS;

export const versionSkew: Fault = {
  name: 'version-skew',
  family: 'people',
  draw: oneFor(10 * MINUTE_MS, (dice) => dice.below(1_000)),
  begin: (world, happening) => {
    const updated = machinesOf(world, happening).filter(({ power }) => power !== 'off');
    const speak = (machine: Machine): void => {
      if (!machine.isLater) return;
      if (machine.isAwake) speakAsLater(world, machine);
      world.after(SPEAKS_MS, () => speak(machine));
    };
    for (const machine of updated) {
      restart(machine, true);
      world.coverage.saw('people: a machine was updated');
      if (machine.node?.hasVoice === true) {
        const drafts = [laterDraft(happening.amount)];
        machine.request({ kind: 'publish', drafts, withdrawal: false }, () => undefined);
      }
      speak(machine);
    }
    return () => {
      if (happening.amount % 2 === 0) return;
      for (const machine of updated) {
        restart(machine, false);
        world.coverage.saw('people: an update was taken back');
      }
    };
  },
};

/** The process ends, and that of another version goes on with what it stored. */
function restart(machine: Machine, isLater: boolean): void {
  machine.isLater = isLater;
  if (machine.power === 'off') return;
  machine.stop(false);
  machine.startProcess();
}
