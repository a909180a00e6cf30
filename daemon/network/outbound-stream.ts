/**
 * A stream of ours over one connection: opened, and opened again when it is lost, for as long as
 * the connection stands. It holds nothing back and keeps nothing: what waits is its caller's.
 */

import type { Connection, Stream } from '@libp2p/interface';
import { bootMs, SECOND_MS } from '../../core/time.ts';
import type { Clock } from '../ports.ts';
import { errorOf } from './thrown.ts';

/** A lost stream is opened again so much later. */
const REOPEN_MS = SECOND_MS;

/** Where a stream leads, and who hears of it. */
interface OutboundOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly protocol: string;
  /** It takes bytes: it has just been opened, and then with `isNew`, or is no longer full. */
  readonly ready: (isNew: boolean) => void;
}

export class OutboundStream {
  readonly #options: OutboundOptions;
  #stream: Stream | null = null;
  #cancelReopen = (): void => undefined;

  constructor(options: OutboundOptions) {
    this.#options = options;
  }

  get isWritable(): boolean {
    const stream = this.#stream;
    return stream?.writeStatus === 'writable' && !stream.writableNeedsDrain;
  }

  /** Opens the stream, and keeps doing so until the connection ends. */
  async open(): Promise<void> {
    const { connection, protocol, ready } = this.#options;
    if (connection.status !== 'open') return;
    try {
      const stream = await connection.newStream(protocol);
      stream.addEventListener('drain', () => ready(false));
      stream.addEventListener('close', () => this.#reopen());
      if (stream.status !== 'open') return this.#reopen();
      this.#stream = stream;
      ready(true);
    } catch (thrown) {
      errorOf(thrown); // nothing else comes from a stream that does not open
      this.#reopen();
    }
  }

  send(bytes: Uint8Array): void {
    this.#stream?.send(bytes);
  }

  /** Opens no more. The stream ends with its connection. */
  close(): void {
    this.#cancelReopen();
    this.#stream = null;
  }

  #reopen(): void {
    const { connection, clock } = this.#options;
    this.close();
    if (connection.status !== 'open') return;
    const at = bootMs(clock.now().boot + REOPEN_MS);
    this.#cancelReopen = clock.wakeAt(at, () => void this.open());
  }
}
