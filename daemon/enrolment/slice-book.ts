/**
 * What a member was granted, as it lies in the store: its intermediate, and leaves by entry.
 *
 * A record for each entry, so that a change of one entry rewrites one record. Leaves that are over
 * go with the next that come; leaves of an entry that is no longer served go at once.
 */

import { equalBytes, toHex } from '../../core/bytes.ts';
import { encodeCanonical } from '../../core/canonical.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import type { UnixMs } from '../../core/time.ts';
import { type Certificate, decodeCertificate } from '../identity/certificate.ts';
import type { Entry } from '../identity/entry.ts';
import { serialText } from '../identity/revoked.ts';
import type { X509Svid } from '../identity/x509-svid.ts';
import type { Store, Write } from '../ports.ts';
import { SPACES } from '../store/key-space.ts';
import { decodeSlice, encodeSlice, type SliceAnswer } from './issuing-messages.ts';
import type { SliceKeys } from './slice-keys.ts';
import { leafEnd, windowOf, windowStart } from './slice-window.ts';

/** A leaf of one window, but for the key and the name that its entry gives it. */
export type Slice = Omit<X509Svid, 'privateKeyPkcs8' | 'spiffeId'> & { readonly window: number };

const INTERMEDIATE = `${SPACES.issuing}intermediate`;
const ENTRY = `${SPACES.issuing}entry/`;

export interface SliceBookOptions {
  readonly store: Store;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly keys: SliceKeys;
}

export class SliceBook {
  readonly #store: Store;
  readonly #keys: SliceKeys;
  readonly #slices = new Map<string, SliceAnswer>();
  #intermediate: Uint8Array | null;

  /** Reads what is stored. Refuses `issuing-malformed`. */
  constructor({ store, records, keys }: SliceBookOptions) {
    this.#store = store;
    this.#keys = keys;
    this.#intermediate = records.get(INTERMEDIATE) ?? null;
    for (const [key, value] of records) {
      if (key.startsWith(ENTRY)) this.#slices.set(key.slice(ENTRY.length), decodeSlice(value));
    }
  }

  /** The certificate of the node's issuing key, if its lease allows one. */
  get intermediate(): Uint8Array | null {
    return this.#intermediate;
  }

  /** The first window that no whole leaf of the entry, as it is now, is for; 0 for revoked ones. */
  end(entry: Entry, isRevoked: (serial: string) => boolean): number {
    const held = this.#current(entry);
    const last = held?.leaves.at(-1);
    if (held === undefined || last === undefined) return 0;
    if (held.leaves.some((der) => isRevoked(serialText(decodeCertificate(der))))) return 0;
    const window = held.first + held.leaves.length - 1;
    // One that ends early ended with what allowed it then; there may be more by now.
    return decodeCertificate(last).notAfter < leafEnd(window) ? window : window + 1;
  }

  /** The leaf of the entry for the window of `now`. Refuses `slice-absent`. */
  at(entry: Entry, now: UnixMs): Slice | Refusal {
    const held = this.#current(entry);
    const window = windowOf(now);
    const der = held?.leaves[window - held.first];
    if (der === undefined) return new Refusal('slice-absent', { entry: entry.id, now });
    const leaf = decodeCertificate(der);
    const { notBefore, notAfter } = leaf;
    if (notAfter <= now) return new Refusal('slice-absent', { entry: entry.id, notAfter, now });
    return {
      ...{ certificatesDer: [der], notBefore, notAfter, window },
      serial: serialText(leaf),
      authorityId: toHex(leaf.authorityKeyId ?? new Uint8Array(0)),
      renewAt: windowStart(window + 1),
    };
  }

  /**
   * Takes what was granted, durably. A leaf that is not of its entry and key is left aside: it
   * would be handed out under a name that it does not bear.
   */
  async install(
    intermediate: Uint8Array | null,
    granted: readonly SliceAnswer[],
    entries: readonly Entry[],
    now: UnixMs,
  ): Promise<void> {
    const served = new Map(entries.map((entry) => [entry.id, entry]));
    const taken = granted.filter((slice) => {
      const entry = served.get(slice.entry);
      return entry !== undefined && this.#isOf(slice, entry);
    });
    const merged = taken.map((slice) => this.#merged(slice, windowOf(now)));
    const gone = [...this.#slices.keys()].filter((id) => !served.has(id));
    const writes: readonly Write[] = [
      { key: INTERMEDIATE, value: intermediate },
      ...merged.map((slice) => ({
        key: ENTRY + slice.entry,
        value: encodeCanonical(encodeSlice(slice)),
      })),
      ...gone.map((id) => ({ key: ENTRY + id, value: null })),
    ];
    await this.#store.write(writes);
    this.#intermediate = intermediate;
    for (const slice of merged) this.#slices.set(slice.entry, slice);
    for (const id of gone) this.#slices.delete(id);
  }

  /** An entry that changed has other names in its certificates: those held are of no use. */
  #current({ id, revision }: Entry): SliceAnswer | undefined {
    const held = this.#slices.get(id);
    return held?.revision === revision ? held : undefined;
  }

  /** Leaves that continue those held are put behind them; others take their place. */
  #merged(slice: SliceAnswer, window: number): SliceAnswer {
    const held = this.#slices.get(slice.entry);
    if (held === undefined || held.revision !== slice.revision) return slice;
    const isNext = held.first <= slice.first && slice.first <= held.first + held.leaves.length;
    if (!isNext) return slice;
    const kept = held.leaves.slice(0, slice.first - held.first);
    const over = Math.min(kept.length, Math.max(0, window - held.first));
    return { ...slice, first: held.first + over, leaves: [...kept.slice(over), ...slice.leaves] };
  }

  #isOf({ first, leaves }: SliceAnswer, entry: Entry): boolean {
    return leaves.every((der, i) => {
      const leaf = refusalOf(() => decodeCertificate(der));
      return !(leaf instanceof Refusal) && this.#isLeafOf(leaf, entry, first + i);
    });
  }

  #isLeafOf({ uris, spki }: Certificate, entry: Entry, window: number): boolean {
    return uris[0] === entry.spiffeId && equalBytes(spki, this.#keys.keyOf(entry, window).spki);
  }
}
