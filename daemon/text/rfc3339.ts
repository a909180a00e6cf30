/**
 * Wall time as people and logs read it: `2026-11-21T05:50:58.123Z`, always UTC, always 3 decimals
 * (RFC 3339 §5.6).
 */

import { civilTimeOf, momentOf } from '../../core/calendar.ts';
import { SECOND_MS, type UnixMs } from '../../core/time.ts';

const SECOND = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z$/;

/** RFC 3339 with milliseconds and `Z`. */
export function formatRfc3339(at: UnixMs): string {
  const { year, month, day, hour, minute, second } = civilTimeOf(at);
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  const time = `${digits(hour, 2)}:${digits(minute, 2)}:${digits(second, 2)}`;
  return `${date}T${time}.${digits(at % SECOND_MS, 3)}Z`;
}

/** Reads `2026-11-21T05:50:58Z`, a whole second of UTC; undefined for any other text. */
export function parseRfc3339(text: string): UnixMs | undefined {
  const fields = SECOND.exec(text)?.slice(1) ?? [];
  const [year, month, day, hour, minute, second] = fields.map((field) =>
    Number.parseInt(field, 10),
  );
  if (year === undefined || month === undefined || day === undefined) return undefined;
  if (hour === undefined || minute === undefined || second === undefined) return undefined;
  return momentOf({ year, month, day, hour, minute, second });
}

/** A whole second, as `parseRfc3339` takes it. */
export function formatSecond(at: UnixMs): string {
  return formatRfc3339(at).replace(/\.[0-9]{3}Z$/, 'Z');
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
