/**
 * Which wires a network fault works on, and the shape that all such faults share.
 */

import type { Fault, Happening } from '../happening.ts';
import type { Wire } from '../network.ts';
import type { World } from '../world.ts';

/** Every wire between a machine that is named and one that is not. */
export function wiresAcross(world: World, on: readonly string[]): readonly Wire[] {
  const named = new Set(on);
  return wiresOf(world).filter(({ from, to }) => named.has(from.name) !== named.has(to.name));
}

/** Every wire that touches a machine that is named. */
export function wiresAt(world: World, on: readonly string[]): readonly Wire[] {
  const named = new Set(on);
  return wiresOf(world).filter(({ from, to }) => named.has(from.name) || named.has(to.name));
}

/** Every wire whose ends are both named. */
export function wiresWithin(world: World, on: readonly string[]): readonly Wire[] {
  const named = new Set(on);
  return wiresOf(world).filter(({ from, to }) => named.has(from.name) && named.has(to.name));
}

/** Cuts wires, and mends them at the end. */
export function cutting(world: World, wires: readonly Wire[]): () => void {
  for (const wire of wires) world.network.cut(wire, 1);
  return () => {
    for (const wire of wires) world.network.cut(wire, -1);
  };
}

/** A fault that changes one property of the wires at some machines for a while. */
export function wireFault(
  name: string,
  measure: { readonly low: number; readonly high: number; readonly forMs: number },
  change: (wire: Wire, amount: number) => () => void,
): Fault {
  return {
    name,
    family: 'network',
    draw: (dice, { machines }) => ({
      on: dice
        .shuffle(machines)
        .slice(0, 1 + dice.below(machines.length))
        .sort(),
      forMs: 1 + dice.wait(measure.forMs),
      amount: dice.between(measure.low, measure.high),
    }),
    begin: (world: World, { on, amount }: Happening) => {
      const undo = wiresAt(world, on).map((wire) => change(wire, amount));
      return () => {
        for (const back of undo) back();
      };
    },
  };
}

function wiresOf(world: World): readonly Wire[] {
  return world.network.links.flatMap((link) => link.wires);
}
