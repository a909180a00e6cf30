/**
 * What the command line asks for.
 *
 *     npm run sim -- --seed 7 --scenario patrol --nodes 6 --days 14 --check --report out.html
 *     npm run sim -- --seeds 1..500 [--scenario swarm] [--jobs 2] [--shrink] [--record FILE]
 */

import { Refusal } from '../core/refusal.ts';

export interface Options {
  readonly scenario: string;
  readonly seed: number;
  /** First and last seed of a swarm. */
  readonly seeds: readonly [number, number] | null;
  readonly nodes: number | null;
  readonly minutes: number | null;
  readonly jobs: number | null;
  readonly report: string | null;
  /** Where a swarm keeps which of its seeds held. */
  readonly record: string | null;
  readonly check: boolean;
  readonly json: boolean;
  readonly shrink: boolean;
  readonly real: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

/** Options that take a value, and those that do not. */
const VALUED = [
  'scenario',
  'seed',
  'seeds',
  'nodes',
  'days',
  'hours',
  'jobs',
  'report',
  'record',
] as const;
const FLAGS = ['check', 'json', 'shrink', 'real', 'list', 'help'] as const;
const MINUTES: Readonly<Record<'days' | 'hours', number>> = { days: 24 * 60, hours: 60 };
const SEED = /^(?:0|[1-9][0-9]{0,15})$/;

/** Reads the arguments. Refuses `sim-option` and `seed-malformed`. */
export function parseOptions(words: readonly string[]): Options {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const name = word.startsWith('--') ? word.slice(2) : '';
    if (FLAGS.some((flag) => flag === name)) flags.add(name);
    else if (VALUED.some((valued) => valued === name)) {
      const value = words[++i];
      if (value === undefined) throw new Refusal('sim-option', { option: word, why: 'no value' });
      values.set(name, value);
    } else throw new Refusal('sim-option', { option: word });
  }
  checkTogether(new Set([...values.keys(), ...flags]));
  const has = (flag: (typeof FLAGS)[number]): boolean => flags.has(flag);
  return {
    scenario: values.get('scenario') ?? 'swarm',
    seed: parseSeed(values.get('seed') ?? '1'),
    seeds: parseRange(values.get('seeds')),
    nodes: countOf(values, 'nodes'),
    minutes: minutesOf(values),
    jobs: countOf(values, 'jobs'),
    report: values.get('report') ?? null,
    record: values.get('record') ?? null,
    check: has('check'),
    json: has('json'),
    shrink: has('shrink'),
    real: has('real'),
    list: has('list'),
    help: has('help'),
  };
}

/** Words that another one leaves without a meaning. */
const APART: readonly (readonly [string, string])[] = [
  ['seeds', 'seed'],
  ['seeds', 'check'],
  ['seeds', 'real'],
  ['seeds', 'report'],
  ['days', 'hours'],
];

/** Refuses `sim-option` where a word would be passed over in silence. */
function checkTogether(given: ReadonlySet<string>): void {
  const pair = APART.find(([one, other]) => given.has(one) && given.has(other));
  if (pair !== undefined) {
    throw new Refusal('sim-option', { option: `--${pair[1]}`, why: `not with --${pair[0]}` });
  }
  if (given.has('record') && !given.has('seeds')) {
    throw new Refusal('sim-option', { option: '--record', why: 'only with --seeds' });
  }
}

/** A seed. Refuses `seed-malformed`. */
export function parseSeed(text: string): number {
  const seed = SEED.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  if (!Number.isSafeInteger(seed)) throw new Refusal('seed-malformed', { got: text.slice(0, 40) });
  return seed;
}

function parseRange(text: string | undefined): readonly [number, number] | null {
  if (text === undefined) return null;
  const [first = '', last = '', ...rest] = text.split('..');
  const range = [parseSeed(first), parseSeed(last)] as const;
  if (rest.length > 0 || range[0] > range[1]) throw new Refusal('seed-malformed', { got: text });
  return range;
}

function countOf(values: ReadonlyMap<string, string>, name: string): number | null {
  const text = values.get(name);
  if (text === undefined) return null;
  if (!/^[1-9][0-9]{0,5}$/.test(text)) {
    throw new Refusal('sim-option', { option: name, got: text, why: 'not a whole number above 0' });
  }
  return Number.parseInt(text, 10);
}

function minutesOf(values: ReadonlyMap<string, string>): number | null {
  for (const name of ['days', 'hours'] as const) {
    const count = countOf(values, name);
    if (count !== null) return count * MINUTES[name];
  }
  return null;
}
