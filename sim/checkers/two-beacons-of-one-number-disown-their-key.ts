/**
 * Whoever meets a second beacon under the number of the one it holds disowns their key, and neither
 * takes it in that one's place nor calls it late (PROTOCOL §5.2). A thief makes one, and so does a
 * writer that was put back with its memory while it was cut off.
 */

import { comparePlaces, readBeacon } from '../../federation/beacon.ts';
import { decodeEnvelope, type UnverifiedEnvelope } from '../../federation/envelope.ts';
import type { CheckerKind } from '../checker.ts';
import { beaconOf, recordOf } from '../reading.ts';
import type { Step } from '../step.ts';

export const twoBeaconsOfOneNumberDisownTheirKey: CheckerKind = {
  sentence: 'two beacons of one number disown their key',
  make: (world, fail) => ({
    wrote: {
      beacon: ({ domain, before, value }, { machine }) => {
        if (before === null || value === null) return;
        const [held, next] = [beaconOf(before), beaconOf(value)];
        if (held.digest === next.digest || comparePlaces(held, next) !== 0) return;
        fail(`${machine.name} takes a second beacon ${next.epoch} of ${domain}`);
      },
    },
    refused: {
      'epoch-repeated': ({ machine, writes }) => {
        world.coverage.saw('checker: a number came again');
        if (writes.some(({ kind, value }) => kind === 'disowned' && value !== null)) return;
        fail(`${machine.name} keeps nothing of two beacons under one number`);
      },
      'epoch-rolled-back': (step) => {
        const envelope = envelopeIn(step);
        if (envelope === null) return;
        const held = recordOf(step.machine, envelope.domain, 'beacon');
        if (held === null || comparePlaces(beaconOf(held), readBeacon(envelope)) !== 0) return;
        fail(`${step.machine.name} calls a second beacon of ${envelope.domain} late`);
      },
    },
  }),
};

/** The beacon that a step was given; null where that was something else. */
function envelopeIn({ delivery: { input } }: Step): UnverifiedEnvelope | null {
  if (input.kind !== 'frame' && input.kind !== 'gossip') return null;
  const envelope = decodeEnvelope(input.kind === 'frame' ? input.bytes.subarray(1) : input.bytes);
  return envelope.type === 'beacon' ? envelope : null;
}
