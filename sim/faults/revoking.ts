/**
 * People revoke: the lease of a node of their domain where it has any beside the authority, else an
 * identity. The stop is revealed before the revocation is acknowledged (PROTOCOL §3.5).
 */

import { REVOCATION_MONTH_MS } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { addMs, DAY_MS, type UnixMs, unixMs } from '../../core/time.ts';
import type { RevocationTarget } from '../../federation/revocations.ts';
import { keepRevocations } from '../ceremony.ts';
import { signerOf } from '../founding.ts';
import type { Fault } from '../happening.ts';
import type { Machine } from '../machine.ts';
import { START_MS } from '../machine-clock.ts';
import type { World } from '../world.ts';

const MONTHS = 3;

export const revoking: Fault = {
  name: 'revoking',
  family: 'people',
  draw: (dice, { authorities, followers }) => {
    const authority = dice.pick(authorities);
    const nodes = followers.filter((name) => name.startsWith(`${authority}-`));
    const on = nodes.length === 0 ? [authority] : [authority, dice.pick(nodes)];
    return { on, forMs: 0, amount: dice.below(1_000) };
  },
  begin: (world, { on: [authority = '', node], amount }) => {
    const first = world.machine(authority);
    const machine = first && world.authorityOf(first.domain);
    if (machine === undefined) return () => undefined;
    const target =
      node === undefined ? revokedIdentity(machine, amount) : leaseOf(world, node, amount);
    revoke(world, machine, target);
    return () => undefined;
  },
};

/** The people at a machine revoke. */
export function revoke(world: World, machine: Machine, target: RevocationTarget): void {
  machine.request({ kind: 'revoke', targets: [target] }, ({ answer }) => {
    if (answer instanceof Refusal) return;
    world.coverage.saw('people: a revocation was acknowledged');
    keepRevocations(world, machine);
  });
}

/** An identity of the domain of this machine. */
export function revokedIdentity({ domain }: Machine, amount: number): RevocationTarget {
  const target = `spiffe://${domain}/lost/${amount}`;
  return { class: 'identity', target, notAfter: endOf(amount) };
}

function leaseOf({ suite }: World, node: string, amount: number): RevocationTarget {
  const { keyId: target } = signerOf(suite, `${node}/node`);
  return { class: 'lease', target, notAfter: endOf(amount) };
}

/** Beyond the end of any run, so that nothing is pruned; in several months, side by side. */
function endOf(amount: number): UnixMs {
  return addMs(unixMs(START_MS), 400 * DAY_MS + (amount % MONTHS) * REVOCATION_MONTH_MS);
}
