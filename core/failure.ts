/**
 * Outside failure, the third kind of trouble: a disk, a socket or a chip did not do its part.
 *
 * Nobody lied and nothing is wrong with our own state, so a failure may be retried, with a bound.
 * The cause is always kept.
 */

/** What failed: stable words for logs, metrics and exit texts. */
export type FailureCode =
  | 'store-unreadable'
  | 'store-unwritable'
  | 'file-unreadable'
  | 'file-unwritable'
  | 'socket-failed'
  | 'peer-unreachable'
  | 'daemon-unreachable'
  | 'process-failed'
  | 'tpm-unreachable'
  | 'tpm-busy'
  | 'tpm-lockout'
  | 'tpm-full'
  | 'tpm-nv-full'
  | 'tpm-refused'
  | 'timed-out';

/** An outside failure with its cause. Retried with a bound or surfaced, never swallowed. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
