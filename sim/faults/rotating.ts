/**
 * People make the next Root of a domain and publish it at its authority: with an even `amount` a
 * new beacon key speaks from then on, with an odd one a new documents key signs. What they signed
 * they keep, so that a machine put back to an older state hears of every Root again.
 */

import { toUtf8 } from '../../core/bytes.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import type { Signer } from '../../core/suite.ts';
import { admitAll } from '../../federation/admit.ts';
import { encodeBlock } from '../../federation/armour.ts';
import { type Belief, newBelief, newestRoot } from '../../federation/belief.ts';
import { decodeEnvelope, encodeEnvelope, signSlot } from '../../federation/envelope.ts';
import { asRead } from '../../federation/moment.ts';
import { recordKey } from '../../federation/record-key.ts';
import { draftRoot, type RootChange } from '../../federation/root-draft.ts';
import { MADE_KEYS, madeKeysOf } from '../founding.ts';
import type { Fault } from '../happening.ts';
import type { Machine } from '../machine.ts';
import type { World } from '../world.ts';
import { machinesOf } from './power.ts';

/** The Roots that the people of each domain have signed, from version 2 on. */
const signedIn = new WeakMap<World, Map<TrustDomain, Uint8Array[]>>();

export const rotating: Fault = {
  name: 'rotating',
  family: 'people',
  draw: (dice, { authorities, periodMs }) => ({
    on: [dice.pick(authorities)],
    forMs: 1 + dice.wait(10 * periodMs),
    amount: dice.below(1_000),
  }),
  begin: (world, happening) => {
    const machines = machinesOf(world, happening);
    for (const machine of machines) {
      sign(world, machine, happening.amount % 2 === 0);
      publish(world, machine);
    }
    // Whoever was without power then hears of it now.
    return () => {
      for (const machine of machines) publish(world, machine);
    };
  },
};

function sign(world: World, machine: Machine, isBeacon: boolean): void {
  const { domain } = machine;
  const root = world.keys.get(domain)?.root;
  const belief = knownRoots(world, machine);
  const held = belief === null ? null : newestRoot(belief)?.root;
  if (root === undefined || belief === null || held === null || held === undefined) return;
  const used = new Set(belief.roots.flatMap((one) => [...one.root.publicPairs.keys()]));
  const fresh = madeKeysOf(world.suite, domain).find(({ keyId }) => !used.has(keyId));
  if (fresh === undefined) return world.coverage.saw(`people: ${MADE_KEYS} keys were used up`);
  const retired = [...held.documents.keys.keys()].map(
    (keyId) => ({ kind: 'retire', keyId }) as const,
  );
  const changes: readonly RootChange[] = isBeacon
    ? [{ kind: 'rotate', key: fresh.publicPair }]
    : [{ kind: 'add', role: 'documents', key: fresh.publicPair }, ...retired];
  const { wall } = machine.clock.now(world.now);
  const signed = signedRoot(draftRoot(belief, changes, wall), root);
  const all = signedIn.get(world) ?? new Map<TrustDomain, Uint8Array[]>();
  signedIn.set(world, all.set(domain, [...(all.get(domain) ?? []), signed]));
  world.coverage.saw(isBeacon ? 'people: a beacon key was rotated' : 'people: a documents key was');
}

function publish(world: World, machine: Machine): void {
  const roots = signedIn.get(world)?.get(machine.domain) ?? [];
  const file = roots.map((bytes) => encodeBlock('root', bytes)).join('');
  if (file !== '') machine.request({ kind: 'import', file: toUtf8(file) }, () => undefined);
}

/** The first Root and all that people signed since, as one chain. */
function knownRoots(world: World, machine: Machine): Belief | null {
  const first = machine.believed.get(recordKey(machine.domain, 'root', '1'.padStart(20, '0')));
  if (first === undefined) return null;
  const { domain, digest } = decodeEnvelope(first);
  const context = {
    suite: world.suite,
    now: asRead(machine.clock.now(world.now)),
    bootId: machine.clock.bootId,
  };
  const all = [first, ...(signedIn.get(world)?.get(domain) ?? [])];
  const items = all.map(
    (bytes) => ({ kind: 'envelope', envelope: decodeEnvelope(bytes) }) as const,
  );
  return admitAll(context, newBelief(domain, digest), items).belief;
}

function signedRoot(draft: Uint8Array, root: Signer): Uint8Array {
  const { payload } = decodeEnvelope(draft);
  return encodeEnvelope('root', [signSlot('root', payload, root)], payload);
}
