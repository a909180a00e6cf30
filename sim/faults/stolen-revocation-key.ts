/**
 * One stolen revocation key, of the two that an authority takes (PROTOCOL §5.5): the first machine
 * revokes an identity of the second's domain, the lease of the third, or in vain the beacon key in
 * force. With an odd `forMs` people name another key later, and this one compromised.
 */

import { addMs, DAY_MS, MINUTE_MS, unixMs } from '../../core/time.ts';
import { signEnvelope } from '../../federation/envelope.ts';
import { type RevocationTarget, revocationsBody } from '../../federation/revocations.ts';
import { publishSigned, signNextRoot } from '../ceremony.ts';
import { signerOf } from '../founding.ts';
import type { Fault } from '../happening.ts';
import { START_MS } from '../machine-clock.ts';
import { rootsOf } from '../reading.ts';
import type { World } from '../world.ts';
import { hand } from './by-hand.ts';
import { neighboursOf, sayToAll, theftIn } from './thieves.ts';
import { machinesOf, writersOf } from './victims.ts';

const TARGETS = ['identity', 'lease', 'authority'] as const;
/** Beyond the end of any run: nothing is pruned. */
const ENDS_AT = addMs(unixMs(START_MS), 500 * DAY_MS);

export const stolenRevocationKey: Fault = {
  name: 'stolen-revocation-key',
  family: 'adversary',
  draw: (dice, shape) => {
    const theft = theftIn(dice, shape);
    if (theft === null) return null;
    const [thief, victim] = theft;
    const nodes = shape.followers.filter((name) => {
      return name !== thief && name.startsWith(`${victim}-`);
    });
    const on = [thief, victim, ...(nodes.length === 0 ? [] : [dice.pick(nodes)])];
    return { on, forMs: 1 + dice.wait(10 * shape.periodMs), amount: dice.below(1_000) };
  },
  begin: (world, happening) => {
    const [thief, victim] = machinesOf(world, happening);
    const domain = victim?.domain;
    const stolen = domain === undefined ? undefined : world.keys.get(domain)?.revocation[0];
    if (thief === undefined || domain === undefined || stolen === undefined) return () => undefined;
    const target = targetOf(world, happening.on, happening.amount);
    if (target !== null) {
      const at = addMs(unixMs(START_MS), world.now);
      const body = revocationsBody(domain, 1n, [{ ...target, at }], []);
      const bytes = signEnvelope('revocations', body, [stolen]);
      const isForged = target.class === 'authority';
      sayToAll(world, thief, bytes, isForged ? domain : null);
      // A forgery is heard first: by hand it would be taken before that, if it were.
      world.after(isForged ? MINUTE_MS : 0, () => {
        for (const other of neighboursOf(world, thief)) {
          hand(other, { label: 'revocations', bytes }, (outcome) => {
            const what = outcome === 'admitted' ? outcome : outcome.code;
            world.coverage.saw(`adversary: one revocation key, ${target.class}`, what);
          });
        }
      });
    }
    return () => {
      if (happening.forMs % 2 === 0) return;
      for (const machine of writersOf(world, happening).slice(1, 2)) {
        signNextRoot(world, machine, (_, { revocation }, { revokers: [key] }) => {
          if (key === undefined || !revocation.keys.has(stolen.keyId)) return [];
          world.coverage.saw('people: a stolen revocation key was called compromised');
          const named = { kind: 'add', role: 'revocation', key } as const;
          return [named, { kind: 'compromise', keyId: stolen.keyId }];
        });
        publishSigned(world, machine);
      }
    };
  },
};

/** What is revoked: where the domain has no other node, no lease is. */
function targetOf(
  world: World,
  [thief = '', victim = '', node]: readonly string[],
  amount: number,
): RevocationTarget | null {
  const [machine, domain] = [world.machine(thief), world.machine(victim)?.domain];
  const kind = TARGETS[amount % TARGETS.length];
  if (machine === undefined || domain === undefined) return null;
  if (kind === 'authority') {
    const key = rootsOf(machine, domain).at(-1)?.beaconKeys[0]?.keyId;
    return key === undefined ? null : { class: kind, target: key, notAfter: ENDS_AT };
  }
  if (kind === 'lease' && node !== undefined) {
    const { keyId } = signerOf(world.suite, `${node}/node`);
    return { class: kind, target: keyId, notAfter: ENDS_AT };
  }
  const target = `spiffe://${domain}/denied/${amount}`;
  return { class: 'identity', target, notAfter: ENDS_AT };
}
