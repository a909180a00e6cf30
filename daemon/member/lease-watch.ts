/**
 * Says when the lease of a member goes out of force, and when another is: once in the log and once
 * in the audit log for each change. Most of all a node that was revoked has to say so: whoever
 * stands before it may be the only one who can tell whether it was stolen.
 */

import { Refusal, refusalOf } from '../../core/refusal.ts';
import type { FederationNode } from '../../federation/node.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Clock, Log } from '../ports.ts';

export interface LeaseWatchOptions {
  readonly node: FederationNode;
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly log: Log;
}

/** Before any grant there is nothing to lose. */
const NOT_ENROLLED = 'not-enrolled';

export class LeaseWatch {
  readonly #options: LeaseWatchOptions;
  /** Why the lease was not in force when it was last looked at; null for one that was. */
  #trouble: string | null;

  constructor(options: LeaseWatchOptions) {
    this.#options = options;
    this.#trouble = this.#now()?.code ?? null;
  }

  /** Looks at the lease as it is now. */
  async look(): Promise<void> {
    const found = this.#now();
    const code = found?.code ?? null;
    if (code === this.#trouble) return;
    this.#trouble = code;
    const { audit, log } = this.#options;
    if (found === null) {
      log.info('the lease is in force', {});
      await audit.append('lease.in-force', {});
    } else if (code !== NOT_ENROLLED) {
      log.warn('the lease is out of force', { code: found.code, why: found.message });
      await audit.append('lease.out-of-force', { code: found.code });
    }
  }

  #now(): Refusal | null {
    const { node, clock } = this.#options;
    const lease = refusalOf(() => node.lease(clock.now()));
    return lease instanceof Refusal ? lease : null;
  }
}
