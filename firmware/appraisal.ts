/**
 * Is this boot one that the domain approved? A subset test, and where it fails the difference in
 * words.
 *
 * Pure: it judges believed facts and never looks at evidence. A boot is approved if one approved
 * state describes it wholly. Otherwise the state that comes nearest is named, with each PCR and
 * event that differs, what was expected there and what came.
 */

import { toHex } from '../core/bytes.ts';
import { Refusal, type RefusalCode } from '../core/refusal.ts';
import type { BootState } from './boot-state.ts';
import type { ChipGrade } from './ek-makers.ts';
import { eventTypeName } from './event-types.ts';
import type { DigestSet, EventRule, ReferenceState } from './references.ts';

/** One way in which a boot differs from an approved state. */
export interface Difference {
  /** `log-…`: the events could not be judged, since no log leads to the PCR. */
  readonly code: RefusalCode;
  /** Such as `PCR 4, event 17 (EV_EFI_BOOT_SERVICES_APPLICATION)`. */
  readonly where: string;
  readonly expected: string;
  readonly got: string;
}

/** The verdict on one boot. */
export type Appraisal =
  | { readonly kind: 'approved'; readonly state: string }
  | {
      readonly kind: 'unapproved';
      /** The state that comes nearest; null where none is approved at all. */
      readonly nearest: string | null;
      readonly differences: readonly Difference[];
    };

/** PCRs that a quote has to cover for any of these states to be judged, ascending. */
export function pcrsNamedBy(states: readonly ReferenceState[]): readonly number[] {
  const named = states.flatMap(({ pcrs, events, secureBoot }) => [
    ...pcrs.keys(),
    ...events.map(({ pcr }) => pcr),
    ...(secureBoot === 'required' ? [SECURE_BOOT_PCR] : []),
  ]);
  return [...new Set(named)].sort((a, b) => a - b);
}

const SECURE_BOOT_PCR = 7;

/** Judges a boot by every approved state. Equal distance goes to the state that stands first. */
export function appraise(boot: BootState, states: readonly ReferenceState[]): Appraisal {
  let nearest: { readonly name: string; readonly differences: readonly Difference[] } | null = null;
  for (const state of states) {
    const differences = differencesFrom(state, boot);
    if (differences.length === 0) return { kind: 'approved', state: state.name };
    if (nearest === null || differences.length < nearest.differences.length) {
      nearest = { name: state.name, differences };
    }
  }
  const differences = nearest?.differences ?? [NOTHING_APPROVED];
  return { kind: 'unapproved', nearest: nearest?.name ?? null, differences };
}

const MISMATCH: RefusalCode = 'appraisal-mismatch';
const NOTHING_APPROVED: Difference = {
  code: MISMATCH,
  where: 'references',
  expected: 'an approved state',
  got: 'none',
};

/**
 * Refuses an unapproved boot: by the code of its log where the log is at fault, else by
 * `appraisal-mismatch`. The details are the first difference.
 */
export function checkApproved(appraisal: Appraisal): void {
  if (appraisal.kind === 'approved') return;
  const [first = NOTHING_APPROVED] = appraisal.differences;
  const { code, where, expected, got } = first;
  throw new Refusal(code, { state: appraisal.nearest ?? 'none', where, expected, got });
}

/** One difference as a sentence for a person. */
export function describeDifference({ where, expected, got }: Difference): string {
  return `${where}: expected ${expected}, got ${got}`;
}

/** How much an identity may rest on: what the chip is, and whether its boot is approved. */
export type EarnedAssurance = 'vtpm' | 'tpm' | 'measured-boot';

/** The assurance that a trusted chip and a judged boot earn (PROTOCOL §7.3). */
export function assuranceOf(grade: ChipGrade, appraisal: Appraisal | null): EarnedAssurance {
  if (grade === 'vtpm') return 'vtpm'; // whoever owns the file of the chip writes its PCRs
  return appraisal?.kind === 'approved' ? 'measured-boot' : 'tpm';
}

/** Every difference; events come before the values of PCRs, since they say more. */
function differencesFrom(state: ReferenceState, boot: BootState): readonly Difference[] {
  const { bank } = boot.replay;
  if (state.bank !== bank) {
    return [{ code: MISMATCH, where: 'PCR bank', expected: state.bank, got: bank }];
  }
  return [
    ...state.events.flatMap((rule) => eventDifferences(rule, boot)),
    ...[...state.pcrs].flatMap(([pcr, values]) => valueDifferences(pcr, values, boot)),
    ...secureBootDifferences(state, boot),
    ...firmwareDifferences(state, boot),
  ];
}

function eventDifferences(rule: EventRule, { replay }: BootState): readonly Difference[] {
  const { pcr, allow, require } = rule;
  const where = `PCR ${pcr}`;
  if (!replay.explained.includes(pcr)) {
    const code = replay.unexplained.get(pcr) ?? 'quote-selection';
    return [{ code, where, expected: 'a log that leads to its value', got: code }];
  }
  const events = replay.events.filter((event) => event.pcr === pcr);
  const seen = new Set(events.map((event) => toHex(event.digest)));
  const surplus = events.flatMap(({ index, claimedType, digest }): Difference[] => {
    const got = toHex(digest);
    if (allow.has(got)) return [];
    const event = `${where}, event ${index} (${eventTypeName(claimedType)})`;
    return [{ code: MISMATCH, where: event, expected: expectation(require, seen, allow), got }];
  });
  if (surplus.length > 0) return surplus;
  return [...require]
    .filter((digest) => !seen.has(digest))
    .map((expected) => ({
      code: MISMATCH,
      where,
      expected: `event ${expected}`,
      got: 'no such event',
    }));
}

/** What should have stood in the place of a surplus event: the missing one, if one is missing. */
function expectation(require: DigestSet, seen: DigestSet, allow: DigestSet): string {
  const missing = [...require].filter((digest) => !seen.has(digest));
  return missing.length === 0 ? `one of ${allow.size} approved events` : missing.join(' or ');
}

function valueDifferences(pcr: number, values: DigestSet, { replay }: BootState): Difference[] {
  const value = replay.pcrs.values.get(pcr);
  const got = value === undefined ? 'no quoted value' : toHex(value);
  if (values.has(got)) return [];
  return [{ code: MISMATCH, where: `PCR ${pcr}`, expected: [...values].join(' or '), got }];
}

function secureBootDifferences(state: ReferenceState, { secureBoot }: BootState): Difference[] {
  if (state.secureBoot === 'any' || secureBoot.state === 'on') return [];
  const got = [secureBoot.state, ...secureBoot.anomalies].join('; ');
  return [{ code: MISMATCH, where: 'Secure Boot', expected: 'on', got }];
}

function firmwareDifferences(state: ReferenceState, { firmwareVersion }: BootState): Difference[] {
  if (firmwareVersion >= state.firmwareVersionMin) return [];
  const expected = `at least ${state.firmwareVersionMin}`;
  return [{ code: MISMATCH, where: 'chip firmware', expected, got: String(firmwareVersion) }];
}
