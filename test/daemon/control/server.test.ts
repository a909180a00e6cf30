/** The control server and its client over a real socket, friendly and otherwise. */

import { once } from 'node:events';
import { chmod, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import {
  CONTROL_BYTES_MAX,
  CONTROL_CLIENTS_MAX,
  CONTROL_PENDING_MAX,
  CONTROL_SILENCE_MS_MAX,
} from '../../../core/limits.ts';
import { Refusal } from '../../../core/refusal.ts';
import type { Notification } from '../../../daemon/control/calls.ts';
import { connectControl } from '../../../daemon/control/client.ts';
import { ControlError } from '../../../daemon/control/frames.ts';
import { openControlServer } from '../../../daemon/control/server.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { ENTRY, METHODS, openFakeDaemon, STATUS } from '../../fakes/fake-daemon.ts';
import { MemoryLog } from '../../fakes/memory-log.ts';
import { temporaryFolder } from '../../folder.ts';
import { failed, refused } from '../../trouble.ts';

const server = suite('daemon/control/server');

async function controlErrorOf(attempt: Promise<unknown>): Promise<ControlError> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof ControlError) return error;
    throw error;
  }
  throw new Error('answered; expected an error');
}

/** A client that says what it likes. */
async function rawClient(path: string): Promise<WebSocket> {
  const socket = new WebSocket('ws://localhost/control', { createConnection: () => connect(path) });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return socket;
}

/** Sends one frame and returns the next that comes back, parsed. */
async function exchange(socket: WebSocket, frame: string) {
  const next = new Promise<string>((resolve) => socket.once('message', (m) => resolve(String(m))));
  socket.send(frame);
  return JSON.parse(await next);
}

function closeCode(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve));
}

server('hangs up on a daemon that says nothing more, and waits for one that works', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('s');
  const clock = new FakeClock();
  const deaf = createServer({ pauseOnConnect: true }).listen(path);
  await once(deaf, 'listening');
  const early = connectControl(path, clock);
  clock.advance(CONTROL_SILENCE_MS_MAX);
  await failed(() => early, 'daemon-unreachable');
  deaf.close();
  await rm(path, { force: true });

  const work = Promise.withResolvers<typeof STATUS>();
  const daemon = await openFakeDaemon(path, { status: () => work.promise });
  const client = await connectControl(path, clock);
  const unknown = await controlErrorOf(client.call('reboot' as 'status', {}));
  assert.is(unknown.code, 'control-method', 'a method that a newer daemon has settles as well');
  const asked = client.call('status', {});
  for (let i = 0; i < 3; i += 1) {
    clock.advance(CONTROL_SILENCE_MS_MAX);
    await client.call('whoami', {}); // the pong came before this
  }
  work.resolve(STATUS);
  assert.is((await asked).domain, STATUS.domain);
  clock.advance(CONTROL_SILENCE_MS_MAX);
  clock.advance(CONTROL_SILENCE_MS_MAX); // and no turn of the loop in which a pong could come
  await failed(() => client.call('status', {}), 'daemon-unreachable');
  await daemon.close();
});

server('answers a call, on a socket for its owner alone, in a folder that it makes', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('run/control.sock');
  const daemon = await openFakeDaemon(path);
  assert.is((await stat(path)).mode & 0o777, 0o600);
  const client = await connectControl(path);
  assert.is(JSON.stringify(await client.call('status', {})), JSON.stringify(STATUS));
  await client.close();
  await daemon.close();
});

server('matches answers to calls in whatever order they come', async () => {
  await using folder = await temporaryFolder();
  let release: () => void = () => undefined;
  const first = new Promise<void>((resolve) => {
    release = resolve;
  });
  const daemon = await openFakeDaemon(folder.file('s'), {
    'entry.delete': async ({ id }) => {
      if (id === 'first') await first;
      return { id, epoch: '1' };
    },
  });
  const client = await connectControl(folder.file('s'));
  const slow = client.call('entry.delete', { id: 'first' });
  assert.is((await client.call('entry.delete', { id: 'second' })).id, 'second');
  release();
  assert.is((await slow).id, 'first');
  await client.close();
  await daemon.close();
});

server('hands a refusal back with its code, sentence, details and mend', async () => {
  await using folder = await temporaryFolder();
  const daemon = await openFakeDaemon(folder.file('s'), {
    'entry.delete': async ({ id }) => {
      throw new Refusal('entry-unknown', { id, epoch: 5n });
    },
  });
  const client = await connectControl(folder.file('s'));
  const error = await controlErrorOf(client.call('entry.delete', { id: 'e-1' }));
  assert.is(error.code, 'entry-unknown');
  assert.is(error.message, 'no entry has that name');
  assert.equal({ ...error.details }, { id: 'e-1', epoch: '5' });
  assert.is(error.mend, 'holdfast entry list');
  await client.close();
  await daemon.close();
});

server('refuses unknown methods, wrong parameters and frames that are no requests', async () => {
  await using folder = await temporaryFolder();
  const daemon = await openFakeDaemon(folder.file('s'));
  const socket = await rawClient(folder.file('s'));
  for (const [frame, code, id, number] of [
    ['{"jsonrpc":"2.0","id":1,"method":"reboot"}', 'control-method', 1, -32_601],
    ['{"jsonrpc":"2.0","id":2,"method":"toString"}', 'control-method', 2, -32_601],
    ['{"jsonrpc":"2.0","id":3,"method":"status","params":{"a":1}}', 'control-params', 3, -32_602],
    ['{"jsonrpc":"2.0","id":4,"method":"entry.delete"}', 'control-params', 4, -32_602],
    ['[]', 'control-request', null, -32_600],
    ['{"jsonrpc":', 'json-syntax', null, -32_000],
  ] as const) {
    const answer = await exchange(socket, frame);
    assert.is(answer.error.data.code, code);
    assert.is(answer.id, id);
    assert.is(answer.error.code, number);
  }
  const ended = closeCode(socket);
  socket.close();
  await ended;
  await daemon.close();
});

server('refuses more calls under way than one client may have, and serves on', async () => {
  await using folder = await temporaryFolder();
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const daemon = await openFakeDaemon(folder.file('s'), {
    'entry.list': async () => {
      await gate;
      return { entries: [ENTRY] };
    },
  });
  const client = await connectControl(folder.file('s'));
  const calls = Array.from({ length: CONTROL_PENDING_MAX + 3 }, () =>
    client.call('entry.list', {}),
  );
  for (const call of calls.slice(CONTROL_PENDING_MAX)) {
    assert.is((await controlErrorOf(call)).code, 'control-busy');
  }
  release();
  assert.is((await Promise.all(calls.slice(0, CONTROL_PENDING_MAX))).length, CONTROL_PENDING_MAX);
  assert.is((await client.call('entry.list', {})).entries.length, 1);
  await client.close();
  await daemon.close();
});

server('drops a client that sends more than a frame may hold, or bytes for text', async () => {
  await using folder = await temporaryFolder();
  const daemon = await openFakeDaemon(folder.file('s'));
  const large = await rawClient(folder.file('s'));
  const tooLarge = closeCode(large);
  large.on('error', () => large.terminate());
  large.send('x'.repeat(CONTROL_BYTES_MAX + 1));
  assert.is(await tooLarge, 1_009);
  const binary = await rawClient(folder.file('s'));
  const policy = closeCode(binary);
  binary.send(Uint8Array.of(1));
  assert.is(await policy, 1_008);
  const client = await connectControl(folder.file('s'));
  await client.call('status', {});
  await client.close();
  await daemon.close();
});

server('turns away clients beyond the limit, and calls for another path', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('s');
  const daemon = await openFakeDaemon(path);
  const clients = await Promise.all(
    Array.from({ length: CONTROL_CLIENTS_MAX }, () => connectControl(path)),
  );
  await failed(() => connectControl(path), 'daemon-unreachable');
  await clients[0]?.close();
  await (await connectControl(path)).close();
  const other = new WebSocket('ws://localhost/other', { createConnection: () => connect(path) });
  const why = await new Promise<Error>((resolve) => other.once('error', resolve));
  assert.match(why.message, '404');
  await Promise.all(clients.slice(1).map((client) => client.close()));
  await daemon.close();
});

server('turns away a caller whom the kernel cannot name', async () => {
  await using folder = await temporaryFolder();
  const daemon = await openControlServer({
    socket: { path: folder.file('s'), mode: 0o600 },
    methods: METHODS,
    log: new MemoryLog(),
    callerOf: async () => {
      throw new Refusal('workload-gone');
    },
    onRefused: () => undefined,
  });
  await refused(() => connectControl(folder.file('s')), 'role-insufficient');
  await daemon.close();
});

server('tells subscribers, and nobody else', async () => {
  await using folder = await temporaryFolder();
  const daemon = await openFakeDaemon(folder.file('s'));
  const [listening, other] = await Promise.all([
    connectControl(folder.file('s')),
    connectControl(folder.file('s')),
  ]);
  const heard: Notification['method'][] = [];
  await listening.subscribe(({ method }) => heard.push(method));
  daemon.notify({ method: 'changed', params: {} });
  await listening.call('status', {});
  await other.call('status', {});
  assert.equal(heard, ['changed']);
  await listening.close();
  await other.close();
  await daemon.close();
});

server('fails the calls under way when the daemon goes', async () => {
  await using folder = await temporaryFolder();
  const daemon = await openFakeDaemon(folder.file('s'), {
    status: () => new Promise(() => undefined),
  });
  const client = await connectControl(folder.file('s'));
  const call = client.call('status', {});
  await client.call('entry.list', {});
  const lost = failed(() => call, 'daemon-unreachable');
  await daemon.close();
  await lost;
  await client.closed();
  await failed(() => client.call('status', {}), 'daemon-unreachable');
});

server('says how to start a daemon where none answers', async () => {
  await using folder = await temporaryFolder();
  const failure = await failed(() => connectControl(folder.file('none')), 'daemon-unreachable');
  assert.match(failure.message, 'holdfast start');
});

server('replaces the socket of a dead daemon, and not that of a living one', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('s');
  const living = await openFakeDaemon(path);
  await refused(() => openFakeDaemon(path), 'socket-occupied');
  await (await connectControl(path)).close();
  await living.close();
  await leaveStaleSocket(path);
  const next = await openFakeDaemon(path);
  await (await connectControl(path)).close();
  await next.close();
});

server('leaves alone what is no socket', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.file('s'), 'precious');
  const refusal = await refused(() => openFakeDaemon(folder.file('s')), 'socket-occupied');
  assert.is(refusal.details.why, 'not a socket');
});

server('refuses a path that no socket can have', async () => {
  await using folder = await temporaryFolder();
  await refused(() => openFakeDaemon(folder.file('s'.repeat(108))), 'socket-folder');
  await writeFile(folder.file('file'), '');
  await refused(() => openFakeDaemon(folder.file('file/s')), 'socket-folder');
  if (process.getuid?.() === 0) return; // root may write everywhere
  await mkdir(folder.file('closed'));
  await chmod(folder.file('closed'), 0o500);
  await refused(() => openFakeDaemon(folder.file('closed/s')), 'socket-folder');
});

/** Binds a socket and moves it, so that closing its server does not take it away. */
async function leaveStaleSocket(path: string): Promise<void> {
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(`${path}.bound`, resolve));
  await rename(`${path}.bound`, path);
  await new Promise((resolve) => dead.close(resolve));
}

server.run();
