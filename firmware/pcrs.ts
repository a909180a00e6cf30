/**
 * PCR banks and their values, claimed and believed (TPM 2.0 Part 1 §17).
 *
 * A value that somebody shows is a claim. It is believed once a verified quote covers it, or when
 * this process read it off the chip of its own machine; the two have different types, and logs
 * and appraisal take only the second.
 */

import type { Brand } from '../core/brand.ts';
import { HASH_BYTES, type HashName, hashOf } from '../core/ciphers.ts';

/** A bank is named by its hash. */
export type Bank = HashName;

/** Values that somebody shows, by PCR, each as long as the hash of the bank. */
export interface ClaimedPcrs {
  readonly bank: Bank;
  readonly values: ReadonlyMap<number, Uint8Array>;
}

/** Values that a chip vouches for. */
export type BelievedPcrs = Brand<ClaimedPcrs, 'BelievedPcrs'>;

/**
 * Believes the claimed values of the PCRs in `covered`, and no others. To be called by whoever
 * verified a quote over exactly these values, or read them from its own chip.
 */
export function believePcrs(claimed: ClaimedPcrs, covered: readonly number[]): BelievedPcrs {
  const inside = new Set(covered);
  const values = new Map([...claimed.values].filter(([pcr]) => inside.has(pcr)));
  return { bank: claimed.bank, values } as unknown as BelievedPcrs;
}

/** The value a PCR has before its first measurement (PC Client Platform TPM Profile §4.6.2). */
export function initialPcr(bank: Bank, pcr: number, startupLocality: number): Uint8Array {
  const dynamic = pcr >= 17 && pcr <= 22; // set to ones until a dynamic launch resets them
  const value = new Uint8Array(HASH_BYTES[bank]).fill(dynamic ? 0xff : 0);
  if (pcr === 0) value[value.length - 1] = startupLocality;
  return value;
}

/** PCR_Extend: the new value is the hash of the old one and the digest (TPM 2.0 Part 1 §17.2). */
export function extendPcr(bank: Bank, value: Uint8Array, digest: Uint8Array): Uint8Array {
  return hashOf(bank, value, digest);
}
