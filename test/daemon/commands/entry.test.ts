/** `entry show`, `update` and `apply`: what is asked, shown first, and refused of files. */

import { writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import { parseEntryFile } from '../../../daemon/commands/entry-file.ts';
import type { EntryApplied, EntryApply } from '../../../daemon/control/views.ts';
import { ENTRY } from '../../fakes/fake-daemon.ts';
import { temporaryFolder } from '../../folder.ts';
import { refuses } from '../../refused.ts';
import { holdfastWithDaemon } from './rig.ts';

const entry = suite('daemon/commands/entry');

const WEB = { spiffeId: 'spiffe://home.example/web', selectors: ['unix:uid:1000'] };

/** One of each: made, changed, taken away. */
const DIFFERENCE: EntryApplied = {
  changes: [
    {
      kind: 'create',
      id: 'e-1',
      spiffeId: 'spiffe://home.example/new',
      members: [
        { member: 'selectors', from: null, to: ['unix:uid:5'] },
        { member: 'spiffeId', from: null, to: 'spiffe://home.example/new' },
      ],
    },
    {
      kind: 'update',
      id: 'e-2',
      spiffeId: WEB.spiffeId,
      members: [{ member: 'x509SvidTtlMs', from: 3_600_000, to: 1_800_000 }],
    },
    { kind: 'delete', id: 'e-3', spiffeId: 'spiffe://home.example/old', members: [] },
  ],
  unchanged: 4,
  epoch: '7',
};

entry('show prints one entry with its revision', async () => {
  const { code, out } = await holdfastWithDaemon(['entry', 'show', ENTRY.id]);
  assert.is(code, 0);
  assert.match(out, /^SPIFFE ID +spiffe:\/\/home\.example\/web$/m);
  assert.match(out, /^federates with +nobody$/m);
  assert.match(out, /^revision +1$/m);
});

entry('create says group, parent and all the rest; list shows one group alone', async () => {
  const asked: unknown[] = [];
  const args = ['entry', 'create', '--spiffe-id', WEB.spiffeId, '--selector', 'unix:uid:1000'];
  const parent = 'spiffe://home.example/holdfast/node/0123456789abcdef';
  const { code } = await holdfastWithDaemon(
    [
      ...[
        ...args,
        '--group',
        'edge',
        '--parent',
        parent,
        '--dns',
        'a.example',
        '--dns',
        'b.example',
      ],
      ...['--admin', '--min-assurance', 'tpm', '--expires', '2027-01-01T00:00:00Z'],
    ],
    {
      'entry.create': async (params) => {
        asked.push({ ...params });
        return { ...ENTRY, epoch: '8' };
      },
    },
  );
  assert.is(code, 0);
  assert.equal(asked, [
    {
      ...{ ...WEB, group: 'edge', parent, dnsNames: ['a.example', 'b.example'] },
      ...{ admin: true, minAssurance: 'tpm', expiresAt: '2027-01-01T00:00:00Z' },
    },
  ]);
  const wrong = await holdfastWithDaemon([...args, '--min-assurance', 'high']);
  assert.is(wrong.code, 2);
  const { out } = await holdfastWithDaemon(['entry', 'list', '--group', 'edge']);
  assert.match(out, /^no entries/);
});

entry('history shows what was changed, by whom, after the end too', async () => {
  const { code, out } = await holdfastWithDaemon(['entry', 'history', ENTRY.id]);
  assert.is(code, 0);
  assert.is(out, '2026-01-01T00:00:00.000Z entry.deleted by ann (operator), revision 1\n');
});

entry('update asks for what was said and nothing else', async () => {
  const asked: unknown[] = [];
  for (const more of [
    ['--ttl', '30m'],
    ['--hint', ''],
    ['--federates-with-nobody'],
    ['--no-dns', '--no-admin', '--expires', 'never'],
  ]) {
    const { code, out } = await holdfastWithDaemon(['entry', 'update', 'e-1', ...more], {
      'entry.update': async (params) => {
        asked.push({ ...params });
        return { ...ENTRY, revision: 2, epoch: '8' };
      },
    });
    assert.is(code, 0);
    assert.match(out, /^revision +2$/m);
    assert.match(out, /^epoch +8$/m);
  }
  assert.equal(asked, [
    { id: 'e-1', x509SvidTtlMs: 1_800_000 },
    { id: 'e-1', hint: '' },
    { id: 'e-1', federatesWith: [] },
    { id: 'e-1', dnsNames: [], admin: false, expiresAt: '' },
  ]);
  assert.is((await holdfastWithDaemon(['entry', 'update', 'e-1'])).code, 2);
});

entry('apply shows the difference, and changes nothing until it is told to', async () => {
  await using folder = await temporaryFolder();
  const file = folder.file('entries.json');
  await writeFile(file, JSON.stringify({ entries: [{ ...WEB, ttl: '30m' }] }));
  const asked: EntryApply[] = [];
  const methods = {
    'entry.apply': async (params: EntryApply) => {
      asked.push(params);
      return DIFFERENCE;
    },
  };
  const shown = await holdfastWithDaemon(['entry', 'apply', file], methods);
  assert.is(shown.code, 0);
  assert.match(shown.out, /^\+ create e-1 spiffe:\/\/home\.example\/new$/m);
  assert.match(shown.out, /^ {4}selectors: \["unix:uid:5"\]$/m);
  assert.match(shown.out, /^ {4}x509SvidTtlMs: 3600000 → 1800000$/m);
  assert.match(shown.out, /^- delete e-3 spiffe:\/\/home\.example\/old$/m);
  assert.match(shown.out, /^1 to create, 1 to update, 1 to delete, 4 unchanged$/m);
  assert.match(shown.out, /^nothing was changed; --yes does it$/m);
  assert.equal(
    asked.map(({ others, act }) => [others, act]),
    [['keep', 'preview']],
  );
  const args = ['entry', 'apply', file, '--delete-others', '--yes'];
  const done = await holdfastWithDaemon(args, methods);
  assert.match(done.out, /^applied 3 changes in epoch 7$/m);
  assert.equal(
    asked.slice(1).map(({ others, act }) => [others, act]),
    [
      ['delete', 'preview'],
      ['delete', 'publish'],
    ],
  );
  assert.equal(JSON.parse(JSON.stringify(asked.at(-1)?.entries)), [
    { ...WEB, x509SvidTtlMs: 1_800_000 },
  ]);
});

entry('apply of what holds already publishes nothing', async () => {
  await using folder = await temporaryFolder();
  const file = folder.file('entries.json');
  await writeFile(file, JSON.stringify({ entries: [WEB] }));
  const acts: string[] = [];
  const { out } = await holdfastWithDaemon(['entry', 'apply', file, '--yes'], {
    'entry.apply': async ({ act }) => {
      acts.push(act);
      return { changes: [], unchanged: 1, epoch: '7' };
    },
  });
  assert.equal(acts, ['preview']);
  assert.is(out, '0 to create, 0 to update, 0 to delete, 1 unchanged\n');
});

entry('files of entries are refused whole for one wrong member', () => {
  for (const file of [
    [],
    {},
    { entries: {} },
    { entries: [], more: 1 },
    { entries: ['x'] },
    { entries: [{ selectors: ['unix:uid:1'] }] },
    { entries: [WEB, { ...WEB, selector: 'unix:uid:1' }] },
    { entries: [{ ...WEB, ttl: 5 }] },
    { entries: [{ ...WEB, jwtTtl: 5 }] },
    { entries: [{ ...WEB, jwtSvidTtlMs: 5 }] },
    { entries: [{ ...WEB, admin: 'yes' }] },
    { entries: [{ ...WEB, minAssurance: 'high' }] },
    { entries: [{ ...WEB, ttl: '5 minutes' }] },
    { entries: [{ ...WEB, x509SvidTtlMs: 5 }] },
    { entries: [{ ...WEB, federatesWith: 'blue.example' }] },
  ]) {
    const text = JSON.stringify(file);
    refuses('entry-malformed', () => parseEntryFile(toUtf8(text)), text);
  }
  const twice = '{"entries": [{"spiffeId": "spiffe://a/b", "spiffeId": "spiffe://a/c"}]}';
  refuses('json-duplicate-key', () => parseEntryFile(toUtf8(twice)));
});

entry.run();
