/**
 * `/holdfast/sync/1` over one connection: our frames out on a stream of ours, theirs in on a
 * stream of theirs.
 *
 *     u32 length ‖ frame        an empty frame is a heartbeat and is delivered to nobody
 *
 * A lost stream is opened again for as long as the connection stands. What waits is bounded: a
 * full queue drops the newest frame, because the older ones answer something, and a later
 * comparison finds what is missing (PROTOCOL §6.1).
 */

import type { Connection, Stream } from '@libp2p/interface';
import { LengthPrefixedDecoder } from '@libp2p/utils';
import type { Uint8ArrayList } from 'uint8arraylist';
import { concat } from '../../core/bytes.ts';
import { FRAME_BYTES_MAX } from '../../core/limits.ts';
import { bootMs, SECOND_MS } from '../../core/time.ts';
import type { Clock } from '../ports.ts';
import { prefix32 } from './length-prefix.ts';

/** The protocol of the long-lived streams. */
export const SYNC_PROTOCOL = '/holdfast/sync/1';
/** Bytes that may wait for a slow peer: a few documents. */
export const SYNC_QUEUE_BYTES_MAX = 4 * 1024 * 1024;
/** Frames that may wait, however small. */
export const SYNC_QUEUE_FRAMES_MAX = 1_024;
/** A lost stream is opened again so much later. */
export const REOPEN_MS = SECOND_MS;
/** The most a stream may hand over at once: the largest window we grant (libp2p-settings.ts). */
export const STREAM_WINDOW_BYTES_MAX = 1024 * 1024;

/** Bytes handed to libp2p at once: what it then holds beyond our queue. */
export const CHUNK_BYTES = 64 * 1024;
const PREFIX = prefix32(FRAME_BYTES_MAX);
const HEARTBEAT = PREFIX.encode(0);

/** What happens on a channel. */
export interface SyncEvents {
  /** A whole frame, at least one byte. */
  frame(bytes: Uint8Array): void;
  /** A frame of ours was dropped for want of room. */
  dropped(): void;
  /** The peer's stream was ended for breaking the framing. */
  broken(error: Error): void;
}

export class SyncChannel {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #events: SyncEvents;
  #outbound: Stream | null = null;
  #inbound: Stream | null = null;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  /** Bytes of the first queued frame that are sent. */
  #sent = 0;
  #cancelReopen = (): void => undefined;

  constructor(connection: Connection, clock: Clock, events: SyncEvents) {
    this.#connection = connection;
    this.#clock = clock;
    this.#events = events;
  }

  /** Opens our stream, and keeps doing so until the connection ends. */
  async open(): Promise<void> {
    if (this.#connection.status !== 'open') return;
    try {
      const stream = await this.#connection.newStream(SYNC_PROTOCOL);
      stream.addEventListener('drain', () => this.#pump());
      stream.addEventListener('close', () => this.#reopen());
      if (stream.status !== 'open') return this.#reopen();
      this.#outbound = stream;
      this.#sent = 0; // a new stream starts with a whole frame
      this.#pump();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#reopen();
    }
  }

  /** Takes the peer's stream; a second one replaces the first, since it has lost that one. */
  accept(stream: Stream): void {
    this.#inbound?.abort(new Error('replaced by a newer stream'));
    this.#inbound = stream;
    const decoder = new LengthPrefixedDecoder({
      lengthDecoder: PREFIX.decode,
      encodingLength: () => PREFIX.bytes,
      maxDataLength: FRAME_BYTES_MAX,
      maxBufferSize: PREFIX.bytes + FRAME_BYTES_MAX + STREAM_WINDOW_BYTES_MAX,
    });
    stream.addEventListener('message', ({ data }) => {
      for (const frame of this.#decode(stream, decoder, data)) this.#events.frame(frame);
    });
  }

  /** Queues a frame, or drops it where the peer is too slow. */
  send(frame: Uint8Array): void {
    const sizeBytes = PREFIX.bytes + frame.length;
    const full =
      this.#queue.length >= SYNC_QUEUE_FRAMES_MAX ||
      this.#queuedBytes + sizeBytes > SYNC_QUEUE_BYTES_MAX;
    if (full) {
      this.#events.dropped();
      return;
    }
    this.#queue.push(concat(PREFIX.encode(frame.length), frame));
    this.#queuedBytes += sizeBytes;
    this.#pump();
  }

  /** Shows the peer that we live, unless frames that wait will do so. */
  beat(): void {
    const stream = this.#outbound;
    if (stream !== null && this.#queue.length === 0 && isWritable(stream)) stream.send(HEARTBEAT);
  }

  /** Stops reopening and forgets what waits. The streams end with their connection. */
  close(): void {
    this.#cancelReopen();
    this.#outbound = null;
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  /** Whole frames only: what the daemon does with one is no business of the framing. */
  #decode(
    stream: Stream,
    decoder: LengthPrefixedDecoder,
    bytes: Uint8Array | Uint8ArrayList,
  ): Uint8Array[] {
    try {
      return [...decoder.decode(bytes)].map((frame) => frame.slice());
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      stream.abort(error);
      this.#events.broken(error);
      return [];
    }
  }

  #pump(): void {
    const stream = this.#outbound;
    if (stream === null) return;
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      if (!isWritable(stream)) return;
      const chunk = first.subarray(this.#sent, this.#sent + CHUNK_BYTES);
      this.#sent += chunk.length;
      if (this.#sent === first.length) this.#shift();
      stream.send(chunk);
    }
  }

  #shift(): void {
    this.#queuedBytes -= this.#queue.shift()?.length ?? 0;
    this.#sent = 0;
  }

  #reopen(): void {
    this.#outbound = null;
    this.#cancelReopen();
    if (this.#connection.status !== 'open') return;
    const at = bootMs(this.#clock.now().boot + REOPEN_MS);
    this.#cancelReopen = this.#clock.wakeAt(at, () => void this.open());
  }
}

function isWritable(stream: Stream): boolean {
  return stream.writeStatus === 'writable' && !stream.writableNeedsDrain;
}
