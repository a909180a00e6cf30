/**
 * Setback: what a writer does while its own ladder refuses the beacons that it signs (PROTOCOL
 * §2.5).
 *
 * A Root whose ceilings are below the configured limits, or a beacon key that has ended, refuse the
 * next one as they did the last. Each costs an epoch, a write and two signatures, so they come at
 * longer and longer intervals; what may have mended it is a reason to try at once. People are told
 * when the second one in a row was refused that carried nothing of theirs: what they asked for gets
 * its refusal as an answer, and one may have met a clock that was set back.
 */

import { OWN_BEACON_RETRY_MS_MAX, OWN_BEACON_RETRY_MS_MIN } from '../core/limits.ts';
import type { Refusal, RefusalCode } from '../core/refusal.ts';
import { type BootMs, bootMs } from '../core/time.ts';
import { type Belief, isTickAlone } from './belief.ts';
import type { Effect } from './effect.ts';

/** What may make the next beacon another one than that which was refused. */
export interface Occasion {
  /** What is believed of our own domain. */
  readonly own: Belief;
  /** People ask for something. */
  readonly isAsked: boolean;
}

/** The refusals of one writer's beacons since the last one that was taken. */
export class Setback {
  /** What was believed at the last refusal; null where there was none. */
  #own: Belief | null = null;
  /** Refused in a row, those aside that carried what people asked for. */
  #count = 0;
  #askedFrom: BootMs = bootMs(0);
  #againFrom: BootMs = bootMs(0);
  readonly #told = new Set<RefusalCode>();

  /** A beacon was refused. Returns the alarm where people have not heard of that cause. */
  note({ own, isAsked }: Occasion, { code }: Refusal, boot: BootMs): readonly Effect[] {
    this.#own = own;
    this.#askedFrom = bootMs(boot + OWN_BEACON_RETRY_MS_MIN);
    const waitMs = isAsked ? OWN_BEACON_RETRY_MS_MIN : OWN_BEACON_RETRY_MS_MIN * 2 ** this.#count;
    const againFrom = boot + Math.min(OWN_BEACON_RETRY_MS_MAX, waitMs);
    // What people ask for in between puts off nothing.
    this.#againFrom = bootMs(isAsked ? Math.max(this.#againFrom, againFrom) : againFrom);
    if (isAsked) return [];
    this.#count += 1;
    if (this.#count < 2 || this.#told.has(code)) return [];
    this.#told.add(code);
    const details = { refusal: code };
    return [{ kind: 'alarm', code: 'own-beacon-refused', domain: own.domain, details }];
  }

  /** A beacon was taken. */
  end(): void {
    this.#own = null;
    this.#count = 0;
    this.#told.clear();
  }

  /** In how many milliseconds the next beacon may be tried; at once where it may be another one. */
  inMs({ own, isAsked }: Occasion, boot: BootMs): number {
    if (this.#own === null || !isTickAlone(this.#own, own)) return 0;
    return Math.max(0, (isAsked ? this.#askedFrom : this.#againFrom) - boot);
  }
}
