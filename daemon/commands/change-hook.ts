/**
 * What happens when files have changed: a command is run, a process is signalled, or both.
 *
 * Commands run one at a time. Changes that come while one runs are answered by one more run after
 * it, so the last run always began after the last change. A hook that fails is told and not
 * repeated: the next change runs it again.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { fromUtf8 } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { PID_FILE_BYTES_MAX } from '../../core/limits.ts';
import { bootMs, SECOND_MS } from '../../core/time.ts';
import { readBounded } from '../host/files.ts';
import type { Clock } from '../ports.ts';

/** What to do; either may be absent. */
export interface HookPlan {
  /** Given to `/bin/sh -c`. */
  readonly exec?: string | undefined;
  /** The process is read anew each time: it may have been restarted. */
  readonly signal?: { readonly name: NodeJS.Signals; readonly pidFile: string } | undefined;
}

/** How long a command may go on after it was asked to end. */
const ENDING_MS_MAX = 5 * SECOND_MS;
const PID = /^([1-9][0-9]{0,9})\s*$/;

export class ChangeHook {
  readonly #plan: HookPlan;
  readonly #complain: (line: string) => void;
  readonly #clock: Clock;
  #child: ChildProcess | null = null;
  #running: Promise<void> = Promise.resolve();
  #isPending = false;
  #isClosed = false;

  constructor(plan: HookPlan, clock: Clock, complain: (line: string) => void) {
    this.#plan = plan;
    this.#clock = clock;
    this.#complain = complain;
  }

  /** Files have changed. Signals before it resolves; a command runs on by itself. */
  async changed(): Promise<void> {
    await this.#signal();
    if (this.#plan.exec === undefined || this.#isClosed) return;
    this.#isPending = true;
    if (this.#child === null) this.#running = this.#runPending(this.#plan.exec);
  }

  /** Ends a command that runs, by force if it does not end when asked. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isPending = false;
    this.#end('SIGTERM');
    const at = bootMs(this.#clock.now().boot + ENDING_MS_MAX);
    const cancel = this.#clock.wakeAt(at, () => this.#end('SIGKILL'));
    await this.#running;
    cancel();
  }

  async #runPending(command: string): Promise<void> {
    while (this.#isPending) {
      this.#isPending = false;
      const outcome = await this.#run(command);
      if (outcome !== '' && !this.#isClosed) this.#complain(`the command ${outcome}: ${command}`);
    }
  }

  /** Runs the command once; the empty text says that it did well. */
  #run(command: string): Promise<string> {
    // A process group of its own, so that what the shell started ends with it.
    const stdio = ['ignore', 'inherit', 'inherit'] as const;
    const child = spawn('/bin/sh', ['-c', command], { detached: true, stdio: [...stdio] });
    this.#child = child;
    return new Promise((resolve) => {
      const done = (outcome: string): void => {
        this.#child = null;
        resolve(outcome);
      };
      child.once('error', (error) => done(`could not be run (${error.message})`));
      child.once('exit', (code, signal) => {
        if (code === 0) done('');
        else done(code === null ? `was ended by ${signal}` : `ended with ${code}`);
      });
    });
  }

  #end(signal: NodeJS.Signals): void {
    const group = this.#child?.pid;
    if (group !== undefined) process.kill(-group, signal);
  }

  async #signal(): Promise<void> {
    const { signal } = this.#plan;
    if (signal === undefined) return;
    try {
      process.kill(await readPid(signal.pidFile), signal.name);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#complain(`${signal.name} could not be sent: ${error.message} (${signal.pidFile})`);
    }
  }
}

async function readPid(path: string): Promise<number> {
  const text = fromUtf8(await readBounded(path, PID_FILE_BYTES_MAX));
  const pid = PID.exec(text)?.[1];
  if (pid === undefined) throw new Failure('file-unreadable', 'no process number in the file');
  return Number.parseInt(pid, 10);
}
