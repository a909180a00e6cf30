/**
 * The two clocks of one machine, and how wrong they are.
 *
 * True time is milliseconds since the run began; nobody in the world can read it. The boot clock
 * drifts, counts in suspend and starts anew with each boot. The wall clock drifts with it, is off
 * by what the faults did to it, and may stand still.
 */

import { assert } from '../core/assert.ts';
import { bootMs, type Instant, UNIX_MS_MAX, unixMs } from '../core/time.ts';

/** What the calendar says when a run begins. */
export const START_MS = 1_790_000_000_000;
/** A real-time clock without a battery begins here (2000-01-01). */
export const RTC_RESET_MS = 946_684_800_000;
/** The process starts so long after power came. */
const BOOT_DELAY_MS = 1_000;
const MILLION = 1_000_000;

export class MachineClock {
  readonly #name: string;
  #boots = 0;
  #bootedAt = 0;
  #driftPpm = 0;
  #skewMs = 0;
  #skewSetAt = 0;
  #frozenWall: number | null = null;
  #poweredBefore = 0;
  /** The farthest ahead of true time that the wall clock ever was. */
  fastestMs = 0;
  /** The farthest behind. */
  slowestMs = 0;
  /** How far the wall clock leapt while the boot clock went on, all leaps together. */
  leaptMs = 0;

  constructor(name: string) {
    this.#name = name;
  }

  get bootId(): string {
    return `${this.#name}-boot-${this.#boots}`;
  }

  get boots(): number {
    return this.#boots;
  }

  /** The wall clock is this far off true time now: positive is fast. */
  skewAt(t: number): number {
    return this.now(t).wall - START_MS - t;
  }

  /** The farthest that the wall clock ever was from true time, either way. */
  worstMs(t: number): number {
    return Math.max(this.fastestMs, this.slowestMs, Math.abs(this.skewAt(t)));
  }

  now(t: number): Instant {
    const wall = this.#frozenWall ?? START_MS + t + this.#wallError(t);
    return {
      wall: unixMs(Math.min(UNIX_MS_MAX, Math.max(0, wall))),
      boot: bootMs(this.#bootAt(t)),
    };
  }

  /** The true time at which the boot clock will read `boot`. */
  timeOf(boot: number): number {
    const dt = boot - BOOT_DELAY_MS;
    let t = this.#bootedAt + dt - Math.trunc((dt * this.#driftPpm) / MILLION);
    while (this.#bootAt(t) < boot) t++;
    return t;
  }

  /** Boot time over all boots: how long the machine had power, by its own crystal. */
  poweredMs(t: number): number {
    return this.#poweredBefore + this.#bootAt(t) - BOOT_DELAY_MS;
  }

  /** The same of the boot under way. */
  poweredInBootMs(t: number): number {
    return this.#bootAt(t) - BOOT_DELAY_MS;
  }

  /** Power fails now; of this boot, only what was before `stoodStillAt` could be recorded. */
  powerOff(stoodStillAt: number): void {
    this.#poweredBefore = this.poweredMs(stoodStillAt);
  }

  boot(t: number): void {
    this.#boots += 1;
    this.#bootedAt = t;
  }

  /** The boot clock reads again what it once did; the wall clock is of the host, and goes on. */
  putBack(t: number, boot: number): void {
    const powered = this.poweredMs(t);
    this.#setSkew(t, this.#wallError(t));
    this.#bootedAt = t - (boot - BOOT_DELAY_MS);
    this.#poweredBefore = powered - (this.#bootAt(t) - BOOT_DELAY_MS);
  }

  jump(t: number, deltaMs: number): void {
    this.#leap(t, () => this.#setSkew(t, this.#wallError(t) + deltaMs));
  }

  /** Sets the wall clock to true time and lets it run. */
  correct(t: number): void {
    this.#leap(t, () => {
      this.thaw(t);
      this.#setSkew(t, 0);
    });
  }

  resetRtc(t: number): void {
    this.#setSkew(t, RTC_RESET_MS - START_MS - t);
  }

  freeze(t: number): void {
    this.#frozenWall = this.now(t).wall;
  }

  /** The wall clock runs on from where it stood. */
  thaw(t: number): void {
    if (this.#frozenWall === null) return;
    const skew = this.#frozenWall - START_MS - t;
    this.#frozenWall = null;
    this.#setSkew(t, skew);
  }

  /** Lets both clocks run fast or slow by so many millionths, from now on. */
  drift(t: number, ppm: number): void {
    const boot = this.#bootAt(t);
    const powered = this.poweredMs(t);
    this.#setSkew(t, this.#wallError(t));
    this.#driftPpm = ppm;
    // The boot clock goes on from what it reads: its origin is put where the new rate needs it.
    const dt = boot - BOOT_DELAY_MS;
    this.#bootedAt = t - dt + Math.trunc((dt * ppm) / (MILLION + ppm));
    while (this.#bootAt(t) < boot) this.#bootedAt -= 1;
    this.#poweredBefore = powered - (this.#bootAt(t) - BOOT_DELAY_MS);
    assert(this.#bootAt(t) >= boot, 'the boot clock never goes back');
  }

  #leap(t: number, turn: () => void): void {
    const { wall } = this.now(t);
    turn();
    this.leaptMs += this.now(t).wall - wall;
  }

  #setSkew(t: number, skewMs: number): void {
    this.#skewMs = Math.trunc(skewMs);
    this.#skewSetAt = t;
    this.fastestMs = Math.max(this.fastestMs, this.#skewMs);
    this.slowestMs = Math.max(this.slowestMs, -this.#skewMs);
  }

  #wallError(t: number): number {
    return this.#skewMs + Math.trunc(((t - this.#skewSetAt) * this.#driftPpm) / MILLION);
  }

  #bootAt(t: number): number {
    const dt = t - this.#bootedAt;
    return BOOT_DELAY_MS + dt + Math.trunc((dt * this.#driftPpm) / MILLION);
  }
}
