/**
 * A digest of what a world believes, in terms that both suites share: numbers, dates and names, and
 * no digest or key of anything signed.
 */

import { createHash } from 'node:crypto';
import type { DomainView } from '../federation/view.ts';
import type { World } from './world.ts';

/** SHA-256, as hex, over every machine with power and every domain it speaks of. */
export function digestOfBeliefs(world: World): string {
  const hash = createHash('sha256');
  for (const machine of world.machines.values()) {
    const views = machine.node?.view(machine.clock.now(world.now)) ?? [];
    for (const view of views) hash.update(`${machine.name} ${lineOf(view)}\n`);
  }
  return hash.digest('hex');
}

function lineOf({ domain, rootVersion, lineage, rank, epoch, tick, ...view }: DomainView): string {
  const { asOf, ageMs, tier, stopped, timeUnknown } = view.standing;
  const documents = [...view.documents]
    .filter(([name]) => !name.startsWith('~'))
    .map(([name, { version, frozenAsOf }]) => `${name}=${version}@${frozenAsOf}`)
    .sort();
  const place = `${domain} ${rootVersion}/${lineage}/${rank}/${epoch}/${tick}`;
  const standing = `${asOf} ${ageMs} ${tier} ${stopped} ${timeUnknown}`;
  return `${place} ${standing} ${view.revocations.union.size} ${documents.join(' ')}`;
}
