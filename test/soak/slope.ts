/**
 * What a soak comes to: how fast memory, handles and sockets grow, and whether the daemon keeps
 * within its bounds. Figures of the start, when caches fill, are left out.
 */

import { cpuShare, type Sample } from './watch.ts';

/** Bounds that a daemon with nothing to do keeps. */
export const BOUNDS = {
  rssMb: 130,
  cpuShare: 0.005,
  /** Garbage that is not collected yet comes and goes by more than a leak of a day would show. */
  rssMbPerHour: 2,
  handlesPerHour: 1,
  socketsPerHour: 1,
} as const;

/** The share of a soak that is not counted. */
const WARM_UP = 1 / 4;
const HOUR_MS = 3_600_000;

/** One JSON line at the end. */
export interface Verdict {
  readonly hours: number;
  readonly rssMbMax: number;
  readonly rssMbPerHour: number;
  readonly handles: number;
  readonly handlesPerHour: number;
  readonly sockets: number;
  readonly socketsPerHour: number;
  readonly cpuShare: number;
  /** Names of the bounds that were passed. */
  readonly passed: readonly (keyof typeof BOUNDS)[];
  readonly verdict: 'steady' | 'unsteady';
}

/** Judges the samples of one soak; two that are counted is the least. */
export function verdictOf(samples: readonly Sample[]): Verdict {
  const counted = samples.slice(Math.floor(samples.length * WARM_UP));
  const [first, last] = [counted[0], counted.at(-1)];
  if (first === undefined || last === undefined || first === last) throw new Error('too short');
  const figures = {
    rssMb: Math.max(...counted.map(({ rssMb }) => rssMb)),
    cpuShare: cpuShare(first, last),
    rssMbPerHour: slopePerHour(counted, ({ rssMb }) => rssMb),
    handlesPerHour: slopePerHour(counted, ({ handles }) => handles),
    socketsPerHour: slopePerHour(counted, ({ sockets }) => sockets),
  };
  const names = Object.keys(BOUNDS) as (keyof typeof BOUNDS)[];
  const passed = names.filter((name) => figures[name] > BOUNDS[name]);
  const { rssMb: rssMbMax, ...rates } = figures;
  const { handles, sockets } = last;
  const hours = last.atMs / HOUR_MS;
  return {
    ...rounded({ hours, rssMbMax, ...rates, handles, sockets }),
    passed,
    verdict: passed.length === 0 ? 'steady' : 'unsteady',
  };
}

/** The slope of the line that fits best, by least squares. */
export function slopePerHour(
  samples: readonly Sample[],
  figureOf: (sample: Sample) => number,
): number {
  const meanAt = mean(samples.map(({ atMs }) => atMs));
  const meanFigure = mean(samples.map(figureOf));
  let [above, below] = [0, 0];
  for (const sample of samples) {
    const away = sample.atMs - meanAt;
    above += away * (figureOf(sample) - meanFigure);
    below += away * away;
  }
  return (above / below) * HOUR_MS;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Four significant digits of each. */
function rounded<T extends Readonly<Record<string, number>>>(figures: T): T {
  const entries = Object.entries(figures).map(([name, value]) => [
    name,
    Number(value.toPrecision(4)),
  ]);
  return Object.fromEntries(entries) as T;
}
