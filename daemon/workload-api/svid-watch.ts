/**
 * Follows the Workload API for as long as it is wanted, over restarts of the daemon.
 *
 * A stream that breaks is opened anew, later each time and with jitter, so that a thousand
 * watchers do not come back in step. What was received stays valid meanwhile: a daemon that is away
 * withdraws nothing. A denial does (SPIFFE Workload API §5.2.1), and is told as a state.
 */

import { Failure } from '../../core/failure.ts';
import { WATCH_RETRY_MS_MAX, WATCH_RETRY_MS_MIN } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { bootMs } from '../../core/time.ts';
import type { Clock, Random } from '../ports.ts';
import type { FetchedIdentities, WorkloadClient } from './client.ts';

/** Why there is no state at the moment; a failure of whoever takes the states comes here too. */
export type WatchTrouble = Refusal | Failure;

export interface WatchOptions {
  readonly openClient: () => WorkloadClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Takes each complete state; null once the daemon says that there is no identity any more. */
  readonly take: (identities: FetchedIdentities | null) => Promise<void>;
  readonly onTrouble: (trouble: WatchTrouble, retryInMs: number) => void;
}

/** Hands every state to `take`, until `signal` aborts. Ends by no refusal and no failure. */
export async function followIdentities(options: WatchOptions, signal: AbortSignal): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const client = options.openClient();
    try {
      for await (const identities of client.watchX509Svids(signal)) {
        await options.take(identities);
        failures = 0;
      }
    } catch (error) {
      const retryInMs = retryDelayMs(failures, options.random);
      options.onTrouble(await troubleOf(error, options), retryInMs);
      failures += 1;
      await pause(options.clock, retryInMs, signal);
    } finally {
      client.close();
    }
  }
}

/** A denial is a state before it is a trouble. Anything but outside trouble is a bug. */
async function troubleOf(error: unknown, options: WatchOptions): Promise<WatchTrouble> {
  if (!(error instanceof Refusal || error instanceof Failure)) throw error;
  if (error.code === 'workload-no-identity') await options.take(null);
  return error;
}

/** Doubles from the least to the most; the upper half of it is drawn. */
function retryDelayMs(failures: number, random: Random): number {
  const delayMs = Math.min(WATCH_RETRY_MS_MAX, WATCH_RETRY_MS_MIN * 2 ** Math.min(failures, 16));
  const [byte = 0] = random.bytes(1);
  return Math.ceil(delayMs * (0.5 + byte / 510));
}

/** Resolves after `ms`, or at once when `signal` aborts. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.wakeAt(bootMs(clock.now().boot + ms), end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
