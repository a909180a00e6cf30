/** The socket of a service manager (sd_notify(3)), in a real datagram socket of this process. */

import { closeSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';
import { concat, fromUtf8, toUtf8 } from '../core/bytes.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
const DATAGRAM_BYTES_MAX = 4_096;

const libc = koffi.load(null);
const socket = libc.func('int socket(int, int, int)');
const bind = libc.func('int bind(int, const uint8_t *, uint32_t)');
const recv = libc.func('long recv(int, _Out_ uint8_t *, unsigned long, int)');

export class NotifySocket implements Disposable {
  readonly path: string;
  readonly #fd: number;
  readonly #heard: string[] = [];

  constructor(path: string) {
    this.path = path;
    this.#fd = socket(AF_UNIX, SOCK_DGRAM, 0) as number;
    const address = concat(Uint8Array.of(AF_UNIX, 0), toUtf8(path));
    if (bind(this.#fd, address, address.length) !== 0) throw new Error(`cannot bind ${path}`);
  }

  /** Everything told until now, oldest first. */
  get heard(): readonly string[] {
    const buffer = new Uint8Array(DATAGRAM_BYTES_MAX);
    for (;;) {
      const length = Number(recv(this.#fd, buffer, buffer.length, MSG_DONTWAIT));
      if (length < 0) return this.#heard;
      this.#heard.push(fromUtf8(buffer.slice(0, length)));
    }
  }

  /** Resolves once `line` was told; fails after `limitMs`. */
  async until(line: string, limitMs = 20_000): Promise<void> {
    for (const end = performance.now() + limitMs; performance.now() < end; await sleep(20)) {
      if (this.heard.some((told) => told.split('\n').includes(line))) return;
    }
    throw new Error(`never told ${line}; told: ${this.#heard.join(' | ')}`);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    rmSync(this.path, { force: true });
  }
}
