/**
 * The book of the desk: its records, read at the start and written before anything is answered.
 * Applications end by themselves; nodes whose leases are long over make room for others.
 */

import { type Digest, digestOf } from '../../core/digest.ts';
import { ENROLLED_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { KeyId } from '../../core/suite.ts';
import type { UnixMs } from '../../core/time.ts';
import type { ChipMarks } from '../../firmware/high-water.ts';
import type { Store, Write } from '../ports.ts';
import { SPACES } from '../store/key-space.ts';
import {
  type Application,
  type Enrolled,
  encodeApplication,
  encodeEnrolled,
  encodeMarks,
  readApplication,
  readEnrolled,
  readMarks,
} from './desk-records.ts';

export class DeskBook {
  readonly #store: Store;
  readonly #applications = new Map<KeyId, Application>();
  readonly #enrolled = new Map<KeyId, Enrolled>();
  readonly #chips = new Map<Digest, ChipMarks>();

  constructor(store: Store, records: ReadonlyMap<string, Uint8Array>) {
    this.#store = store;
    for (const [key, record] of records) {
      if (key.startsWith(SPACES.application)) this.#hold(readApplication(record));
      if (key.startsWith(SPACES.enrolled)) {
        const enrolled = readEnrolled(record);
        this.#enrolled.set(enrolled.node, enrolled);
      }
      if (key.startsWith(SPACES.chip)) {
        this.#chips.set(key.slice(SPACES.chip.length) as Digest, readMarks(record));
      }
    }
  }

  /** Applications that can still be answered at `now`, in the order of their node ids. */
  applications(now: UnixMs): readonly Application[] {
    return [...this.#applications.values()]
      .filter(({ notAfter }) => notAfter > now)
      .sort((a, b) => (a.node < b.node ? -1 : 1));
  }

  application(node: KeyId, now: UnixMs): Application | undefined {
    const held = this.#applications.get(node);
    return held !== undefined && held.notAfter > now ? held : undefined;
  }

  /** Nodes that were granted a lease, in the order of their ids. */
  get nodes(): readonly Enrolled[] {
    return [...this.#enrolled.values()].sort((a, b) => (a.node < b.node ? -1 : 1));
  }

  enrolled(node: KeyId): Enrolled | undefined {
    return this.#enrolled.get(node);
  }

  /** What is remembered of a chip; null for one that was never seen. */
  marksOf(chip: Digest): ChipMarks | null {
    return this.#chips.get(chip) ?? null;
  }

  /** Takes an application in; those that have ended leave. */
  async apply(application: Application, now: UnixMs): Promise<void> {
    const ended = [...this.#applications.values()].filter(({ notAfter }) => notAfter <= now);
    const left = ended.filter(({ node }) => node !== application.node);
    await this.#store.write([
      ...left.map(({ node }) => ({ key: applicationKey(node), value: null })),
      recordOf(application),
    ]);
    for (const { node } of left) this.#applications.delete(node);
    this.#hold(application);
  }

  /** Writes what became of an application. */
  async note(application: Application): Promise<void> {
    await this.#store.write([recordOf(application)]);
    this.#hold(application);
  }

  async end(node: KeyId): Promise<void> {
    await this.#store.write([{ key: applicationKey(node), value: null }]);
    this.#applications.delete(node);
  }

  /** A node was granted a lease; its application is over. Refuses `enrol-full`. */
  async enrol(enrolled: Enrolled): Promise<void> {
    const { node, grantedAt } = enrolled;
    const over = this.nodes.filter((each) => each.node !== node && each.notAfter <= grantedAt);
    const isFull = !this.#enrolled.has(node) && this.#enrolled.size >= ENROLLED_MAX;
    const [oldest] = over.sort((a, b) => a.notAfter - b.notAfter);
    if (isFull && oldest === undefined) throw new Refusal('enrol-full', { limit: ENROLLED_MAX });
    const gone = isFull && oldest !== undefined ? [oldest.node] : [];
    await this.#store.write([
      ...gone.map((each) => ({ key: `${SPACES.enrolled}${each}`, value: null })),
      { key: `${SPACES.enrolled}${node}`, value: encodeEnrolled(enrolled) },
      { key: applicationKey(node), value: null },
    ]);
    for (const each of gone) this.#enrolled.delete(each);
    this.#enrolled.set(node, enrolled);
    this.#applications.delete(node);
  }

  /** Remembers the marks of a chip. Refuses `enrol-full`: a chip forgotten could fall back. */
  async rememberChip(chip: Digest, marks: ChipMarks): Promise<void> {
    if (!this.#chips.has(chip) && this.#chips.size >= ENROLLED_MAX) {
      throw new Refusal('enrol-full', { limit: ENROLLED_MAX });
    }
    await this.#store.write([{ key: `${SPACES.chip}${chip}`, value: encodeMarks(marks) }]);
    this.#chips.set(chip, marks);
  }

  /** A person looked into why a chip fell back, and lets it begin anew. */
  async forgetChip(attestationName: Uint8Array): Promise<void> {
    const chip = digestOf(attestationName);
    await this.#store.write([{ key: `${SPACES.chip}${chip}`, value: null }]);
    this.#chips.delete(chip);
  }

  #hold(application: Application): void {
    this.#applications.set(application.node, application);
  }
}

function applicationKey(node: KeyId): string {
  return `${SPACES.application}${node}`;
}

function recordOf(application: Application): Write {
  return { key: applicationKey(application.node), value: encodeApplication(application) };
}
