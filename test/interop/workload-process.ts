/** A workload of another language: a process that tells events as JSON lines and takes orders. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** One line that the workload printed. */
export interface Told {
  readonly event: string;
  readonly [field: string]: unknown;
}

const WAIT_MS = 45_000;

export class WorkloadProcess {
  readonly #child: ChildProcess;
  readonly #told: Told[] = [];
  #errors = '';
  #read = 0;
  #wake: () => void = () => undefined;

  constructor(command: readonly string[], workloadSocket: string) {
    const [program = '', ...args] = command;
    this.#child = spawn(program, args, {
      env: { ...process.env, SPIFFE_ENDPOINT_SOCKET: `unix://${workloadSocket}` },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error('the pipes were asked for');
    createInterface({ input: stdout }).on('line', (line) => {
      this.#told.push(JSON.parse(line));
      this.#wake();
    });
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4_096);
    });
    this.#child.once('exit', () => this.#wake());
  }

  /** The next event of this name that `suits`; others on the way are passed by. */
  async next(event: string, suits: (told: Told) => boolean = () => true): Promise<Told> {
    const until = Date.now() + WAIT_MS;
    for (;;) {
      const found = this.#told.slice(this.#read).findIndex((t) => t.event === event && suits(t));
      const told = this.#told[this.#read + found];
      if (found >= 0 && told !== undefined) {
        this.#read += found + 1;
        return told;
      }
      const leftMs = until - Date.now();
      if (leftMs <= 0 || this.#child.exitCode !== null) throw new Error(this.#missing(event));
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Gives an order, and waits for the event that it leads to. */
  async order(line: string, event: string = line): Promise<Told> {
    this.#read = this.#told.length;
    this.#child.stdin?.write(`${line}\n`);
    return await this.next(event);
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #missing(event: string): string {
    const last = this.#told.slice(-6).map((told) => JSON.stringify(told));
    return `no ${event}; it told:\n${last.join('\n')}\n${this.#errors}`;
  }
}
