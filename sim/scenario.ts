/**
 * A scenario: who there is, how they are linked, for how long, and what may befall them.
 *
 * It is plain JSON, so that a failing run can be written down, shrunk and replayed. Reading is
 * strict: an unknown key, a value out of range or a mix that cannot be is refused with its mend.
 */

import {
  encodeCanonical,
  isObject,
  type Json,
  type JsonObject,
  parseJson,
} from '../core/canonical.ts';
import { WRITER_FOR_MS_MIN } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../core/time.ts';
import type { AgeLimits } from '../federation/limits.ts';
import { FAULTS } from './faults/table.ts';
import { type Happening, shapeOf } from './happening.ts';
import { TRACE_VERSION } from './trace.ts';

/**
 * How authorities are linked: everybody, a circle, all with the first, a chain, some at random; in
 * a `web` every machine is linked with some at random, of its own domain and of all.
 */
export const LINKS = ['full', 'ring', 'star', 'line', 'mesh', 'web'] as const;
export type Links = (typeof LINKS)[number];

export interface Scenario {
  readonly name: string;
  /** What a person learns from it. */
  readonly shows: string;
  readonly domains: number;
  /** Machines of each domain that hold no authority keys. */
  readonly followers: number;
  /** Authorities of each domain that would take over from the first, one after the other. */
  readonly standbys: number;
  /** How long a writer goes on without its standby (PROTOCOL §2.5); 0 is for ever. */
  readonly writerForMs: number;
  readonly links: Links;
  /** Who relates to whom: the domains that are linked, or all. */
  readonly relations: 'linked' | 'all';
  readonly minutes: number;
  readonly periodMs: number;
  /** Ticks of one chain. */
  readonly chainPeriods: number;
  readonly limits: AgeLimits;
  readonly latencyMs: number;
  /** 0 is without limit. */
  readonly bitsPerSecond: number;
  readonly lossPpm: number;
  /** Every so often a third of the domains is cut off for a third of that time; 0 is never. */
  readonly partitionMinutes: number;
  /** Faults that the seed may draw. */
  readonly faults: readonly string[];
  /** What befalls whom in any case. */
  readonly happenings: readonly Happening[];
  /** After the time: heal everything, and require that all agree and are fresh. */
  readonly heals: boolean;
}

/** A scenario with the seed that it failed with. */
export interface Replay {
  readonly scenario: Scenario;
  readonly seed: number | null;
}

/** What a scenario is where it says nothing. */
export const PLAIN: Scenario = {
  name: 'plain',
  shows: '',
  domains: 4,
  followers: 0,
  standbys: 0,
  writerForMs: 0,
  links: 'mesh',
  relations: 'linked',
  minutes: 120,
  periodMs: MINUTE_MS,
  chainPeriods: 64,
  limits: { freshForMs: 10 * MINUTE_MS, degradedForMs: HOUR_MS, survivalForMs: 4 * HOUR_MS },
  latencyMs: 40,
  bitsPerSecond: 0,
  lossPpm: 0,
  partitionMinutes: 0,
  faults: [],
  happenings: [],
  heals: true,
};

const FILE_BYTES_MAX = 1024 * 1024;
const YEAR_MINUTES = 366 * 24 * 60;
const HAPPENINGS_MAX = 10_000;

/** Bounds of the whole numbers, smallest and largest. */
const BOUNDS: Readonly<Record<string, readonly [number, number]>> = {
  domains: [1, 10_000],
  followers: [0, 100],
  standbys: [0, 2],
  writerForMs: [0, DAY_MS],
  minutes: [1, YEAR_MINUTES],
  periodMs: [1_000, HOUR_MS],
  chainPeriods: [1, 4_096],
  latencyMs: [0, HOUR_MS],
  bitsPerSecond: [0, 1e12],
  lossPpm: [0, 1_000_000],
  partitionMinutes: [0, YEAR_MINUTES],
};

/**
 * Reads a scenario file. Refuses `scenario-malformed`, `scenario-mix`, `trace-version` and what
 * `parseJson` refuses.
 */
export function parseScenario(bytes: Uint8Array): Replay {
  const file = parseJson(bytes, FILE_BYTES_MAX);
  if (!isObject(file)) throw new Refusal('scenario-malformed', { why: 'not a JSON object' });
  const { traceVersion, seed, ...members } = file;
  if (traceVersion !== undefined && traceVersion !== TRACE_VERSION) {
    throw new Refusal('trace-version', { expected: TRACE_VERSION, got: String(traceVersion) });
  }
  if (seed !== undefined && !isWhole(seed, 0, Number.MAX_SAFE_INTEGER)) refuse('seed');
  const scenario = { ...PLAIN } as Record<string, unknown>;
  for (const [key, value] of Object.entries(members)) scenario[key] = readMember(key, value);
  const whole = scenario as unknown as Scenario;
  checkMix(whole);
  return { scenario: whole, seed: seed === undefined ? null : (seed as number) };
}

/** The file that replays a run. */
export function encodeScenario(scenario: Scenario, seed: number): Uint8Array {
  const happenings = scenario.happenings.map(
    (happening): JsonObject => ({
      ...happening,
      on: [...happening.on],
    }),
  );
  const limits = { ...scenario.limits };
  const faults = [...scenario.faults];
  return encodeCanonical({
    ...scenario,
    limits,
    faults,
    happenings,
    seed,
    traceVersion: TRACE_VERSION,
  });
}

/** The same world with another number of machines, another length; what comes later is left out. */
export function resized(
  scenario: Scenario,
  { nodes, minutes }: { readonly nodes: number | null; readonly minutes: number | null },
): Scenario {
  const length = minutes ?? scenario.minutes;
  const happenings = scenario.happenings.filter(({ at }) => at < length * MINUTE_MS);
  if (nodes === null) return { ...scenario, minutes: length, happenings };
  const writers = 1 + scenario.standbys;
  const followers = Math.min(scenario.followers, Math.max(0, nodes - writers));
  const domains = Math.max(1, Math.floor(nodes / (writers + followers)));
  return { ...scenario, minutes: length, happenings, followers, domains };
}

/** Refuses what cannot be: `scenario-mix`. */
export function checkMix(scenario: Scenario): void {
  const mix = (why: string): never => {
    throw new Refusal('scenario-mix', { scenario: scenario.name, why });
  };
  const { limits, periodMs, domains, links } = scenario;
  if (limits.freshForMs < 3 * periodMs) mix('freshForMs is below three periods');
  const { writerForMs, standbys } = scenario;
  if (writerForMs > 0 && writerForMs < WRITER_FOR_MS_MIN) mix('writerForMs is below its least');
  if (writerForMs > 0 && standbys === 0) mix('writerForMs needs a standby');
  if (links === 'ring' && domains < 3) mix('a ring has three domains at least');
  if (scenario.chainPeriods * periodMs > 24 * HOUR_MS) mix('a chain ends within a day');
  const { machines } = shapeOf(scenario);
  const known = new Set(machines);
  for (const { on, fault, at } of scenario.happenings) {
    const stranger = on.find((name) => !known.has(name));
    if (stranger !== undefined) mix(`${fault} befalls ${stranger}, which is not there`);
    if (fault === 'partition' && on.length >= machines.length) {
      mix('a partition leaves somebody on either side');
    }
    if (at >= scenario.minutes * MINUTE_MS) mix(`${fault} comes after the end`);
  }
}

function readMember(key: string, value: Json): unknown {
  const bounds = Object.hasOwn(BOUNDS, key) ? BOUNDS[key] : undefined;
  if (bounds !== undefined) return isWhole(value, ...bounds) ? value : refuse(key);
  switch (key) {
    case 'name':
    case 'shows':
      return typeof value === 'string' ? value : refuse(key);
    case 'links':
      return LINKS.find((known) => known === value) ?? refuse(key);
    case 'relations':
      return value === 'linked' || value === 'all' ? value : refuse(key);
    case 'heals':
      return typeof value === 'boolean' ? value : refuse(key);
    case 'limits':
      return readLimits(value);
    case 'faults':
      return listOf(value, key).map((name) => readFault(name));
    case 'happenings':
      return listOf(value, key).map(readHappening);
    default:
      return refuse(key);
  }
}

function readLimits(value: Json): AgeLimits {
  if (!isObject(value)) return refuse('limits');
  const limit = (name: string): number => {
    const ms = value[name];
    return isWhole(ms, 0, YEAR_MINUTES * MINUTE_MS) ? ms : refuse(`limits.${name}`);
  };
  return {
    freshForMs: limit('freshForMs'),
    degradedForMs: limit('degradedForMs'),
    survivalForMs: limit('survivalForMs'),
  };
}

function readHappening(value: Json): Happening {
  if (!isObject(value)) return refuse('happenings');
  const { at, fault, on, forMs, amount, ...rest } = value;
  const most = YEAR_MINUTES * MINUTE_MS;
  const names = listOf(on, 'happenings.on').filter((name) => typeof name === 'string');
  const whole = isWhole(at, 0, most) && isWhole(forMs, 0, most) && isWhole(amount, -most, 1e12);
  if (!whole || Object.keys(rest).length > 0) return refuse('happenings');
  return { at, fault: readFault(fault), on: names, forMs, amount };
}

function readFault(value: Json | undefined): string {
  const fault = FAULTS.find(({ name }) => name === value);
  if (fault === undefined) throw new Refusal('scenario-malformed', { fault: String(value) });
  return fault.name;
}

function listOf(value: Json | undefined, key: string): readonly Json[] {
  if (!Array.isArray(value) || value.length > HAPPENINGS_MAX) return refuse(key);
  return value;
}

function isWhole(value: Json | undefined, low: number, high: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= low && value <= high;
}

function refuse(member: string): never {
  throw new Refusal('scenario-malformed', { member });
}
