/**
 * The way out for a bug that a library would swallow: libp2p turns whatever a callback throws into
 * an error of its own, but a `Bug` has to end the process (core/assert.ts).
 */

import { Bug } from '../../core/assert.ts';

/** Throws `error` again outside every promise, if it is a bug; does nothing otherwise. */
export function escapeIfBug(error: unknown): void {
  if (!(error instanceof Bug)) return;
  queueMicrotask(() => {
    throw error;
  });
}
