/**
 * Durations, times, bars and columns as text.
 *
 * Durations are coarse on purpose: they change where a decision changes, so that a calm screen
 * stands still, and grow finer only as a cliff comes near. Everything is written with a few
 * characters beyond ASCII; `toAscii` turns them into their stand-ins of equal width.
 */

import { FRESH_PERIODS_MIN } from '../core/limits.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../core/time.ts';
import type { DomainStatus } from '../daemon/control/views.ts';

/** An age is not told finer than this while it is young: ticks come once a minute. */
const YOUNG_MS = 2 * MINUTE_MS;
const NEAR_MS = 20 * SECOND_MS;
/** From here on a countdown names the step it has not passed yet, such as `5+ min`. */
const FAR_STEPS: readonly (readonly [ms: number, text: string])[] = [
  [2 * DAY_MS, ''],
  [DAY_MS, '24+ h'],
  [12 * HOUR_MS, '12+ h'],
  [6 * HOUR_MS, '6+ h'],
  [2 * HOUR_MS, '2+ h'],
  [HOUR_MS, '1+ h'],
  [30 * MINUTE_MS, '30+ min'],
  [10 * MINUTE_MS, '10+ min'],
  [5 * MINUTE_MS, '5+ min'],
];
const BAR_PARTS = 3;
/** A domain ticks at least so often while it is FRESH: younger than that, all is as it should. */
const YOUNG_SHARE = 1 / FRESH_PERIODS_MIN;
const FULL = '█';
const EMPTY = '░';
const STANDINS: Readonly<Record<string, string>> = {
  '█': '#',
  '░': '.',
  '│': '|',
  '─': '-',
  '…': '~',
  '·': '-',
  '›': '>',
  '●': '*',
  '○': 'o',
  '↑': '^',
  '↓': 'v',
};
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const MARK = /\p{Mark}/u;

/** `under 2 min`, `14 min`, `2 h 35 min`, `9 h`, `3 d 4 h`: rounded down to what matters. */
export function ageText(ms: number): string {
  if (ms < YOUNG_MS) return 'under 2 min';
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  const hours = Math.floor(ms / HOUR_MS);
  if (hours < 6) {
    const fives = Math.floor((ms % HOUR_MS) / (5 * MINUTE_MS)) * 5;
    return fives === 0 ? `${hours} h` : `${hours} h ${fives} min`;
  }
  if (ms < 2 * DAY_MS) return `${hours} h`;
  const rest = Math.floor((ms % DAY_MS) / HOUR_MS);
  const days = `${Math.floor(ms / DAY_MS)} d`;
  return rest === 0 ? days : `${days} ${rest} h`;
}

/** What is left: `5 s`, `40 s`, `3 min`, then the greatest step not passed, such as `5+ min`. */
export function leftText(ms: number): string {
  const left = Math.max(0, ms);
  if (left <= NEAR_MS) return `${Math.ceil(left / SECOND_MS)} s`;
  if (left < YOUNG_MS) return `${Math.ceil(left / (10 * SECOND_MS)) * 10} s`;
  const step = FAR_STEPS.find(([stepMs]) => left >= stepMs);
  if (step === undefined) return `${Math.floor(left / MINUTE_MS)} min`;
  return step[1] === '' ? `${Math.floor(left / DAY_MS)}+ d` : step[1];
}

/** How long until `leftText` or `ageText` may read otherwise. */
export function restMs(leftMs: number): number {
  return leftMs < YOUNG_MS ? SECOND_MS : 5 * SECOND_MS;
}

/**
 * The age against its limits: a part each for FRESH, DEGRADED and SURVIVAL, filled as far as the
 * age has come. `█░░░│░░░│░░░` is fresh; all full is expired, or of unknown age. It stands still
 * from tick to tick.
 */
export function ageBar(
  { limits, ageMs }: Pick<DomainStatus, 'limits' | 'ageMs'>,
  columns: number,
): string {
  const cells = Math.max(1, Math.floor((columns - (BAR_PARTS - 1)) / BAR_PARTS));
  const ends = [limits.freshForMs, limits.degradedForMs, limits.survivalForMs];
  const age = ageMs ?? Number.POSITIVE_INFINITY;
  const shown = age < limits.freshForMs * YOUNG_SHARE ? 0 : age;
  const parts = ends.map((end, i) => {
    const start = i === 0 ? 0 : (ends[i - 1] ?? 0);
    const full = filled(shown, { start, end }, cells);
    return FULL.repeat(full) + EMPTY.repeat(cells - full);
  });
  return parts.join('│');
}

/** A part that was entered shows at least one full cell, one that was left shows only such. */
function filled(ageMs: number, part: { start: number; end: number }, cells: number): number {
  if (ageMs >= part.end) return cells;
  if (ageMs < part.start) return 0;
  const share = (ageMs - part.start) / (part.end - part.start);
  return Math.min(cells, Math.floor(share * cells) + 1);
}

/** `2026-11-21 07:00+ UTC`: past that and not yet ten minutes more, so that it stands still. */
export function aboutText(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 15).replace('T', ' ')}0+ UTC`;
}

/** `2026-01-01 00:00` of a time as the daemon writes it, RFC 3339 in UTC. */
export function minuteText(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

/** `07:02:41`, in UTC. */
export function clockText(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(11, 19);
}

/** Sizes by the nearest power of four: `under 4 kB`, `4+ kB`, `16+ kB`, `1+ MB`. */
export function sizeText(bytes: number): string {
  const step = Math.floor(Math.log(Math.max(1, bytes / 1_000)) / Math.log(4));
  const kilo = 4 ** step;
  if (kilo < 4) return 'under 4 kB';
  return kilo < 1_000 ? `${kilo}+ kB` : `${Math.floor(kilo / 1_000)}+ MB`;
}

/** `1 peer`, `3 peers`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Columns that a terminal gives to `text`: two for a wide character, none for a mark. */
export function widthOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += cellsOf(character);
  return columns;
}

/** `text` in exactly `columns`: filled with spaces, or cut with `…` at the end. */
export function fit(text: string, columns: number): string {
  const width = widthOf(text);
  if (width <= columns) return text + ' '.repeat(columns - width);
  let kept = '';
  let used = 0;
  for (const character of text) {
    const cells = cellsOf(character);
    if (used + cells > columns - 1) break;
    kept += character;
    used += cells;
  }
  return columns < 1 ? '' : `${kept}…${' '.repeat(columns - 1 - used)}`;
}

/** `text` broken at spaces into lines of at most `columns`; a longer word is cut. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (widthOf(longer) <= columns || current === '') current = longer;
    else {
      lines.push(current);
      current = word;
    }
  }
  return [...lines, current].map((each) => (widthOf(each) > columns ? fit(each, columns) : each));
}

/** Only ASCII, in the same columns; what has no stand-in becomes `?`. */
export function toAscii(text: string): string {
  return [...text]
    .map((character) => {
      if (character <= '~') return character;
      return STANDINS[character] ?? '?'.repeat(cellsOf(character));
    })
    .join('');
}

function cellsOf(character: string): number {
  if (character <= '~') return 1;
  if (MARK.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
