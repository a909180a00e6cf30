/**
 * What every connection to a TPM shares: one command under way, a time limit for its class, and
 * the end of the connection at the first trouble.
 *
 * A connection is never resynchronised: after a timeout the next bytes may be the answer to the
 * command before, and a late answer that is taken for a new one could be a "yes".
 */

import { assert } from '../../core/assert.ts';
import { Failure } from '../../core/failure.ts';
import { TPM_KEYGEN_MS_MAX, TPM_QUICK_MS_MAX, TPM_SLOW_MS_MAX } from '../../core/limits.ts';
import type { CommandClass, TpmTransport } from '../../firmware/transport.ts';

/** The bytes of one kind of connection. */
export interface TpmWire {
  /** Sends a command whole and gives back its answer whole. */
  exchange(command: Uint8Array): Promise<Uint8Array>;
  /** Ends the connection at once, whatever is under way. */
  destroy(): void;
}

/** How long a command of each class may take. */
export type TimeLimits = Readonly<Record<CommandClass, number>>;

const LIMITS_MS: TimeLimits = {
  quick: TPM_QUICK_MS_MAX,
  slow: TPM_SLOW_MS_MAX,
  keygen: TPM_KEYGEN_MS_MAX,
};

/** A connection over any wire. */
export class TpmConnection implements TpmTransport {
  readonly #wire: TpmWire;
  readonly #limitsMs: TimeLimits;
  #isBusy = false;
  #ended: Failure | undefined;

  constructor(wire: TpmWire, limitsMs: TimeLimits = LIMITS_MS) {
    this.#wire = wire;
    this.#limitsMs = limitsMs;
  }

  /** Fails with `timed-out` or `tpm-unreachable`; after either, always with the second. */
  async transmit(command: Uint8Array, commandClass: CommandClass): Promise<Uint8Array> {
    assert(!this.#isBusy, 'a TPM has one command under way');
    if (this.#ended !== undefined) {
      throw new Failure('tpm-unreachable', 'the connection to the TPM has ended', this.#ended);
    }
    this.#isBusy = true;
    const late = Promise.withResolvers<never>();
    const limitMs = this.#limitsMs[commandClass];
    const timer = setTimeout(() => late.reject(timeout(commandClass, limitMs)), limitMs);
    try {
      return await Promise.race([this.#wire.exchange(command), late.promise]);
    } catch (error) {
      throw this.#end(error);
    } finally {
      clearTimeout(timer);
      this.#isBusy = false;
    }
  }

  async close(): Promise<void> {
    this.#end(new Failure('tpm-unreachable', 'the connection to the TPM was closed'));
  }

  /** Of several troubles the first is kept: the others follow from it. */
  #end(error: unknown): Failure {
    const failure =
      error instanceof Failure
        ? error
        : new Failure('tpm-unreachable', 'the TPM cannot be reached', error);
    this.#ended ??= failure;
    this.#wire.destroy();
    return failure;
  }
}

function timeout(commandClass: CommandClass, limitMs: number): Failure {
  return new Failure('timed-out', `no answer to a ${commandClass} command in ${limitMs} ms`);
}
