/**
 * The override keys of people, of whom two permit (PROTOCOL §4.9): the machine makes with one of
 * them an override of its domain, once with that signature twice, or takes back what it holds; with
 * both it lets one act rest on old statements, for all to see.
 */

import { addMs, HOUR_MS, unixMs } from '../../core/time.ts';
import { decodeEnvelope, encodeEnvelope, signSlot } from '../../federation/envelope.ts';
import { draftOverride, type OverrideTerms, signRecall } from '../../federation/override.ts';
import { peopleOf } from '../founding.ts';
import type { Fault } from '../happening.ts';
import type { Machine } from '../machine.ts';
import { openOverridesOf, signOverride } from '../override.ts';
import type { World } from '../world.ts';
import { hand } from './by-hand.ts';
import { neighboursOf, sayToAll, thiefIn } from './thieves.ts';
import { machinesOf } from './victims.ts';

const WAYS = ['one alone', 'one twice', 'one recalls', 'two permit'] as const;
type Way = (typeof WAYS)[number];

export const stolenOverrideKey: Fault = {
  name: 'stolen-override-key',
  family: 'adversary',
  draw: (dice, shape) => {
    const thief = thiefIn(shape);
    return thief === null ? null : { on: [thief], forMs: 0, amount: dice.below(WAYS.length) };
  },
  begin: (world, happening) => {
    const way = WAYS[happening.amount % WAYS.length] ?? 'one alone';
    for (const thief of machinesOf(world, happening)) use(world, thief, way);
    return () => undefined;
  },
};

function use(world: World, thief: Machine, way: Way): void {
  const { domain } = thief;
  const isForged = way === 'one alone' || way === 'one twice';
  const label = way === 'one recalls' ? 'recall' : 'override';
  for (const bytes of madeBy(world, thief, way)) {
    sayToAll(world, thief, bytes, isForged ? domain : null);
    for (const other of neighboursOf(world, thief)) {
      if (other.domain !== domain) continue;
      hand(other, { label, bytes }, (outcome) => {
        const what = outcome === 'admitted' ? outcome : outcome.code;
        world.coverage.saw(`adversary: an override key, ${way}`, what);
      });
    }
  }
}

function madeBy(world: World, { domain, clock, believed }: Machine, way: Way): Uint8Array[] {
  const [, stolen] = peopleOf(world.suite, domain);
  const now = clock.now(world.now).wall;
  const terms: OverrideTerms = {
    ...{ about: domain, action: 'renew', tier: 'EXPIRED', reason: 'stolen' },
    ...{ issuedAt: now, notAfter: addMs(now, HOUR_MS) },
  };
  if (way === 'two permit') return [signOverride(world, domain, terms)];
  if (way === 'one recalls') {
    return openOverridesOf(believed, domain).map((override) =>
      signRecall(stolen, { domain, override }, unixMs(now)),
    );
  }
  const { payload } = decodeEnvelope(draftOverride(domain, terms));
  const slot = signSlot('override', payload, stolen);
  return [encodeEnvelope('override', way === 'one twice' ? [slot, slot] : [slot], payload)];
}
