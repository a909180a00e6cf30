/**
 * Which role somebody has, as the configuration names users, groups and identities.
 *
 * The user that the daemon runs as, and root, are admins without being named: they hold its keys.
 * Of several roles the highest counts. Names are compared as they are spelt, nothing is a pattern.
 */

import type { SpiffeId } from '../../core/spiffe-id.ts';
import type { Config } from '../config/keys.ts';
import { ROLES, type Role } from './views.ts';

/** Whom the configuration gives a role, and what one person alone may not do. */
export type RoleSettings = Pick<
  Config,
  'observers' | 'auditors' | 'operators' | 'admins' | 'secondPerson'
>;

/** A process at the other end of a socket, as the kernel and the account files say. */
export interface LocalPeer {
  readonly pid: number;
  readonly uid: number;
  /** The name of the user; empty where it has none. */
  readonly user: string;
  /** Every spelling by which a configuration may mean it, such as `group:ops`. */
  readonly spellings: readonly string[];
  /** True for root and for the user that the daemon runs as. */
  readonly isOwner: boolean;
}

export class RoleBook {
  #settings: RoleSettings;

  constructor(settings: RoleSettings) {
    this.#settings = settings;
  }

  /** Takes over other settings; connections that stand keep the role they came with. */
  configure(settings: RoleSettings): void {
    this.#settings = settings;
  }

  /** True where who brought a proposal may not bring further signatures of it. */
  get needsSecondPerson(): boolean {
    return this.#settings.secondPerson;
  }

  /** The role of a process on this machine; undefined for one that has none. */
  roleOf({ isOwner, spellings }: LocalPeer): Role | undefined {
    return isOwner ? 'admin' : this.#highest(spellings);
  }

  /** The role of an identity that was proven; undefined for one that has none. */
  roleOfId(id: SpiffeId): Role | undefined {
    return this.#highest([id]);
  }

  #highest(spellings: readonly string[]): Role | undefined {
    const named = namedIn(this.#settings);
    return ROLES.findLast((role) => named[role].some((name) => spellings.includes(name)));
  }
}

/** True where anybody of this machine but the owner may have a role. */
export function isShared(settings: RoleSettings): boolean {
  const names = Object.values(namedIn(settings)).flat();
  return names.some((name) => !name.startsWith('spiffe:'));
}

function namedIn({ observers, auditors, operators, admins }: RoleSettings) {
  return { observer: observers, auditor: auditors, operator: operators, admin: admins };
}
