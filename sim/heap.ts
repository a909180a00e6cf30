/**
 * A binary heap over (time, sequence): what lies far ahead, soonest first.
 */

import { assert } from '../core/assert.ts';
import type { Entry } from './agenda.ts';

/** Events far ahead. */
export class Heap {
  readonly #heap: Entry[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The time of the next event; without end where there is none. */
  get nextAt(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  push(entry: Entry): void {
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
    assert(first !== undefined && last !== undefined, 'the heap holds something');
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
