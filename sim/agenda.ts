/**
 * The agenda: what will happen, in the one order of (time, sequence).
 *
 * A binary heap. Two events of one millisecond keep the order in which they were entered, so that
 * a run has no ties to break and no dependence on anything but its seed.
 */

import { assert } from '../core/assert.ts';

/** Something that happens at a time; `run` makes it happen. */
interface Entry {
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void;
}

/** Events to come, soonest first. */
export class Agenda {
  readonly #heap: Entry[] = [];
  #sequence = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The time of the next event, or null. */
  get nextAt(): number | null {
    return this.#heap[0]?.at ?? null;
  }

  enter(at: number, run: () => void): void {
    assert(Number.isSafeInteger(at), `an event has a time: ${at}`);
    const entry: Entry = { at, sequence: this.#sequence++, run };
    const heap = this.#heap;
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const above = (i - 1) >> 1;
      const parent = heap[above] as Entry;
      if (!isSooner(entry, parent)) break;
      heap[i] = parent;
      i = above;
    }
    heap[i] = entry;
  }

  /** Takes the next event off. */
  take(): Entry {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    assert(first !== undefined && last !== undefined, 'the agenda holds something');
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let i = 0;
    for (;;) {
      let below = 2 * i + 1;
      if (below >= heap.length) break;
      const right = heap[below + 1];
      if (right !== undefined && isSooner(right, heap[below] as Entry)) below++;
      const child = heap[below] as Entry;
      if (!isSooner(child, entry)) break;
      heap[i] = child;
      i = below;
    }
    heap[i] = entry;
  }
}

function isSooner(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
