/**
 * A channel after its handshake: libp2p's message stream, sealed (Noise §5.2; libp2p noise spec,
 * "Wire Format").
 *
 *     u16 length ‖ ciphertext ‖ 16-byte tag      repeated, each direction with its own counter
 *
 * The first message that does not open ends the connection: order and completeness are part of
 * what the counters prove. Backpressure passes through in both directions. What is sent in one turn
 * of the event loop is sealed and written as one: frames, gossip and grants come by the dozen, and
 * each message costs both sides far more than its bytes.
 */

import type { AbortOptions, MessageStream } from '@libp2p/interface';
import { AbstractMessageStream, LengthPrefixedDecoder, type SendResult } from '@libp2p/utils';
import { Uint8ArrayList } from 'uint8arraylist';
import { concat } from '../../core/bytes.ts';
import { prefix16 } from './length-prefix.ts';
import { TAG_BYTES } from './noise-primitives.ts';
import type { MessageKeys } from './padded-keys.ts';
import { errorOf } from './thrown.ts';

/** One sealed message (Noise §3). */
const MESSAGE_BYTES_MAX = 65_535;
/** What one carries of ours: with padding and tag it still is one. */
const CHUNK_BYTES_MAX = 60 * 1024 - 1;
const PREFIX = prefix16(TAG_BYTES, MESSAGE_BYTES_MAX);
const NOTHING = new Uint8Array();

/** Seals what is sent over `carrier` and opens what arrives. */
export class SecuredStream extends AbstractMessageStream {
  readonly #carrier: MessageStream;
  readonly #keys: MessageKeys;
  readonly #decoder: LengthPrefixedDecoder;
  #messagesHeard = 0;
  #isFlushing = false;
  #spend: (bytes: number) => boolean = () => true;

  constructor(carrier: MessageStream, keys: MessageKeys) {
    super({
      log: carrier.log,
      inactivityTimeout: carrier.inactivityTimeout,
      maxReadBufferLength: carrier.maxReadBufferLength,
      direction: carrier.direction,
    });
    this.#carrier = carrier;
    this.#keys = keys;
    this.#decoder = new LengthPrefixedDecoder({
      lengthDecoder: PREFIX.decode,
      encodingLength: () => PREFIX.bytes,
      maxDataLength: MESSAGE_BYTES_MAX,
      // the carrier hands over at most what it may hold while paused, on top of one unfinished
      maxBufferSize: carrier.maxReadBufferLength + MESSAGE_BYTES_MAX,
    });
    carrier.addEventListener('message', (event) => this.#receive(event.data));
    carrier.addEventListener('drain', () => this.safeDispatchEvent('drain'));
    carrier.addEventListener('remoteCloseWrite', () => this.onRemoteCloseWrite());
    carrier.addEventListener('close', ({ error, local }) => {
      if (error === undefined) this.onTransportClosed();
      else if (local === true) this.abort(error);
      else this.onRemoteReset();
    });
  }

  /** Messages of the peer that opened: the proof that it lives, and cheaper than a clock. */
  get messagesHeard(): number {
    return this.#messagesHeard;
  }

  /** From now on asks `spend` of all bytes that pass, and ends the channel once it says false. */
  meter(spend: (bytes: number) => boolean): void {
    this.#spend = spend;
  }

  /** Reads no more, unless the channel ends already. */
  rest(): void {
    if (this.readStatus === 'readable') this.pause();
  }

  /** Reads on after a rest. */
  resumeFromRest(): void {
    if (this.readStatus === 'paused') this.resume();
  }

  /** True while more may be sent: what is sent waits for the end of the turn, unless it is much. */
  override processSendQueue(): boolean {
    if (this.writableNeedsDrain || this.writeBufferLength >= CHUNK_BYTES_MAX) {
      return super.processSendQueue();
    }
    if (!this.#isFlushing) {
      this.#isFlushing = true;
      queueMicrotask(() => this.#flush());
    }
    return true;
  }

  override sendData(data: Uint8ArrayList): SendResult {
    if (!this.#spend(data.byteLength)) {
      queueMicrotask(() => this.abort(new Error('allowance spent'))); // the caller holds its queue
      return { sentBytes: data.byteLength, canSendMore: false };
    }
    const sealed = new Uint8ArrayList();
    for (let at = 0; at < data.byteLength; at += CHUNK_BYTES_MAX) {
      const chunk = data.subarray(at, Math.min(data.byteLength, at + CHUNK_BYTES_MAX));
      const message = this.#keys.send.seal(NOTHING, chunk);
      // As one piece: each piece is a write of its own, and with it a segment on the link.
      sealed.append(concat(PREFIX.encode(message.length), message));
    }
    return { sentBytes: data.byteLength, canSendMore: this.#carrier.send(sealed) };
  }

  override sendReset(error: Error): void {
    this.#carrier.abort(error);
  }

  override sendPause(): void {
    this.#carrier.pause();
  }

  override sendResume(): void {
    this.#carrier.resume();
  }

  override close(options?: AbortOptions): Promise<void> {
    this.#flush();
    return this.#carrier.close(options);
  }

  #flush(): void {
    this.#isFlushing = false;
    try {
      super.processSendQueue();
    } catch (thrown) {
      errorOf(thrown); // the stream has ended itself, and tells why
    }
  }

  #receive(data: Uint8Array | Uint8ArrayList): void {
    if (!this.#spend(data.byteLength)) {
      this.abort(new Error('allowance spent'));
      return;
    }
    try {
      for (const message of this.#decoder.decode(data)) {
        const plaintext = this.#keys.receive.open(NOTHING, message.subarray());
        this.#messagesHeard++;
        this.onData(plaintext);
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.abort(error);
    }
  }
}
