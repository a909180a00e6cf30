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
  lossPpm: number;
  /** Until then nothing arrives; then all of it does at once. */
  cloggedUntil = 0;
  readonly #bitsPerSecond: number;
  /** All that either host has put on it, headers counted. */
  bytes = 0;
  /** How narrow faults make it now. */
  #bands: readonly number[] = [];
  /** By the host that speaks: faults by which nobody hears it now. */
  readonly #cuts = new Map<string, number>();
  /** By the host that sends: when the last of its bytes is on the path. */
  readonly #freeAt = new Map<string, number>();

  constructor(hosts: readonly [string, string], terms: PathTerms) {
    this.hosts = hosts;
    this.latencyMs = terms.latencyMs;
    this.#bitsPerSecond = terms.bitsPerSecond;
    this.lossPpm = terms.lossPpm;
  }

  /** True while either host is not heard. */
  get isCut(): boolean {
    return !this.hosts.every((host) => this.isHeard(host));
  }

  /** True while what this host says reaches the other one. */
  isHeard(speaker: string): boolean {
    return (this.#cuts.get(speaker) ?? 0) === 0;
  }

  /** Cuts off what these hosts say; returns how to mend that. */
  cut(speakers: readonly string[] = this.hosts): () => void {
    const change = (by: 1 | -1): void => {
      for (const host of speakers) this.#cuts.set(host, (this.#cuts.get(host) ?? 0) + by);
    };
    change(1);
    return () => change(-1);
  }

  /** Carries no more than so many bits a second; returns how to undo that. */
  narrow(bitsPerSecond: number): () => void {
    this.#bands = [...this.#bands, bitsPerSecond];
    return () => {
      const at = this.#bands.indexOf(bitsPerSecond);
      this.#bands = this.#bands.filter((_, i) => i !== at);
    };
  }

  /** Puts bytes of a host on the path, behind those that wait; returns when they arrive. */
  carry(from: string, bytes: number, now: number): number {
    this.bytes += bytes + HEADER_BYTES;
    const bits = (bytes + HEADER_BYTES) * BITS_PER_BYTE;
    const rate = this.#bands.length === 0 ? this.#bitsPerSecond : Math.min(...this.#bands);
    const takesMs = rate === 0 ? 0 : Math.ceil((bits * 1_000) / rate);
    const freeAt = Math.max(now, this.#freeAt.get(from) ?? 0) + takesMs;
    this.#freeAt.set(from, freeAt);
    return Math.max(freeAt + this.latencyMs, this.cloggedUntil);
  }
}
