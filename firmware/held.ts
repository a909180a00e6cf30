/**
 * What one scope of work has loaded into the TPM, and must give back.
 *
 * One descriptor of /dev/tpmrm0 holds three objects and three sessions; an object forgotten on a
 * failure path is gone until the daemon restarts. So everything loaded is written down here
 * before its answer is believed, and flushed at the end of the scope, newest first.
 */

import { assert } from '../core/assert.ts';
import { Writer } from '../core/bytes.ts';
import { Failure } from '../core/failure.ts';
import { TPM_OBJECTS_MAX, TPM_SESSIONS_MAX } from '../core/limits.ts';
import type { Session } from './session.ts';
import { isTpmError } from './tpm-rc.ts';
import type { Answer, Command, TpmRunner } from './tpm-runner.ts';
import type { Random } from './transport.ts';

/** A scope that holds objects and sessions; made by `Tpm.hold`. */
export class Held implements TpmRunner {
  readonly #tpm: TpmRunner;
  readonly #objects = new Set<number>();
  readonly #sessions = new Set<number>();

  constructor(tpm: TpmRunner) {
    this.#tpm = tpm;
  }

  get random(): Random {
    return this.#tpm.random;
  }

  run(command: Command): Promise<Answer> {
    return this.#tpm.run(command);
  }

  /** Runs a command that loads an object, and holds it. */
  runLoading(command: Command): Promise<Answer> {
    assert(this.#objects.size < TPM_OBJECTS_MAX, 'a scope holds three objects at most');
    return this.#tpm.run({ ...command, returnsHandle: true }, (h) => this.#objects.add(h));
  }

  /** Runs a command that starts a session, and holds it. */
  runStarting(command: Command): Promise<Answer> {
    assert(this.#sessions.size < TPM_SESSIONS_MAX, 'a scope holds three sessions at most');
    return this.#tpm.run({ ...command, returnsHandle: true }, (h) => this.#sessions.add(h));
  }

  /** Flushes an object or a session before the end of the scope. Part 3, TPM2_FlushContext. */
  async flush({ handle }: Session | { readonly handle: number }): Promise<void> {
    assert(this.#objects.delete(handle) || this.#sessions.delete(handle), 'flushed what is held');
    await flushHandle(this.#tpm, handle);
  }

  /**
   * Runs `use`, and flushes what it loaded and did not flush itself, whether it ends well or not.
   * What was held before stays. Of two troubles the first is told: a flush that fails after it is
   * its consequence.
   */
  async within<T>(use: () => Promise<T>): Promise<T> {
    const before = new Set([...this.#objects, ...this.#sessions]);
    let result: T;
    try {
      result = await use();
    } catch (error) {
      await this.#release(before);
      throw error;
    }
    const trouble = await this.#release(before);
    if (trouble !== undefined) throw trouble;
    return result;
  }

  /**
   * Flushes all but what is in `kept`, and gives back the first trouble met on the way. A TPM out
   * of reach is none: it lost our objects with the connection.
   */
  async #release(kept: ReadonlySet<number>): Promise<unknown> {
    const handles = [...this.#sessions, ...this.#objects].filter((handle) => !kept.has(handle));
    let trouble: unknown;
    for (const handle of handles.reverse()) {
      try {
        await this.flush({ handle });
      } catch (error) {
        if (!isGone(error)) trouble ??= error;
      }
    }
    return trouble;
  }
}

/** Frees one transient object or session. Part 3, TPM2_FlushContext. */
export async function flushHandle(tpm: TpmRunner, handle: number): Promise<void> {
  await tpm.run({ name: 'FlushContext', parameters: new Writer().u32(handle).finish() });
}

/** Nothing is left to flush: the connection ended, or the TPM dropped the handle by itself. */
function isGone(error: unknown): boolean {
  if (isTpmError(error, 'HANDLE')) return true;
  return (
    error instanceof Failure && (error.code === 'tpm-unreachable' || error.code === 'timed-out')
  );
}
