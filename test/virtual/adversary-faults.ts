/**
 * The adversaries of a virtual coalition: machines whose daemon is sound and whose network card
 * lies, and the thieves of a key. They speak real libp2p, and what they say is what the simulator's
 * adversary says.
 */

import { MINUTE_MS } from '../../core/time.ts';
import { recordKey } from '../../federation/record-key.ts';
import type { Habit } from '../../sim/adversary.ts';
import { laterBeacon, rivalBeacon } from '../../sim/forgery.ts';
import type { Happening } from '../../sim/happening.ts';
import type { VirtualCoalition } from './virtual-coalition.ts';
import { type Begin, LASTING, machinesOf, onEach, type VirtualFault } from './virtual-fault.ts';

/** A beacon dated ahead is so by more than Root allows (PROTOCOL §4.3). */
const AHEAD_MS_MIN = 3 * MINUTE_MS;

export const ADVERSARY_FAULTS: readonly VirtualFault[] = [
  ['replaying', takingUp('replay')],
  ['withholding', takingUp('withhold')],
  ['delaying', takingUp('delay')],
  ['flooding', takingUp('flood')],
  ['lying', takingUp('lie')],
  ['forging', takingUp('forge')],
  ['stolen-beacon-key', useStolenKey],
];

function takingUp(habit: Habit): Begin {
  return onEach((machine, { amount }) => {
    machine.isCaptured = true;
    machine.habits.set(habit, amount);
    return () => {
      machine.habits.delete(habit);
    };
  });
}

/**
 * The first machine signs for the domain of the second: with an even amount a rival under the
 * number that domain used last, else the next number, dated so far ahead.
 */
function useStolenKey(coalition: VirtualCoalition, happening: Happening): () => void {
  const [thief, victim] = machinesOf(coalition, happening);
  if (thief === undefined || victim === undefined) return LASTING;
  const held = thief.disk.records.get(recordKey(victim.domain, 'beacon'));
  const [key] = coalition.beaconKeysOf(victim.domain);
  if (held === undefined || key === undefined) return LASTING;
  thief.isCaptured = true;
  coalition.stolen.add(victim.domain);
  const { amount } = happening;
  const isRival = amount % 2 === 0;
  thief.say(
    isRival ? rivalBeacon(held, key, 1) : laterBeacon(held, key, Math.max(AHEAD_MS_MIN, amount)),
  );
  return LASTING;
}
