/**
 * A software TPM behind a socket: swtpm, over Unix or TCP.
 *
 * Commands go bare, without framing; the length of an answer stands in its header. swtpm serves
 * one client at a time, and a second one waits unanswered until the first has gone. Whoever holds
 * this socket holds the TPM: such a chip is graded below a real one.
 */

import { connect, type Socket } from 'node:net';
import { assert } from '../../core/assert.ts';
import { concat, Reader } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import { TPM_MESSAGE_BYTES_MAX, TPM_QUICK_MS_MAX } from '../../core/limits.ts';
import { HEADER_BYTES } from '../../firmware/tpm-command.ts';
import type { TpmTransport } from '../../firmware/transport.ts';
import { type TimeLimits, TpmConnection, type TpmWire } from './tpm-connection.ts';

/** Where swtpm listens. */
export type SwtpmAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** Connects to swtpm. Fails with `tpm-unreachable`. */
export async function openSwtpm(
  address: SwtpmAddress,
  limitsMs?: TimeLimits,
): Promise<TpmTransport> {
  const socket =
    address.kind === 'unix'
      ? connect({ path: address.path })
      : connect({ host: address.host, port: address.port, noDelay: true });
  socket.setTimeout(TPM_QUICK_MS_MAX, () => socket.destroy(new Error('connecting timed out')));
  const connected = Promise.withResolvers<void>();
  socket.once('connect', connected.resolve);
  socket.once('error', connected.reject);
  try {
    await connected.promise;
  } catch (error) {
    throw new Failure('tpm-unreachable', 'nothing answers where swtpm should listen', error);
  }
  socket.setTimeout(0);
  socket.removeAllListeners('timeout');
  socket.off('error', connected.reject);
  return new TpmConnection(new SocketWire(socket), limitsMs);
}

/** One answer awaited on a stream. */
class SocketWire implements TpmWire {
  readonly #socket: Socket;
  #received: Uint8Array = new Uint8Array();
  #awaited: PromiseWithResolvers<Uint8Array> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => {
      assert(typeof bytes !== 'string', 'no encoding was set');
      this.#receive(bytes);
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the socket was closed')));
  }

  async exchange(command: Uint8Array): Promise<Uint8Array> {
    if (this.#socket.destroyed) throw new Error('the socket was closed');
    this.#awaited = Promise.withResolvers();
    this.#socket.write(command);
    return this.#awaited.promise;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#awaited === undefined) {
      this.#fail(new Error('bytes that nobody asked for'));
      return;
    }
    this.#received = concat(this.#received, bytes);
    if (this.#received.length < HEADER_BYTES) return;
    const header = new Reader(this.#received);
    header.u16();
    const size = header.u32();
    if (size < HEADER_BYTES || size > TPM_MESSAGE_BYTES_MAX || this.#received.length > size) {
      this.#fail(new Error(`an answer of ${size} bytes, ${this.#received.length} received`));
      return;
    }
    if (this.#received.length < size) return;
    const answer = this.#received;
    this.#received = new Uint8Array();
    this.#awaited.resolve(answer);
    this.#awaited = undefined;
  }

  #fail(error: Error): void {
    this.#awaited?.reject(error);
    this.#socket.destroy();
  }
}
