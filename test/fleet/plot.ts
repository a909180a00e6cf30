/**
 * What befalls a fleet in a scenario, at its time by the clock: wires that are held, clocks that
 * are turned, power that fails, a network card in other hands, people who withdraw something.
 */

import { MINUTE_MS } from '../../core/time.ts';
import type { Habit } from '../../sim/adversary.ts';
import { type Happening, shapeOf } from '../../sim/happening.ts';
import { RTC_RESET_MS } from '../../sim/machine-clock.ts';
import type { Scenario } from '../../sim/scenario.ts';
import type { Fleet } from './fleet.ts';
import { prepareWithdrawal, type Withdrawal } from './stop.ts';
import { type Tampering, tamper, tamperingIn } from './tampering.ts';
import type { Wire } from './wire.ts';

const SETTLED_MS_MAX = 60_000;
/** A clock that somebody set right. */
const RIGHT: Partial<Tampering> = { skewMs: 0, frozenAt: null };
const HABITS: Readonly<Record<string, Habit>> = {
  replaying: 'replay',
  withholding: 'withhold',
  delaying: 'delay',
  flooding: 'flood',
  lying: 'lie',
  forging: 'forge',
};

/** Makes it happen; returns how it ends. */
type Act = (plot: Plot, happening: Happening) => Promise<() => Promise<void> | void>;

const CLOCKS: Readonly<Record<string, Act>> = {
  'clock-jump': turningClock(({ amount }) => ({ skewMs: amount })),
  'frozen-clock': turningClock(() => ({ frozenAt: Date.now() })),
  'rtc-reset': async (plot, happening) => {
    const end = plot.tamper(happening, { skewMs: RTC_RESET_MS - Date.now() }, RIGHT);
    await plot.reboot(happening);
    return end;
  },
};

const ACTS: Readonly<Record<string, Act>> = {
  ...CLOCKS,
  partition: async (plot, { on }) => plot.hold((a, b) => on.includes(a) !== on.includes(b)),
  isolation: async (plot, { on }) => plot.hold((a, b) => on.includes(a) || on.includes(b)),
  withdrawing: async (plot, happening) => {
    await plot.withdraw(happening);
    return () => undefined;
  },
  'reboot-loop': async (plot, happening) => {
    const { amount, forMs } = happening;
    for (let at = amount; at < forMs; at += amount) plot.later(at, () => plot.reboot(happening));
    await plot.reboot(happening);
    return () => undefined;
  },
};

/** The faults of the simulator that a fleet can do. */
export const PLOT_FAULTS: readonly string[] = [...Object.keys(ACTS), ...Object.keys(HABITS)];

/** True for what takes a machine that can be tampered with. */
export function isTampering({ fault }: Happening): boolean {
  const takesIt = [...Object.keys(CLOCKS), ...Object.keys(HABITS), 'reboot-loop'];
  return takesIt.includes(fault);
}

/** True for what an adversary does with a machine of the coalition. */
export function isCapture({ fault }: Happening): boolean {
  return Object.hasOwn(HABITS, fault);
}

/** When the first happening begins. */
export function beginning({ happenings }: Scenario): number {
  return Math.min(...happenings.map(({ at }) => at));
}

export class Plot {
  readonly #fleet: Fleet;
  readonly #scenario: Scenario;
  readonly #machines: readonly string[];
  readonly #withdrawals = new Map<Happening, Withdrawal>();
  readonly #held = new Map<Wire, number>();
  readonly #underWay: Promise<void>[] = [];

  constructor(fleet: Fleet, scenario: Scenario) {
    this.#fleet = fleet;
    this.#scenario = scenario;
    this.#machines = shapeOf(scenario).machines;
  }

  /** What people will withdraw is published first. */
  async prepare(): Promise<void> {
    for (const happening of this.#scenario.happenings) {
      if (happening.fault !== 'withdrawing') continue;
      const [by = 0] = this.#indicesOf(happening);
      this.#withdrawals.set(happening, await prepareWithdrawal(this.#fleet, by));
    }
    await this.#fleet.settle(SETTLED_MS_MAX);
  }

  /** Lives through it, from the first happening to the end of the scenario. */
  async play(): Promise<void> {
    const { happenings, minutes } = this.#scenario;
    const since = beginning(this.#scenario);
    for (const happening of happenings) {
      const act = ACTS[happening.fault] ?? takingUp(HABITS[happening.fault]);
      this.later(happening.at - since, async () => {
        const end = await act(this, happening);
        this.later(happening.forMs, async () => await end());
      });
    }
    await new Promise((resolve) => setTimeout(resolve, minutes * MINUTE_MS - since));
    await Promise.all(this.#underWay);
  }

  /** Does something after so long; what it throws, the play throws. */
  later(ms: number, act: () => Promise<void>): void {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => undefined);
    this.#underWay.push(promise);
    setTimeout(() => act().then(resolve, reject), ms);
  }

  /** Holds the wires between machines whose names are picked; returns how to let go. */
  hold(isPicked: (a: string, b: string) => boolean): () => void {
    const name = (index: number): string => this.#machines[index] ?? '';
    const wires = [...this.#fleet.wires].filter(([[a, b]]) => isPicked(name(a), name(b)));
    const change = (by: 1 | -1): void => {
      for (const [, wire] of wires) {
        const held = (this.#held.get(wire) ?? 0) + by;
        this.#held.set(wire, held);
        if (held === 0) wire.mend();
        else wire.hold();
      }
    };
    change(1);
    return () => change(-1);
  }

  /** Tampers with the machines that it befalls; returns how to undo it. */
  tamper(happening: Happening, what: Partial<Tampering>, undone: Partial<Tampering>): () => void {
    const folders = this.#indicesOf(happening).map((at) => this.#fleet.daemon(at).process.folder);
    for (const folder of folders) tamper(folder, what);
    return () => {
      for (const folder of folders) tamper(folder, undone);
    };
  }

  /** Changes what the adversaries do that it befalls. */
  turn(happening: Happening, change: (habits: Tampering['habits']) => Tampering['habits']): void {
    for (const index of this.#indicesOf(happening)) {
      const { folder } = this.#fleet.daemon(index).process;
      tamper(folder, { habits: change(tamperingIn(folder).habits) });
    }
  }

  async reboot(happening: Happening): Promise<void> {
    await Promise.all(this.#indicesOf(happening).map((index) => this.#fleet.reboot(index)));
  }

  async withdraw(happening: Happening): Promise<void> {
    const withdrawal = this.#withdrawals.get(happening);
    if (withdrawal === undefined) throw new Error('there is nothing to withdraw');
    const { by, id } = withdrawal;
    await this.#fleet.daemon(by).control.call('entry.delete', { id });
  }

  #indicesOf({ on }: Happening): readonly number[] {
    return on.map((name) => this.#machines.indexOf(name));
  }
}

function turningClock(what: (happening: Happening) => Partial<Tampering>): Act {
  return async (plot, happening) => plot.tamper(happening, what(happening), RIGHT);
}

function takingUp(habit: Habit | undefined): Act {
  if (habit === undefined) throw new Error('a fleet cannot do that');
  return async (plot, happening) => {
    plot.turn(happening, (habits) => [...habits, [habit, happening.amount]]);
    return () => plot.turn(happening, (habits) => habits.filter(([known]) => known !== habit));
  };
}
