/**
 * Which class of act each control method is, and the gate before it (PROTOCOL §4.7, §4.8).
 *
 * What adds a statement of our domain rests on our beacon and our policy, and needs the tier that
 * the policy names for its class, as far as Root lets it. What only takes back, shows, or brings
 * documents that speak for themselves is permitted in every tier: it is how a domain is mended.
 */

import { Refusal } from '../../core/refusal.ts';
import type { Policy } from '../../federation/policy.ts';
import type { ActionClass } from '../../federation/tier.ts';
import { type DomainView, permitted } from '../../federation/view.ts';
import type { Method } from '../control/calls.ts';
import type { ControlMethods } from '../control/server.ts';
import { factsOf, tierRefusal } from '../tier-facts.ts';

/** The class of every method; one that is not listed does not compile. */
const ACTS: Readonly<Record<Exclude<Method, 'subscribe'>, ActionClass>> = {
  status: 'report',
  whoami: 'report',
  'entry.create': 'change-policy',
  'entry.list': 'report',
  'entry.show': 'report',
  'entry.history': 'report',
  'entry.update': 'change-policy',
  'entry.apply': 'change-policy',
  'entry.delete': 'revoke',
  'authority.confirm': 'report',
  'authority.show': 'report',
  'authority.prepare': 'delegate',
  'authority.activate': 'delegate',
  'authority.taint': 'revoke',
  'authority.revoke': 'revoke',
  revoke: 'revoke',
  'revoke.propose': 'revoke',
  'revoke.list': 'report',
  'root.key': 'report',
  'references.show': 'report',
  'references.approve': 'change-policy',
  'references.offer': 'report',
  'references.withdraw': 'revoke',
  'key.list': 'report',
  'key.copy': 'report',
  'key.move': 'report',
  'backup.begin': 'report',
  'backup.part': 'report',
  'time.show': 'report',
  'time.tell': 'report',
  'enroll.request': 'report',
  'enroll.challenge': 'report',
  'enroll.answer': 'report',
  'enroll.grant': 'delegate',
  'enroll.join': 'report',
  'enroll.install': 'report',
  'enroll.list': 'report',
  'enroll.approve': 'delegate',
  'enroll.refuse': 'revoke',
  'attestation.show': 'report',
  'workload.list': 'report',
  'ceremony.list': 'report',
  'ceremony.file': 'report',
  'ceremony.offer': 'report',
  'ceremony.approve': 'delegate',
  'ceremony.refuse': 'revoke',
  'bundle.show': 'report',
  'bundle.export': 'report',
  'bundle.import': 'report',
  'courier.recipient': 'report',
  'courier.part': 'report',
  'courier.open': 'report',
  'courier.preview': 'report',
  'federation.add': 'change-policy',
  'federation.add-spiffe': 'change-policy',
  'federation.refresh': 'report',
  'federation.list': 'report',
  'federation.remove': 'revoke',
  'relation.propose': 'change-policy',
  'relation.proposals': 'report',
  'relation.answer': 'change-policy',
  'relation.accept': 'change-policy',
  'relation.narrow': 'revoke',
  'relation.withdraw': 'revoke',
  'alarm.clear': 'report',
  'audit.tail': 'report',
  'audit.verify': 'report',
};

/** What every act of our own rests on, beside our beacon. */
const OWN_STATEMENTS = ['policy'];

/**
 * What takes back and needs no beacon of ours: all else waits for an authority that just started
 * (PROTOCOL §2.6).
 */
const UNSIGNED: ReadonlySet<string> = new Set(['revoke', 'revoke.propose']);

/** What the gate looks at. */
export interface GateOptions {
  readonly views: () => readonly DomainView[];
  readonly policy: () => Policy;
  /** Resolves once an authority that starts may sign again, or has waited long enough. */
  readonly resumed?: () => Promise<void>;
}

/** The same methods, each behind the gate of its class. */
export function gated(methods: ControlMethods, options: GateOptions): ControlMethods {
  const entries = Object.entries(methods).map(([name, method]) => {
    const act = ACTS[name as keyof typeof ACTS];
    const run = method as (...given: readonly unknown[]) => Promise<unknown>;
    return [
      name,
      async (...given: readonly unknown[]) => {
        if (act !== 'report' && !UNSIGNED.has(name)) await options.resumed?.();
        checkAct(options, act);
        return run(...given);
      },
    ];
  });
  return Object.fromEntries(entries) as ControlMethods;
}

/** Refuses `time-unknown` and `tier-insufficient` for an act that our own tier forbids now. */
export function checkAct({ views, policy }: GateOptions, action: ActionClass): void {
  const own = views().find((view) => view.isOwn);
  if (own === undefined || action === 'report') return;
  const act = { action, lifetime: 'renew', documents: OWN_STATEMENTS } as const;
  const permission = permitted(own, policy(), act);
  const isNegative = action === 'revoke';
  if (permission.permitted || isNegative) return;
  if (own.standing.timeUnknown) throw new Refusal('time-unknown', factsOf(own));
  throw tierRefusal(own, action, permission);
}
