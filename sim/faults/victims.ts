/** How faults draw their victims, and whom a happening names. */

import type { Dice } from '../dice.ts';
import type { Fault, Happening, Shape } from '../happening.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';

/** One machine, for a while of this mean. */
export function oneFor(meanMs: number, amount: (dice: Dice) => number = () => 0) {
  return (dice: Dice, { machines }: Shape): Pick<Happening, 'on' | 'forMs' | 'amount'> => ({
    on: [dice.pick(machines)],
    forMs: 1 + dice.wait(meanMs),
    amount: amount(dice),
  });
}

/** The same of a role; nothing where nobody has it. */
export function oneOf(
  whom: 'authorities' | 'followers',
  meanMs: number,
  amount: (dice: Dice) => number = () => 0,
): Fault['draw'] {
  return (dice, { [whom]: candidates }) =>
    candidates.length === 0
      ? null
      : { on: [dice.pick(candidates)], forMs: 1 + dice.wait(meanMs), amount: amount(dice) };
}

/** The machines a happening names that there are. */
export function machinesOf(world: World, { on }: Happening): readonly Machine[] {
  return on.flatMap((name) => world.machine(name) ?? []);
}

/** Whoever writes now for the domains of the authorities that a happening names. */
export function writersOf(world: World, happening: Happening): readonly Machine[] {
  return machinesOf(world, happening).map((machine) =>
    machine.isAuthority ? (world.authorityOf(machine.domain) ?? machine) : machine,
  );
}
