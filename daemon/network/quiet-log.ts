/**
 * A log that a stranger cannot fill: one line a minute for each event and key.
 *
 * What was swallowed is counted and said with the next line.
 */

import { type BootMs, elapsedMs, MINUTE_MS } from '../../core/time.ts';
import type { Clock, Log, LogFields } from '../ports.ts';

/** Events of peers remembered at once; past it, all are forgotten and may speak again. */
export const QUIET_KEYS_MAX = 1_024;

interface Said {
  readonly at: BootMs;
  swallowed: number;
}

/** Warnings that repeat at the pace of somebody else's packets. */
export class QuietLog {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #said = new Map<string, Said>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Warns of `event`, unless it did so for `key`, such as a peer, within the last minute. */
  warn(event: string, key: string, fields: LogFields): void {
    const said = this.#said.get(`${event} ${key}`);
    const at = this.#clock.now().boot;
    if (said !== undefined && elapsedMs(said.at, at) < MINUTE_MS) {
      said.swallowed++;
      return;
    }
    if (this.#said.size >= QUIET_KEYS_MAX) this.#said.clear();
    this.#said.set(`${event} ${key}`, { at, swallowed: 0 });
    this.#log.warn(event, { ...fields, repeated: said?.swallowed ?? 0 });
  }
}
