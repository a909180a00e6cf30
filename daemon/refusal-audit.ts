/**
 * Refusals in the audit log, in aggregate: the first of a kind at once, then one line a minute
 * that counts the rest. A flood must not fill the disk with its own description.
 */

import type { Refusal } from '../core/refusal.ts';
import { type BootMs, bootMs, MINUTE_MS } from '../core/time.ts';
import type { AuditWriter } from './audit/audit-log.ts';
import type { Clock } from './ports.ts';

interface Kind {
  readonly peer: string | null;
  readonly code: string;
  count: number;
  since: BootMs;
}

/** Kinds (peer, code) remembered; beyond it the oldest is forgotten, and may speak again. */
const KINDS_MAX = 1_024;

/** What honest peers repeat all day; counted, and no event (PROTOCOL §5.2). */
const NO_OPS: ReadonlySet<string> = new Set(['document-held', 'tick-not-newer']);

export class RefusalAudit {
  readonly #audit: AuditWriter;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Kind>();
  readonly #totals = new Map<string, number>();

  constructor(audit: AuditWriter, clock: Clock) {
    this.#audit = audit;
    this.#clock = clock;
  }

  /** How often each code was refused since the start. */
  get totals(): ReadonlyMap<string, number> {
    return this.#totals;
  }

  async note(peer: string | null, refusal: Refusal): Promise<void> {
    const { code, details } = refusal;
    this.#totals.set(code, (this.#totals.get(code) ?? 0) + 1);
    if (NO_OPS.has(code)) return;
    const now = this.#clock.now().boot;
    const name = `${peer ?? ''}/${code}`;
    const known = this.#kinds.get(name);
    if (known !== undefined && now < bootMs(known.since + MINUTE_MS)) {
      known.count += 1;
      return;
    }
    const repeated = known?.count ?? 0;
    this.#kinds.delete(name); // re-inserted below, so that the order is that of the last line
    const oldest = this.#kinds.keys().next();
    if (this.#kinds.size >= KINDS_MAX && !oldest.done) this.#kinds.delete(oldest.value);
    this.#kinds.set(name, { peer, code, count: 0, since: now });
    const from = peer === null ? {} : { peer };
    const more = repeated === 0 ? {} : { repeated };
    await this.#audit.append('refused', { ...details, ...from, ...more, code });
  }
}
