/** Connections to a TPM: time limits, streams that lie, and what is left of them afterwards. */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bug } from '../../../core/assert.ts';
import { openSwtpm } from '../../../daemon/host/swtpm-socket.ts';
import { openTpmDevice } from '../../../daemon/host/tpm-device.ts';
import { temporaryFolder } from '../../folder.ts';
import { failed } from '../../trouble.ts';

const connections = suite('daemon/host/tpm-connection');

const COMMAND = Uint8Array.of(0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8);
const ANSWER = Uint8Array.of(0x80, 1, 0, 0, 0, 12, 0, 0, 0, 0, 7, 7);
const LIMITS_MS = { quick: 40, slow: 2_000, keygen: 2_000 };

connections('puts an answer together however it was cut', async () => {
  await using server = await serving(async (socket) => {
    for (const byte of ANSWER) {
      socket.write(Uint8Array.of(byte));
      await sleep(1);
    }
  });
  const tpm = await server.open();
  for (let i = 0; i < 3; i++) assert.equal(await tpm.transmit(COMMAND, 'slow'), ANSWER);
  await tpm.close();
  await failed(() => tpm.transmit(COMMAND, 'slow'), 'tpm-unreachable');
});

connections('ends after a timeout, and takes no late answer for a new one', async () => {
  await using server = await serving(async (socket) => {
    await sleep(80);
    socket.write(ANSWER);
  });
  const tpm = await server.open();
  const failure = await failed(() => tpm.transmit(COMMAND, 'quick'), 'timed-out');
  assert.match(failure.message, 'quick command');
  await sleep(100);
  const after = await failed(() => tpm.transmit(COMMAND, 'slow'), 'tpm-unreachable');
  assert.is(after.cause, failure);
});

connections('gives a slow command its longer limit', async () => {
  await using server = await serving(async (socket) => {
    await sleep(80);
    socket.write(ANSWER);
  });
  const tpm = await server.open();
  assert.equal(await tpm.transmit(COMMAND, 'keygen'), ANSWER);
  await tpm.close();
});

connections('ends at an answer that is longer, shorter or larger than it says', async () => {
  for (const lie of [
    Uint8Array.of(...ANSWER, 0),
    Uint8Array.of(...ANSWER, ...ANSWER),
    Uint8Array.of(0x80, 1, 0, 0, 0, 9, 0, 0, 0, 0),
    Uint8Array.of(0x80, 1, 0, 0, 0x10, 1, 0, 0, 0, 0),
    Uint8Array.of(0x80, 1, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0),
  ]) {
    await using server = await serving(async (socket) => {
      socket.write(lie);
    });
    const tpm = await server.open();
    await failed(() => tpm.transmit(COMMAND, 'slow'), 'tpm-unreachable');
    await failed(() => tpm.transmit(COMMAND, 'slow'), 'tpm-unreachable');
  }
});

connections('ends at bytes that nobody asked for', async () => {
  await using server = await serving(async (socket) => {
    socket.write(ANSWER);
    await sleep(10);
    socket.write(ANSWER);
  });
  const tpm = await server.open();
  assert.equal(await tpm.transmit(COMMAND, 'slow'), ANSWER);
  await sleep(40);
  await failed(() => tpm.transmit(COMMAND, 'slow'), 'tpm-unreachable');
});

connections('fails when the other side hangs up under a command', async () => {
  await using server = await serving(async (socket) => {
    socket.destroy();
  });
  const tpm = await server.open();
  await failed(() => tpm.transmit(COMMAND, 'slow'), 'tpm-unreachable');
  await failed(() => tpm.transmit(COMMAND, 'slow'), 'tpm-unreachable');
});

connections('takes two commands at once for a bug', async () => {
  await using server = await serving(async () => undefined);
  const tpm = await server.open();
  const first = failed(() => tpm.transmit(COMMAND, 'quick'), 'timed-out');
  let caught: unknown;
  await tpm.transmit(COMMAND, 'quick').catch((error: unknown) => {
    caught = error;
  });
  assert.instance(caught, Bug);
  await first;
});

connections('fails where nothing listens', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('none');
  await failed(() => openSwtpm({ kind: 'unix', path }), 'tpm-unreachable');
  await failed(() => openSwtpm({ kind: 'tcp', host: '127.0.0.1', port: 1 }), 'tpm-unreachable');
  await failed(() => openTpmDevice(path), 'tpm-unreachable');
});

connections('writes a command to a device at once, and reads its answer at once', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('device');
  assert.is(spawnSync('mkfifo', [path]).status, 0); // what is written can be read back
  const tpm = await openTpmDevice(path);
  for (let i = 0; i < 3; i++) assert.equal(await tpm.transmit(COMMAND, 'slow'), COMMAND);
  await tpm.close();
  await failed(() => tpm.transmit(COMMAND, 'slow'), 'tpm-unreachable');
});

/** A server on loopback TCP that answers each command with `act`. */
async function serving(act: (socket: Socket) => Promise<void>) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', () => {
      act(socket).catch(() => socket.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    open: () => openSwtpm({ kind: 'tcp', host: '127.0.0.1', port }, LIMITS_MS),
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

connections.run();
