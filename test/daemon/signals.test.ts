/** What a running daemon does when it is told to read its configuration anew, and to end. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DaemonProcess, relate } from '../daemon-process.ts';
import { NotifySocket } from '../notify-socket.ts';
import { auditOf, BRISK, controlling, eventually } from './live.ts';

const signals = suite('daemon/signals');

/** What a service manager may count on. */
const STOP_MS = 5_000;

async function withDaemon(body: (daemon: DaemonProcess) => Promise<void>): Promise<void> {
  const daemon = new DaemonProcess('blue.example', BRISK);
  try {
    await daemon.start();
    await body(daemon);
  } finally {
    await daemon.remove();
  }
}

/** Resolves with the line on standard error that has `words`. */
function said(daemon: DaemonProcess, words: string): Promise<string> {
  return eventually(words, () => daemon.said.find((line) => line.includes(words)));
}

signals('SIGHUP takes over what can be, and says what waits for the next start', () =>
  withDaemon(async (daemon) => {
    daemon.configure(`${BRISK}fresh_for = "5m"\n[log]\nformat = "json"\nlevel = "warn"\n`);
    daemon.process.kill('SIGHUP');
    const entry = await eventually('the audit entry', () =>
      auditOf(daemon).find(({ event }) => event === 'daemon.reloaded'),
    );
    assert.equal(
      { ...entry.fields },
      {
        ...{ taken: 'log.format log.level', waiting: 'limits.fresh_for' },
      },
    );
    const status = await controlling(daemon, (control) => control.call('status', {}));
    assert.is(status.domains[0]?.limits.freshForMs, 600_000);
  }),
);

signals('SIGHUP links to peers that the configuration names since, and leaves the others', () =>
  withDaemon(async (blue) => {
    const red = new DaemonProcess('red.example', BRISK);
    try {
      await red.start();
      await relate(blue, red);
      const at = async () => (await controlling(blue, (c) => c.call('status', {}))).listen;
      const [address = ''] = await at();
      const [file, own] = await Promise.all(
        [red, blue].map((d) => controlling(d, (c) => c.call('federation.list', {}))),
      );
      assert.equal(file?.relations[0]?.peers, [address]);
      assert.equal(own?.relations[0]?.peers, []);
      blue.configure(`${BRISK}[network]\npeers = ["/ip4/127.0.0.1/tcp/1"]\n`);
      blue.process.kill('SIGHUP');
      assert.match(await said(blue, 'reloaded'), 'taken=network.peers');
      const { peers } = await controlling(blue, (control) => control.call('status', {}));
      assert.is(peers.length, 1);
    } finally {
      await red.remove();
    }
  }),
);

signals('SIGHUP with a configuration that is refused leaves everything as it was', () =>
  withDaemon(async (daemon) => {
    daemon.configure(`${BRISK}[log]\nlevel = "loud"\n`);
    daemon.process.kill('SIGHUP');
    assert.match(await said(daemon, 'not reloaded'), 'code=config-value');
    await controlling(daemon, (control) => control.call('status', {}));
  }),
);

signals('tells the service manager while it reloads, and when it serves again', async () => {
  const daemon = new DaemonProcess('blue.example', BRISK);
  using notify = new NotifySocket(`${daemon.folder}/notify.sock`);
  process.env.NOTIFY_SOCKET = notify.path;
  try {
    await daemon.start();
    await notify.until('READY=1');
    daemon.process.kill('SIGHUP');
    await notify.until('RELOADING=1');
    await eventually('ready again', () =>
      notify.heard.filter((told) => told.includes('READY=1')).length === 2 ? true : undefined,
    );
  } finally {
    delete process.env.NOTIFY_SOCKET;
    await daemon.remove();
  }
});

signals('SIGTERM ends it in time, whoever hangs on its sockets', () =>
  withDaemon(async (blue) => {
    const red = new DaemonProcess('red.example', BRISK);
    const idle: Socket[] = [];
    try {
      await red.start();
      await relate(blue, red);
      const client = await blue.control();
      await client.subscribe(() => undefined);
      for (const path of [blue.controlSocket, blue.workloadSocket]) {
        const socket = connect(path).on('error', () => undefined);
        idle.push(socket);
        await once(socket, 'connect');
        socket.write('GET /control HTTP/1.1\r\nhost: x\r\n'); // and never the end of it
      }
      const from = performance.now();
      const ended = once(blue.process, 'exit');
      blue.process.kill('SIGTERM');
      assert.equal(await ended, [0, null]);
      assert.ok(performance.now() - from < STOP_MS);
      assert.is(auditOf(blue).at(-1)?.event, 'daemon.stopped');
      await client.closed();
    } finally {
      for (const socket of idle) socket.destroy();
      await red.remove();
    }
  }),
);

signals('a daemon that npx runs ends with the shell between npm and itself', async () => {
  const shell = ['env', 'npm_command=exec', 'sh', '-c', '"$@"; :', 'sh'];
  const daemon = new DaemonProcess('blue.example', BRISK, { within: shell });
  try {
    await daemon.start();
    daemon.process.kill('SIGTERM'); // as npm does, to the shell alone
    assert.match(await said(daemon, ' ending '), 'signal=SIGTERM');
  } finally {
    await daemon.remove();
  }
});

signals.run();
