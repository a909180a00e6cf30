/** The `Clock` port driven by hand: time passes only when a test says so. */

import { type BootMs, bootMs, type Instant, type UnixMs, unixMs } from '../../core/time.ts';
import type { Clock } from '../../daemon/ports.ts';

interface Wake {
  readonly at: BootMs;
  readonly callback: () => void;
}

export interface FakeClockOptions {
  readonly wallMs?: number;
  readonly bootMs?: number;
  readonly bootId?: string;
}

export class FakeClock implements Clock {
  readonly bootId: string;
  #wall: UnixMs;
  #boot: BootMs;
  #wakes: Wake[] = [];

  constructor(options: FakeClockOptions = {}) {
    this.bootId = options.bootId ?? '00000000-0000-4000-8000-000000000001';
    this.#wall = unixMs(options.wallMs ?? Date.UTC(2026, 0, 1));
    this.#boot = bootMs(options.bootMs ?? 0);
  }

  now(): Instant {
    return { wall: this.#wall, boot: this.#boot };
  }

  wakeAt(at: BootMs, callback: () => void): () => void {
    const wake = { at, callback };
    this.#wakes.push(wake);
    return () => {
      this.#wakes = this.#wakes.filter((other) => other !== wake);
    };
  }

  /** Moves both clocks on, and calls what falls due on the way, each at its own time. */
  advance(deltaMs: number): void {
    const end = this.#boot + deltaMs;
    for (;;) {
      const due = this.#wakes.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#wakes = this.#wakes.filter((other) => other !== due);
      this.#moveTo(Math.max(this.#boot, due.at));
      due.callback();
    }
    this.#moveTo(end);
  }

  /** Sets the wall clock alone, forwards or backwards, as an operator or a thief would. */
  setWall(wallMs: number): void {
    this.#wall = unixMs(wallMs);
  }

  /** How many wake-ups wait. */
  get waiting(): number {
    return this.#wakes.length;
  }

  #moveTo(boot: number): void {
    this.#wall = unixMs(this.#wall + (boot - this.#boot));
    this.#boot = bootMs(boot);
  }
}
