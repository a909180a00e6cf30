/**
 * A member before anybody enrolled it: it makes its keys, answers on all its sockets, and says on
 * each that it is not enrolled. What an authority decides is refused.
 */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Method, ParamsOf } from '../../daemon/control/calls.ts';
import { ControlError } from '../../daemon/control/frames.ts';
import type { Status } from '../../daemon/control/views.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { controlling, type } from './live.ts';

const members = suite('daemon/member');

const DOMAIN = 'blue.example';
const MEMBER = '[node]\nrole = "member"\n';

async function withMember(body: (daemon: DaemonProcess) => Promise<void>): Promise<void> {
  const daemon = new DaemonProcess(DOMAIN, MEMBER);
  try {
    await daemon.start();
    await body(daemon);
  } finally {
    await daemon.remove();
  }
}

function statusOf(daemon: DaemonProcess): Promise<Status> {
  return controlling(daemon, (control) => control.call('status', {}));
}

async function codeOf<M extends Method>(
  daemon: DaemonProcess,
  method: M,
  params: ParamsOf<M>,
): Promise<string> {
  return controlling(daemon, async (control) => {
    try {
      await control.call(method, params);
      return 'answered';
    } catch (error) {
      if (error instanceof ControlError) return error.code;
      throw error;
    }
  });
}

members('makes the keys of a node, founds nothing and says that it is not enrolled', async () => {
  await withMember(async (daemon) => {
    const keys = readdirSync(join(daemon.folder, 'state/keys')).sort();
    assert.equal(keys, ['issuing.key', 'node.key', 'slice-seed.key', 'transport.key']);
    const { authority, node, domains, fingerprint } = await statusOf(daemon);
    assert.equal([authority, node.lease, domains, fingerprint], [false, null, [], '']);
    assert.match(node.id, /^[0-9a-f]{64}$/);
    await daemon.kill('SIGTERM');
    await daemon.start();
    assert.is((await statusOf(daemon)).node.id, node.id);
  });
});

members('gives workloads nothing, with a code that stays', async () => {
  await withMember(async (daemon) => {
    const socket = ['--workload-socket', daemon.workloadSocket];
    const { code, err } = await type(daemon, 'svid', 'fetch', ...socket);
    assert.is(code, 1);
    assert.match(err, /not-enrolled/);
  });
});

members('decides nothing that an authority decides', async () => {
  await withMember(async (daemon) => {
    const create = { spiffeId: `spiffe://${DOMAIN}/web`, selectors: ['unix:uid:0'] };
    assert.is(await codeOf(daemon, 'entry.create', create), 'not-authority');
    assert.is(await codeOf(daemon, 'authority.show', {}), 'not-authority');
    const target = { kind: 'node', target: 'ab'.repeat(32), reason: '' } as const;
    assert.is(await codeOf(daemon, 'revoke', target), 'not-authority');
    assert.is(await codeOf(daemon, 'entry.list', {}), 'not-enrolled');
    assert.is(await codeOf(daemon, 'bundle.export', { format: 'holdfast' }), 'not-enrolled');
    assert.is(await codeOf(daemon, 'audit.tail', { lines: 5 }), 'answered');
  });
});

members('keeps the role that its state folder was made in', async () => {
  await withMember(async (daemon) => {
    await daemon.kill('SIGTERM');
    const { code, said } = await daemon.startInVain(['--role', 'authority']);
    assert.is(code, 1);
    assert.match(said, /config-value.*node\.role/);
  });
});

members.run();
