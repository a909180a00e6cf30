/**
 * A stolen documents key: the thief signs what the second machine's domain says, and no beacon pins
 * it. With an even `amount` that is a manifest of the next version, with an odd one a bundle.
 */

import type { TrustDomain } from '../../core/spiffe-id.ts';
import type { UnverifiedEnvelope } from '../../federation/envelope.ts';
import { recordKey } from '../../federation/record-key.ts';
import { nextContents } from '../forgery.ts';
import type { Fault } from '../happening.ts';
import type { Machine } from '../machine.ts';
import { documentOf, envelopeOf } from '../reading.ts';
import { sayToAll, theftIn } from './thieves.ts';
import { machinesOf } from './victims.ts';

export const stolenDocumentsKey: Fault = {
  name: 'stolen-documents-key',
  family: 'adversary',
  draw: (dice, shape) => {
    const on = theftIn(dice, shape);
    return on === null ? null : { on, forMs: 0, amount: dice.below(1_000) };
  },
  begin: (world, happening) => {
    const [thief, victim] = machinesOf(world, happening);
    const domain = victim?.domain;
    if (thief === undefined || domain === undefined) return () => undefined;
    const key = world.keys.get(domain)?.documents;
    const isManifest = happening.amount % 2 === 0;
    const held = contentsHeld(thief, domain, isManifest ? 'manifest' : 'bundle');
    if (key === undefined || held === undefined) return () => undefined;
    world.coverage.saw('adversary', isManifest ? 'signed a manifest' : 'signed a bundle');
    const bytes = nextContents(held, key);
    sayToAll(world, thief, bytes, domain);
    return () => undefined;
  },
};

function contentsHeld(
  { believed }: Machine,
  domain: TrustDomain,
  what: 'manifest' | 'bundle',
): UnverifiedEnvelope | undefined {
  const manifest = believed.get(recordKey(domain, 'manifest'));
  if (what === 'manifest') return manifest && envelopeOf(manifest.subarray(1));
  const bundle = believed.get(recordKey(domain, 'document', 'bundle'));
  return bundle && documentOf(bundle);
}
