/**
 * Alarms: what the protocol calls impossible, or what a person has to hear of. Each is audited,
 * logged, and shown until a person clears it, over restarts too; the audit log keeps them for ever.
 */

import type { AlarmCode } from '../core/alarm.ts';
import { encodeCanonical, parseCanonical } from '../core/canonical.ts';
import { Failure } from '../core/failure.ts';
import { ALARM_DETAIL_CHARS_MAX, ALARMS_MAX, NAME_CHARS_MAX } from '../core/limits.ts';
import { Refusal, type RefusalDetails } from '../core/refusal.ts';
import { parseTrustDomain, type TrustDomain } from '../core/spiffe-id.ts';
import type { UnixMs } from '../core/time.ts';
import { Members } from '../federation/members.ts';
import type { AuditWriter } from './audit/audit-log.ts';
import type { Clock, Log, Store } from './ports.ts';
import { RECORDS } from './store/key-space.ts';

/** What somebody has cause to raise. */
export interface Alarm {
  readonly code: AlarmCode;
  readonly domain: TrustDomain;
  readonly details: RefusalDetails;
}

/** An alarm that nobody cleared yet. */
export interface RaisedAlarm {
  /** Counts the alarms of this state folder, from 1. */
  readonly id: number;
  /** Also one that a release before this one knew. */
  readonly code: string;
  readonly domain: TrustDomain;
  readonly detail: string;
  readonly at: UnixMs;
}

export interface AlarmBookOptions {
  readonly store: Store;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly audit: AuditWriter;
  readonly clock: Clock;
  readonly log: Log;
}

export class AlarmBook {
  readonly #options: AlarmBookOptions;
  #alarms: readonly RaisedAlarm[];
  #next: number;

  constructor(options: AlarmBookOptions) {
    this.#options = options;
    const record = options.records.get(RECORDS.alarms);
    this.#alarms = record === undefined ? [] : decodeAlarms(record);
    this.#next = (this.#alarms.at(-1)?.id ?? 0) + 1;
  }

  /** Those that nobody cleared, oldest first; the oldest of too many make room. */
  get all(): readonly RaisedAlarm[] {
    return this.#alarms;
  }

  /** Raises one. What is shown already is audited again, and shown once. */
  async raise({ code, domain, details }: Alarm): Promise<void> {
    const { audit, clock, log } = this.#options;
    const told = Object.entries(details).map(([name, value]) => `${name} ${value}`);
    const detail = told.join(', ').slice(0, ALARM_DETAIL_CHARS_MAX);
    const alarm = { id: this.#next, code, domain, detail, at: clock.now().wall };
    const isShown = this.#alarms.some(
      (shown) => shown.code === code && shown.domain === domain && shown.detail === detail,
    );
    // Shown first: where the disk is full, showing it is all that can be done.
    if (!isShown) {
      this.#next += 1;
      this.#alarms = [...this.#alarms, alarm].slice(-ALARMS_MAX);
    }
    log.warn('alarm', { code, domain });
    await audit.append(`alarm.${code}`, { domain, ...details });
    if (!isShown) await this.#save();
  }

  /** A person has seen to it. Refuses `alarm-unknown`. */
  async clear(id: number): Promise<RaisedAlarm> {
    const cleared = this.#alarms.find((alarm) => alarm.id === id);
    if (cleared === undefined) throw new Refusal('alarm-unknown', { id });
    this.#alarms = this.#alarms.filter((alarm) => alarm.id !== id);
    await this.#save();
    return cleared;
  }

  async #save(): Promise<void> {
    const value = encodeCanonical({
      alarms: this.#alarms.map(({ at, ...alarm }) => ({ ...alarm, at: String(at) })),
    });
    try {
      await this.#options.store.write([{ key: RECORDS.alarms, value }]);
    } catch (error) {
      // It is audited and shown; only a restart would forget to show it.
      if (!(error instanceof Failure)) throw error;
      this.#options.log.warn('alarms not stored', { code: error.code });
    }
  }
}

function decodeAlarms(record: Uint8Array): readonly RaisedAlarm[] {
  const members = new Members(parseCanonical(record), 'alarms');
  return members.list('alarms', ALARMS_MAX).map((_, index) => {
    const alarm = members.item('alarms', index);
    return {
      id: alarm.integer('id', 1, Number.MAX_SAFE_INTEGER),
      code: alarm.text('code', NAME_CHARS_MAX),
      domain: parseTrustDomain(alarm.text('domain', 255)),
      // Some alarms have said all with their code.
      detail: alarm.value('detail') === '' ? '' : alarm.text('detail', ALARM_DETAIL_CHARS_MAX),
      at: alarm.time('at'),
    };
  });
}
