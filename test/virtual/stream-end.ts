/**
 * One end of a stream between two hosts, as TCP keeps it: in order, whole, with a bounded buffer.
 *
 * What meets a cut is sent again, after twice as long each time, so that a mended path carries
 * nothing before the next try; after many tries the end gives up. A reset that meets a cut is lost,
 * and the other side learns of it when it next says something.
 */

import { SECOND_MS } from '../../core/time.ts';
import type { Dice } from '../../sim/dice.ts';
import type { Path } from './path.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Bytes that may be under way before whoever writes is asked to wait. */
const BUFFER_BYTES = 64 * 1024;
/** The first retry comes so late, the others twice as late as the one before, up to the most. */
const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 120 * SECOND_MS;
const RETRIES_MAX = 15;

/** What an end tells whoever holds it. */
export interface EndEvents {
  bytes(bytes: Uint8Array): void;
  /** The other side has said all. */
  finished(): void;
  /** The stream broke. */
  broken(): void;
  /** There is room for more. */
  drained(): void;
}

/** What an end needs of the net around it. */
export interface EndOptions {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly path: Path;
  /** Whose end it is. */
  readonly host: string;
  /** Told of every piece that is sent, by its length. */
  readonly sent: (bytes: number) => void;
}

/** Bytes under way; none at the end of all. */
interface Piece {
  readonly bytes: Uint8Array | null;
  readonly arrivesAt: number;
}

export class StreamEnd {
  events: EndEvents | null = null;
  readonly #options: EndOptions;
  #other: StreamEnd | null = null;
  #underWay: Piece[] = [];
  #underWayBytes = 0;
  #isFull = false;
  #isPlanned = false;
  #retries = 0;
  #isPaused = false;
  #state: 'open' | 'finishing' | 'dead' = 'open';

  constructor(options: EndOptions) {
    this.#options = options;
  }

  /** Joins two ends to a stream. */
  static join(a: StreamEnd, b: StreamEnd): void {
    a.#other = b;
    b.#other = a;
  }

  /** Sends; false where whoever writes is to wait until it is drained. */
  send(bytes: Uint8Array): boolean {
    if (this.#state !== 'open') return true; // it was told, or will be
    this.#put(bytes);
    this.#isFull = this.#underWayBytes >= BUFFER_BYTES;
    return !this.#isFull;
  }

  /** Says that all is said, behind all that is under way. */
  finish(): void {
    if (this.#state !== 'open') return;
    this.#state = 'finishing';
    this.#put(null);
  }

  /** Breaks the stream at once. */
  reset(): void {
    if (this.#state === 'dead') return;
    this.#die();
    this.#tellLater(this, this.#other);
  }

  /** Is gone, and nobody is told. */
  vanish(): void {
    this.#die();
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const other = this.#other;
    if (other !== null) other.#deliverSoon(0);
  }

  #put(bytes: Uint8Array | null): void {
    const { time, path, host, sent } = this.#options;
    const length = bytes?.length ?? 0;
    sent(length);
    this.#underWay.push({ bytes, arrivesAt: path.carry(host, length, time.now) });
    this.#underWayBytes += length;
    this.#planDelivery();
  }

  #planDelivery(): void {
    const [next] = this.#underWay;
    if (next !== undefined) this.#deliverSoon(next.arrivesAt - this.#options.time.now);
  }

  #deliverSoon(inMs: number): void {
    if (this.#isPlanned || this.#underWay.length === 0) return;
    this.#isPlanned = true;
    this.#options.time.after(Math.max(0, inMs), () => {
      this.#isPlanned = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const { time, dice, path, host } = this.#options;
    const other = this.#other;
    if (other === null || other.#isPaused || this.#underWay.length === 0) return;
    if (!path.isHeard(host) || dice.chance(path.lossPpm)) return this.#retryLater();
    this.#retries = 0;
    while ((this.#underWay[0]?.arrivesAt ?? Number.POSITIVE_INFINITY) <= time.now) {
      if (other.#isPaused) return;
      const piece = this.#underWay.shift();
      if (piece !== undefined) this.#handOver(piece, other);
    }
    if (this.#isFull && this.#underWayBytes < BUFFER_BYTES) {
      this.#isFull = false;
      this.events?.drained();
    }
    this.#planDelivery();
  }

  #handOver({ bytes }: Piece, other: StreamEnd): void {
    this.#underWayBytes -= bytes?.length ?? 0;
    if (bytes === null) {
      this.#die();
      other.#finish();
    } else if (other.#state === 'dead') this.#tellLater(other, this);
    else other.events?.bytes(bytes);
  }

  /** A reset is on its way from one end to the other, which still believes in this stream. */
  #tellLater(from: StreamEnd, to: StreamEnd | null): void {
    const { time, path } = this.#options;
    time.after(path.latencyMs, () => {
      if (to !== null && path.isHeard(from.#options.host)) to.#break();
    });
  }

  #retryLater(): void {
    if (this.#retries >= RETRIES_MAX) return this.#break();
    this.#deliverSoon(Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.#retries));
    this.#retries += 1;
  }

  #finish(): void {
    if (this.#state === 'dead') return;
    this.#die();
    this.events?.finished();
  }

  #break(): void {
    if (this.#state === 'dead') return;
    this.#die();
    this.events?.broken();
  }

  #die(): void {
    this.#state = 'dead';
    this.#underWay = [];
    this.#underWayBytes = 0;
  }
}
