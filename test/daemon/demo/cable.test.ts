/** The cable of the demo: it carries bytes, is cut without a word, and is mended. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cable, layCable } from '../../../daemon/demo/cable.ts';
import { pause, waitFor } from '../../../daemon/demo/wait.ts';
import { realClock } from '../../fakes/real-clock.ts';
import { failed } from '../../trouble.ts';

const cables = suite('daemon/demo/cable');

/** Runs `body` with a cable to a server that says everything back. */
async function withCable(body: (cable: Cable) => Promise<void>): Promise<void> {
  const server = createServer((socket) => socket.pipe(socket).on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const cable = await layCable(address.port);
  try {
    await body(cable);
  } finally {
    await cable.close();
    server.close();
  }
}

function plugIn(cable: Cable): Socket {
  return connect(cable.port, '127.0.0.1').on('error', () => undefined);
}

async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [bytes] = await once(socket, 'data');
  return String(bytes);
}

cables('carry bytes both ways', async () => {
  await withCable(async (cable) => {
    const socket = plugIn(cable);
    assert.is(await echo(socket, 'hello'), 'hello');
    socket.destroy();
  });
});

cables(
  'that are cut break what is connected and refuse what is new, until they are mended',
  async () => {
    await withCable(async (cable) => {
      const before = plugIn(cable);
      assert.is(await echo(before, 'before'), 'before');
      cable.cut();
      await once(before, 'close');
      const during = plugIn(cable);
      await once(during, 'close');
      cable.mend();
      const after = plugIn(cable);
      assert.is(await echo(after, 'after'), 'after');
      after.destroy();
    });
  },
);

cables('are closed with whatever is plugged in', async () => {
  await withCable(async (cable) => {
    const socket = plugIn(cable);
    await echo(socket, 'hello');
    const closed = once(socket, 'close');
    await cable.close();
    await closed;
  });
});

cables('are waited for no longer than was said', async () => {
  const started = performance.now();
  await failed(() => waitFor(realClock, 120, 'nothing', async () => false), 'timed-out');
  assert.ok(performance.now() - started >= 100);
  let asked = 0;
  await waitFor(realClock, 5_000, 'the third answer', async () => ++asked === 3);
  assert.is(asked, 3);
  await pause(realClock, 1);
});

cables.run();
