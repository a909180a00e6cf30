/**
 * The civil calendar in whole seconds, for the times that certificates carry.
 *
 * Pure arithmetic on the Gregorian calendar: only `daemon/host` may touch a `Date`, and this needs
 * no clock. Leap seconds do not exist here, as they do not in Unix time.
 */

import { DAY_MS, SECOND_MS, type UnixMs, unixMs } from './time.ts';

/** A moment of UTC in calendar fields; months and days count from 1. */
export interface CivilTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** The calendar fields of `at`, cut to whole seconds. */
export function civilTimeOf(at: UnixMs): CivilTime {
  const days = Math.floor(at / DAY_MS);
  const seconds = Math.floor((at - days * DAY_MS) / SECOND_MS);
  let year = 1970 + Math.floor(days / 365.2425);
  while (daysSinceEpoch(year, 1, 1) > days) year -= 1;
  while (daysSinceEpoch(year + 1, 1, 1) <= days) year += 1;
  // No month is shorter than 28 days, so this is the month sought or one after it.
  let month = Math.min(12, 1 + Math.floor((days - daysSinceEpoch(year, 1, 1)) / 28));
  while (daysSinceEpoch(year, month, 1) > days) month -= 1;
  return {
    year,
    month,
    day: days - daysSinceEpoch(year, month, 1) + 1,
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
  };
}

/**
 * The moment of calendar fields, or undefined where no such day or hour exists. What lies before
 * 1970 counts as 1970: it has begun by any clock that this project can hold.
 */
export function momentOf(civil: CivilTime): UnixMs | undefined {
  const { year, month, day, hour, minute, second } = civil;
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) {
    return undefined;
  }
  const days = daysSinceEpoch(year, month, day);
  if (days >= daysSinceEpoch(year, month + 1, 1)) return undefined;
  const seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
  return unixMs(Math.max(0, seconds) * SECOND_MS);
}

/** Days from 1970-01-01 to a date; month 13 is January of the year after. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  // Years are counted from March, so that the leap day is the last day of its year.
  const marchYear = month <= 2 ? year - 1 : year;
  const monthFromMarch = (month + 9) % 12;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1;
  const leapDays =
    Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + dayOfYear - 719_468;
}
