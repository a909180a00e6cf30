/**
 * A socket before a chip that ends the connection, both ways, when a command with a certain code
 * comes: as a chip that vanishes in the middle of it.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Where the code of a command stands (TPM 2.0 Part 1 §18.2). */
const CODE_AT = 6;

export class CuttingSocket implements AsyncDisposable {
  readonly path: string;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  /** The code to cut at; null lets everything pass. */
  cutAt: number | null = null;
  /** How often it did. */
  cuts = 0;

  private constructor(path: string, chip: string) {
    this.path = path;
    this.#server = createServer((near) => this.#join(near, connect({ path: chip })));
  }

  static async open(path: string, chip: string): Promise<CuttingSocket> {
    const socket = new CuttingSocket(path, chip);
    socket.#server.listen(path);
    await once(socket.#server, 'listening');
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open) each.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(near: Socket, far: Socket): void {
    for (const each of [near, far]) {
      this.#open.add(each);
      each.on('error', () => each.destroy());
      each.on('close', () => {
        this.#open.delete(each);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (command: Buffer) => {
      if (command.length > CODE_AT + 4 && command.readUInt32BE(CODE_AT) === this.cutAt) {
        this.cuts += 1;
        near.destroy();
      } else far.write(command);
    });
    far.on('data', (answer: Buffer) => near.write(answer));
  }
}
