/**
 * The wire of one link: a TCP relay in this process that takes its time, counts what passes, and
 * can be cut, held and mended. Neither end is told.
 *
 * It is no network: losses of TCP are delays to whoever speaks over it, so that what a relay can
 * do is wait, break and be silent. Segments that are lost for good take a kernel (namespaces.ts).
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Plugs } from './site.ts';

/** Headers of TCP and IP with timestamps: of a segment, and of its acknowledgement. */
export const HEADER_BYTES = 52;
/** Bytes of one segment's load on an ordinary path. */
const SEGMENT_BYTES = 1_448;
const BITS_PER_BYTE = 8;
/** What a slow line's own buffer holds, in time; then it takes no more from the sender. */
const BACKLOG_MS_MAX = 1_000;

/** What a line carries: milliseconds one way, bits a second each way, or null without a limit. */
export interface Line {
  readonly delayMs: number;
  readonly bitsPerS: number | null;
}

/** Where something listens. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** `held` swallows what is said and lets nobody know; `cut` breaks it, and refuses what is new. */
type Condition = 'whole' | 'held' | 'cut';

/** Bytes under way, and when they arrive. */
interface Segment {
  readonly bytes: Buffer;
  readonly arrivesAt: number;
}

export class Wire {
  /** Bytes that went in at either end, with headers and acknowledgements. */
  bytes = 0;
  line: Line;
  /** When it was last dialled over while it carried, by `performance.now()`. */
  joinedAt = Number.NaN;
  /** Why an end broke last that nobody here broke. */
  trouble = '';
  readonly #server: Server;
  readonly #ends = new Set<Socket>();
  #condition: Condition = 'whole';

  private constructor({ far, seenAs }: Plugs, line: Line) {
    this.line = line;
    const from = seenAs === undefined ? {} : { localAddress: seenAs };
    this.#server = createServer((socket) => {
      if (this.#condition === 'cut') return socket.resetAndDestroy();
      this.joinedAt = performance.now();
      this.#join(socket, connect({ ...far, ...from }));
    });
  }

  static async lay(plugs: Plugs, line: Line): Promise<Wire> {
    const wire = new Wire(plugs, line);
    wire.#server.listen(plugs.near.port, plugs.near.host);
    await once(wire.#server, 'listening');
    return wire;
  }

  /** Breaks every connection, and every new one. */
  cut(): void {
    this.#condition = 'cut';
    this.reset();
  }

  /** Swallows all that is said from now on: connections stand, and nothing arrives. */
  hold(): void {
    this.#condition = 'held';
  }

  /** Carries again. Connections that something was swallowed of are of no more use: they break. */
  mend(): void {
    if (this.#condition === 'held') this.reset();
    this.#condition = 'whole';
  }

  /** Breaks every connection; new ones are carried. */
  reset(): void {
    for (const end of this.#ends) {
      if (end.connecting) end.destroy();
      else end.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#condition = 'cut';
    for (const end of this.#ends) end.destroy();
    await closed;
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#ends.add(from);
      from.setNoDelay(true);
      this.#carry(from, into);
      from.on('error', ({ message }) => {
        this.trouble = message;
        from.destroy(); // either end may go; the other one follows
      });
      from.on('close', () => this.#ends.delete(from));
    }
  }

  /** Each direction is a queue of its own: what goes in first comes out first. */
  #carry(from: Socket, into: Socket): void {
    const underWay: Segment[] = [];
    let sentAt = 0;
    let timer: NodeJS.Timeout | null = null;
    const deliver = (): void => {
      timer = null;
      const now = performance.now();
      while (underWay[0] !== undefined && underWay[0].arrivesAt <= now) {
        const segment = underWay.shift();
        if (segment !== undefined && this.#condition === 'whole') into.write(segment.bytes);
      }
      if (from.isPaused() && sentAt - now < BACKLOG_MS_MAX) from.resume();
      const [next] = underWay;
      if (next !== undefined) timer = setTimeout(deliver, Math.max(1, next.arrivesAt - now));
      else if (from.destroyed) into.end();
    };
    from.on('data', (bytes: Buffer) => {
      const { delayMs, bitsPerS } = this.line;
      for (let at = 0; at < bytes.length; at += SEGMENT_BYTES) {
        const load = bytes.subarray(at, at + SEGMENT_BYTES);
        this.bytes += load.length + 2 * HEADER_BYTES;
        const bits = (load.length + HEADER_BYTES) * BITS_PER_BYTE;
        const takesMs = bitsPerS === null ? 0 : (bits / bitsPerS) * 1_000;
        sentAt = Math.max(sentAt, performance.now()) + takesMs;
        underWay.push({ bytes: load, arrivesAt: sentAt + delayMs });
      }
      if (sentAt - performance.now() > BACKLOG_MS_MAX) from.pause();
      if (timer === null) deliver();
    });
    from.on('close', () => {
      if (timer === null) deliver();
    });
  }
}
