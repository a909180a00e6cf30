/**
 * Wall time as people and logs read it: `2026-11-21T05:50:58.123Z`, always UTC, always 3 decimals.
 *
 * Arithmetic on the proleptic Gregorian calendar, so that code which reads no clock can still
 * write a date (RFC 3339 §5.6). The method counts days from 1 March of year 0: leap days then
 * come last in a year, and in a cycle of 400 years.
 */

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, type UnixMs } from '../core/time.ts';

/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_DAYS = 719_468;
const CYCLE_DAYS = 146_097;

/** RFC 3339 with milliseconds and `Z`. */
export function formatRfc3339(at: UnixMs): string {
  const { year, month, day } = calendarDate(Math.floor(at / DAY_MS));
  const rest = at % DAY_MS;
  const hour = Math.floor(rest / HOUR_MS);
  const minute = Math.floor((rest % HOUR_MS) / MINUTE_MS);
  const second = Math.floor((rest % MINUTE_MS) / SECOND_MS);
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  const time = `${digits(hour, 2)}:${digits(minute, 2)}:${digits(second, 2)}`;
  return `${date}T${time}.${digits(rest % SECOND_MS, 3)}Z`;
}

function calendarDate(unixDays: number): { year: number; month: number; day: number } {
  const days = unixDays + EPOCH_DAYS;
  const cycle = Math.floor(days / CYCLE_DAYS);
  const dayOfCycle = days % CYCLE_DAYS;
  // Takes the leap days out, so that a division by 365 gives the year.
  const leapDays =
    Math.floor(dayOfCycle / 1_460) -
    Math.floor(dayOfCycle / 36_524) +
    Math.floor(dayOfCycle / (CYCLE_DAYS - 1));
  const yearOfCycle = Math.floor((dayOfCycle - leapDays) / 365);
  const daysBeforeYear =
    365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100);
  const dayOfYear = dayOfCycle - daysBeforeYear;
  // From March on, months have 31, 30, 31, 30, 31 days, over and over: 153 days in five.
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: 400 * cycle + yearOfCycle + (month <= 2 ? 1 : 0), month, day };
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
