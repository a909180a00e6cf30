/**
 * No authority releases two beacons under one number, nor one seed under two numbers, and what it
 * makes a seed of was drawn for that beacon alone (PROTOCOL §2.5, §3.5). This is what crashes
 * between persist and send would break, and whoever derives a seed from something.
 */

import { toHex } from '../../core/bytes.ts';
import { buildChain, chainCommitment, TICK_BYTES } from '../../federation/tick.ts';
import type { CheckerKind } from '../checker.ts';
import { beaconOf, envelopeOf } from '../reading.ts';

/** The part of what a writer draws that is the seed of a chain (`federation/writer.ts`). */
const SEED_BYTES = 32;

export const noNumberIsUsedTwice: CheckerKind = {
  sentence: 'no number is used twice',
  make: (world, fail) => {
    const digests = new Map<string, string>();
    const anchors = new Map<string, string>();
    return {
      wrote: {
        beacon: ({ domain, value }, { machine, delivery: { input } }) => {
          if (input.kind !== 'drawn' || value === null || domain !== machine.domain) return;
          const seed = input.bytes.subarray(0, SEED_BYTES);
          const beacon = beaconOf(value);
          const [anchor] = buildChain(chainCommitment(beacon), seed, beacon.count);
          const isOfThis = anchor !== undefined && toHex(anchor) === toHex(beacon.anchor);
          if (!isOfThis) fail(`${machine.name} made beacon ${beacon.epoch} of another seed`);
          world.coverage.saw('checker: a seed was fresh');
        },
      },
      sent: (machine, message) => {
        if (!machine.isAuthority || world.stolen.has(machine.domain)) return;
        if (message.length === TICK_BYTES) return;
        const envelope = envelopeOf(message);
        if (envelope.type !== 'beacon' || envelope.domain !== machine.domain) return;
        const beacon = beaconOf(message);
        world.coverage.saw('protocol: a beacon was released');
        const number = `${beacon.domain}/${beacon.lineage}/${beacon.rank}/${beacon.epoch}`;
        const held = digests.get(number) ?? beacon.digest;
        if (held !== beacon.digest) fail(`${machine.name} released two beacons ${number}`);
        digests.set(number, beacon.digest);
        const anchor = toHex(beacon.anchor);
        const other = anchors.get(anchor) ?? beacon.digest;
        if (other !== beacon.digest) fail(`${machine.name} used one seed twice`);
        anchors.set(anchor, beacon.digest);
      },
    };
  },
};
