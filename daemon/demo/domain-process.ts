/** One trust domain of the demo: a daemon in a process of its own, and a client to watch it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../../core/failure.ts';
import { type ControlClient, connectControl } from '../control/client.ts';
import type { AuditEntryView, DomainStatus } from '../control/views.ts';
import type { Clock } from '../ports.ts';
import { waitFor } from './wait.ts';

const LAUNCHER = fileURLToPath(new URL('../../../bin/holdfastd.mjs', import.meta.url));
const START_MS_MAX = 20_000;
/** What is kept of a daemon's log, to be shown if the demo fails. */
const LOG_CHARS_MAX = 4_096;

/** Limits shortened to seconds, so that a person can watch them pass. */
export const DEMO_LIMITS = { freshForMs: 3_000, degradedForMs: 7_000, survivalForMs: 11_000 };

/** An audit entry with the moment it was heard of, in boot milliseconds. */
export interface Heard {
  readonly at: number;
  readonly entry: AuditEntryView;
}

export class DomainProcess {
  readonly name: string;
  readonly workloadSocket: string;
  readonly heard: Heard[] = [];
  readonly #folder: string;
  readonly #clock: Clock;
  #child: ChildProcess | null = null;
  #control: ControlClient | null = null;
  #log = '';

  constructor(name: string, folder: string, clock: Clock) {
    this.name = name;
    this.#folder = join(folder, name);
    this.#clock = clock;
    this.workloadSocket = join(this.#folder, 'workload.sock');
  }

  /** Starts the daemon and waits until it answers. Fails `process-failed` with its last words. */
  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const config = join(this.#folder, 'config.toml');
    await writeFile(config, this.#configuration(), { mode: 0o600 });
    const child = spawn(process.execPath, [LAUNCHER, '--config', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-LOG_CHARS_MAX);
    });
    await waitFor(this.#clock, START_MS_MAX, `${this.name} to start`, async () => {
      if (child.exitCode !== null) throw new Failure('process-failed', this.#log.trim());
      this.#control = await connectControl(this.#controlSocket).catch(onlyUnreachable);
      return this.#control !== null;
    });
    await this.control.subscribe(({ method, params }) => {
      if (method !== 'event') return;
      this.heard.push({ at: this.#clock.now().boot, entry: params as AuditEntryView });
    });
  }

  get control(): ControlClient {
    if (this.#control === null) throw new Failure('daemon-unreachable', `${this.name} is not up`);
    return this.#control;
  }

  /** The port other nodes reach this one at. */
  async port(): Promise<number> {
    const { listen } = await this.control.call('status', {});
    const digits = /\/tcp\/([0-9]+)/.exec(listen[0] ?? '')?.[1] ?? '0';
    return Number.parseInt(digits, 10);
  }

  /** How a domain stands in the eyes of this one. */
  async sees(domain: string): Promise<DomainStatus> {
    const { domains } = await this.control.call('status', {});
    const found = domains.find((status) => status.domain === domain);
    if (found === undefined) throw new Failure('process-failed', `${this.name} knows no ${domain}`);
    return found;
  }

  async stop(): Promise<void> {
    await this.#control?.close();
    const child = this.#child;
    if (child === null || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  get #controlSocket(): string {
    return join(this.#folder, 'control.sock');
  }

  #configuration(): string {
    const seconds = (ms: number): string => `"${ms / 1_000}s"`;
    return `\
trust_domain = "${this.name}"
[paths]
state = "${join(this.#folder, 'state')}"
control_socket = "${this.#controlSocket}"
workload_socket = "${this.workloadSocket}"
[network]
listen = ["/ip4/127.0.0.1/tcp/0"]
[limits]
fresh_for = ${seconds(DEMO_LIMITS.freshForMs)}
degraded_for = ${seconds(DEMO_LIMITS.degradedForMs)}
survival_for = ${seconds(DEMO_LIMITS.survivalForMs)}
tick_period = "1s"
min_epoch = "100ms"
[tpm]
use = "never"
`;
  }
}

function onlyUnreachable(error: unknown): null {
  if (error instanceof Failure && error.code === 'daemon-unreachable') return null;
  throw error;
}
