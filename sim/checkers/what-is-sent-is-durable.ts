/**
 * Nothing leaves a machine that its own disk does not know (PROTOCOL §5.1): a tick, stop or beacon,
 * its own or one that it passes on, is stored before it is sent; and its own newest beacon is still
 * there at the next start.
 */

import type { TrustDomain } from '../../core/spiffe-id.ts';
import { comparePlaces } from '../../federation/beacon.ts';
import { recordKey } from '../../federation/record-key.ts';
import { STOP_INDEX, TICK_BYTES } from '../../federation/tick.ts';
import type { CheckerKind } from '../checker.ts';
import type { Machine } from '../machine.ts';
import { beaconOf, envelopeOf, recordIn, tickOf } from '../reading.ts';

export const whatIsSentIsDurable: CheckerKind = {
  sentence: 'what was sent is on the disk',
  make: (world, fail) => {
    const sent = new Map<Machine, bigint>();
    /** The domain of each beacon, by the tag that its ticks bear. */
    const domains = new Map<string, TrustDomain>();
    const checkTick = (machine: Machine, message: Uint8Array): void => {
      const { tag, index } = tickOf(message);
      const domain = domains.get(tag);
      if (domain === undefined) return;
      const { records } = machine.disk;
      const record = recordIn(records, domain, index === STOP_INDEX ? 'stop' : 'tick');
      const held = record === null ? null : tickOf(record);
      if (held?.tag === tag && held.index >= index) return;
      // It was stored, and went with its beacon: the same step judged one that had been held back.
      const past = recordKey(domain, 'past', tag);
      if ([...records.keys()].some((key) => key.startsWith(past))) return;
      fail(`${machine.name} sends tick ${index} of ${domain}, which its disk does not know`);
    };
    const checkBeacon = (machine: Machine, message: Uint8Array): void => {
      if (envelopeOf(message).type !== 'beacon') return;
      const beacon = beaconOf(message);
      const domain = beacon.domain as TrustDomain;
      domains.set(beacon.digest.slice(0, 16), domain);
      const { records } = machine.disk;
      const record = records.get(recordKey(domain, 'beacon'));
      const isHeld = record !== undefined && comparePlaces(beaconOf(record), beacon) >= 0;
      // One that was given up is shown on, for the history that it proves (PROTOCOL §5.2).
      if (!isHeld && !records.has(recordKey(domain, 'past', beacon.digest))) {
        fail(`${machine.name} sends beacon ${beacon.epoch} of ${domain} and does not hold it`);
      }
      const isOwn = machine.isAuthority && domain === machine.domain;
      if (isOwn && isHeld) sent.set(machine, beacon.epoch);
    };
    return {
      // What a compromised key signed goes again, and was no less durable for that.
      wrote: {
        beacon: ({ domain, value }, { machine }) => {
          if (domain === machine.domain && value === null) sent.delete(machine);
        },
      },
      sent: (machine, message) => {
        // What lies there is of no use, and will be found at the next start.
        if (!machine.disk.isSound) return;
        if (message.length === TICK_BYTES) checkTick(machine, message);
        else checkBeacon(machine, message);
      },
      started: (machine) => {
        const epoch = sent.get(machine);
        if (epoch === undefined || machine.restored) return;
        const record = machine.believed.get(recordKey(machine.domain, 'beacon'));
        world.coverage.saw('checker: a process found its own beacon');
        if (record === undefined || beaconOf(record).epoch < epoch) {
          fail(`${machine.name} sent beacon ${epoch} and does not hold it`);
        }
      },
    };
  },
};
