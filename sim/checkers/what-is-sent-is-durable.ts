/**
 * Nothing leaves a machine that its own disk does not know (PROTOCOL §5.1): a tick or beacon of
 * its own domain is stored before it is sent, and still there at the next start.
 */

import { recordKey } from '../../federation/record-key.ts';
import { TICK_BYTES } from '../../federation/tick.ts';
import type { CheckerKind } from '../checker.ts';
import type { Machine } from '../machine.ts';
import { beaconOf, envelopeOf } from '../reading.ts';

export const whatIsSentIsDurable: CheckerKind = {
  sentence: 'what was sent is on the disk',
  make: (world, fail) => {
    const sent = new Map<Machine, bigint>();
    return {
      // What a compromised key signed goes again, and was no less durable for that.
      step: ({ machine, writes }) => {
        const isGone = writes.some(
          ({ domain, kind, value }) =>
            domain === machine.domain && kind === 'beacon' && value === null,
        );
        if (isGone) sent.delete(machine);
      },
      sent: (machine, message) => {
        if (!machine.isAuthority || message.length === TICK_BYTES) return;
        const envelope = envelopeOf(message);
        if (envelope.type !== 'beacon' || envelope.domain !== machine.domain) return;
        sent.set(machine, beaconOf(message).epoch);
      },
      started: (machine) => {
        const epoch = sent.get(machine);
        if (epoch === undefined || machine.restored) return;
        const record = machine.disk.records.get(recordKey(machine.domain, 'beacon'));
        world.coverage.saw('checker: a process found its own beacon');
        if (record === undefined || beaconOf(record).epoch < epoch) {
          fail(`${machine.name} sent beacon ${epoch} and does not hold it`);
        }
      },
    };
  },
};
