/**
 * The rows of all that the two sides of a link share, laid out one after the other for the digest
 * that they compare (PROTOCOL §6.1). It is asked for at every comparison: a row is written over
 * where its belief is another one than before, and where none is, the digest stands.
 */

import { type Digest, digestOf } from '../core/digest.ts';
import { type Belief, isTickAlone } from './belief.ts';
import { layRow, layTick, NO_TAG, ROW_BYTES, TAG_BYTES, type Tag } from './message.ts';
import type { RangeId } from './ranges.ts';
import { type Reading, rowOf, tickIn } from './summary.ts';

/** A domain that both sides speak of, and how they may. */
export interface SharedBelief {
  readonly belief: Belief;
  readonly reading: Reading;
}

/** Where the row of a domain lies, and what it was made from. */
interface Place {
  readonly tag: Tag;
  readonly at: number;
  belief: Belief | null;
  reading: Reading | null;
}

/** The rows of one link. */
export class SharedRows {
  #places: readonly Place[] = [];
  #bytes = new Uint8Array();
  #digest: Digest | null = null;

  /** One digest over all rows in the order of their tags: equal means there is nothing to say. */
  digest(shared: readonly SharedBelief[]): Digest {
    this.#lay(shared);
    this.#digest ??= digestOf(this.#bytes);
    return this.#digest;
  }

  /** The rows as a set to be reconciled: of each its tag, and half a digest of the rest; rising. */
  ids(shared: readonly SharedBelief[]): readonly RangeId[] {
    this.#lay(shared);
    const idOf = ({ tag, at }: Place): RangeId =>
      tag + digestOf(this.#bytes.subarray(at + TAG_BYTES, at + ROW_BYTES)).slice(0, tag.length);
    return this.#places.map(idOf).sort();
  }

  #lay(shared: readonly SharedBelief[]): void {
    const isInPlace =
      shared.length === this.#places.length &&
      this.#places.every(({ tag }, i) => tag === shared[i]?.reading.tag);
    if (!isInPlace) this.#place(shared.map(({ reading }) => reading.tag));
    for (const [i, { belief, reading }] of shared.entries()) {
      const place = this.#places[i];
      if (place === undefined) continue;
      if (place.belief === belief && place.reading === reading) continue;
      // Nearly always a tick came and nothing else: a whole row takes as long as its hash.
      const before = place.reading === reading ? place.belief : null;
      if (before !== null && isTickAlone(before, belief)) {
        layTick(this.#bytes, place.at, tickIn(belief, reading));
      } else layRow(this.#bytes, place.at, rowOf(belief, reading));
      place.belief = belief;
      place.reading = reading;
      this.#digest = null;
    }
  }

  /** Room for the rows of other domains than before. */
  #place(tags: readonly Tag[]): void {
    const rising = [...tags].sort();
    this.#places = tags.map((tag) => ({
      ...{ tag, at: rising.indexOf(tag) * ROW_BYTES },
      ...{ belief: null, reading: null },
    }));
    this.#bytes = new Uint8Array(tags.length * ROW_BYTES);
    this.#digest = null;
  }
}

/** The tag of a row's id. */
export function tagOfRow(id: RangeId): Tag {
  return id.slice(0, NO_TAG.length);
}
