/** The adversaries: one machine each that takes up a habit and keeps it until it is caught. */

import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import type { Habit } from '../adversary.ts';
import type { Fault } from '../happening.ts';
import { machinesOf, oneFor, oneOf } from './victims.ts';

function habitFault(name: string, habit: Habit, amountMax = 0): Fault {
  return {
    name,
    family: 'adversary',
    draw: oneFor(HOUR_MS, (dice) => (amountMax === 0 ? 0 : dice.between(1, amountMax))),
    begin: (world, happening) => {
      const liars = machinesOf(world, happening).flatMap(({ adversary }) => adversary ?? []);
      for (const liar of liars) liar.takeUp(habit, happening.amount);
      return () => {
        for (const liar of liars) liar.giveUp(habit);
      };
    },
  };
}

/** Sends old frames again, to whom they were sent and to everybody. */
export const replaying = habitFault('replaying', 'replay');
/** Answers no want and forwards no gossip: an eclipse. */
export const withholding = habitFault('withholding', 'withhold');
/** Sends everything late by up to `amount` milliseconds. */
export const delaying = habitFault('delaying', 'delay', 30 * MINUTE_MS);
/** Sends everything a dozen times. */
export const flooding = habitFault('flooding', 'flood');
/** Claims in its summaries what it does not hold. */
export const lying = habitFault('lying', 'lie');
/** Makes documents and ticks of others without their keys. */
export const forging = habitFault('forging', 'forge');

/** A member whose word about the date is off by `amount` milliseconds, under a lease of its own. */
export const misdating: Fault = {
  ...habitFault('misdating', 'misdate'),
  draw: oneOf('followers', HOUR_MS, (dice) => dice.between(HOUR_MS, 12 * HOUR_MS)),
};
