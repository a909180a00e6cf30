/**
 * The side of the verifier: from a bundle of evidence to what it is worth, with no chip at hand.
 *
 * Three questions, in this order: what does the quote prove of the boot, is the chip one that we
 * believe in, and is the boot approved. What evidence cannot show is that the key which quoted
 * lives in the chip that is shown: that takes credential activation, a question and an answer
 * (PROTOCOL §7.1), so the assurance here is what the machine would earn by it.
 */

import type { UnixMs } from '../../core/time.ts';
import {
  type Appraisal,
  appraise,
  assuranceOf,
  type EarnedAssurance,
  pcrsNamedBy,
} from '../../firmware/appraisal.ts';
import { decodeAttest } from '../../firmware/attest.ts';
import type { Challenge } from '../../firmware/attested.ts';
import { type BootState, verifyBoot } from '../../firmware/boot-state.ts';
import type { TrustedChip } from '../../firmware/ek-certificate.ts';
import type { Evidence } from '../../firmware/evidence.ts';
import type { Bank } from '../../firmware/pcrs.ts';
import type { ReferenceState } from '../../firmware/references.ts';
import { counterName } from '../../firmware/tpm-nv.ts';
import { type ChipTrust, trustChip } from './chip-trust.ts';
import { GENERATION_COUNTER } from './nv-counters.ts';

/** PCRs that evidence has to cover where no references say: the firmware's own. */
export const FIRMWARE_PCRS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7];

/** What the verifier wants to see, and whom it believes. */
export interface Demands {
  readonly challenge: Challenge;
  /** PCRs to be covered beside those that the references name. */
  readonly pcrs: readonly number[];
  /** Undefined: the bank of the references, or SHA-256. */
  readonly bank: Bank | undefined;
  /** Null: the boot is shown, and not judged. */
  readonly references: readonly ReferenceState[] | null;
  /** `insecure-any`: nobody asks whether the chip is one. */
  readonly trust: ChipTrust | 'insecure-any';
  readonly now: UnixMs;
}

/** What the evidence is worth. */
export interface Judgement {
  readonly boot: BootState;
  /** Null where any chip was good enough. */
  readonly chip: TrustedChip | null;
  /** Null where there were no references. */
  readonly appraisal: Appraisal | null;
  /** What the machine would earn by activating a credential; nothing for any chip. */
  readonly assurance: EarnedAssurance | null;
}

/** Judges a bundle. Refuses as `verifyBoot` and `trustChip`; an unapproved boot is a result. */
export function judgeEvidence(evidence: Evidence, demands: Demands): Judgement {
  const { challenge, references, trust, now } = demands;
  const boot = verifyBoot(evidence, {
    challenge,
    bank: demands.bank ?? bankOf(references ?? [], evidence.pcrs.bank),
    required: [...pcrsNamedBy(references ?? []), ...demands.pcrs],
    mustExplain: [],
    counterName: counterName(GENERATION_COUNTER),
  });
  const chip = trust === 'insecure-any' ? null : trustChip(evidence, trust, now);
  const appraisal = references === null ? null : appraise(boot, references);
  const assurance = chip === null ? null : assuranceOf(chip.grade, appraisal);
  return { boot, chip, appraisal, assurance };
}

/** The bank shown if a state is written in it; otherwise the one that should have been shown. */
function bankOf(states: readonly ReferenceState[], shown: Bank): Bank {
  const [first] = states;
  if (first === undefined) return 'sha256';
  return states.find(({ bank }) => bank === shown)?.bank ?? first.bank;
}

/**
 * The challenge that a quote says it answers: for looking at a boot whose freshness nobody asks.
 * Refuses as `decodeAttest`.
 */
export function unverifiedChallengeOf({ quote }: Evidence): Challenge {
  return { nonce: decodeAttest(quote.attest).extraData, epoch: new Uint8Array(0) };
}
