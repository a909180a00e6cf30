/**
 * People revoke the beacon key in force, and the next rank takes over (PROTOCOL §2.5). They do so
 * only where there is a next rank: who revokes the last one silences the domain until a ceremony.
 */

import { Refusal } from '../../core/refusal.ts';
import type { KeyId } from '../../core/suite.ts';
import { addMs, DAY_MS, unixMs } from '../../core/time.ts';
import { keepRevocations } from '../ceremony.ts';
import type { Fault } from '../happening.ts';
import type { Machine } from '../machine.ts';
import { START_MS } from '../machine-clock.ts';
import { rootsOf } from '../reading.ts';
import type { World } from '../world.ts';
import { writersOf } from './victims.ts';

/** What people asked to be revoked, whether or not the machine lived to do it. */
const askedIn = new WeakMap<World, Set<KeyId>>();

export const takingOver: Fault = {
  name: 'taking-over',
  family: 'people',
  draw: (dice, { authorities }) => ({ on: [dice.pick(authorities)], forMs: 0, amount: 0 }),
  begin: (world, happening) => {
    for (const machine of writersOf(world, happening)) revokeSpeaker(world, machine);
    return () => undefined;
  },
};

/** The people at a machine revoke the key of whoever speaks for its domain. */
export function revokeSpeaker(world: World, machine: Machine): void {
  // A thief's proof may disown a rank at any time.
  if (world.stolen.has(machine.domain)) return;
  const asked = askedIn.get(world) ?? new Set<KeyId>();
  askedIn.set(world, asked);
  const all = rootsOf(machine, machine.domain).at(-1)?.beaconKeys ?? [];
  const [speaker, next] = all.filter(({ keyId }) => !asked.has(keyId));
  if (speaker === undefined || next === undefined) return;
  asked.add(speaker.keyId);
  const notAfter = addMs(unixMs(START_MS), 400 * DAY_MS);
  // Every rank below: what was asked of a machine that crashed may not have been done.
  const lower = all.filter(({ rank }) => rank < next.rank);
  const targets = lower.map(
    ({ keyId }) => ({ class: 'authority', target: keyId, notAfter }) as const,
  );
  machine.request({ kind: 'revoke', targets }, ({ answer }) => {
    if (answer instanceof Refusal) return;
    world.coverage.saw('people: the next rank was given the word');
    keepRevocations(world, machine);
    const to = world.authoritiesOf(machine.domain).find((one) => one.holds(next.keyId));
    if (to === undefined) return;
    world.handovers.set(machine.domain, { to: to.name, at: world.now, rank: next.rank });
  });
}
