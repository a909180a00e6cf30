/** Entries of a real daemon, changed over its control socket. */

import { readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ControlClient } from '../../../daemon/control/client.ts';
import type { EntryCreate } from '../../../daemon/control/views.ts';
import { DaemonProcess } from '../../daemon-process.ts';
import { codeOf } from '../refused.ts';

const book = suite('daemon/authority/entry-book');

const FAST = '[limits]\nmin_epoch = "10ms"\n';

const draft = (name: string, more: Partial<EntryCreate> = {}): EntryCreate => ({
  spiffeId: `spiffe://home.example/${name}`,
  selectors: ['unix:uid:1000'],
  ...more,
});

async function withDaemon(
  use: (control: ControlClient, daemon: DaemonProcess) => Promise<void>,
): Promise<void> {
  const daemon = new DaemonProcess('home.example', FAST);
  try {
    await daemon.start();
    const control = await daemon.control();
    await use(control, daemon);
    await control.close();
  } finally {
    await daemon.remove();
  }
}

book('updates an entry under its name, and only where something differs', async () => {
  await withDaemon(async (control) => {
    const made = await control.call('entry.create', draft('web'));
    const updated = await control.call('entry.update', { id: made.id, x509SvidTtlMs: 60_000 });
    assert.is(updated.id, made.id);
    assert.is(updated.revision, 2);
    assert.is(updated.x509SvidTtlMs, 60_000);
    const again = await control.call('entry.update', { id: made.id, x509SvidTtlMs: 60_000 });
    assert.is(again.revision, 2);
    assert.is(again.epoch, updated.epoch);
    const shown = await control.call('entry.show', { id: made.id });
    assert.is(shown.x509SvidTtlMs, 60_000);
    const codes = await Promise.all([
      codeOf(control.call('entry.show', { id: 'e-none' })),
      codeOf(control.call('entry.update', { id: 'e-none', hint: 'x' })),
      codeOf(control.call('entry.update', { id: made.id, x509SvidTtlMs: 1 })),
    ]);
    assert.equal(codes, ['entry-unknown', 'entry-unknown', 'entry-malformed']);
  });
});

book('applies a list in one epoch, previews it first, and is idle the second time', async () => {
  await withDaemon(async (control, daemon) => {
    const old = await control.call('entry.create', draft('old'));
    const kept = await control.call('entry.create', draft('kept'));
    const entries = [draft('kept', { hint: 'k' }), draft('new')];
    const ask = (act: 'preview' | 'publish', others: 'keep' | 'delete') =>
      control.call('entry.apply', { entries, others, act });
    const preview = await ask('preview', 'delete');
    const kinds = preview.changes.map(({ kind }) => kind);
    assert.equal(kinds, ['update', 'create', 'delete']);
    const [updated] = preview.changes;
    const members = updated?.members.map((change) => ({ ...change }));
    assert.equal(members, [{ member: 'hint', from: '', to: 'k' }]);
    assert.is((await control.call('entry.list', {})).entries.length, 2);
    const applied = await ask('publish', 'keep');
    assert.is(applied.changes.length, 2);
    assert.is(applied.unchanged, 1);
    assert.is(Number(applied.epoch), Number(kept.epoch) + 1);
    const idle = await ask('publish', 'keep');
    assert.equal([idle.changes.length, idle.epoch], [0, applied.epoch]);
    const pruned = await ask('publish', 'delete');
    assert.equal(
      pruned.changes.map(({ kind, id }) => [kind, id]),
      [['delete', old.id]],
    );
    const audit = await readFile(daemon.auditLog, 'utf8');
    assert.match(audit, /"entry\.updated".*"members":"hint"/);
    assert.match(audit, /"entry\.deleted"/);
  });
});

book(
  'keeps groups apart, each in its own document, and the history of what was deleted',
  async () => {
    await withDaemon(async (control) => {
      const here = await control.call('entry.create', draft('web'));
      const edge = await control.call(
        'entry.create',
        draft('web', {
          group: 'edge-7',
          dnsNames: ['web.home.example'],
          expiresAt: '2099-01-01T00:00:00Z',
          minAssurance: 'tpm',
          admin: true,
        }),
      );
      assert.is.not(here.id, edge.id);
      assert.equal(
        [edge.group, edge.expiresAt, edge.minAssurance, edge.admin],
        ['edge-7', '2099-01-01T00:00:00Z', 'tpm', true],
      );
      const again = await control.call('entry.update', {
        id: edge.id,
        expiresAt: '',
        admin: false,
      });
      assert.equal([again.expiresAt, again.createdAt], ['', edge.createdAt]);
      await control.call('entry.delete', { id: edge.id });
      const { entries } = await control.call('entry.list', {});
      assert.equal(
        entries.map(({ id }) => id),
        [here.id],
      );
      const history = await control.call('entry.history', { id: edge.id });
      assert.equal(
        history.entries.map(({ event }) => event),
        ['entry.created', 'entry.updated', 'entry.deleted'],
      );
      assert.match(String(history.entries[0]?.fields.entry), /"dnsNames":\["web\.home\.example"\]/);
      const codes = await Promise.all([
        codeOf(control.call('entry.history', { id: 'e-none' })),
        codeOf(control.call('entry.create', draft('x', { group: 'Edge' }))),
        codeOf(control.call('entry.create', draft('x', { expiresAt: '2099-02-30T00:00:00Z' }))),
        codeOf(control.call('entry.create', draft('holdfast/node/00'))),
      ]);
      assert.equal(codes, ['entry-unknown', ...Array(3).fill('entry-malformed')]);
    });
  },
);

book('refuses a list with one wrong entry whole', async () => {
  await withDaemon(async (control) => {
    const apply = (...entries: EntryCreate[]) =>
      codeOf(control.call('entry.apply', { entries, others: 'keep', act: 'publish' }));
    assert.is(await apply(draft('web'), draft('web')), 'entry-malformed');
    assert.is(await apply(draft('web'), draft('a/../b')), 'spiffe-id-invalid');
    assert.is(await apply(draft('web'), draft('a%2fb')), 'spiffe-id-invalid');
    assert.is(
      await apply(draft('web'), draft('x', { selectors: ['uid:1'] })),
      'selector-malformed',
    );
    assert.is((await control.call('entry.list', {})).entries.length, 0);
  });
});

book.run();
