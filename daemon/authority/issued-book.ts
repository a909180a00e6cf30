/**
 * The X509-SVIDs that are out, by serial: so that revoking an identity names each live certificate
 * in the CRL too.
 *
 * Notes are written behind the issuing, many in one batch: a serial lost in a crash is still
 * revoked by its identity and date at every Holdfast verifier, and ends by itself within a day.
 */

import { encodeCanonical, parseCanonical } from '../../core/canonical.ts';
import { Failure } from '../../core/failure.ts';
import { SPIFFE_ID_BYTES_MAX } from '../../core/limits.ts';
import type { UnixMs } from '../../core/time.ts';
import { Members } from '../../federation/members.ts';
import { nodeMarkIn } from '../identity/revoked.ts';
import type { Clock, Log, Store } from '../ports.ts';
import { SPACES } from '../store/key-space.ts';

/** One certificate that is out. */
export interface IssuedLeaf {
  readonly serial: string;
  readonly spiffeId: string;
  readonly notAfter: UnixMs;
}

export interface IssuedBookOptions {
  readonly store: Store;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly clock: Clock;
  readonly log: Log;
}

export class IssuedBook {
  readonly #options: IssuedBookOptions;
  readonly #leaves = new Map<string, IssuedLeaf>();
  /** Serials of what members were given, by how the serials of one node begin. */
  readonly #byNode = new Map<string, Set<string>>();
  /** The last end of what is out, by SPIFFE ID. */
  readonly #ends = new Map<string, UnixMs>();
  #unwritten: IssuedLeaf[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(options: IssuedBookOptions) {
    this.#options = options;
    for (const [key, value] of options.records) {
      if (!key.startsWith(SPACES.issued)) continue;
      const members = new Members(parseCanonical(value), 'issued');
      const serial = key.slice(SPACES.issued.length);
      const spiffeId = members.text('id', SPIFFE_ID_BYTES_MAX);
      this.#remember({ serial, spiffeId, notAfter: members.time('notAfter') });
    }
  }

  /** Remembers an SVID; it is on the disk soon after. */
  note({ serial, spiffeId, notAfter }: IssuedLeaf): void {
    const leaf = { serial, spiffeId, notAfter };
    this.#remember(leaf);
    this.#unwritten.push(leaf);
    if (this.#unwritten.length === 1) this.#writing = this.#writing.then(() => this.#write());
  }

  /** True if a certificate of the identity is out that has not ended at `now`. */
  isOut(spiffeId: string, now: UnixMs): boolean {
    return now < (this.#ends.get(spiffeId) ?? 0);
  }

  /** The certificates that were made for the node whose serials begin so, and have not ended. */
  liveOfNode(mark: string): readonly IssuedLeaf[] {
    const { wall } = this.#options.clock.now();
    return [...(this.#byNode.get(mark) ?? [])]
      .flatMap((serial) => this.#leaves.get(serial) ?? [])
      .filter(({ notAfter }) => notAfter > wall);
  }

  /** The certificates of an identity that have not ended. */
  liveOf(spiffeId: string): readonly IssuedLeaf[] {
    const { wall } = this.#options.clock.now();
    return [...this.#leaves.values()].filter(
      (leaf) => leaf.spiffeId === spiffeId && leaf.notAfter > wall,
    );
  }

  find(serial: string): IssuedLeaf | undefined {
    return this.#leaves.get(serial);
  }

  /** Ends once all notes are written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  #remember(leaf: IssuedLeaf): void {
    this.#leaves.set(leaf.serial, leaf);
    const last = this.#ends.get(leaf.spiffeId) ?? 0;
    if (last < leaf.notAfter) this.#ends.set(leaf.spiffeId, leaf.notAfter);
    const mark = nodeMarkIn(leaf.serial);
    if (mark === undefined) return;
    const ofNode = this.#byNode.get(mark) ?? new Set();
    this.#byNode.set(mark, ofNode.add(leaf.serial));
  }

  #forget(serial: string): void {
    this.#leaves.delete(serial);
    const mark = nodeMarkIn(serial);
    if (mark === undefined) return;
    const ofNode = this.#byNode.get(mark);
    ofNode?.delete(serial);
    if (ofNode?.size === 0) this.#byNode.delete(mark);
  }

  /** Writes what was noted, and forgets what has ended. */
  async #write(): Promise<void> {
    const { store, clock, log } = this.#options;
    const fresh = this.#unwritten;
    this.#unwritten = [];
    const { wall } = clock.now();
    const ended = [...this.#leaves.values()].filter(({ notAfter }) => notAfter < wall);
    for (const { serial } of ended) this.#forget(serial);
    for (const [id, end] of this.#ends) if (end < wall) this.#ends.delete(id);
    const writes = [
      ...ended.map(({ serial }) => ({ key: SPACES.issued + serial, value: null })),
      ...fresh.map(({ serial, spiffeId, notAfter }) => ({
        key: SPACES.issued + serial,
        value: encodeCanonical({ id: spiffeId, notAfter: String(notAfter) }),
      })),
    ];
    try {
      await store.write(writes);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // They are known while the process lives; by identity and date they are revoked all the same.
      log.warn('serials not written', { count: fresh.length, code: error.code });
    }
  }
}
