/**
 * A machine of a virtual coalition: a disk in memory, the clocks of a simulated machine, a host of
 * the virtual net, and, while it runs, a daemon.
 *
 * Where power fails nobody is told: its host is gone from the net, and what it was about to do is
 * not done. Where the process ends, the kernel resets its streams.
 */

import { Failure } from '../../core/failure.ts';
import { Refusal } from '../../core/refusal.ts';
import { MINUTE_MS } from '../../core/time.ts';
import type { Clock } from '../../daemon/ports.ts';
import type { FederationNode } from '../../federation/node.ts';
import type { Habit } from '../../sim/adversary.ts';
import type { Boundary } from '../../sim/machine.ts';
import { MachineClock } from '../../sim/machine-clock.ts';
import type { Watched } from '../../sim/watchman.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { VirtualDaemon, type VirtualDaemonOptions } from './virtual-daemon.ts';
import { VirtualDisk } from './virtual-disk.ts';
import type { VirtualNet } from './virtual-net.ts';
import type { VirtualTime } from './virtual-time.ts';
import { virtualTransport } from './virtual-transport.ts';

/** Where every daemon listens. */
const PORT = 7_946;
/** Power that failed at a boundary is back within so long. */
const POWERLESS_MS_MAX = MINUTE_MS;

export interface VirtualMachineOptions
  extends Pick<
    VirtualDaemonOptions,
    | 'name'
    | 'domain'
    | 'suite'
    | 'node'
    | 'authority'
    | 'pace'
    | 'note'
    | 'onAudit'
    | 'onLink'
    | 'dice'
  > {
  readonly records: ReadonlyMap<string, Uint8Array>;
  /** Told when its daemon begins, and when it ends. */
  readonly onPower: (on: boolean) => void;
  readonly time: VirtualTime;
  readonly net: VirtualNet;
  readonly host: string;
  /** Names the stream of its randomness. */
  readonly entropy: string;
}

type RequestOf = Parameters<VirtualDaemon['driver']['request']>[0];

export class VirtualMachine implements Watched {
  readonly name: string;
  readonly domain: VirtualDaemonOptions['domain'];
  readonly host: string;
  readonly address: string;
  readonly clock: MachineClock;
  readonly disk: VirtualDisk;
  /** What its network card does to what it says, and the measure of it. */
  readonly habits = new Map<Habit, number>();
  /** Was ever in other hands: nobody waits for it to agree. */
  isCaptured = false;
  /** Boundaries until its power fails, or 0. */
  armed = 0;
  readonly #options: VirtualMachineOptions;
  readonly #random: SeededRandom;
  readonly #links: string[] = [];
  #daemon: VirtualDaemon | null = null;

  constructor(options: VirtualMachineOptions) {
    this.#options = options;
    this.name = options.name;
    this.domain = options.domain;
    this.host = options.host;
    this.address = `/ip4/${options.host}/tcp/${PORT}`;
    this.clock = new MachineClock(options.name);
    this.#random = new SeededRandom(options.entropy);
    this.disk = new VirtualDisk(options.records, options.dice);
  }

  get isAuthority(): boolean {
    return this.#options.authority !== null;
  }

  get isHonest(): boolean {
    return !this.isCaptured;
  }

  get power(): 'on' | 'off' {
    return this.#daemon === null ? 'off' : 'on';
  }

  /** Null while no daemon runs. */
  get daemon(): VirtualDaemon | null {
    return this.#daemon;
  }

  /** What its daemon believes; null while none runs. */
  get node(): FederationNode | null {
    return this.#daemon?.node ?? null;
  }

  /** Power comes, and the daemon with it; nothing where it has power. */
  async boot(): Promise<void> {
    if (this.#daemon !== null) return;
    this.clock.boot(this.#options.time.now);
    await this.startProcess();
  }

  /** The daemon starts on what the disk holds, in the boot under way. */
  async startProcess(): Promise<void> {
    if (this.#daemon !== null) return;
    const { net, time } = this.#options;
    const daemon = new VirtualDaemon(
      {
        ...this.#options,
        clock: clockOf(this.clock, time),
        random: this.#random,
        store: this.disk.mount((boundary) => this.#pass(boundary)),
        transport: virtualTransport(net, this.host),
        address: this.address,
        habits: this.habits,
        atBoundary: (boundary) => this.#pass(boundary),
      },
      new Map(this.disk.records),
    );
    this.#daemon = daemon;
    this.#options.onPower(true);
    await daemon.start();
    if (this.#daemon !== daemon) return daemon.stop(); // it ended before it had begun
    for (const address of this.#links) daemon.network.link(address);
  }

  /** Keeps a link to another machine, from one start to the next. */
  link(address: string): void {
    this.#links.push(address);
    this.#daemon?.network.link(address);
  }

  /**
   * Asks something of its daemon, as its people do; what it refuses or cannot do is noted, and
   * `done` is told once it is done.
   */
  request(input: RequestOf, done: () => void = () => undefined): void {
    this.#daemon?.driver.request(input).then(done, (error: unknown) => {
      if (!(error instanceof Refusal || error instanceof Failure)) throw error;
      this.#options.note(`${input.kind} ${error.code}`);
    });
  }

  /** Sends an envelope to all that it is linked to, and its daemon does not know. */
  say(envelope: Uint8Array): void {
    this.#daemon?.say(envelope);
  }

  /** Nothing ails it any more, and it runs; who was captured is switched off for good. */
  heal(): void {
    this.armed = 0;
    if (this.isCaptured) return void this.fail('power');
    this.disk.repair();
    this.clock.correct(this.#options.time.now);
    void this.boot();
  }

  /** The daemon says good-bye, and ends. */
  async stop(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = null;
    this.#options.onPower(false);
    await daemon?.stop();
  }

  /** Ends at once: told to nobody where power fails, reset by the kernel where a process ends. */
  async fail(what: 'power' | 'process'): Promise<void> {
    const { net, time } = this.#options;
    const daemon = this.#daemon;
    if (daemon === null) return;
    this.#daemon = null;
    this.#options.onPower(false);
    this.disk.unmount();
    net.drop(this.host, what === 'power' ? 'silently' : 'by reset');
    if (what === 'power') this.clock.powerOff(time.now);
    const closed = daemon.driver.close();
    await daemon.stop();
    await closed;
  }

  /** Power fails here where a fault has armed it so, and comes back. */
  #pass(boundary: Boundary): void {
    if (this.armed === 0) return;
    this.armed -= 1;
    if (this.armed > 0) return;
    this.#options.note(`power fails ${boundary}`);
    void this.fail('power');
    const powerlessMs = 1 + this.#options.dice.below(POWERLESS_MS_MAX);
    this.#options.time.after(powerlessMs, () => void this.boot());
  }
}

/** The clocks of a simulated machine as the daemon's port. */
function clockOf(machine: MachineClock, time: VirtualTime): Clock {
  const now = () => machine.now(time.now);
  return {
    bootId: machine.bootId,
    now,
    wakeAt(at, callback) {
      const timer = setTimeout(callback, Math.max(0, machine.timeOf(at) - time.now));
      return () => clearTimeout(timer);
    },
  };
}
