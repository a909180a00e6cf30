/**
 * One refusal for one kind of input, whichever field of it was wrong.
 *
 * Readers of fields refuse by what they saw (`truncated`, `trailing-bytes`, `tpm-malformed`). An
 * operator wants to hear what the bytes were meant to be. The first code is kept as the cause.
 */

import { Refusal, type RefusalCode } from '../core/refusal.ts';

const OF_BYTES: ReadonlySet<RefusalCode> = new Set([
  'too-large',
  'truncated',
  'trailing-bytes',
  'bad-encoding',
  'json-syntax',
  'json-duplicate-key',
  'json-lone-surrogate',
  'json-too-deep',
  'json-number',
  'key-malformed',
  'tpm-malformed',
]);

/** Runs `decode`; what the readers of bytes, JSON and TPM fields refuse is refused as `code`. */
export function refusedAs<T>(code: RefusalCode, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof Refusal) || !OF_BYTES.has(error.code)) throw error;
    throw new Refusal(code, { cause: error.code, ...error.details });
  }
}

/** Refuses `too-large` before anything is parsed. */
export function checkSize(bytes: Uint8Array, limit: number): void {
  if (bytes.length > limit) throw new Refusal('too-large', { limit, got: bytes.length });
}
