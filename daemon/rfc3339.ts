/**
 * Wall time as people and logs read it: `2026-11-21T05:50:58.123Z`, always UTC, always 3 decimals
 * (RFC 3339 §5.6).
 */

import { civilTimeOf } from '../core/calendar.ts';
import { SECOND_MS, type UnixMs } from '../core/time.ts';

/** RFC 3339 with milliseconds and `Z`. */
export function formatRfc3339(at: UnixMs): string {
  const { year, month, day, hour, minute, second } = civilTimeOf(at);
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  const time = `${digits(hour, 2)}:${digits(minute, 2)}:${digits(second, 2)}`;
  return `${date}T${time}.${digits(at % SECOND_MS, 3)}Z`;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
