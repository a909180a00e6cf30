/**
 * Padding of what is sealed: its length then tells a size class and not which statement passed
 * (PROTOCOL §6.9).
 *
 *     padded = bytes ‖ 80 ‖ zeros, up to the next class           (ISO/IEC 9797-1, method 2)
 *
 * Classes are those of Padmé above 64 bytes: of a length of about 2^e only the first
 * floor(log2 e) + 1 bits behind the leading one are kept. They cost an eighth at most, and less the
 * longer a message is, where powers of two would cost up to its whole length again.
 */

/** What is shorter is as long as this: small frames of all kinds look alike. */
export const PADDED_BYTES_MIN = 64;

const MARK = 0x80;

/** The length that so many bytes are padded to, the mark included. */
export function paddedLength(length: number): number {
  const least = Math.max(length + 1, PADDED_BYTES_MIN);
  const exponent = Math.floor(Math.log2(least));
  const kept = Math.floor(Math.log2(exponent)) + 1;
  const step = 2 ** (exponent - kept);
  return Math.ceil(least / step) * step;
}

/** The bytes, padded to their class. */
export function pad(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(paddedLength(bytes.length));
  padded.set(bytes);
  padded[bytes.length] = MARK;
  return padded;
}

/** The bytes that were padded so, and in no other way; null where these were not. */
export function unpad(padded: Uint8Array): Uint8Array | null {
  let length = padded.length - 1;
  while (length > 0 && padded[length] === 0) length--;
  if (padded[length] !== MARK || paddedLength(length) !== padded.length) return null;
  return padded.subarray(0, length);
}
