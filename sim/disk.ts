/**
 * A machine's disk: records, and what a power cut leaves of them.
 *
 * A batch is durable when it is done and not before; cut while it is under way, it is wholly there
 * or wholly absent, which is what the Store port promises (`daemon/ports.ts`). A full disk fails
 * the batch at once. What is on the disk and what the process believes may therefore differ.
 *
 * A bit may flip, and a write may land at another's key. As in `daemon/store/record.ts` a checksum
 * over key and value shows either, and no process starts on such a disk.
 */

import type { Write } from '../daemon/ports.ts';
import type { Dice } from './dice.ts';

/** How a batch ended. */
export type WriteOutcome = 'durable' | 'failed';

/** What the disk needs of the world. */
export interface DiskWorld {
  after(delayMs: number, run: () => void): void;
}

/** A sound disk syncs within this on average. */
const SOUND_MS = 50;

export class Disk {
  readonly #world: DiskWorld;
  readonly #dice: Dice;
  readonly #first: readonly Write[];
  /** Keys at which lies what was not written there: the checksum does not fit. */
  #damaged = new Set<string>();
  #records = new Map<string, Uint8Array>();
  #backup: ReadonlyMap<string, Uint8Array> | null = null;
  #pending: readonly Write[] | null = null;
  #mount = 0;
  /** Mean milliseconds of a sync. */
  latencyMs = 2;
  full = false;
  /** Was ever full, or slower than a machine may count on. */
  wasPoor = false;

  constructor(world: DiskWorld, dice: Dice, records: Iterable<Write>) {
    this.#world = world;
    this.#dice = dice;
    this.#first = [...records];
    this.#apply(this.#first);
  }

  /** True where every checksum fits. */
  get isSound(): boolean {
    return this.#damaged.size === 0;
  }

  /** What a process that starts now finds. */
  get records(): ReadonlyMap<string, Uint8Array> {
    return this.#records;
  }

  /** True while a batch is between its start and its end. */
  get busy(): boolean {
    return this.#pending !== null;
  }

  /** Writes a batch whole; `done` is called once it is durable, or has failed. */
  write(batch: readonly Write[], done: (outcome: WriteOutcome) => void): void {
    const mount = this.#mount;
    this.#pending = batch;
    if (this.full || this.latencyMs > SOUND_MS) this.wasPoor = true;
    this.#world.after(1 + this.#dice.wait(this.latencyMs), () => {
      if (mount !== this.#mount) return;
      this.#pending = null;
      if (this.full) return done('failed');
      this.#apply(batch);
      done('durable');
    });
  }

  /** Power fails: the batch under way reached the platter, or did not. True if it was lost. */
  cut(): boolean {
    const pending = this.#pending;
    this.#mount += 1;
    this.#pending = null;
    if (pending === null || this.full) return false;
    if (this.#dice.chance(500_000)) return true;
    this.#apply(pending);
    return false;
  }

  /** One bit of some record is another. */
  flipBit(): void {
    const [key, held] = this.#dice.pick([...this.#records]);
    const value = Uint8Array.from(held);
    const at = this.#dice.below(value.length);
    value[at] = (value[at] ?? 0) ^ (1 << this.#dice.below(8));
    this.#damage(key, value);
  }

  /** What was written at one key lands at another. */
  misdirect(): void {
    const [[, value], [key, held]] = [
      this.#dice.pick([...this.#records]),
      this.#dice.pick([...this.#records]),
    ];
    if (value !== held) this.#damage(key, value);
  }

  /** A new disk, with those records of the first one that are taken along. */
  setUpAnew(isTaken: (key: string) => boolean): void {
    this.#records = new Map();
    this.#damaged.clear();
    this.#apply(this.#first.filter(({ key }) => isTaken(key)));
  }

  /** An image of all that lies here. */
  image(): () => void {
    const records = new Map(this.#records);
    const damaged = new Set(this.#damaged);
    return () => {
      this.#mount += 1;
      this.#pending = null;
      this.#records = new Map(records);
      this.#damaged = new Set(damaged);
    };
  }

  /** Copies what lies here; what is damaged goes into no backup. */
  backUp(): void {
    if (this.isSound) this.#backup = new Map(this.#records);
  }

  /** Puts the last backup in place of what is held. False when there is none. */
  restoreBackup(): boolean {
    if (this.#backup === null) return false;
    this.#records = new Map(this.#backup);
    this.#damaged.clear();
    return true;
  }

  #damage(key: string, value: Uint8Array): void {
    this.#records.set(key, value);
    this.#damaged.add(key);
  }

  #apply(batch: Iterable<Write>): void {
    for (const { key, value } of batch) {
      if (!this.isSound) this.#damaged.delete(key);
      if (value === null) this.#records.delete(key);
      else this.#records.set(key, value);
    }
  }
}
