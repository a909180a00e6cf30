/**
 * Hosts, the paths between them, and who listens: a network in memory on virtual time.
 *
 * A host is an IPv4 address. Two hosts without a path between them do not reach each other.
 */

import { SECOND_MS } from '../../core/time.ts';
import type { Dice } from '../../sim/dice.ts';
import { Path, type PathTerms } from './path.ts';
import { StreamEnd } from './stream-end.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Where somebody listens, or dials from. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Takes a stream that somebody opened, and hears whence. */
export type Accept = (end: StreamEnd, from: Place) => void;

/** A host that nobody answers for tries again after so long, then after twice as long. */
const CONNECT_RETRY_MS = SECOND_MS;
/** The first port that a host dials from. */
const PORT_MIN = 40_000;
const PORTS = 20_000;

export class VirtualNet {
  readonly #time: VirtualTime;
  readonly #dice: Dice;
  readonly #note: (text: string) => void;
  readonly #paths = new Map<string, Path>();
  readonly #listeners = new Map<string, Accept>();
  #ends: readonly { readonly host: string; readonly end: StreamEnd }[] = [];
  #dialled = 0;

  /** `note` is told of each stream that opens and of every piece of bytes, by its length. */
  constructor(time: VirtualTime, dice: Dice, note: (text: string) => void) {
    this.#time = time;
    this.#dice = dice;
    this.#note = note;
  }

  get paths(): readonly Path[] {
    return [...this.#paths.values()];
  }

  join(a: string, b: string, terms: PathTerms): void {
    const name = nameOf(a, b);
    if (!this.#paths.has(name)) this.#paths.set(name, new Path([a, b], terms));
  }

  /** Listens at a place that is free; returns how to stop. */
  listen(place: Place, accept: Accept): () => void {
    const name = placeName(place);
    if (this.#listeners.has(name)) throw new Error(`EADDRINUSE ${name}`);
    this.#listeners.set(name, accept);
    return () => {
      if (this.#listeners.get(name) === accept) this.#listeners.delete(name);
    };
  }

  /** Opens a stream. Rejects where nobody listens, and once `signal` says so. */
  connect(from: string, to: Place, signal: AbortSignal): Promise<StreamEnd> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(new Error('the dial was aborted'));
      signal.addEventListener('abort', abort, { once: true });
      const path = this.#paths.get(nameOf(from, to.host));
      const attempt = (waitMs: number): void => {
        if (signal.aborted) return;
        if (path === undefined || path.isCut) {
          return this.#time.after(waitMs, () => attempt(2 * waitMs));
        }
        signal.removeEventListener('abort', abort);
        const accept = this.#listeners.get(placeName(to));
        if (accept === undefined) reject(new Error(`ECONNREFUSED ${placeName(to)}`));
        else resolve(this.#open(path, from, to, accept));
      };
      this.#time.after(2 * (path?.latencyMs ?? 0), () => attempt(CONNECT_RETRY_MS));
    });
  }

  /** All streams of a host end at once, and nobody listens there any more. */
  drop(host: string, how: 'silently' | 'by reset'): void {
    for (const { end } of this.#ends.filter((each) => each.host === host)) {
      if (how === 'silently') end.vanish();
      else end.reset();
    }
    for (const name of [...this.#listeners.keys()]) {
      if (name.startsWith(`${host}:`)) this.#listeners.delete(name);
    }
  }

  #open(path: Path, from: string, to: Place, accept: Accept): StreamEnd {
    const number = this.#dialled++;
    this.#note(`#${number} ${from} ${placeName(to)}`);
    const endOf = (host: string): StreamEnd =>
      new StreamEnd({
        ...{ time: this.#time, dice: this.#dice, path, host },
        sent: (bytes) => this.#note(`#${number} ${host} ${bytes}`),
      });
    const [near, far] = [endOf(from), endOf(to.host)];
    const open = this.#ends.filter(({ end }) => !end.isDead);
    this.#ends = [...open, { host: from, end: near }, { host: to.host, end: far }];
    StreamEnd.join(near, far);
    accept(far, { host: from, port: PORT_MIN + (number % PORTS) });
    return near;
  }
}

function nameOf(a: string, b: string): string {
  return a < b ? `${a}~${b}` : `${b}~${a}`;
}

function placeName({ host, port }: Place): string {
  return `${host}:${port}`;
}
