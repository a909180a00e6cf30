/**
 * The agenda: what will happen, in the one order of (time, sequence).
 *
 * A wheel with a place for each of the milliseconds to come, as far as nearly everything lies: an
 * event costs the same however many others wait. Two of one millisecond keep the order in which
 * they were entered, so that a run has no ties to break and no dependence on anything but its seed.
 * What lies farther ahead waits in a heap, and comes on to the wheel as soon as that reaches its
 * time: before anything else can be entered there.
 */

import { assert } from '../core/assert.ts';
import { Heap } from './heap.ts';

/** Something that happens at a time; `run` makes it happen. */
export interface Entry {
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void;
  /** The next one at the same place of the wheel. */
  next: Entry | null;
}

/** Milliseconds on the wheel: more than a minute, the longest that a quiet machine sleeps. */
const PLACES = 1 << 16;
const WORDS = PLACES / 32;

/** Events to come, soonest first. */
export class Agenda {
  readonly #first: (Entry | null)[] = new Array(PLACES).fill(null);
  readonly #last: (Entry | null)[] = new Array(PLACES).fill(null);
  /** A bit for each place where something is, and one for each word of those that is not 0. */
  readonly #taken = new Int32Array(WORDS);
  readonly #takenWords = new Int32Array(WORDS / 32);
  readonly #far = new Heap();
  /** The wheel holds what happens from here on, one turn. */
  #from = 0;
  #onWheel = 0;
  #sequence = 0;

  get size(): number {
    return this.#onWheel + this.#far.size;
  }

  enter(at: number, run: () => void): void {
    assert(Number.isSafeInteger(at) && at >= this.#from, 'an event has a time, and it is to come');
    const entry: Entry = { at, sequence: this.#sequence++, run, next: null };
    if (at < this.#from + PLACES) this.#put(entry);
    else this.#far.push(entry);
  }

  /** Takes the next event off; null where none is due by `end`. */
  take(end: number): Entry | null {
    if (this.#onWheel === 0) {
      if (this.#far.size === 0 || this.#far.nextAt > end) return null;
      this.#turnTo(this.#far.nextAt);
    }
    const place = this.#nextPlace();
    const entry = this.#first[place] ?? null;
    assert(entry !== null, 'a place that is taken holds something');
    if (entry.at > end) return null;
    this.#first[place] = entry.next;
    if (entry.next === null) this.#leave(place);
    this.#onWheel -= 1;
    if (entry.at > this.#from) this.#turnTo(entry.at);
    return entry;
  }

  #turnTo(at: number): void {
    this.#from = at;
    while (this.#far.nextAt < at + PLACES) this.#put(this.#far.take());
  }

  #put(entry: Entry): void {
    const place = entry.at & (PLACES - 1);
    const before = this.#last[place] ?? null;
    if (before === null) {
      this.#first[place] = entry;
      this.#taken[place >> 5] = (this.#taken[place >> 5] ?? 0) | (1 << (place & 31));
      this.#takenWords[place >> 10] =
        (this.#takenWords[place >> 10] ?? 0) | (1 << ((place >> 5) & 31));
    } else before.next = entry;
    this.#last[place] = entry;
    this.#onWheel += 1;
  }

  #leave(place: number): void {
    this.#last[place] = null;
    const word = (this.#taken[place >> 5] ?? 0) & ~(1 << (place & 31));
    this.#taken[place >> 5] = word;
    if (word !== 0) return;
    this.#takenWords[place >> 10] =
      (this.#takenWords[place >> 10] ?? 0) & ~(1 << ((place >> 5) & 31));
  }

  /** The first place from `#from` on, once around, where something is. */
  #nextPlace(): number {
    const start = this.#from & (PLACES - 1);
    const here = (this.#taken[start >> 5] ?? 0) & (-1 << (start & 31));
    if (here !== 0) return (start & ~31) + lowestBit(here);
    const after = this.#nextWord((start >> 5) + 1);
    const word = after < 0 ? this.#nextWord(0) : after;
    return word * 32 + lowestBit(this.#taken[word] ?? 0);
  }

  /** The first word of `#taken` from this one on that is not 0, or −1. */
  #nextWord(from: number): number {
    for (let at = from >> 5; at < this.#takenWords.length; at++) {
      const words = (this.#takenWords[at] ?? 0) & (at === from >> 5 ? -1 << (from & 31) : -1);
      if (words !== 0) return at * 32 + lowestBit(words);
    }
    return -1;
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
