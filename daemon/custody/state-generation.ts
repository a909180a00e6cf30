/**
 * Generations of the state, bound to a counter of the chip: how a restored disk is told from the
 * newest one (PROTOCOL §5.7).
 *
 * The store holds a number, the chip a counter, and both step together: first n+1 is written and
 * synced, then the chip counts. A store that is behind the counter is an older copy. A power cut
 * between the two leaves the store one ahead, which no copy can be; so it is no rollback. NV memory
 * wears out: a step is taken at each start and orderly end, each `GENERATION_STEP_MS`, and soon
 * after a withdrawal. An older copy of the same interval looks like the newest.
 */

import { Reader, Writer } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { GENERATION_HASTE_MS, GENERATION_STEP_MS } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { type BootMs, bootMs } from '../../core/time.ts';
import type { Continuity } from '../../federation/record.ts';
import type { Tpm } from '../../firmware/tpm.ts';
import { hierarchyEntity } from '../../firmware/tpm-keys.ts';
import { defineCounter, incrementCounter, readCounter } from '../../firmware/tpm-nv.ts';
import type { Clock, Log, Store } from '../ports.ts';
import { RECORDS } from '../store/key-space.ts';
import { findGenerationCounter, GENERATION_COUNTER } from '../tpm/nv-counters.ts';
import type { Chip } from './chip.ts';

export interface GenerationOptions {
  readonly chip: Chip;
  readonly store: Store;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a start found: both numbers, null where there was none. */
export interface GenerationFound {
  readonly stored: bigint | null;
  readonly counter: bigint | null;
}

export class StateGeneration {
  readonly #options: GenerationOptions;
  /** How far the records of this start can be trusted to be the last; a backup never can. */
  readonly continuity: Continuity;
  readonly found: GenerationFound;
  #next: bigint;
  #turn: Promise<unknown> = Promise.resolve();
  #hastenedAt: BootMs | undefined;
  #cancelWake: () => void = () => undefined;

  private constructor(options: GenerationOptions, found: GenerationFound, counter: bigint) {
    this.#options = options;
    this.found = found;
    const isRestored = options.records.has(RECORDS.restored);
    this.continuity = isRestored ? 'rolled-back' : continuityOf(found, options.records.size === 0);
    this.#next = counter + 1n;
  }

  /**
   * Judges the records by the counter, defining it where there is none, and begins a generation. A
   * state that is rolled back begins none: it is not to look proven at the next start, before new
   * evidence has replaced what came back. Fails as the chip and the store do.
   */
  static async open(options: GenerationOptions): Promise<StateGeneration> {
    const stored = readGeneration(options.records.get(RECORDS.generation));
    const { counter, value } = await options.chip.use('start', readOrDefine);
    const generation = new StateGeneration(options, { stored, counter }, value);
    if (generation.continuity !== 'rolled-back') await generation.#step();
    generation.#arm();
    return generation;
  }

  /** A store that steps soon after `isNegative` records are written. */
  guard(isNegative: (key: string) => boolean): Store {
    const { store } = this.#options;
    return {
      load: () => store.load(),
      snapshot: () => store.snapshot(),
      write: async (batch) => {
        await store.write(batch);
        if (batch.some(({ key }) => isNegative(key))) await this.#hasten();
      },
      close: () => store.close(),
    };
  }

  /** Ends the generation, so that a copy made while the daemon ran is known as one. */
  async close(): Promise<void> {
    this.#cancelWake();
    if (this.continuity !== 'rolled-back') await this.#attempt();
  }

  async #hasten(): Promise<void> {
    const { boot } = this.#options.clock.now();
    const last = this.#hastenedAt;
    if (last !== undefined && boot - last < GENERATION_HASTE_MS) return;
    this.#hastenedAt = boot;
    await this.#attempt();
  }

  #arm(): void {
    const { clock } = this.#options;
    this.#cancelWake = clock.wakeAt(bootMs(clock.now().boot + GENERATION_STEP_MS), () => {
      void this.#attempt();
      this.#arm();
    });
  }

  /** A chip or a disk that fails now is asked again at the next occasion: the number stays. */
  async #attempt(): Promise<void> {
    try {
      await this.#step();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#options.log.warn('generation not stepped', { code: error.code, why: error.message });
    }
  }

  #step(): Promise<void> {
    const step = this.#turn.then(() => this.#stepNow());
    this.#turn = step.catch(() => undefined);
    return step;
  }

  async #stepNow(): Promise<void> {
    const { store, chip } = this.#options;
    const next = this.#next;
    await store.write([{ key: RECORDS.generation, value: new Writer().u64(next).finish() }]);
    await chip.use('generation', (tpm) => countTo(tpm, next));
    this.#next = next + 1n;
  }
}

/**
 * `proven` where store and chip are at one number, or the store is one ahead. A state that knows no
 * number is proven if it is new, `software` on a chip that has not counted yet, and otherwise comes
 * from before this chip was used.
 */
export function continuityOf({ stored, counter }: GenerationFound, isNew: boolean): Continuity {
  if (isNew) return 'proven';
  if (stored === null) return counter === null ? 'software' : 'rolled-back';
  return stored === counter || stored - 1n === counter ? 'proven' : 'rolled-back';
}

async function readOrDefine(
  tpm: Tpm,
): Promise<{ readonly counter: bigint | null; readonly value: bigint }> {
  const index = await findGenerationCounter(tpm);
  if (index !== null) {
    const value = await readCounter(tpm, index);
    return { counter: value, value };
  }
  const defined = await defineCounter(tpm, hierarchyEntity('owner'), GENERATION_COUNTER);
  return { counter: null, value: await readCounter(tpm, defined) };
}

/** Bears to be begun anew: a step that was taken and not answered is not taken twice. */
async function countTo(tpm: Tpm, target: bigint): Promise<void> {
  const index = await findGenerationCounter(tpm);
  if (index === null) throw new Refusal('chip-replaced', { lacks: 'generation counter' });
  if ((await readCounter(tpm, index)) < target) await incrementCounter(tpm, index);
}

function readGeneration(record: Uint8Array | undefined): bigint | null {
  if (record === undefined) return null;
  const reader = new Reader(record);
  const value = reader.u64();
  reader.end();
  return value;
}
