/**
 * The last key: where nothing of a domain speaks any more, since all its beacon keys are disowned,
 * its people come together at the writer and name another in the next Root (PROTOCOL §2.5).
 *
 * They come as the watchman does, within minutes, and sooner where all is calm. Who steals keys and
 * who revokes them is told by faults.
 */

import { MINUTE_MS, SECOND_MS } from '../core/time.ts';
import { nameAnotherKey } from './ceremony.ts';
import type { Machine } from './machine.ts';
import type { StepWrite } from './step.ts';
import type { World } from './world.ts';

const VISIT_MS = 3 * MINUTE_MS;
const CALM_VISIT_MS = 10 * SECOND_MS;

/** Plans a ceremony where the writer of a domain finds that none of its beacon keys is left. */
export function lookForKeys(world: World, machine: Machine): void {
  if (!isKeyless(world, machine)) return;
  const dice = world.dice(`last-key/${machine.name}/${world.now}`);
  world.after(1 + dice.below(world.calm ? CALM_VISIT_MS : VISIT_MS), () => {
    if (machine.power === 'on' && isKeyless(world, machine)) nameAnotherKey(world, machine);
  });
}

/** True for what may take the last beacon key from a domain. */
export function takesKeys({ kind }: StepWrite): boolean {
  return kind === 'disowned' || kind === 'revocations';
}

/** True for the writer of a domain that is quarantined by what it believes. */
function isKeyless(world: World, machine: Machine): boolean {
  const { node, domain, clock } = machine;
  if (node === null || node.hasVoice || world.authorityOf(domain) !== machine) return false;
  return node.viewOf(domain, clock.now(world.now))?.standing.tier === 'QUARANTINED';
}
