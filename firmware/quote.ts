/**
 * The verifier of quotes: from PCR values that somebody shows to values that a chip vouches for.
 *
 * After the steps of `attested.ts` come selection and digest. Only PCRs inside the signed
 * selection are believed, however many were shown. SHA-1 banks are refused: a PCR of theirs can be
 * brought to one value by two boots. TPM 2.0 Part 3 §18.4.
 */

import { concat, equalBytes } from '../core/bytes.ts';
import { HASH_BYTES, hashOf } from '../core/ciphers.ts';
import { Refusal } from '../core/refusal.ts';
import type { ClockInfo } from './attest.ts';
import { type Challenge, type SignedAttest, verifyAttested } from './attested.ts';
import { type Bank, type BelievedPcrs, believePcrs, type ClaimedPcrs } from './pcrs.ts';
import type { KeyPublic } from './tpm-public.ts';
import { hashNameOf } from './tpm-structures.ts';

/** A quote, and the PCR values that it is said to cover. */
export interface ShownQuote extends SignedAttest {
  readonly pcrs: ClaimedPcrs;
}

/** What the asker wants to see. */
export interface QuoteExpectation {
  readonly key: KeyPublic;
  readonly challenge: Challenge;
  readonly bank: Bank;
  /** PCRs that the selection has to hold; it may hold more. */
  readonly required: readonly number[];
}

/** A quote that verified. */
export interface VerifiedQuote {
  readonly pcrs: BelievedPcrs;
  readonly clock: ClockInfo;
  readonly firmwareVersion: bigint;
  /** Name of the key that signed. */
  readonly keyName: Uint8Array;
}

/**
 * Verifies one quote. Refuses what `verifyAttested` refuses, then `quote-bank`, `quote-selection`
 * and `quote-digest`.
 */
export function verifyQuote(shown: ShownQuote, expected: QuoteExpectation): VerifiedQuote {
  const { key, challenge, bank, required } = expected;
  const attested = verifyAttested('quote', key, shown, challenge);
  const covered = selectedIn(bank, attested.selections);
  const missing = required.find((pcr) => !covered.includes(pcr));
  if (missing !== undefined) throw new Refusal('quote-selection', { expected: missing });
  const digest = hashOf(attested.signedOver, valuesOf(shown.pcrs, bank, covered));
  if (!equalBytes(digest, attested.pcrDigest)) throw new Refusal('quote-digest');
  return {
    pcrs: believePcrs(shown.pcrs, covered),
    clock: attested.clock,
    firmwareVersion: attested.firmwareVersion,
    keyName: key.name,
  };
}

/** The PCRs of the one selection, ascending; a second bank beside ours would be half checked. */
function selectedIn(
  bank: Bank,
  selections: readonly { readonly alg: number; readonly pcrs: readonly number[] }[],
): readonly number[] {
  const chosen = selections.filter(({ pcrs }) => pcrs.length > 0);
  const [only] = chosen;
  if (chosen.length !== 1 || only === undefined) {
    throw new Refusal('quote-selection', { banks: chosen.length });
  }
  const got = hashNameOf(only.alg);
  if (bank === 'sha1' || got !== bank) {
    throw new Refusal('quote-bank', { expected: bank, got: got ?? only.alg });
  }
  return only.pcrs;
}

function valuesOf(shown: ClaimedPcrs, bank: Bank, pcrs: readonly number[]): Uint8Array {
  if (shown.bank !== bank) throw new Refusal('quote-bank', { expected: bank, got: shown.bank });
  const values = pcrs.map((pcr) => {
    const value = shown.values.get(pcr);
    if (value === undefined) throw new Refusal('quote-selection', { shown: false, pcr });
    // Values of other lengths could move a boundary and keep the digest.
    if (value.length !== HASH_BYTES[bank]) throw new Refusal('quote-digest', { pcr });
    return value;
  });
  return concat(...values);
}
