/**
 * What an answered challenge proves of a chip and of the boot it vouches for: the assurance that
 * the machine has earned (PROTOCOL §7.3), and the marks to remember of its chip.
 */

import { equalBytes } from '../../core/bytes.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import { Refusal } from '../../core/refusal.ts';
import type { UnixMs } from '../../core/time.ts';
import type { Assurance } from '../../federation/assurance.ts';
import { checkActivation } from '../../firmware/activation.ts';
import { type Appraisal, describeDifference } from '../../firmware/appraisal.ts';
import { challengeFor } from '../../firmware/attested.ts';
import { decodeKey, marksOf } from '../../firmware/boot-state.ts';
import { endorsementDigest } from '../../firmware/ek-certificate.ts';
import type { ChipMarks } from '../../firmware/high-water.ts';
import type { ReferenceState } from '../../firmware/references.ts';
import type { ChipTrust } from '../tpm/chip-trust.ts';
import { FIRMWARE_PCRS, judgeEvidence } from '../tpm/judgement.ts';
import type { ChipAnswer } from './answer.ts';
import type { EnrolChallenge } from './challenge.ts';
import type { ShownChip } from './request.ts';

/** What a machine has proved. */
export interface Proven {
  readonly assurance: Assurance;
  /** Null for a machine without a chip. */
  readonly chip: ProvenChip | null;
  /** Why the boot is not approved, code first; null where it is, or nobody judged it. */
  readonly shortfall: string | null;
}

/** A chip that quoted for us and opened our secret. */
export interface ProvenChip {
  /** SHA-256 of the attestation key's name. */
  readonly digest: Digest;
  readonly endorsement: Digest;
  /** Who made it, or the words of whoever allowed it. */
  readonly maker: string;
  readonly marks: ChipMarks;
  /** A person put the endorsement key on the list of those that enrol without asking. */
  readonly isListed: boolean;
}

/** What a machine without a chip has proved. */
export const NO_CHIP: Proven = { assurance: 'software', chip: null, shortfall: null };

/** What the answer of a chip is judged by. */
export interface ChipDemands {
  readonly asked: ShownChip;
  readonly challenge: Pick<EnrolChallenge, 'nonce' | 'beacon'>;
  readonly secret: Uint8Array;
  readonly trust: ChipTrust;
  /** Null where the domain has approved no boot states. */
  readonly references: readonly ReferenceState[] | null;
  readonly now: UnixMs;
}

/**
 * Appraises an answer. Refuses `activation-answer` for a wrong secret, `enrol-chip` for evidence of
 * another chip than was asked about, and as `judgeEvidence` does; an unapproved boot is no refusal.
 */
export function appraiseChip({ secret, evidence }: ChipAnswer, demands: ChipDemands): Proven {
  const { asked, challenge, trust, references, now } = demands;
  checkActivation(demands.secret, secret);
  const isSame =
    equalBytes(evidence.attestationKey, asked.attestationKey) &&
    equalBytes(evidence.endorsementKey, asked.endorsementKey);
  if (!isSame) throw new Refusal('enrol-chip', { why: 'evidence of another chip' });
  const { boot, chip, appraisal, assurance } = judgeEvidence(evidence, {
    challenge: challengeFor(challenge.nonce, challenge.beacon),
    pcrs: FIRMWARE_PCRS,
    bank: undefined,
    ...{ references, trust, now },
  });
  const endorsement = endorsementDigest(decodeKey(asked.endorsementKey));
  return {
    assurance: assurance ?? 'software',
    chip: {
      digest: digestOf(boot.keyName),
      endorsement,
      maker: chip?.maker ?? '',
      marks: marksOf(boot),
      isListed: trust.allowed.some((allowance) => allowance.endorsement === endorsement),
    },
    shortfall: shortfallOf(appraisal),
  };
}

/** The first difference alone: those behind it follow from it more often than not. */
function shortfallOf(appraisal: Appraisal | null): string | null {
  if (appraisal?.kind !== 'unapproved') return null;
  const [first] = appraisal.differences;
  return first === undefined
    ? 'no state is approved'
    : `${first.code}: ${describeDifference(first)}`;
}
