/** How boots, chips and events are shown, to people and to machines. */

import { toHex } from '../../core/bytes.ts';
import type { Appraisal } from '../../firmware/appraisal.ts';
import { describeDifference } from '../../firmware/appraisal.ts';
import type { BootState } from '../../firmware/boot-state.ts';
import type { TrustedChip } from '../../firmware/ek-certificate.ts';
import { IMA_PCR } from '../../firmware/ima.ts';
import { hexText } from '../text/hex-number.ts';
import type { EventLine } from '../tpm/event-words.ts';
import { countText, tableText } from './print.ts';

/** A fact for `factsText`. */
export type Fact = readonly [name: string, value: string];

/** `0-7 11`. */
export function pcrsText(pcrs: readonly number[]): string {
  const runs: [from: number, to: number][] = [];
  for (const pcr of pcrs) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === pcr - 1) last[1] = pcr;
    else runs.push([pcr, pcr]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(' ');
}

/** What a boot proves, for people. */
export function bootFacts(boot: BootState): readonly Fact[] {
  const { replay, secureBoot, ima, clock, counter } = boot;
  const { resetCount, restartCount, safe } = clock;
  const unexplained = [...replay.unexplained]
    .filter(([pcr]) => pcr !== IMA_PCR || ima === null) // that one has a list of its own
    .map(([pcr, code]) => `${pcr} (${code})`);
  return [
    ['key', toHex(boot.keyName)],
    ['quoted', `${replay.bank} ${pcrsText([...replay.pcrs.values.keys()])}`],
    ['explained', pcrsText(replay.explained) || 'nothing: no log leads to a quoted value'],
    ...(unexplained.length === 0 ? [] : [['unexplained', unexplained.join(', ')] as const]),
    ...(replay.quirks.length === 0 ? [] : [['quirks', replay.quirks.join(', ')] as const]),
    ['Secure Boot', [secureBoot.state, ...secureBoot.anomalies].join('; ')],
    ...(ima === null ? [] : [['IMA', imaText(ima)] as const]),
    ['resets', `${resetCount}, restarts ${restartCount}${safe ? '' : ' (clock not yet safe)'}`],
    ['firmware', hexText(boot.firmwareVersion)],
    ['generation', counter === null ? 'no counter' : String(counter)],
  ];
}

function imaText({ count, hashing, violations }: NonNullable<BootState['ima']>): string {
  const worth = hashing === 'bank' ? '' : '; the kernel padded SHA-1, so nothing is believed';
  return `${countText(count, 'file', 'files')} covered, ${violations} violated${worth}`;
}

/** The same for machines. */
export function bootView(boot: BootState): object {
  const { replay, secureBoot, ima, clock, counter } = boot;
  return {
    key: toHex(boot.keyName),
    bank: replay.bank,
    pcrs: Object.fromEntries([...replay.pcrs.values].map(([pcr, value]) => [pcr, toHex(value)])),
    explained: replay.explained,
    unexplained: Object.fromEntries(replay.unexplained),
    quirks: replay.quirks,
    secureBoot,
    ima,
    clock: { ...clock, clockMs: String(clock.clockMs) },
    firmwareVersion: String(boot.firmwareVersion),
    generation: counter === null ? null : String(counter),
  };
}

/** Whose chip it is. */
export function chipText({ grade, maker, model, version }: TrustedChip): string {
  return [`${grade}:`, maker, model, version].filter((text) => text !== '').join(' ');
}

/** What the references say of the boot; null where none were asked. */
export function verdictText(appraisal: Appraisal | null): string {
  if (appraisal === null) return 'not judged: no references were given';
  if (appraisal.kind === 'approved') return `approved, as ${appraisal.state}`;
  return `not approved; nearest: ${appraisal.nearest ?? 'nothing is approved'}`;
}

/** Each difference from the nearest approved state on a line. */
export function differencesText(appraisal: Appraisal | null): string {
  if (appraisal === null || appraisal.kind === 'approved') return '';
  const lines = appraisal.differences.map(({ code, ...rest }) => [
    code,
    describeDifference({ code, ...rest }),
  ]);
  return `\n${tableText(['CODE', 'DIFFERENCE'], lines)}`;
}

/** Events as a table. `PROVEN` says what of the line to believe. */
export function eventsText(lines: readonly EventLine[]): string {
  return tableText(
    ['PCR', 'EVENT', 'TYPE', 'PROVEN', 'DIGEST', 'TEXT'],
    lines.map(({ pcr, index, source, type, proven, digest, text }) => [
      String(pcr),
      source === 'firmware' ? String(index) : `${source} ${index}`,
      type,
      proven,
      digest.slice(0, 16) || '-',
      text,
    ]),
  );
}
