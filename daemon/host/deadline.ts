/** Time limits for what waits on others, as signals. */

/** A signal that aborts once `ms` have passed; it keeps no process alive. */
export function deadline(ms: number): AbortSignal {
  return AbortSignal.timeout(ms);
}
