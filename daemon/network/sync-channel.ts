/**
 * `/holdfast/sync/1` over one connection: our frames out on a stream of ours, theirs in on a
 * stream of theirs.
 *
 *     u32 length ‖ frame        an empty frame is a heartbeat and is delivered to nobody
 *
 * What waits is bounded: a full queue drops the newest frame, because the older ones answer
 * something, and a later comparison finds what is missing (PROTOCOL §6.1). On a slow link a stop
 * has a stream of its own, `/holdfast/urgent/1`, so that it waits for no document under way.
 */

import type { Connection, Stream } from '@libp2p/interface';
import { LengthPrefixedDecoder } from '@libp2p/utils';
import type { Uint8ArrayList } from 'uint8arraylist';
import { concat } from '../../core/bytes.ts';
import { FRAME_BYTES_MAX } from '../../core/limits.ts';
import { paddedLength } from '../../core/padding.ts';
import { type BootMs, bootMs, elapsedMs, SECOND_MS } from '../../core/time.ts';
import type { Clock } from '../ports.ts';
import { prefix32 } from './length-prefix.ts';
import { OutboundStream } from './outbound-stream.ts';
import { errorOf } from './thrown.ts';
import { TokenBucket } from './token-bucket.ts';

/** The protocol of the long-lived streams. */
export const SYNC_PROTOCOL = '/holdfast/sync/1';
/** The same frames, on a stream beside it. */
export const URGENT_PROTOCOL = '/holdfast/urgent/1';
/** Bytes that may wait for a slow peer: a few documents. */
export const SYNC_QUEUE_BYTES_MAX = 4 * 1024 * 1024;
/** Frames that may wait, however small. */
export const SYNC_QUEUE_FRAMES_MAX = 1_024;
/** The most a stream may hand over at once: the largest window we grant (libp2p-settings.ts). */
export const STREAM_WINDOW_BYTES_MAX = 1024 * 1024;

/** Bytes handed to libp2p at once: what it then holds beyond our queue. */
export const CHUNK_BYTES = 64 * 1024;
/** The same on a slow link: with a header of the multiplexer a whole size class of the seal. */
const SLOW_CHUNK_BYTES = 499;
const SLOW_CHUNK_BYTES_MIN = 64;
/** Seconds that a chunk takes at most, with what it costs: a stop has three of them. */
const SLOW_CHUNK_S = 1.2;
/** A chunk has a header of the multiplexer, and is padded; then come the seal's, TCP's and IP's. */
const MUXER_BYTES = 12;
const PACKET_BYTES = 70;
/** A slow link is looked at so often while frames wait for their allowance. */
const PUMP_MS = SECOND_MS / 2;
const PREFIX = prefix32(FRAME_BYTES_MAX);
const HEARTBEAT = PREFIX.encode(0);

/** What a channel is made of. */
export interface SyncOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** What the link carries each second where that is little, and the share of it that is ours. */
  readonly slow: { readonly bytesPerS: number; readonly share: number } | null;
}

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
  readonly #clock: Clock;
  /** What we may send over a slow link; null over any other. */
  readonly #allowance: Allowance | null;
  readonly #events: SyncEvents;
  readonly #outbound: OutboundStream;
  /** Where a stop goes past all else; null where it does not wait long for anything. */
  readonly #urgent: OutboundStream | null;
  /** The stream of the peer by its protocol. */
  readonly #inbound = new Map<string, Stream>();
  #queue: { readonly bytes: Uint8Array; readonly isUrgent: boolean }[] = [];
  #queuedBytes = 0;
  /** Bytes of the first queued frame that are sent. */
  #sent = 0;
  #spoke = false;
  #isPumping = false;
  #cancelPump = (): void => undefined;

  constructor({ connection, clock, slow }: SyncOptions, events: SyncEvents) {
    this.#clock = clock;
    this.#allowance = slow === null ? null : new Allowance(slow, clock);
    this.#events = events;
    const ready = (isNew: boolean) => {
      if (isNew) this.#sent = 0; // a new stream starts with a whole frame
      this.#pump();
    };
    this.#outbound = new OutboundStream({ connection, clock, protocol: SYNC_PROTOCOL, ready });
    const urgent = { connection, clock, protocol: URGENT_PROTOCOL, ready: () => undefined };
    this.#urgent = slow === null ? null : new OutboundStream(urgent);
  }

  /** Opens our streams, and keeps doing so until the connection ends. */
  async open(): Promise<void> {
    await this.#outbound.open();
    await this.#urgent?.open();
  }

  /** Takes a stream of the peer; a second one replaces the first, since it has lost that one. */
  accept(stream: Stream): void {
    this.#inbound.get(stream.protocol)?.abort(new Error('replaced by a newer stream'));
    this.#inbound.set(stream.protocol, stream);
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

  /**
   * Queues a frame, or drops it where the peer is too slow. What is urgent goes before all that is
   * not under way; where it is small, before that too, and waits for no allowance.
   */
  send(frame: Uint8Array, isUrgent = false): void {
    if (isUrgent && this.#sendPast(frame)) return;
    const sizeBytes = PREFIX.bytes + frame.length;
    const full =
      this.#queue.length >= SYNC_QUEUE_FRAMES_MAX ||
      this.#queuedBytes + sizeBytes > SYNC_QUEUE_BYTES_MAX;
    if (full) {
      this.#events.dropped();
      return;
    }
    const framed = { bytes: concat(PREFIX.encode(frame.length), frame), isUrgent };
    const behind = this.#sent > 0 ? 1 : 0;
    const at = this.#queue.findIndex((other, i) => i >= behind && !other.isUrgent);
    if (isUrgent && at !== -1) this.#queue.splice(at, 0, framed);
    else this.#queue.push(framed);
    this.#queuedBytes += sizeBytes;
    this.#pumpThisTurn();
  }

  /** True if anything was sent since this was asked last. */
  hasSpoken(): boolean {
    const spoke = this.#spoke;
    this.#spoke = false;
    return spoke;
  }

  /** Shows the peer that we live, unless frames that wait will do so. */
  beat(): void {
    const stream = this.#outbound;
    if (this.#queue.length === 0 && stream.isWritable) stream.send(HEARTBEAT);
  }

  /** Stops reopening and forgets what waits. The streams end with their connection. */
  close(): void {
    this.#cancelPump();
    this.#outbound.close();
    this.#urgent?.close();
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
    } catch (thrown) {
      const error = errorOf(thrown);
      stream.abort(error);
      this.#events.broken(error);
      return [];
    }
  }

  /** Sends a small frame beside the queue, where there is a stream for it. */
  #sendPast(frame: Uint8Array): boolean {
    const most = this.#allowance?.chunkBytes ?? 0;
    if (frame.length > most || this.#urgent?.isWritable !== true) return false;
    this.#urgent.send(concat(PREFIX.encode(frame.length), frame));
    this.#spoke = true;
    return true;
  }

  /** What is queued in one turn of the event loop goes together, what is urgent of it first. */
  #pumpThisTurn(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      if (!this.#outbound.isWritable) return;
      const chunk = this.#nextChunk();
      const spending = { bytes: chunk.length, isUrgent: first.isUrgent };
      if (this.#allowance?.spend(spending) === false) return this.#pumpLater();
      this.#shift(chunk.length);
      this.#spoke = true;
      this.#outbound.send(chunk);
    }
  }

  /** Of as many frames as go at once; on a slow link of one, since each is urgent or is not. */
  #nextChunk(): Uint8Array {
    const frames = this.#allowance === null ? this.#queue : this.#queue.slice(0, 1);
    const pieces: Uint8Array[] = [];
    let room = this.#allowance?.chunkBytes ?? CHUNK_BYTES;
    let from = this.#sent;
    for (const { bytes } of frames) {
      if (room === 0) break;
      const piece = bytes.subarray(from, from + room);
      pieces.push(piece);
      room -= piece.length;
      from = 0;
    }
    return concat(...pieces);
  }

  #pumpLater(): void {
    this.#cancelPump();
    const at = bootMs(this.#clock.now().boot + PUMP_MS);
    this.#cancelPump = this.#clock.wakeAt(at, () => this.#pump());
  }

  /** So many bytes more of what waits are sent. */
  #shift(count: number): void {
    this.#sent += count;
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const { length } = first.bytes;
      if (this.#sent < length) return;
      this.#queue.shift();
      this.#queuedBytes -= length;
      this.#sent -= length;
    }
  }
}

/**
 * What a slow link carries, all headers counted, and one chunk at once: the rest waits here, where
 * what is urgent goes before it, and a stop past it, and not in the queue of the kernel, where
 * nothing does. What is urgent may take the whole link, the rest our share of it.
 */
class Allowance {
  readonly chunkBytes: number;
  readonly #link: TokenBucket;
  readonly #share: TokenBucket;
  readonly #clock: Clock;
  #at: BootMs;

  constructor({ bytesPerS, share }: NonNullable<SyncOptions['slow']>, clock: Clock) {
    const most = Math.trunc(SLOW_CHUNK_S * bytesPerS) - MUXER_BYTES - PACKET_BYTES;
    this.chunkBytes = Math.max(SLOW_CHUNK_BYTES_MIN, Math.min(SLOW_CHUNK_BYTES, most));
    const burst = costOf(this.chunkBytes);
    this.#link = new TokenBucket({ ratePerS: bytesPerS, burst });
    this.#share = new TokenBucket({ ratePerS: share * bytesPerS, burst });
    this.#clock = clock;
    this.#at = clock.now().boot;
  }

  spend({ bytes, isUrgent }: { readonly bytes: number; readonly isUrgent: boolean }): boolean {
    const now = this.#clock.now().boot;
    const buckets = isUrgent ? [this.#link] : [this.#link, this.#share];
    for (const bucket of [this.#link, this.#share]) bucket.refill(elapsedMs(this.#at, now));
    this.#at = now;
    const cost = costOf(bytes);
    if (!buckets.every((bucket) => bucket.holds(cost))) return false;
    for (const bucket of buckets) bucket.take(cost);
    return true;
  }
}

/** What a chunk takes of the link, all headers and its padding counted. */
function costOf(bytes: number): number {
  return paddedLength(MUXER_BYTES + bytes) + PACKET_BYTES;
}
