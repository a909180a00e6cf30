/**
 * The boot of this very machine, for its own use: approving it, or saying how it differs.
 *
 * It goes the way of every piece of evidence, quote and replay and all, so that an approval and a
 * later difference are made of the same facts. Nobody else is to believe it: no challenge was
 * asked, and the chip is not shown.
 */

import { toHex } from '../../core/bytes.ts';
import { unixMs } from '../../core/time.ts';
import { type Appraisal, appraise, pcrsNamedBy } from '../../firmware/appraisal.ts';
import { CHALLENGE_NONCE_BYTES } from '../../firmware/attested.ts';
import type { BootState } from '../../firmware/boot-state.ts';
import { decodeEventLog } from '../../firmware/event-log.ts';
import type { Evidence } from '../../firmware/evidence.ts';
import { draftState, type EventRule, type ReferenceState } from '../../firmware/references.ts';
import type { Tpm } from '../../firmware/tpm.ts';
import { KERNEL_BOOT_PCR, type PhaseValue, phaseValues } from '../../firmware/uki.ts';
import { attest, QUOTED_PCRS } from './attester.ts';
import { judgeEvidence } from './judgement.ts';
import type { LogPlaces } from './measurement-logs.ts';

/** Code of the firmware, of what it ran, and of the image that it booted; no settings. */
export const CODE_PCRS: readonly number[] = [0, 2, 4, 7, KERNEL_BOOT_PCR];

/** Drafts the state that approves the boot in progress. Refuses as `attest` and `verifyBoot`. */
export async function learnOwnBoot(
  tpm: Tpm,
  logs: LogPlaces,
  name: string,
): Promise<ReferenceState> {
  const { evidence, boot } = await quoteOwnBoot(tpm, logs);
  return draftBoot(evidence, boot, name, CODE_PCRS);
}

/** Judges the boot in progress. Refuses as `learnOwnBoot`. */
export async function appraiseOwnBoot(
  tpm: Tpm,
  logs: LogPlaces,
  states: readonly ReferenceState[],
): Promise<Appraisal> {
  return (await judgeOwnBoot(tpm, logs, states)).appraisal;
}

/** The boot in progress: what its chip quotes and its logs tell, and the verdict. */
export interface JudgedBoot {
  readonly evidence: Evidence;
  readonly boot: BootState;
  readonly appraisal: Appraisal;
}

/** Judges the boot in progress, for whoever wants to see all of it. Refuses as `learnOwnBoot`. */
export async function judgeOwnBoot(
  tpm: Tpm,
  logs: LogPlaces,
  states: readonly ReferenceState[],
): Promise<JudgedBoot> {
  const { evidence, boot } = await quoteOwnBoot(tpm, logs);
  const isQuoted = pcrsNamedBy(states).every((pcr) => boot.replay.pcrs.values.has(pcr));
  return { evidence, boot, appraisal: appraise(boot, isQuoted ? states : []) };
}

/**
 * Drafts the state that approves this boot in whatever phase a service of it starts: PCR 11 grows
 * while a system comes up. Refuses `quote-selection` for a PCR that is not quoted.
 */
export function draftBoot(
  evidence: Evidence,
  boot: BootState,
  name: string,
  pcrs: readonly number[],
): ReferenceState {
  const state = draftState(boot, name, pcrs);
  const seen = boot.replay.pcrs.values.get(KERNEL_BOOT_PCR);
  if (seen === undefined || !state.pcrs.has(KERNEL_BOOT_PCR)) return state;
  const { bank } = boot.replay;
  const stub = stubDigests(evidence, boot);
  const later = stub.length === 0 ? [] : phaseValues(bank, stub, seen);
  if (later.length === 0) return state;
  const values = new Set(later.map(({ value }) => toHex(value)));
  return {
    ...state,
    pcrs: new Map([...state.pcrs, [KERNEL_BOOT_PCR, values]]),
    events: state.events.map((rule) => withPhases(rule, later)),
  };
}

/** Phases may have been measured, and need not: the values say which go together. */
function withPhases(rule: EventRule, later: readonly PhaseValue[]): EventRule {
  if (rule.pcr !== KERNEL_BOOT_PCR) return rule;
  const phases = new Set(later.flatMap(({ phases }) => phases.map((digest) => toHex(digest))));
  const require = new Set([...rule.require].filter((digest) => !phases.has(digest)));
  return { pcr: rule.pcr, allow: new Set([...rule.allow, ...phases]), require };
}

/** What the firmware logged of PCR 11, in order; believed only as far as it leads to the value. */
function stubDigests({ eventLog }: Evidence, { replay }: BootState): readonly Uint8Array[] {
  if (eventLog === null) return [];
  return decodeEventLog(eventLog).unverifiedEvents.flatMap(({ pcr, digests }) => {
    const digest = digests.get(replay.bank);
    return pcr === KERNEL_BOOT_PCR && digest !== undefined ? [digest] : [];
  });
}

async function quoteOwnBoot(
  tpm: Tpm,
  logs: LogPlaces,
): Promise<{ readonly evidence: Evidence; readonly boot: BootState }> {
  const challenge = { nonce: tpm.random.bytes(CHALLENGE_NONCE_BYTES), epoch: new Uint8Array(0) };
  const evidence = await attest(tpm, {
    challenge,
    bank: undefined,
    pcrs: QUOTED_PCRS,
    keyHandle: undefined,
    intermediates: [],
    endorsement: 'none',
    logs,
  });
  const { boot } = judgeEvidence(evidence, {
    challenge,
    pcrs: [],
    bank: evidence.pcrs.bank,
    references: null,
    trust: 'insecure-any',
    now: NEVER_ASKED,
  });
  return { evidence, boot };
}

/** The date matters to certificates alone, and none is looked at. */
const NEVER_ASKED = unixMs(0);
