/**
 * `/holdfast/desk/1`: one request, one answer, then the stream ends (PROTOCOL §6.7).
 *
 *     request   u32 length ‖ bytes
 *     answer    u32 length ‖ u8 0 ‖ bytes        answered
 *               u32 length ‖ u8 1 ‖ code         refused: the code alone, in ASCII
 *
 * What is asked and who may ask it is the daemon's business, behind `NetworkHandler.desk`. Here is
 * what keeps asking cheap: lengths bounded before a byte is buffered, few requests at once, and a
 * deadline on both sides.
 */

import type { AbortOptions, Connection, Stream } from '@libp2p/interface';
import { type ByteStream, byteStream } from '@libp2p/utils';
import { assert } from '../../core/assert.ts';
import { concat, fromUtf8, Reader, toUtf8 } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import {
  DESK_BYTES_MAX,
  DESK_MS_MAX,
  DESK_REQUESTS_MAX,
  DESK_REQUESTS_PER_PEER_MAX,
} from '../../core/limits.ts';
import { isRefusalCode, Refusal, type RefusalCode } from '../../core/refusal.ts';
import { bootMs } from '../../core/time.ts';
import type { AdmittedPeer, Clock, NetworkHandler, PeerName } from '../ports.ts';
import { prefix32 } from './length-prefix.ts';
import type { QuietLog } from './quiet-log.ts';
import { CHUNK_BYTES, STREAM_WINDOW_BYTES_MAX } from './sync-channel.ts';
import { errorOf } from './thrown.ts';

/** The protocol of the short-lived streams. */
export const DESK_PROTOCOL = '/holdfast/desk/1';

const ANSWERED = Uint8Array.of(0);
const REFUSED = Uint8Array.of(1);
const MESSAGE_BYTES_MAX = ANSWERED.length + DESK_BYTES_MAX;
const PREFIX = prefix32(MESSAGE_BYTES_MAX);
const BUFFER_BYTES_MAX = PREFIX.bytes + MESSAGE_BYTES_MAX + STREAM_WINDOW_BYTES_MAX;
/** Longer than any code: what follows a 1 is read no further. */
const CODE_CHARS_MAX = 64;

/** What a desk needs of the network around it. */
export interface DeskOptions {
  readonly clock: Clock;
  readonly log: QuietLog;
  readonly handler: Pick<NetworkHandler, 'desk'>;
}

/** Both sides of the protocol, for all peers of one node. */
export class Desk {
  readonly #options: DeskOptions;
  /** Requests under way here, by who asked. */
  readonly #open = new Map<PeerName, number>();
  #openInAll = 0;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /**
   * Asks the peer at the other end, once. Refuses with the code the peer refused with; fails
   * `timed-out` and `peer-unreachable`.
   */
  async ask(connection: Connection, request: Uint8Array): Promise<Uint8Array> {
    assert(request.length > 0 && request.length <= DESK_BYTES_MAX, `asks ${request.length} bytes`);
    const deadline = this.#deadline();
    let stream: Stream | null = null;
    try {
      stream = await connection.newStream(DESK_PROTOCOL, { signal: deadline.signal });
      const messages = new Messages(stream, deadline.signal);
      await messages.write(request);
      const answer = await messages.read();
      void stream.close().catch(() => stream?.abort(new Error('answered')));
      return decodeAnswer(answer);
    } catch (thrown) {
      const error = errorOf(thrown);
      if (error instanceof Refusal) throw error;
      stream?.abort(error);
      throw deadline.signal.aborted
        ? new Failure('timed-out', `no answer within ${DESK_MS_MAX} ms`, error)
        : new Failure('peer-unreachable', 'the request or its answer was lost', error);
    } finally {
      deadline.cancel();
    }
  }

  /** The peer opened a stream to ask; `admitted` is null for a guest. */
  async accept(stream: Stream, peer: PeerName, admitted: AdmittedPeer | null): Promise<void> {
    const deadline = this.#deadline();
    this.#count(peer, 1);
    try {
      const isBusy =
        this.#openOf(peer) > DESK_REQUESTS_PER_PEER_MAX || this.#openInAll > DESK_REQUESTS_MAX;
      const messages = new Messages(stream, deadline.signal);
      const answer = isBusy
        ? encodeRefused('desk-busy')
        : await this.#answer(peer, admitted, await messages.read());
      await messages.write(answer);
      await stream.close(deadline);
    } catch (thrown) {
      const error = errorOf(thrown);
      stream.abort(error);
      this.#options.log.warn('desk.broken', peer, { peer, reason: error.message });
    } finally {
      deadline.cancel();
      this.#count(peer, -1);
    }
  }

  async #answer(
    peer: PeerName,
    admitted: AdmittedPeer | null,
    request: Uint8Array,
  ): Promise<Uint8Array> {
    try {
      const answer = await this.#options.handler.desk(peer, admitted, request);
      assert(answer.length <= DESK_BYTES_MAX, `answers ${answer.length} bytes`);
      return encodeAnswered(answer);
    } catch (error) {
      if (error instanceof Refusal) return encodeRefused(error.code);
      if (!(error instanceof Failure)) throw error;
      this.#options.log.warn('desk.failed', peer, { peer, code: error.code, why: error.message });
      return encodeRefused('desk-failed');
    }
  }

  #openOf(peer: PeerName): number {
    return this.#open.get(peer) ?? 0;
  }

  #count(peer: PeerName, change: 1 | -1): void {
    const open = this.#openOf(peer) + change;
    if (open === 0) this.#open.delete(peer);
    else this.#open.set(peer, open);
    this.#openInAll += change;
  }

  #deadline(): { readonly signal: AbortSignal; cancel(): void } {
    const { clock } = this.#options;
    const abort = new AbortController();
    const at = bootMs(clock.now().boot + DESK_MS_MAX);
    const cancel = clock.wakeAt(at, () => abort.abort(new Error('the desk waits no longer')));
    return { signal: abort.signal, cancel };
  }
}

/** What was answered, as a message. */
export function encodeAnswered(bytes: Uint8Array): Uint8Array {
  return concat(ANSWERED, bytes);
}

/** A refusal as a message: remote callers get a code and nothing else (PROTOCOL §4.8). */
export function encodeRefused(code: RefusalCode): Uint8Array {
  return concat(REFUSED, toUtf8(code));
}

/** Refuses with the code in the answer, or `desk-refused` where this version does not know it. */
export function decodeAnswer(answer: Uint8Array): Uint8Array {
  const reader = new Reader(answer);
  const outcome = reader.u8();
  const bytes = reader.take(reader.remaining);
  if (outcome === ANSWERED[0]) return bytes;
  if (outcome !== REFUSED[0]) throw new Refusal('frame-malformed', { outcome });
  const code = fromUtf8(bytes.subarray(0, CODE_CHARS_MAX));
  if (isRefusalCode(code)) throw new Refusal(code, { by: 'the other side' });
  throw new Refusal('desk-refused', { got: code });
}

/** Whole messages over one stream, in chunks small enough for its buffers. */
class Messages {
  readonly #bytes: ByteStream<Stream>;
  readonly #abort: AbortOptions;

  constructor(stream: Stream, signal: AbortSignal) {
    this.#bytes = byteStream(stream, { maxBufferSize: BUFFER_BYTES_MAX });
    this.#abort = { signal };
  }

  /** Refuses `too-large` before the message is buffered. */
  async read(): Promise<Uint8Array> {
    const head = await this.#bytes.read({ bytes: PREFIX.bytes, ...this.#abort });
    const length = PREFIX.decode(head);
    return length === 0
      ? new Uint8Array()
      : (await this.#bytes.read({ bytes: length, ...this.#abort })).slice();
  }

  async write(message: Uint8Array): Promise<void> {
    const framed = concat(PREFIX.encode(message.length), message);
    for (let at = 0; at < framed.length; at += CHUNK_BYTES) {
      await this.#bytes.write(framed.subarray(at, at + CHUNK_BYTES), this.#abort);
    }
  }
}
