/**
 * What libp2p throws at us. Mostly an error; but a stream that closes while somebody waits to write
 * rejects with the close event, which is none. And a `Bug` of ours (core/assert.ts) that went
 * through its hands would end as mere trouble of the network: it has to end the process.
 */

import { StreamCloseEvent } from '@libp2p/interface';
import { Bug } from '../../core/assert.ts';

/** Throws `thrown` again outside every promise, if it is a bug; does nothing otherwise. */
export function escapeIfBug(thrown: unknown): void {
  if (!(thrown instanceof Bug)) return;
  queueMicrotask(() => {
    throw thrown;
  });
}

/** The error that `thrown` is or tells of. A bug escapes, and so does what is neither. */
export function errorOf(thrown: unknown): Error {
  escapeIfBug(thrown);
  if (thrown instanceof Error) return thrown;
  if (!(thrown instanceof StreamCloseEvent)) throw thrown;
  return thrown.error ?? new Error('the stream closed before all was written');
}
