/**
 * The chip of this machine as a running daemon uses it: opened when there is work, closed when
 * there is none, opened again after it went away.
 *
 * An swtpm serves one program at a time, and a connection may end at any moment: the power of the
 * chip is cut, a command takes too long. So nothing of the daemon holds a connection, and nothing
 * stays loaded between two pieces of work.
 */

import { Failure } from '../../core/failure.ts';
import { CHIP_IDLE_MS, CHIP_PENDING_MAX } from '../../core/limits.ts';
import { bootMs } from '../../core/time.ts';
import type { Tpm } from '../../firmware/tpm.ts';
import { openTpm, type TpmAddress } from '../host/open-tpm.ts';
import type { Clock } from '../ports.ts';
import { explainLockout } from '../tpm/lockout.ts';
import { FairTurns } from './fair-turns.ts';

/** A part of the daemon that has work for the chip; they take turns. */
export type ChipCaller = 'start' | 'generation' | 'approvals' | 'issuing' | 'attestation';

export class Chip implements AsyncDisposable {
  readonly address: TpmAddress;
  readonly #clock: Clock;
  readonly #turns = new FairTurns(CHIP_PENDING_MAX);
  #tpm: Tpm | undefined;
  #isClosed = false;
  #cancelClose: () => void = () => undefined;

  constructor(address: TpmAddress, clock: Clock) {
    this.address = address;
    this.#clock = clock;
  }

  /**
   * Runs `work` on the chip when its caller's turn has come. A connection that ended unnoticed is
   * opened again and `work` begun anew, once: it has to bear that. Fails `tpm-unreachable`,
   * `tpm-busy`, and for a locked chip `tpm-lockout` with until when.
   */
  use<T>(caller: ChipCaller, work: (tpm: Tpm) => Promise<T>): Promise<T> {
    return this.#turns.take(caller, async () => {
      this.#cancelClose();
      const kept = this.#tpm;
      try {
        return await this.#attempt(work);
      } catch (error) {
        if (kept === undefined || !isGone(error)) throw error;
        return await this.#attempt(work);
      } finally {
        this.#closeWhenIdle();
      }
    });
  }

  /** Ends after the work under way; what waits, or comes later, fails `tpm-unreachable`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#turns.take('start', () => this.#close());
    this.#cancelClose();
  }

  async #attempt<T>(work: (tpm: Tpm) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new Failure('tpm-unreachable', 'the daemon lets go of the TPM');
    this.#tpm ??= await openTpm(this.address);
    const tpm = this.#tpm;
    try {
      return await work(tpm);
    } catch (error) {
      if (!isGone(error)) throw await explainLockout(tpm, error, this.#clock.now().wall);
      await this.#close();
      throw error;
    }
  }

  #closeWhenIdle(): void {
    if (this.#isClosed) return;
    const at = bootMs(this.#clock.now().boot + CHIP_IDLE_MS);
    this.#cancelClose = this.#clock.wakeAt(at, () => {
      if (this.#turns.isIdle) void this.#turns.take('start', () => this.#close());
    });
  }

  async #close(): Promise<void> {
    const tpm = this.#tpm;
    this.#tpm = undefined;
    await tpm?.close();
  }
}

/** After any of these the connection is of no use any more. */
function isGone(error: unknown): boolean {
  return (
    error instanceof Failure && (error.code === 'tpm-unreachable' || error.code === 'timed-out')
  );
}
