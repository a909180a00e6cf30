/**
 * The web: links of a large coalition as real gossip has them, six neighbours for each machine.
 */

import type { Dice } from './dice.ts';
import type { Scenario } from './scenario.ts';

/** Two machines by their names. */
export type Pair = readonly [string, string];

/** A world whose machines are to be linked. */
export interface Linking {
  readonly scenario: Scenario;
  readonly machines: ReadonlyMap<string, unknown>;
  dice(name: string): Dice;
}

/**
 * Each machine is in a chain of its own domain, for only there may the domain's policy travel, and
 * meets one more of it and one of all at random.
 */
export function webbed(world: Linking, authorities: readonly string[]): readonly Pair[] {
  const dice = world.dice('web');
  const all = [...world.machines.keys()];
  const linked = authorities.flatMap((name) => {
    const own = all.filter((other) => authorityName(other) === name);
    const chain = own.slice(1).map((other, i): Pair => [own[i] ?? '', other]);
    return [...chain, ...own.map((other): Pair => [other, dice.pick(own)])];
  });
  const met = all.map((name): Pair => [name, dice.pick(all)]);
  return [...linked, ...met].filter(([a, b]) => a !== b);
}

/** The authorities of machines that are linked, each pair once. */
export function relatedBy(pairs: readonly Pair[]): readonly Pair[] {
  const related = new Map<string, Pair>();
  for (const pair of pairs) {
    const [a = '', b = ''] = pair.map(authorityName).sort();
    if (a !== b) related.set(`${a} ${b}`, [a, b]);
  }
  return [...related.values()];
}

/** The first authority of a machine's domain, by name. */
export function authorityName(machine: string): string {
  return machine.replace(/-s?\d+$/, '');
}
