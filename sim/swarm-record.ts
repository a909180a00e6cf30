/**
 * A swarm on paper: a line for each stretch of seeds that held, so that a hundred thousand of them
 * need not be run in one go.
 *
 * The first line says which world it was and how the first seed went: another world, or a program
 * that does anything else in it, belongs into another record. What failed is not written down: the
 * swarm ends there, and comes back to it.
 */

import { equalBytes } from '../core/bytes.ts';
import { encodeCanonical, isObject, type Json, parseJson } from '../core/canonical.ts';
import { digestOf } from '../core/digest.ts';
import { Refusal } from '../core/refusal.ts';
import { appendRecord, readRecord } from './host/files.ts';
import { type RunResult, runSeed } from './run.ts';
import { encodeScenario, type Scenario } from './scenario.ts';
import { type Stretch, Swarm } from './swarm.ts';

/** Seeds of one line. */
const STRETCH_SEEDS = 100;

const LINE_BYTES_MAX = 64 * 1024;

/** The seeds of a swarm in stretches of one line each. */
function stretchesOf([first, last]: readonly [number, number]): readonly [number, number][] {
  const count = Math.ceil((last - first + 1) / STRETCH_SEEDS);
  return Array.from({ length: count }, (_, i) => {
    const from = first + i * STRETCH_SEEDS;
    return [from, Math.min(last, from + STRETCH_SEEDS - 1)];
  });
}

/** A record in a file, taken up where it ends. */
export class SwarmRecord {
  readonly #path: string;
  readonly #scenario: Scenario;
  /** Stretches under way, by their first seed. */
  readonly #begun = new Map<number, Swarm>();
  /** What is on paper of the seeds asked for. */
  readonly held: readonly Stretch[];
  /** What is not. */
  readonly left: readonly (readonly [number, number])[];

  /** Begins a record, or reads it. Refuses `sim-record`, `too-large`, what `parseJson` refuses. */
  constructor(path: string, scenario: Scenario, seeds: readonly [number, number]) {
    const [first, ...lines] = readRecord(path);
    const head = encodeHead(scenario, seeds[0]);
    if (first === undefined) appendRecord(path, head);
    else if (!equalBytes(first, head)) throw new Refusal('sim-record', { file: path });
    const known = new Map(lines.map(decodeStretch).map((one) => [String(one.seeds), one]));
    const asked = stretchesOf(seeds);
    this.#path = path;
    this.#scenario = scenario;
    this.held = asked.flatMap((each) => known.get(String(each)) ?? []);
    this.left = asked.filter((each) => !known.has(String(each)));
  }

  /** A stretch is written down when the last of its seeds has held. */
  add(result: RunResult): void {
    const seeds = this.left.find(([from, to]) => from <= result.seed && result.seed <= to);
    if (seeds === undefined) return;
    const [from, to] = seeds;
    const swarm = this.#begun.get(from) ?? new Swarm(this.#scenario);
    this.#begun.set(from, swarm);
    swarm.add(result);
    if (swarm.failed.length > 0 || swarm.runs <= to - from) return;
    this.#begun.delete(from);
    const { events, coverage } = swarm;
    appendRecord(this.#path, encodeStretch({ seeds, events, coverage }));
  }
}

/** The first line: the world by its digest, and the first seed by its trace. */
function encodeHead(scenario: Scenario, first: number): Uint8Array {
  const world = digestOf(encodeScenario(scenario, first));
  return encodeCanonical({ first, trace: runSeed({ scenario, seed: first }).traceHash, world });
}

function encodeStretch({ seeds, events, coverage }: Stretch): Uint8Array {
  const points = coverage.map((point) => [...point]);
  return encodeCanonical({ coverage: points, events, seeds: [...seeds] });
}

function decodeStretch(line: Uint8Array): Stretch {
  const json = parseJson(line, LINE_BYTES_MAX);
  if (!isObject(json)) return refuse();
  const { seeds, events, coverage } = json;
  const [from, to, ...more] = listOf(seeds).map(wholeOf);
  if (from === undefined || to === undefined || more.length > 0) return refuse();
  return { seeds: [from, to], events: wholeOf(events), coverage: listOf(coverage).map(pointOf) };
}

function pointOf(json: Json): readonly [string, number, number] {
  const [point, runs, times] = listOf(json);
  return typeof point === 'string' ? [point, wholeOf(runs), wholeOf(times)] : refuse();
}

function listOf(json: Json | undefined): readonly Json[] {
  return Array.isArray(json) ? json : refuse();
}

function wholeOf(json: Json | undefined): number {
  return typeof json === 'number' && Number.isSafeInteger(json) && json >= 0 ? json : refuse();
}

function refuse(): never {
  throw new Refusal('sim-record', { why: 'a line is no stretch of seeds' });
}
