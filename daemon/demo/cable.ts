/**
 * The cable between the two domains: a TCP relay that can be cut and mended.
 *
 * Cutting it breaks what is connected and refuses what is new, as a severed line behind a router
 * does. Neither daemon is told.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Failure } from '../../core/failure.ts';

export interface Cable {
  /** Where the near end is plugged in. */
  readonly port: number;
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Lays a cable to `port` on this machine. */
export async function layCable(port: number): Promise<Cable> {
  const ends = new Set<Socket>();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) {
      near.destroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const end of [near, far]) {
      ends.add(end);
      end.on('close', () => ends.delete(end));
      // Either end may go at any time; the other one goes with it.
      end.on('error', () => end.destroy());
    }
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    cut() {
      whole = false;
      for (const end of ends) end.destroy();
    },
    mend() {
      whole = true;
    },
    async close() {
      for (const end of ends) end.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Failure('socket-failed', 'the relay has no port');
  }
  return address.port;
}
