/**
 * The path between two hosts: how long bytes take, how many it carries, and whether it carries any.
 *
 * Nobody is told of a cut, as by a cable: what is sent meanwhile is sent again and again
 * (stream-end.ts).
 */

const BITS_PER_BYTE = 8;
/** Headers of TCP and IP with timestamps. */
const HEADER_BYTES = 52;

/** What a path is like while nothing befalls it. */
export interface PathTerms {
  readonly latencyMs: number;
  /** Each way; 0 is without limit. */
  readonly bitsPerSecond: number;
  readonly lossPpm: number;
}

export class Path {
  readonly hosts: readonly [string, string];
  latencyMs: number;
  bitsPerSecond: number;
  lossPpm: number;
  /** Faults that cut it now. */
  cuts = 0;
  /** By the host that sends: when the last of its bytes is on the path. */
  readonly #freeAt = new Map<string, number>();

  constructor(hosts: readonly [string, string], terms: PathTerms) {
    this.hosts = hosts;
    this.latencyMs = terms.latencyMs;
    this.bitsPerSecond = terms.bitsPerSecond;
    this.lossPpm = terms.lossPpm;
  }

  get isCut(): boolean {
    return this.cuts > 0;
  }

  /** Puts bytes of a host on the path, behind those that wait; returns when they arrive. */
  carry(from: string, bytes: number, now: number): number {
    const bits = (bytes + HEADER_BYTES) * BITS_PER_BYTE;
    const takesMs = this.bitsPerSecond === 0 ? 0 : Math.ceil((bits * 1_000) / this.bitsPerSecond);
    const freeAt = Math.max(now, this.#freeAt.get(from) ?? 0) + takesMs;
    this.#freeAt.set(from, freeAt);
    return freeAt + this.latencyMs;
  }
}
