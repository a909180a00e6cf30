/** Numbers of the TPM's world, as its specifications print them. */

/** `0x81010001`. */
export function hexText(value: number | bigint): string {
  return `0x${value.toString(16).padStart(value < 0x1_0000_0000 ? 8 : 16, '0')}`;
}
