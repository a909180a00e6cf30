/** The protocol calls impossible only what an adversary or a broken clock brought about. */

import type { Digest } from '../../core/digest.ts';
import type { CheckerKind } from '../checker.ts';
import { overridesSigned } from '../override.ts';

/** The least lead that Root allows; a clock within it alarms nobody. */
const LEAD_MS = 120_000;

export const alarmsHaveACause: CheckerKind = {
  sentence: 'alarms have a cause',
  make: (world, fail) => ({
    asked: {
      alarm: (effect, { machine }) => {
        world.coverage.saw('alarm', effect.code);
        if (world.stolen.has(effect.domain)) return;
        const gap = [machine, world.authorityOf(effect.domain)].reduce(
          (sum, one) => sum + (one?.clock.worstMs(world.now) ?? 0),
          0,
        );
        const isOfClocks = effect.code === 'clock-or-key' || effect.code === 'dated-ahead';
        // Who was put back with its memory counts a date on from a reading that is gone.
        if (isOfClocks && (gap > LEAD_MS || machine.restored)) return;
        const { override } = effect.details;
        if (typeof override === 'string' && overridesSigned(world).has(override as Digest)) return;
        // Whoever is booted where nobody answers has to ask a person; people give the word away.
        if (effect.code === 'own-documents-unconfirmed' || effect.code === 'deposed') return;
        // A standby may be away, and a writer that was cut off went on without knowing.
        const isOfTurns = effect.code === 'standby-silent' || effect.code === 'fork';
        if (isOfTurns && world.scenario.standbys > 0) return;
        if (effect.code === 'store-unwritable' && machine.diskFailed) return;
        if (effect.code === 'own-seeds-known' && world.robbed.has(effect.domain)) return;
        // What it said since the backup it hears from others.
        if (effect.code === 'own-beacon-unknown' && machine.restored) return;
        // Nobody configures more than Root allows here, and no key ends: a writer that refuses its
        // own beacons (`own-beacon-refused`) does so by a mistake of ours.
        fail(`${machine.name} raises ${effect.code} about ${effect.domain}`);
      },
    },
  }),
};
