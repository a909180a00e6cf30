/**
 * Virtual time for a whole process: timers, dates and chance as the runtime offers them, driven by
 * an agenda of the simulator in place of the machine's clock.
 *
 * libp2p reads the globals, and has no port for them, so that they are replaced while a run lasts.
 * Time goes on only when everything is quiet: the runtime reaches its immediates after the last
 * microtask, and whatever might still come from outside this process is refused by name
 * (outside.ts), because two answers of the kernel have no order that a seed could repeat.
 */

import { Agenda } from '../../sim/agenda.ts';
import { Dice } from '../../sim/dice.ts';
import { START_MS } from '../../sim/machine-clock.ts';
import { Outside } from './outside.ts';

/** What the runtime does with longer timers: it takes them for a mistake. */
const TIMER_MS_MAX = 2 ** 31 - 1;
const U32 = 2 ** 32;

const realImmediate = setImmediate;

/** A timer as the runtime hands it out. */
class VirtualTimer {
  isDue = true;

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return false;
  }
}

type Callback = (...args: unknown[]) => void;

/** From its making until it is disposed of, the time of this process. One at a time. */
export class VirtualTime implements Disposable {
  /** Milliseconds since the run began. */
  now = 0;
  readonly #agenda = new Agenda();
  readonly #outside = new Outside();
  readonly #restore: readonly (() => void)[];

  constructor(seed: number) {
    const chance = new Dice(seed, 'Math.random');
    this.#restore = [
      replace(globalThis, {
        Date: dateOf(this),
        setTimeout: (run: Callback, ms?: number, ...args: unknown[]) => this.#timer(run, ms, args),
        clearTimeout: clear,
        setInterval: (run: Callback, ms?: number, ...args: unknown[]) =>
          this.#interval(run, ms, args),
        clearInterval: clear,
        setImmediate: (run: Callback, ...args: unknown[]) => this.#timer(run, 0, args),
        clearImmediate: clear,
      }),
      replace(performance, { now: () => this.now }),
      replace(Math, { random: () => chance.u32() / U32 }),
      replace(AbortSignal, { timeout: (ms: number) => this.#timeout(ms) }),
    ];
  }

  /** Timers that wait, those that were cleared too until their time has come. */
  get waiting(): number {
    return this.#agenda.size;
  }

  /** Calls back so many milliseconds from now. */
  after(ms: number, run: () => void): void {
    this.#agenda.enter(this.now + ms, run);
  }

  /** Lets everything happen that is due until `end`. Throws if anything was asked of outside. */
  async runUntil(end: number): Promise<void> {
    for (;;) {
      await quiet();
      this.#outside.check();
      const entry = this.#agenda.take(end);
      if (entry === null) break;
      this.now = entry.at;
      entry.run();
    }
    this.now = end;
  }

  /** Lets time pass until a promise is settled, `withinMs` at most. */
  async settle<T>(promise: Promise<T>, withinMs: number): Promise<T> {
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    promise.then(settled, settled);
    for (const end = this.now + withinMs; this.now < end; ) {
      await quiet();
      if (isSettled) return promise;
      await this.runUntil(this.now + 1);
    }
    throw new Error(`not settled within ${withinMs} ms`);
  }

  [Symbol.dispose](): void {
    for (const restore of this.#restore) restore();
    this.#outside[Symbol.dispose]();
  }

  #timer(run: Callback, ms: number | undefined, args: readonly unknown[]): VirtualTimer {
    const timer = new VirtualTimer();
    this.after(delayOf(ms), () => {
      if (timer.isDue) run(...args);
    });
    return timer;
  }

  #interval(run: Callback, ms: number | undefined, args: readonly unknown[]): VirtualTimer {
    const timer = new VirtualTimer();
    const again = (): void =>
      this.after(delayOf(ms), () => {
        if (!timer.isDue) return;
        run(...args);
        again();
      });
    again();
    return timer;
  }

  #timeout(ms: number): AbortSignal {
    const abort = new AbortController();
    const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    this.after(delayOf(ms), () => abort.abort(reason));
    return abort.signal;
  }
}

/** After the last microtask: nothing of this process has anything left to do. */
function quiet(): Promise<void> {
  return new Promise((resolve) => realImmediate(resolve));
}

function clear(timer: unknown): void {
  if (timer instanceof VirtualTimer) timer.isDue = false;
}

/** As the runtime reads a delay. */
function delayOf(ms: number | undefined): number {
  const whole = Math.trunc(Number(ms));
  return whole >= 1 && whole <= TIMER_MS_MAX ? whole : 1;
}

function dateOf(time: VirtualTime): DateConstructor {
  return class extends Date {
    constructor(...args: [] | [number | string | Date]) {
      if (args.length === 0) super(START_MS + time.now);
      else super(...args);
    }

    static override now(): number {
      return START_MS + time.now;
    }
  } as DateConstructor;
}

/** Puts members in place of those that an object has; returns how to put those back. */
function replace(target: object, members: Readonly<Record<string, unknown>>): () => void {
  const names = Object.keys(members);
  const before = names.map((name) => Object.getOwnPropertyDescriptor(target, name));
  for (const name of names) {
    const value = members[name];
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
  }
  return () => {
    for (const [i, name] of names.entries()) {
      const held = before[i];
      if (held === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, held);
    }
  };
}
