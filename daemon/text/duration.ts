/**
 * Durations as text: `10m` in the configuration, `4 min 10 s` for a person.
 *
 * The first form is a whole number and one unit, written one way only; the second is rounded down
 * to its two greatest units and is never read back.
 */

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';

const DURATION = /^(0|[1-9][0-9]{0,8})(ms|s|m|h|d)$/;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
};

const NAMED_UNITS: readonly (readonly [name: string, unitMs: number])[] = [
  ['d', DAY_MS],
  ['h', HOUR_MS],
  ['min', MINUTE_MS],
  ['s', SECOND_MS],
];

/** Milliseconds of `1500ms`, `90s`, `10m`, `24h` or `7d`; undefined for any other text. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  const unitMs = UNIT_MS[unit ?? ''];
  if (count === undefined || unitMs === undefined) return undefined;
  return Number.parseInt(count, 10) * unitMs;
}

/** `4 min 10 s`, `2 d 3 h`, `850 ms`; a negative duration counts as nothing. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.trunc(ms));
  const first = NAMED_UNITS.findIndex(([, unitMs]) => whole >= unitMs);
  if (first < 0) return `${whole} ms`;
  let rest = whole;
  const parts: string[] = [];
  for (const [name, unitMs] of NAMED_UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(' ');
}

/** `4 min 10 s old`; null is an age that nothing bounds. */
export function formatAge(ageMs: number | null): string {
  return ageMs === null ? 'of unknown age' : `${formatDuration(ageMs)} old`;
}

/** The configuration's spelling of a duration: the greatest unit that divides it. */
export function durationText(ms: number): string {
  const unit = ['d', 'h', 'm', 's'].find((name) => ms > 0 && ms % (UNIT_MS[name] ?? 1) === 0);
  return unit === undefined ? `${ms}ms` : `${ms / (UNIT_MS[unit] ?? 1)}${unit}`;
}
