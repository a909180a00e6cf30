/**
 * Entries of one document, found by what a caller shows.
 *
 * Each change wakes every open stream, and each stream asks anew. So an entry is filed under one
 * of its selectors, and a caller meets only those filed under what it shows, not all ten thousand.
 */

import type { UnixMs } from '../../core/time.ts';
import type { CostlyFacts } from '../attestation/workload-attestor.ts';
import { type Entry, isLive } from './entry.ts';
import type { Selector } from './selector.ts';

/** An index over entries that do not change. */
export class EntryIndex {
  readonly byId: ReadonlyMap<string, Entry>;
  /** What entries ask for of that which is costly to read. */
  readonly asked: CostlyFacts;
  readonly #filed = new Map<Selector, Entry[]>();
  /** When entries end, the earliest last. */
  readonly #ends: UnixMs[];

  constructor(entries: readonly Entry[]) {
    this.#ends = entries.flatMap(({ expiresAt }) => expiresAt ?? []).sort((a, b) => b - a);
    this.byId = new Map(entries.map((entry) => [entry.id, entry]));
    const asksFor = (prefix: RegExp): boolean =>
      entries.some(({ selectors }) => selectors.some((selector) => prefix.test(selector)));
    this.asked = { sha256: asksFor(/^unix:sha256:/), container: asksFor(/^docker:/) };
    for (const entry of entries) {
      // Any one would do; the last in order is a user rather than a whole group.
      const under = entry.selectors.at(-1);
      if (under === undefined) continue;
      const filed = this.#filed.get(under);
      if (filed === undefined) this.#filed.set(under, [entry]);
      else filed.push(entry);
    }
  }

  /** When the next entry ends; undefined for never. */
  get nextEnd(): UnixMs | undefined {
    return this.#ends.at(-1);
  }

  /** Passes over what ended by `now`. True if anything did. */
  end(now: UnixMs): boolean {
    const before = this.#ends.length;
    while ((this.#ends.at(-1) ?? Number.POSITIVE_INFINITY) <= now) this.#ends.pop();
    return this.#ends.length < before;
  }

  /** The entries in force all of whose selectors the caller shows, sorted by id. */
  match(shown: readonly Selector[], now: UnixMs): readonly Entry[] {
    const all = new Set(shown);
    return Array.from(all)
      .flatMap((selector) => this.#filed.get(selector) ?? [])
      .filter((entry) => isLive(entry, now))
      .filter((entry) => entry.selectors.every((selector) => all.has(selector)))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
