/** A site for everybody: the loopback, with an address for each daemon and each end of a wire. */

import { type LinkEnds, multiaddressOf, type Plugs, PORT, type Site, WITH_US } from './site.ts';
import { type Line, type Place, Wire } from './wire.ts';

const NETS = 250;
const FIRST_NET = 2;

/** Finds a network of the loopback that no other fleet of this machine uses. */
export async function openLoopback(): Promise<Site> {
  for (let tries = 0; tries < NETS; tries++) {
    const net = FIRST_NET + ((process.pid + tries) % NETS);
    try {
      const near = { host: `127.${net}.255.1`, port: PORT };
      return new Loopback(net, await Wire.lay({ near, far: near }, { delayMs: 0, bitsPerS: null }));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
  }
  throw new Error('no network of the loopback is free');
}

class Loopback implements Site {
  readonly #net: number;
  /** Carries nothing: while it lies, the network is taken. */
  readonly #flag: Wire;

  constructor(net: number, flag: Wire) {
    this.#net = net;
    this.#flag = flag;
  }

  within(): readonly string[] {
    return WITH_US;
  }

  listenOf(index: number): string {
    return multiaddressOf(this.#homeOf(index));
  }

  plugsOf([from, to]: LinkEnds): Plugs {
    const host = `127.${this.#net}.${from + 1}.${to + 1}`;
    return { near: { host, port: PORT }, far: this.#homeOf(to), seenAs: host };
  }

  relayed(line: Line): Line {
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flag.close();
  }

  #homeOf(index: number): Place {
    return { host: `127.${this.#net}.0.${index + 1}`, port: PORT };
  }
}
