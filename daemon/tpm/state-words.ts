/**
 * Approved states of a boot in words: all that one says, and what one says otherwise than another.
 * Whoever approves a boot reads these, at a terminal and in the window.
 */

import type { DigestSet, ReferenceState } from '../../firmware/references.ts';
import { hexText } from '../text/hex-number.ts';

/** What a state says, a fact each; rules on events by their counts alone. */
export function stateFacts(state: ReferenceState): readonly (readonly [string, string])[] {
  return [
    ...headFacts(state),
    ...[...state.pcrs].map(([pcr, values]) => [`PCR ${pcr}`, valuesText(values)] as const),
    ...state.events.map(
      ({ pcr, allow, require }) =>
        [
          `events of PCR ${pcr}`,
          `${allow.size} digest${allow.size === 1 ? '' : 's'} allowed, ${require.size} required`,
        ] as const,
    ),
  ];
}

/**
 * What approving these states would change beside those that are `held`, a line each: of one whose
 * name is held what it says otherwise, of a new one what sets it apart from the nearest.
 */
export function approvalChanges(
  held: readonly ReferenceState[],
  offered: readonly ReferenceState[],
): readonly string[] {
  return offered.flatMap((state) => {
    const name = JSON.stringify(state.name);
    const same = held.find((each) => each.name === state.name);
    const like = same ?? nearestTo(state, held);
    if (like === undefined) {
      const facts = stateFacts(state).map(([fact, says]) => `${fact}: ${says}`);
      return [`${name} is approved, the first boot of all`, ...facts, ...looseWords(state)];
    }
    const differing = differences(like, state);
    const all = same === undefined ? 'a boot more; it differs' : 'in the place of what it was:';
    const how = same === undefined ? `${all} from ${JSON.stringify(like.name)} so:` : all;
    if (differing.length === 0) {
      const as = same === undefined ? `as ${JSON.stringify(like.name)}` : 'already';
      return [`${name} is approved ${as}: nothing differs`];
    }
    return [`${name} is approved, ${how}`, ...differing, ...looseWords(state)];
  });
}

/** What a PCR of loaders or Secure Boot would have caught, and here nothing does. */
function looseWords({ secureBoot, pcrs }: ReferenceState): readonly string[] {
  const isLoose = secureBoot === 'any' && !pcrs.has(LOADERS_PCR);
  return isLoose ? ['without Secure Boot or PCR 4 another loader could measure the same'] : [];
}

const LOADERS_PCR = 4;

function headFacts(state: ReferenceState): readonly (readonly [string, string])[] {
  const { bank, secureBoot, firmwareVersionMin } = state;
  return [
    ['bank', bank],
    ['Secure Boot', secureBoot === 'required' ? 'has to be on' : 'on or off'],
    ['chip firmware', `at least ${hexText(firmwareVersionMin)}`],
  ];
}

/** The state that differs least; the first of several. */
function nearestTo(
  state: ReferenceState,
  held: readonly ReferenceState[],
): ReferenceState | undefined {
  const [nearest] = held
    .map((each) => ({ each, count: differences(each, state).length }))
    .sort((a, b) => a.count - b.count);
  return nearest?.each;
}

function differences(before: ReferenceState, after: ReferenceState): readonly string[] {
  const was = new Map(headFacts(before));
  const pcrs = sortedPcrs(before.pcrs.keys(), after.pcrs.keys());
  const ruled = sortedPcrs(ruledOf(before), ruledOf(after));
  return [
    ...headFacts(after)
      .filter(([fact, says]) => was.get(fact) !== says)
      .map(([fact, says]) => `${fact}: ${says} instead of ${was.get(fact)}`),
    ...pcrs.flatMap((pcr) => {
      const [old, now] = [before, after].map((state) => valuesText(state.pcrs.get(pcr)));
      return old === now ? [] : [`PCR ${pcr}: ${now} instead of ${old}`];
    }),
    ...ruled.flatMap((pcr) => ruleWords(pcr, before, after)),
  ];
}

/** Digests of events are many: they are counted, and the draft has them all. */
function ruleWords(pcr: number, before: ReferenceState, after: ReferenceState): readonly string[] {
  const [old, now] = [before, after].map(({ events }) => events.find((rule) => rule.pcr === pcr));
  if (now === undefined) return [`events of PCR ${pcr}: of any digest`];
  if (old === undefined) return [`events of PCR ${pcr}: ${now.allow.size} digests allowed alone`];
  const said = [
    ...countWords(beyond(now.allow, old.allow), 'more allowed'),
    ...countWords(beyond(old.allow, now.allow), 'allowed no more'),
    ...countWords(beyond(now.require, old.require), 'more required'),
    ...countWords(beyond(old.require, now.require), 'required no more'),
  ];
  return said.length === 0 ? [] : [`events of PCR ${pcr}: ${said.join(', ')}`];
}

/** How many of `some` the others lack. */
function beyond(some: DigestSet, others: DigestSet): number {
  return [...some].filter((digest) => !others.has(digest)).length;
}

function countWords(count: number, says: string): readonly string[] {
  return count === 0 ? [] : [`${count} ${says}`];
}

function valuesText(values: DigestSet | undefined): string {
  return values === undefined ? 'any value' : [...values].sort().join(' or ');
}

function ruledOf({ events }: ReferenceState): readonly number[] {
  return events.map(({ pcr }) => pcr);
}

function sortedPcrs(...some: readonly Iterable<number>[]): readonly number[] {
  return [...new Set(some.flatMap((pcrs) => [...pcrs]))].sort((a, b) => a - b);
}
