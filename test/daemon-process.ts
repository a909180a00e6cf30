/** A real daemon in a process of its own, in a temporary folder. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { type ControlClient, connectControl } from '../daemon/control/client.ts';
import { ROOT } from './root.ts';

/** The kernel tells times of processes in these (USER_HZ). */
const CLOCK_TICK_MS = 10;
const LAUNCHER = join(ROOT, 'bin/holdfastd.mjs');

/** Where a daemon runs. */
export interface Placement {
  /** What it listens at; any free port of the loopback unless said. */
  readonly listen?: string;
  /** A command that runs the command after it, as `ip netns exec NAME`. */
  readonly within?: readonly string[];
  /** A program that takes the options of `holdfast run`; the shipping one unless said. */
  readonly program?: string | undefined;
}

export class DaemonProcess {
  readonly domain: string;
  readonly folder: string;
  readonly #placement: Placement;
  /** What it said on standard error since it was last spawned, line by line. */
  said: string[] = [];
  #child: ChildProcess | null = null;

  /**
   * `config` is the text of the configuration file; empty means the defaults. The chip of the
   * machine that runs the tests is left alone, unless the text says else.
   */
  constructor(domain: string, config = '', placement: Placement = {}) {
    this.domain = domain;
    this.#placement = placement;
    this.folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
    this.configure(config);
  }

  /** Sets the configuration of the next start. */
  configure(config: string): void {
    const chip = config.includes('[tpm]') ? '' : '\n[tpm]\nuse = "never"\n';
    writeFileSync(join(this.folder, 'config.toml'), config + chip);
  }

  get controlSocket(): string {
    return join(this.folder, 'control.sock');
  }

  get workloadSocket(): string {
    return join(this.folder, 'workload.sock');
  }

  get auditLog(): string {
    return join(this.folder, 'state/audit.jsonl');
  }

  get process(): ChildProcess {
    if (this.#child === null) throw new Error('the daemon was not started');
    return this.#child;
  }

  /** Starts it and resolves once it says that it is ready; rejects with its words if it ends. */
  async start(): Promise<void> {
    const child = this.spawn();
    const ended = once(child, 'exit').then(() => {
      throw new Error(`the daemon ended: ${this.said.join('\n')}`);
    });
    ended.catch(() => undefined);
    const ready = new Promise<void>((resolve) => {
      this.#lines(child).on('line', (line) => {
        if (line.includes(' info ready ')) resolve();
      });
    });
    await Promise.race([ready, ended]);
  }

  /** Starts it with `more` options, which has to fail: its exit code and what it said. */
  async startInVain(more: readonly string[] = []): Promise<{ code: number; said: string }> {
    const child = this.spawn(more);
    const spoken = once(this.#lines(child), 'close');
    const [code] = await once(child, 'exit');
    await spoken;
    return { code, said: this.said.join('\n') };
  }

  /** Starts it and does not wait; of an option given twice the last one counts. */
  spawn(more: readonly string[] = []): ChildProcess {
    const { listen = '/ip4/127.0.0.1/tcp/0', within = [], program = LAUNCHER } = this.#placement;
    const args = [
      ...['--trust-domain', this.domain, '--state', join(this.folder, 'state')],
      ...['--control-socket', this.controlSocket, '--workload-socket', this.workloadSocket],
      ...['--listen', listen, '--config', join(this.folder, 'config.toml')],
    ];
    this.said = [];
    const [command = '', ...rest] = [...within, process.execPath, program, ...args, ...more];
    this.#child = spawn(command, rest, {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return this.#child;
  }

  #lines(child: ChildProcess): Interface {
    const { said } = this;
    const lines = createInterface({ input: child.stderr ?? process.stdin });
    return lines.on('line', (line) => said.push(line));
  }

  /** Connects a client; whoever asks closes it. */
  control(): Promise<ControlClient> {
    return connectControl(this.controlSocket);
  }

  /** Resident memory of the process, in bytes, as the kernel counts it. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  /** What the process has used of the processors so far, in steps of 10 ms (proc(5)). */
  processorMs(): number {
    const stat = readFileSync(`/proc/${this.process.pid}/stat`, 'latin1');
    const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14);
    return (Number(user) + Number(system)) * CLOCK_TICK_MS;
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const { process } = this;
    if (process.exitCode !== null || process.signalCode !== null) return;
    const ended = once(process, 'exit');
    process.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    if (this.#child !== null) await this.kill('SIGKILL');
    this.discard();
  }

  /** Ends it without waiting: for a process that is about to end itself. */
  abandon(): void {
    this.#child?.kill('SIGKILL');
  }

  /** The same, and its folder is removed. */
  discard(): void {
    this.abandon();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A daemon whose commands can be reached. */
export type Controlled = Pick<DaemonProcess, 'control'>;

/** Relates two running daemons by their bundle files, and links the second to the first. */
export async function relate(first: Controlled, second: Controlled): Promise<void> {
  const [a, b] = [await first.control(), await second.control()];
  try {
    const ofFirst = await a.call('bundle.export', { format: 'holdfast' });
    const ofSecond = await b.call('bundle.export', { format: 'holdfast' });
    await a.call('federation.add', { text: ofSecond.text, peers: [] });
    const { listen } = await a.call('status', {});
    await b.call('federation.add', { text: ofFirst.text, peers: [...listen] });
    for (let tries = 0; (await b.call('status', {})).peers.length === 0; tries++) {
      if (tries > 200) throw new Error('the two daemons do not link');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    await a.close();
    await b.close();
  }
}
