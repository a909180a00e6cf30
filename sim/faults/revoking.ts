/**
 * People revoke: the lease of a node of their domain where it has any beside the authority, else an
 * identity. The stop is revealed before the revocation is acknowledged (PROTOCOL §3.5).
 */

import { REVOCATION_MONTH_MS } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { addMs, DAY_MS, unixMs } from '../../core/time.ts';
import type { RevocationTarget } from '../../federation/revocations.ts';
import { signerOf } from '../founding.ts';
import type { Fault } from '../happening.ts';
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
    const target = targetOf(world, node, `spiffe://${machine?.domain}/lost/${amount}`, amount);
    machine?.request({ kind: 'revoke', targets: [target] }, ({ answer }) => {
      if (!(answer instanceof Refusal)) world.coverage.saw('people: a revocation was acknowledged');
    });
    return () => undefined;
  },
};

function targetOf(
  world: World,
  node: string | undefined,
  identity: string,
  amount: number,
): RevocationTarget {
  // Beyond the end of any run: nothing is pruned. In several months: documents stand side by side.
  const inMs = 400 * DAY_MS + (amount % MONTHS) * REVOCATION_MONTH_MS;
  const notAfter = addMs(unixMs(START_MS), inMs);
  if (node === undefined) return { class: 'identity', target: identity, notAfter };
  return { class: 'lease', target: signerOf(world.suite, `${node}/node`).keyId, notAfter };
}
