/** Registration entries of a running daemon: what is acknowledged is audited, durable and once. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DaemonProcess } from '../daemon-process.ts';
import { holdfast } from './commands/rig.ts';
import { auditOf, controlling, type, withDaemons } from './live.ts';

const entries = suite('daemon/live-entries');

const ID = 'spiffe://home.example/web';
const SELECTORS = ['unix:uid:1000'];
const CREATE = ['entry', 'create', '--spiffe-id', ID, '--selector', 'unix:uid:1000'];

function withHome(body: (daemon: DaemonProcess) => Promise<void>): Promise<void> {
  return withDaemons(['home.example'], body);
}

/** IDs in the audit log of the given event, with who asked. */
function audited(daemon: DaemonProcess, event: string) {
  return auditOf(daemon)
    .filter((entry) => entry.event === event)
    .map(({ fields: { id, uid, pid } }) => ({ id, uid, pid }));
}

entries('that exist are not created twice, and the second attempt makes no epoch', async () => {
  await withHome(async (daemon) => {
    const first = await type(daemon, ...CREATE, '--json');
    assert.is(first.code, 0);
    const { id, epoch } = JSON.parse(first.out);
    const second = await type(daemon, ...CREATE);
    assert.is(second.code, 1);
    assert.match(second.err, new RegExp(`^holdfast: entry-exists: .*\\(id ${id}\\)`));
    const status = await controlling(daemon, (control) => control.call('status', {}));
    assert.equal([status.entries, status.domains[0]?.epoch], [1, epoch]);
    assert.is(audited(daemon, 'entry.created').length, 1);
  });
});

entries('that nobody created cannot be deleted', async () => {
  await withHome(async (daemon) => {
    const before = auditOf(daemon).length;
    const { code, err } = await type(daemon, 'entry', 'delete', 'e-0000000000000000');
    assert.is(code, 1);
    assert.match(err, /^holdfast: entry-unknown: /);
    assert.is(
      auditOf(daemon)
        .slice(before)
        .filter(({ event }) => /^entry/.test(event)).length,
      0,
    );
  });
});

entries('that are malformed are refused by code, and change nothing', async () => {
  await withHome(async (daemon) => {
    for (const [id, selector, code] of [
      ['spiffe://elsewhere.example/web', 'unix:uid:1', 'entry-malformed'],
      ['spiffe://home.example/a//b', 'unix:uid:1', 'spiffe-id-invalid'],
      ['spiffe://home.example/web', 'unix:uid:-1', 'selector-malformed'],
      ['spiffe://home.example/web', 'unix:uid', 'selector-malformed'],
    ] as const) {
      const line = ['entry', 'create', '--spiffe-id', id, '--selector', selector];
      const outcome = await type(daemon, ...line);
      assert.is(outcome.code, 1, outcome.out);
      assert.match(outcome.err, new RegExp(`^holdfast: ${code}: `));
    }
    assert.match((await type(daemon, 'entry', 'list')).out, 'no entries');
  });
});

entries('created at once by many clients all land, each in the audit log', async () => {
  await withHome(async (daemon) => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => daemon.control()));
    const created = await Promise.all(
      clients.flatMap((client, i) =>
        Array.from({ length: 8 }, (_, j) => {
          return client.call('entry.create', { spiffeId: `${ID}/${i}/${j}`, selectors: SELECTORS });
        }),
      ),
    );
    const ids = created.map(({ id }) => id).sort();
    const listed = await controlling(daemon, (control) => control.call('entry.list', {}));
    assert.equal(listed.entries.map(({ id }) => id).sort(), ids);
    const logged = audited(daemon, 'entry.created');
    assert.equal(logged.map(({ id }) => id).sort(), ids);
    assert.ok(logged.every(({ uid, pid }) => uid === process.getuid?.() && pid === process.pid));

    await Promise.all(
      clients.map((client, i) => client.call('entry.delete', { id: ids[i] ?? '' })),
    );
    const left = await controlling(daemon, (control) => control.call('entry.list', {}));
    assert.equal(left.entries.map(({ id }) => id).sort(), ids.slice(clients.length));
    await Promise.all(clients.map((client) => client.close()));
  });
});

entries('of which one is created twice at once exist once', async () => {
  await withHome(async (daemon) => {
    await controlling(daemon, async (control) => {
      const outcomes = await Promise.allSettled(
        [1, 2, 3].map(() => control.call('entry.create', { spiffeId: ID, selectors: SELECTORS })),
      );
      const refusals = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason.code] : []));
      assert.equal(refusals, ['entry-exists', 'entry-exists']);
      assert.is((await control.call('entry.list', {})).entries.length, 1);
    });
  });
});

entries('are in the audit log before they are acknowledged', async () => {
  await withHome(async (daemon) => {
    await controlling(daemon, async (control) => {
      for (let i = 0; i < 5; i++) {
        const asked = { spiffeId: `${ID}/${i}`, selectors: SELECTORS };
        const { id } = await control.call('entry.create', asked);
        assert.ok(audited(daemon, 'entry.created').some((entry) => entry.id === id));
        await control.call('entry.delete', { id });
        assert.ok(audited(daemon, 'entry.deleted').some((entry) => entry.id === id));
      }
    });
    await daemon.kill('SIGKILL'); // nothing was still on its way to the disk
    await daemon.start();
    assert.is(audited(daemon, 'entry.created').length, 5);
    assert.match((await type(daemon, 'entry', 'list')).out, 'no entries');
  });
});

entries('withdrawn are stopped before their successor is announced', async () => {
  await withHome(async (daemon) => {
    await controlling(daemon, async (control) => {
      const { id } = await control.call('entry.create', { spiffeId: ID, selectors: SELECTORS });
      const before = auditOf(daemon).length;
      await control.call('entry.delete', { id });
      const events = auditOf(daemon)
        .slice(before)
        .map(({ event }) => event);
      const inOrder = ['stop.admitted', 'beacon.admitted', 'entry.deleted'];
      assert.equal(
        events.filter((event) => inOrder.includes(event)),
        inOrder,
      );
    });
  });
});

entries('are what the Workload API answers by, from the first to the last', async () => {
  await withHome(async (daemon) => {
    const variables = { SPIFFE_ENDPOINT_SOCKET: `unix://${daemon.workloadSocket}` };
    const fetch = () => holdfast(['svid', 'fetch', '--json'], daemon.folder, variables);
    const none = await fetch();
    assert.is(none.code, 1);
    assert.match(none.err, /^holdfast: workload-no-identity: [\s\S]*mend: holdfast entry create/);
    const mine = [ID, '--selector', `unix:uid:${process.getuid?.()}`, '--json'];
    const { out } = await type(daemon, 'entry', 'create', '--spiffe-id', ...mine);
    const one = await fetch();
    assert.is(one.code, 0);
    assert.ok(one.out.includes(ID));
    await type(daemon, 'entry', 'delete', JSON.parse(out).id);
    assert.match((await fetch()).err, /^holdfast: workload-no-identity: /);
  });
});

entries.run();
