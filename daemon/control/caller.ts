/**
 * Who calls over the control socket, what that person may do, and how an act of theirs is written
 * down.
 *
 * A role holds for a whole connection: it is read when the connection is accepted, of what the
 * kernel says about the process at its other end. What each method needs at least is one table.
 */

import { Refusal } from '../../core/refusal.ts';
import type { AuditFields } from '../audit/audit-entry.ts';
import type { Method } from './calls.ts';
import { type CallerView, ROLES, type Role } from './views.ts';

/** Somebody who may call, and from where. */
export interface Caller extends CallerView {
  /** The process; null where it is not on this machine. */
  readonly pid: number | null;
}

/** The role that each method needs at least; a method that is not listed does not compile. */
export const LEAST_ROLES: Readonly<Record<Method, Role>> = {
  // what is held is shown
  status: 'observer',
  whoami: 'observer',
  subscribe: 'observer',
  'entry.list': 'observer',
  'entry.show': 'observer',
  'authority.confirm': 'admin',
  'authority.show': 'observer',
  'revoke.list': 'observer',
  'references.show': 'observer',
  'time.show': 'observer',
  'enroll.list': 'observer',
  'bundle.show': 'observer',
  'bundle.export': 'observer',
  'federation.list': 'observer',
  'relation.proposals': 'observer',
  'ceremony.list': 'observer',
  'workload.list': 'observer',
  'attestation.show': 'operator',
  // who did what
  'audit.tail': 'auditor',
  'audit.verify': 'auditor',
  'entry.history': 'auditor',
  'ceremony.file': 'auditor',
  // the work of a day
  'entry.create': 'operator',
  'entry.update': 'operator',
  'entry.apply': 'operator',
  'entry.delete': 'operator',
  'alarm.clear': 'operator',
  'time.tell': 'operator',
  'enroll.request': 'operator',
  'enroll.challenge': 'operator',
  'enroll.answer': 'operator',
  'enroll.grant': 'operator',
  'enroll.join': 'operator',
  'enroll.install': 'operator',
  'enroll.approve': 'operator',
  'enroll.refuse': 'operator',
  'bundle.import': 'operator',
  'courier.recipient': 'operator',
  'courier.part': 'operator',
  'courier.open': 'operator',
  'courier.preview': 'operator',
  'federation.refresh': 'operator',
  'revoke.propose': 'operator',
  'ceremony.offer': 'operator',
  'references.offer': 'operator',
  'ceremony.approve': 'operator',
  'ceremony.refuse': 'operator',
  // what the domain is, whom it trusts, and its keys
  'authority.prepare': 'admin',
  'authority.activate': 'admin',
  'authority.taint': 'admin',
  'authority.revoke': 'admin',
  revoke: 'admin',
  'root.key': 'admin',
  'references.approve': 'admin',
  'references.withdraw': 'admin',
  'key.list': 'admin',
  'key.copy': 'admin',
  'key.move': 'admin',
  'backup.begin': 'admin',
  'backup.part': 'admin',
  'federation.add': 'admin',
  'relation.propose': 'admin',
  'relation.answer': 'admin',
  'relation.accept': 'admin',
  'relation.narrow': 'admin',
  'relation.withdraw': 'admin',
  'federation.add-spiffe': 'admin',
  'federation.remove': 'admin',
};

/** True if `role` may do what `needed` may. */
export function isAtLeast(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Refuses `role-insufficient` for a method that the role of the caller does not permit. */
export function checkRole({ role, name }: Caller, method: Method): void {
  const needs = LEAST_ROLES[method];
  if (!isAtLeast(role, needs)) {
    throw new Refusal('role-insufficient', { who: name, method, needs, has: role });
  }
}

/** What an audit entry says of whoever asked for an act. */
export function whose({ name, role, from, uid, pid }: Caller): AuditFields {
  const local = uid === null || pid === null ? {} : { uid, pid };
  return { who: name, role, from, ...local };
}

/** One name of a person for as long as the person is the same: a user's number, or an ID. */
export function personOf({ uid, name }: Caller): string {
  return uid === null ? name : `uid ${uid}`;
}
