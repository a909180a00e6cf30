/**
 * Messages of gRPC on a stream of bytes: a flag, a length, the message (grpc/grpc,
 * doc/PROTOCOL-HTTP2.md). Nobody here compresses: private keys do not go through a compressor.
 */

import { concat } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';

const HEADER_BYTES = 5;
const NOTHING = new Uint8Array(0);

/** One message as it goes over the wire. */
export function frameMessage(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(HEADER_BYTES + message.length);
  new DataView(framed.buffer).setUint32(1, message.length);
  framed.set(message, HEADER_BYTES);
  return framed;
}

/** Cuts what arrives into messages, however the bytes come. */
export class MessageReader {
  readonly #limit: number;
  /** What arrived of a message that is not whole. */
  #partial: Uint8Array = NOTHING;

  /** `limit`: bytes that one message may have. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False in the middle of a message. */
  get isBetween(): boolean {
    return this.#partial.length === 0;
  }

  /** The messages that are whole now. Refuses `bad-encoding` if compressed, and `too-large`. */
  read(chunk: Uint8Array): readonly Uint8Array[] {
    const messages: Uint8Array[] = [];
    let rest = this.isBetween ? chunk : concat(this.#partial, chunk);
    while (rest.length >= HEADER_BYTES) {
      const size = new DataView(rest.buffer, rest.byteOffset).getUint32(1);
      if (rest[0] !== 0)
        throw new Refusal('bad-encoding', { why: 'compressed', got: rest[0] ?? 0 });
      if (size > this.#limit) throw new Refusal('too-large', { size, limit: this.#limit });
      if (rest.length < HEADER_BYTES + size) break;
      messages.push(rest.slice(HEADER_BYTES, HEADER_BYTES + size));
      rest = rest.subarray(HEADER_BYTES + size);
    }
    this.#partial = rest.length === 0 ? NOTHING : Uint8Array.from(rest);
    return messages;
  }
}
