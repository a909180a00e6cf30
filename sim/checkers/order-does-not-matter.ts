/**
 * The same messages in any order, with any duplicates, lead to the same belief (confluence; time
 * fixed). Held at the end of a run against what each authority holds.
 */

import { Refusal, refusalOf } from '../../core/refusal.ts';
import type { Instant } from '../../core/time.ts';
import { admit, UNBOUNDED_STEPS } from '../../federation/admit.ts';
import { type Belief, newBelief } from '../../federation/belief.ts';
import type { FileItem } from '../../federation/bundle-file.ts';
import { asRead } from '../../federation/moment.ts';
import { decodeTick } from '../../federation/tick.ts';
import type { CheckerKind } from '../checker.ts';
import type { Machine } from '../machine.ts';
import { documentOf, envelopeOf, manifestOf } from '../reading.ts';
import { partsOfKey } from '../step.ts';
import type { World } from '../world.ts';

const ORDERS = 3;
const DOMAINS_MAX = 8;

export const orderDoesNotMatter: CheckerKind = {
  sentence: 'the order of messages does not matter',
  make: (world, fail) => ({
    end: () => {
      const authorities = world.honest.filter(({ isAuthority }) => isAuthority);
      for (const machine of authorities.slice(0, DOMAINS_MAX)) {
        const items = itemsOf(machine);
        const first = items.find((i) => i.kind === 'envelope' && i.envelope.type === 'root');
        if (first?.kind !== 'envelope') continue;
        const dice = world.dice(`order/${machine.name}`);
        const now = machine.clock.now(world.now);
        const beliefs = Array.from({ length: ORDERS }, () => {
          const start = newBelief(machine.domain, first.envelope.digest);
          const order = dice.shuffle([...items, ...items]);
          return describe(settle(world, now, start, order));
        });
        if (new Set(beliefs).size > 1) fail(`${machine.domain}: ${beliefs.join(' or ')}`);
      }
    },
  }),
};

/** Delivers everything again and again until nothing changes any more. */
export function settle(
  world: World,
  now: Instant,
  start: Belief,
  order: readonly FileItem[],
): Belief {
  const context = { suite: world.suite, now: asRead(now), bootId: 'order' };
  let belief = start;
  for (let round = 0; round < order.length; round++) {
    const before = belief;
    for (const item of order) {
      const admission = refusalOf(() => admit(context, belief, item, UNBOUNDED_STEPS));
      if (!(admission instanceof Refusal)) belief = admission.belief;
    }
    if (belief === before) break;
  }
  return belief;
}

function describe(belief: Belief): string {
  const documents = [...belief.documents].map(([key, held]) => `${key}=${held.head.digest}`);
  const { beacon, tick, stop, asOf, manifest } = belief;
  // Once a stop is known no tick counts, and what was counted before stays: a tick that crosses the
  // stop on the way counts for some and not for others. The stop itself holds all at DEGRADED.
  const evidence = stop === null ? [tick?.index, asOf] : ['stopped'];
  return [beacon?.beacon.digest, ...evidence, manifest?.manifest.digest, ...documents.sort()].join(
    ' ',
  );
}

export function itemsOf(machine: Machine): readonly FileItem[] {
  return [...machine.believed].flatMap(([key, value]): readonly FileItem[] => {
    const [domain, kind] = partsOfKey(key);
    if (domain !== machine.domain) return [];
    switch (kind) {
      case 'tick':
      case 'stop':
        return [{ kind: 'tick', tick: decodeTick(value) }];
      case 'manifest':
        return [{ kind: 'envelope', envelope: manifestOf(value) }];
      case 'root':
      case 'beacon':
        return [{ kind: 'envelope', envelope: envelopeOf(value) }];
      case 'document':
        return [{ kind: 'envelope', envelope: documentOf(value) }];
      default:
        return [];
    }
  });
}
