/**
 * Keeps a member supplied: whenever more can be had than it holds, it asks an authority in reach
 * (PROTOCOL §7.2). A new entry, one that changed, a window further on, a revoked leaf, an
 * intermediate half over: all of them are only reasons to look.
 *
 * One request is under way at a time. What fails is tried again after a while, for ever: a member
 * that was cut off for a month asks by itself once a path is there.
 */

import { equalBytes } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { ISSUING_RETRY_MS } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { bootMs, type UnixMs, unixMs } from '../../core/time.ts';
import type { Clock, Log } from '../ports.ts';
import type { HeldIssuing } from './held-issuing.ts';
import type { IssuingTerms } from './issuing-port.ts';

/** What a member asks, and whom. */
export interface TopUpOptions {
  readonly issuing: HeldIssuing;
  readonly clock: Clock;
  readonly log: Log;
  /** The lease in force; null where there is none. */
  readonly terms: () => IssuingTerms | null;
  /** Until when identities may live by what is believed now, or why there are none. */
  readonly until: () => UnixMs | Refusal;
  /** Asks an authority in reach. Refuses as it does; fails where none is. */
  readonly ask: (request: Uint8Array) => Promise<Uint8Array>;
  /** More was granted. */
  readonly onGranted: () => void;
}

export class TopUp {
  readonly #options: TopUpOptions;
  #asking: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #isClosed = false;

  constructor(options: TopUpOptions) {
    this.#options = options;
  }

  /** Asks if there is a reason to; costs little where there is none. */
  look(): void {
    const isBusy = this.#asking !== undefined || this.#cancelRetry !== undefined;
    if (isBusy || this.#isClosed || this.#lacking() === null) return;
    this.#asking = this.#ask().finally(() => {
      this.#asking = undefined;
    });
  }

  /** Ends after the request under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRetry?.();
    await this.#asking;
  }

  /** The terms to ask on; null where all is held that could be had. */
  #lacking(): IssuingTerms | null {
    const { issuing, terms, until } = this.#options;
    const [lease, end] = [terms(), until()];
    if (lease === null || end instanceof Refusal) return null;
    const isLacking = issuing.lacks(lease, unixMs(Math.min(end, lease.notAfter)));
    return isLacking ? lease : null;
  }

  async #ask(): Promise<void> {
    const { issuing, ask, onGranted, log } = this.#options;
    try {
      let last = new Uint8Array(0);
      for (let terms = this.#lacking(); terms !== null; terms = this.#lacking()) {
        const request = issuing.requestMore();
        // An authority that gives less than could be had would be asked the same for ever.
        if (equalBytes(request, last)) break;
        last = Uint8Array.from(request);
        await issuing.install(terms, await ask(request));
        onGranted();
      }
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Failure)) throw error;
      log.info('identities not granted', { code: error.code });
    }
    if (this.#lacking() !== null) this.#retry();
  }

  #retry(): void {
    if (this.#isClosed) return;
    const { clock } = this.#options;
    this.#cancelRetry = clock.wakeAt(bootMs(clock.now().boot + ISSUING_RETRY_MS), () => {
      this.#cancelRetry = undefined;
      this.look();
    });
  }
}
