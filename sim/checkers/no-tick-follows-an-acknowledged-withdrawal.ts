/**
 * No tick of a beacon is released after a withdrawal from it is acknowledged, nor once the number
 * of its successor is allocated: by then the seed is gone (PROTOCOL §3.5).
 */

import { equalBytes, toHex } from '../../core/bytes.ts';
import { decodeBundleFile } from '../../federation/bundle-file.ts';
import { STOP_INDEX, TICK_BYTES } from '../../federation/tick.ts';
import type { CheckerKind } from '../checker.ts';
import { beaconOf } from '../reading.ts';
import type { Delivery } from '../step.ts';

export const noTickFollowsAnAcknowledgedWithdrawal: CheckerKind = {
  sentence: 'no tick follows an acknowledged withdrawal',
  make: (world, fail) => {
    /** By machine: a writer that was cut off does not know what the next one withdrew. */
    const issued = new Map<string, string[]>();
    const dead = new Set<string>();
    return {
      withdrawn: ({ by }) => {
        for (const tag of issued.get(by)?.slice(0, -1) ?? []) dead.add(tag);
      },
      step: ({ machine, delivery, writes, output }) => {
        if (!machine.isAuthority || machine.isImage) return;
        for (const { domain, kind, value } of writes) {
          if (domain !== machine.domain || kind !== 'beacon' || value === null) continue;
          if (delivery.input.kind !== 'drawn') continue;
          const tags = issued.get(machine.name) ?? [];
          tags.push(beaconOf(value).digest.slice(0, 16));
          issued.set(machine.name, tags);
        }
        // A revocation withdraws what the beacon in force says, in the very step that makes it.
        if (delivery.input.kind === 'revoke' && output.verdict === null) {
          for (const tag of issued.get(machine.name) ?? []) dead.add(tag);
        }
        for (const effect of output.effects) {
          if (effect.kind !== 'gossip' || effect.message.length !== TICK_BYTES) continue;
          const { message } = effect;
          // An authority on an older disk hears of its own old ticks, and passes them on.
          if (isPassedOn(delivery, message)) continue;
          const index = (message[8] ?? 0) * 65_536 + (message[9] ?? 0) * 256 + (message[10] ?? 0);
          const tag = toHex(message.subarray(0, 8));
          if (index === STOP_INDEX) world.coverage.saw('protocol: a stop was revealed');
          else if (dead.has(tag) && issued.get(machine.name)?.includes(tag) === true) {
            // Another's tick may be forwarded by whoever has not heard yet.
            fail(`${machine.name} released tick ${index} of ${tag}`);
          }
        }
        if (writes.some(({ domain, kind }) => kind === 'writer' && domain === machine.domain)) {
          for (const tag of issued.get(machine.name) ?? []) dead.add(tag);
        }
      },
    };
  },
};

/** True for a tick that came in the frame, or in the file, that this step has handled. */
function isPassedOn({ input }: Delivery, message: Uint8Array): boolean {
  if (input.kind === 'import') {
    return decodeBundleFile(input.file).some(({ bytes }) => equalBytes(bytes, message));
  }
  // On the recovery lane ticks come several to a frame.
  return input.kind === 'frame' && toHex(input.bytes).includes(toHex(message));
}
