/**
 * Control clients that mean harm: one that floods and never reads, some that hang, one that sends
 * 10 MB, one that hangs up in the midst. Meanwhile the daemon serves others, and stays as it was.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { CONTROL_BYTES_MAX, CONTROL_CLIENTS_MAX } from '../../core/limits.ts';
import { encodeRequest } from '../../daemon/control/frames.ts';
import type { DaemonProcess } from '../daemon-process.ts';
import { auditOf, controlling, eventually, withDaemons } from './live.ts';

const floods = suite('daemon/control-flood');

const MEBIBYTE = 2 ** 20;
const GROWTH_BYTES_MAX = 64 * MEBIBYTE;
const CALLS = 20_000;

async function openRaw(daemon: DaemonProcess): Promise<WebSocket> {
  const socket = new WebSocket('ws://localhost/control', {
    createConnection: () => connect(daemon.controlSocket),
    maxPayload: CONTROL_BYTES_MAX,
  });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return socket;
}

/** Connects, and asks for nothing, or for half of something. */
async function hang(daemon: DaemonProcess, words: string): Promise<Socket> {
  const socket = connect(daemon.controlSocket).on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(words);
  return socket;
}

/** A person is answered as ever: a change, and the record of it. */
async function checkUnmoved(daemon: DaemonProcess, name: string): Promise<void> {
  const spiffeId = `spiffe://home.example/${name}`;
  await controlling(daemon, (control) =>
    control.call('entry.create', { spiffeId, selectors: ['unix:uid:7'] }),
  );
  assert.ok(auditOf(daemon).some(({ fields }) => fields.spiffeId === spiffeId));
}

floods('leave the daemon serving others, no larger and no fuller than before', () =>
  withDaemons(['home.example'], async (daemon) => {
    await checkUnmoved(daemon, 'before');
    const before = daemon.residentBytes();
    const deaf = await openRaw(daemon);
    deaf.pause(); // it takes nothing of what it is sent
    for (let id = 0; id < CALLS; id++) deaf.send(encodeRequest(id, 'entry.list', {}));
    await checkUnmoved(daemon, 'flooded');
    const large = await openRaw(daemon);
    large.send('x'.repeat(CONTROL_BYTES_MAX + 1));
    await once(large, 'close');
    await checkUnmoved(daemon, 'ten-megabytes');
    for (let at = 0; at < 20; at++) (await openRaw(daemon)).terminate();
    await checkUnmoved(daemon, 'hung-up');
    deaf.terminate();
    assert.ok(daemon.residentBytes() - before < GROWTH_BYTES_MAX);
    assert.is(daemon.process.exitCode, null);
  }),
);

floods('that hang before they ask are let go, and their places are free again', () =>
  withDaemons(['home.example'], async (daemon) => {
    const words = ['', 'GET /control HTTP/1.1\r\n', 'GET /control HTTP/1.1\r\nhost: '];
    const idle: Socket[] = [];
    try {
      for (let at = 0; at < 2 * CONTROL_CLIENTS_MAX; at++) {
        idle.push(await hang(daemon, words[at % words.length] ?? ''));
      }
      await eventually(
        'a place for a person',
        () =>
          checkUnmoved(daemon, 'after')
            .then(() => true)
            .catch(() => undefined),
        30_000,
      );
    } finally {
      for (const socket of idle) socket.destroy();
    }
  }),
);

floods.run();
