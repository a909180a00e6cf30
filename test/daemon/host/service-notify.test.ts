/** What a service manager hears of a daemon: real datagrams at a real socket. */

import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findInvoker } from '../../../daemon/host/service-notify.ts';
import { DaemonProcess } from '../../daemon-process.ts';
import { temporaryFolder } from '../../folder.ts';
import { NotifySocket } from '../../notify-socket.ts';
import { BRISK } from '../live.ts';

const notify = suite('daemon/host/service-notify');

notify('hears that a daemon serves, lives, and ends within five seconds', async () => {
  await using folder = await temporaryFolder();
  using socket = new NotifySocket(folder.file('notify.sock'));
  const daemon = new DaemonProcess('blue.example', BRISK);
  process.env.NOTIFY_SOCKET = socket.path;
  process.env.WATCHDOG_USEC = '400000';
  try {
    await daemon.start();
    await socket.until('READY=1');
    await socket.until('STATUS=serves blue.example');
    await socket.until('WATCHDOG=1');
    const asked = performance.now();
    daemon.process.kill('SIGTERM');
    await once(daemon.process, 'exit');
    assert.ok(performance.now() - asked < 5_000);
    await socket.until('STOPPING=1');
  } finally {
    delete process.env.NOTIFY_SOCKET;
    delete process.env.WATCHDOG_USEC;
    await daemon.remove();
  }
});

notify('hears nothing where nobody asked, or asked at no address', async () => {
  for (const NOTIFY_SOCKET of [undefined, '', 'relative', `/${'x'.repeat(200)}`]) {
    const nobody = await findInvoker({ NOTIFY_SOCKET, WATCHDOG_USEC: '1000' });
    nobody.ready('serves');
    nobody.keepWatch()();
    nobody.stopping();
  }
});

notify('hears of an abstract address too, and is missed by nobody once it is gone', async () => {
  const told = await findInvoker({ NOTIFY_SOCKET: '@holdfast-test-nobody' });
  told.ready('serves');
  told.stopping();
});

notify.run();
