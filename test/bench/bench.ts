/**
 * What a bench is: one file `test/bench/some-name.bench.ts` that exports `bench`, a figure by the
 * name `some.name`. Being in the folder is all it takes to be run.
 *
 * A rate means little on a machine that others use too. So a bench measures what bounds it as
 * well, in the same run, in short turns with the subject: the ratio holds where the rates do not.
 * What keeps this thread busy is timed by what the thread used of the processor, so that others
 * who had it meanwhile do not count.
 */

/** One measured figure; printed as one line of JSON. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What bounds `value`, in the same unit, measured in turns with it. */
  readonly limit?: number;
  /** `value / limit`. */
  readonly ratio?: number;
}

/** What a bench file exports as `bench`. */
export interface Bench {
  /** The file's name with dots for dashes: `suite.verify` lives in `suite-verify.bench.ts`. */
  readonly name: string;
  readonly unit: string;
  /** Programs of others without which it is left out, by name. */
  readonly needs?: readonly string[];
  measure(): Promise<Measured> | Measured;
}

/** The numbers of a figure. */
export type Measured = Pick<Figure, 'value' | 'limit'>;

/** Something to be done again and again. */
export type Work = () => unknown;

/** How long a measurement takes. */
export interface Pace {
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmUpMs: number;
}

const PACE: Pace = { rounds: 150, roundMs: 15, warmUpMs: 300 };

/** Times per second of `subject` and of what bounds it: medians over rounds taken in turns. */
export async function measureRates(
  subject: Work,
  limit?: Work,
  { rounds, roundMs, warmUpMs }: Pace = PACE,
): Promise<Measured> {
  const works = limit === undefined ? [subject] : [subject, limit];
  const rates = works.map((): number[] => []);
  for (const work of works) await rateOf(work, warmUpMs);
  for (let round = 0; round < rounds; round++) {
    for (const [i, work] of works.entries()) rates[i]?.push(await rateOf(work, roundMs));
  }
  const [value = 0, bound] = rates.map(medianOf);
  return bound === undefined ? { value } : { value, limit: bound };
}

/** The middle value; the mean of the two middle ones where there is none. */
export function medianOf(values: readonly number[]): number {
  const ordered = [...values].sort((a, b) => a - b);
  const middle = (ordered.length - 1) / 2;
  return ((ordered[Math.floor(middle)] ?? 0) + (ordered[Math.ceil(middle)] ?? 0)) / 2;
}

/** The figure a bench came to, in four significant digits. */
export function figureOf({ name, unit }: Bench, { value, limit }: Measured): Figure {
  const figure = { name, value: rounded(value), unit };
  if (limit === undefined) return figure;
  return { ...figure, limit: rounded(limit), ratio: rounded(value / limit) };
}

/** Work that waits is timed by the clock, for what it waits for may be anybody's. */
async function rateOf(work: Work, forMs: number): Promise<number> {
  const started = { wallMs: performance.now(), threadMs: threadMs() };
  let isWaiting = false;
  for (let count = 1; ; count++) {
    const done = work();
    if (done instanceof Promise) {
      isWaiting = true;
      await done;
    }
    const elapsedMs = isWaiting
      ? performance.now() - started.wallMs
      : threadMs() - started.threadMs;
    if (elapsedMs >= forMs) return (count * 1000) / elapsedMs;
  }
}

/** What this thread has used of the processor so far. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
