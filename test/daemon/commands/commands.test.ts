/** Each client command against a fake daemon: what it asks, what it prints, how it exits. */

import { readFile, stat, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal } from '../../../core/refusal.ts';
import type { SpiffeRelationAdd } from '../../../daemon/control/views.ts';
import { Coalition } from '../../fakes/coalition.ts';
import {
  ALARM,
  CALLER,
  ENTRY,
  FINGERPRINT,
  RELATION,
  SPIFFE_RELATION,
  STATUS,
  TERMS,
} from '../../fakes/fake-daemon.ts';
import { temporaryFolder } from '../../folder.ts';
import { holdfastWithDaemon } from './rig.ts';

const commands = suite('daemon/commands/commands');

commands('status shows each domain with its tier, age and next cliff', async () => {
  const { code, out, err } = await holdfastWithDaemon(['status']);
  assert.is(code, 0);
  assert.is(err, '');
  assert.match(out, /^home\.example +own +FRESH +12 s +DEGRADED in 9 min 48 s +7 +3$/m);
  assert.match(
    out,
    /^blue\.example +partner +DEGRADED +2 h 4 min +SURVIVAL in 21 h 55 min +4 +3 +late$/m,
  );
  assert.match(out, /^to mend blue\.example: +restore a path to blue\.example$/m);
  assert.match(out, /^assurance +software; anti-rollback: software$/m);
  assert.match(out, /^12D3KooWA +blue\.example +1 min 1 s$/m);
});

commands('status says when nothing of a domain is held, and shows alarms', async () => {
  const [own] = STATUS.domains;
  assert.ok(own);
  const { out } = await holdfastWithDaemon(['status'], {
    status: async () => ({
      ...STATUS,
      listen: [],
      timeKnown: false,
      domains: [{ ...own, tier: 'NONE', nextCliff: null, stopped: true, timeUnknown: true }],
      alarms: [{ ...ALARM, code: 'epoch-repeated', detail: 'epoch 4' }],
    }),
  });
  assert.match(out, /^home\.example +own +NONE +- +- +7 +3 +stopped, time unknown$/m);
  assert.match(out, /^7 +2026\S+ +epoch-repeated +blue\.example +epoch 4$/m);
  assert.match(out, /^listening +nowhere$/m);
});

commands('that a daemon of another version does not know say so, and what works', async () => {
  const unknown = async () => {
    throw new Refusal('control-method', { method: 'entry.list' });
  };
  const status = async () => ({ ...STATUS, version: '7.3.0' });
  const { code, err } = await holdfastWithDaemon(['entry', 'list'], {
    'entry.list': unknown,
    status,
  });
  assert.is(code, 1);
  assert.match(err, /control-method: no such control method \([^)]*daemon 7\.3\.0, command 0\./);
  assert.match(err, /mend: use the holdfast that the daemon came with; status, whoami/);
  const same = await holdfastWithDaemon(['entry', 'list'], { 'entry.list': unknown });
  assert.not.match(same.err, /came with/);
});

commands('--json prints what the daemon said', async () => {
  const { pid: _pid, ...caller } = CALLER;
  for (const [args, expected] of [
    [['status'], { ...STATUS, caller }],
    [['whoami'], caller],
    [['entry', 'list'], { entries: [ENTRY] }],
    [['federation', 'list'], { relations: [RELATION] }],
    [['federation', 'remove', 'blue.example'], { domain: 'blue.example', epoch: '9' }],
    [['entry', 'delete', 'e-1'], { id: 'e-1', epoch: '9' }],
  ] as const) {
    const { code, out } = await holdfastWithDaemon([...args, '--json']);
    assert.is(code, 0);
    assert.equal(JSON.parse(out), expected);
  }
});

commands('entry create asks for exactly what was said', async () => {
  let asked: unknown;
  const line = 'entry create --spiffe-id spiffe://home.example/db --selector unix:uid:5';
  const more = '--selector unix:gid:6 --ttl 30m --federates-with blue.example --hint db';
  const { code, out } = await holdfastWithDaemon([...line.split(' '), ...more.split(' ')], {
    'entry.create': async (params) => {
      asked = { ...params };
      return { ...ENTRY, ...params, epoch: '8' };
    },
  });
  assert.is(code, 0);
  assert.equal(asked, {
    spiffeId: 'spiffe://home.example/db',
    selectors: ['unix:uid:5', 'unix:gid:6'],
    x509SvidTtlMs: 1_800_000,
    federatesWith: ['blue.example'],
    hint: 'db',
  });
  assert.match(out, /^ttl +30 min$/m);
  await holdfastWithDaemon(line.split(' '), {
    'entry.create': async (params) => {
      asked = { ...params };
      return { ...ENTRY, ...params, epoch: '8' };
    },
  });
  assert.equal(asked, { spiffeId: 'spiffe://home.example/db', selectors: ['unix:uid:5'] });
});

commands('entry list counts, and says how to make the first', async () => {
  const one = await holdfastWithDaemon(['entry', 'list']);
  assert.match(
    one.out,
    /^e-0123456789abcdef +spiffe:\/\/home\.example\/web +1 h +unix:uid:1000 +default$/m,
  );
  assert.match(one.out, /^1 entry$/m);
  const none = await holdfastWithDaemon(['entry', 'list'], {
    'entry.list': async () => ({ entries: [] }),
  });
  assert.match(none.out, 'holdfast entry create');
});

commands('entry delete names what is gone and the epoch that says so', async () => {
  const { out } = await holdfastWithDaemon(['entry', 'delete', 'e-1']);
  assert.is(out, 'deleted  e-1\nepoch    9\n');
});

commands('bundle export writes to standard output, or to a file', async () => {
  await using folder = await temporaryFolder();
  assert.is((await holdfastWithDaemon(['bundle', 'export'])).out, 'a bundle as holdfast\n');
  const file = folder.file('home.bundle');
  const args = ['bundle', 'export', file, '--format', 'spiffe'];
  assert.is((await holdfastWithDaemon(args)).out, '');
  assert.is(await readFile(file, 'utf8'), 'a bundle as spiffe\n');
  assert.is((await stat(file)).mode & 0o777, 0o644);
});

commands('bundle import shows each document, and exits 1 if one was refused', async () => {
  await using folder = await temporaryFolder();
  const file = folder.file('blue.bundle');
  await writeFile(file, 'text of a bundle');
  const good = await holdfastWithDaemon(['bundle', 'import', file]);
  assert.is(good.code, 0);
  assert.match(good.out, /^beacon +admitted$/m);
  let imported = '';
  const bad = await holdfastWithDaemon(['bundle', 'import', file], {
    'bundle.import': async ({ text }) => {
      imported = text;
      return { documents: [{ type: 'beacon', outcome: 'epoch-rolled-back' }] };
    },
  });
  assert.is(imported, 'text of a bundle');
  assert.is(bad.code, 1);
  assert.match(bad.out, /^beacon +epoch-rolled-back$/m);
});

commands('bundle show names the tier, the fingerprint and the authorities', async () => {
  const { out } = await holdfastWithDaemon(['bundle', 'show', '--domain', 'blue.example']);
  assert.match(out, /^domain +blue\.example$/m);
  assert.match(out, /^tier +FRESH, 12 s old$/m);
  assert.match(out, new RegExp(`^fingerprint +${FINGERPRINT}$`, 'm'));
  assert.match(out, /^O=SPIFFE +2027-01-01T00:00:00\.000Z +(12){32}$/m);
});

commands('federation add sends the file, the peers and the reach', async () => {
  await using folder = await temporaryFolder();
  const file = folder.file('blue.bundle');
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  world.advance(2_000);
  const text = blue.node.exportBundle(blue.domain);
  await writeFile(file, text);
  let asked: unknown;
  const line = ['federation', 'add', file, '--peer', '/ip4/192.0.2.7/tcp/7717', '--survival'];
  const { code, out } = await holdfastWithDaemon(line, {
    'federation.add': async (params) => {
      asked = { ...params };
      return { ...RELATION, terms: { ...TERMS, survivalForeign: true } };
    },
  });
  assert.is(code, 0);
  assert.equal(asked, { text, peers: ['/ip4/192.0.2.7/tcp/7717'], survivalForeign: true });
  assert.match(out, /^served down to +SURVIVAL$/m);
});

commands('federation list and remove speak of the partner', async () => {
  const listed = await holdfastWithDaemon(['federation', 'list']);
  assert.match(
    listed.out,
    /^blue\.example +holdfast +DEGRADED +DEGRADED +32 MiB +(ab){32} +\/ip4\/192\.0\.2\.7/m,
  );
  const removed = await holdfastWithDaemon(['federation', 'remove', 'blue.example']);
  assert.is(removed.out, 'removed  blue.example\nepoch    9\n');
  const none = await holdfastWithDaemon(['federation', 'list'], {
    'federation.list': async () => ({ relations: [] }),
  });
  assert.match(none.out, 'no partners');
});

commands('federation add-spiffe says the whole triple, and what vouches for it', async () => {
  await using folder = await temporaryFolder();
  const file = folder.file('plain.json');
  await writeFile(file, '{"keys":[]}');
  const asked: unknown[] = [];
  const methods = {
    'federation.add-spiffe': async (params: SpiffeRelationAdd) => {
      asked.push({ ...params });
      return SPIFFE_RELATION;
    },
  };
  const line = 'federation add-spiffe --trust-domain plain.example --url https://plain.example/';
  const spiffe = `--profile https_spiffe --endpoint-id spiffe://plain.example/s --bundle ${file}`;
  for (const more of [spiffe, '--profile https_web']) {
    const { code, out } = await holdfastWithDaemon(`${line} ${more}`.split(' '), methods);
    assert.is(code, 0);
    assert.match(out, /^vouched for by +its channel alone: nobody signed/m);
  }
  const [domain, url] = ['plain.example', 'https://plain.example/'];
  assert.equal(asked, [
    {
      ...{ domain, url, profile: 'https_spiffe' },
      ...{ endpointId: 'spiffe://plain.example/s', bundle: '{"keys":[]}' },
    },
    { domain, url, profile: 'https_web' },
  ]);
  for (const less of [
    '',
    '--profile https',
    '--profile https_spiffe',
    '--profile https_web --endpoint-id spiffe://plain.example/s',
  ]) {
    assert.is((await holdfastWithDaemon(`${line} ${less}`.trim().split(' '))).code, 2, less);
  }
});

commands('federation list and status tell a SPIFFE partner from one that signs', async () => {
  const listed = await holdfastWithDaemon(['federation', 'list'], {
    'federation.list': async () => ({ relations: [SPIFFE_RELATION] }),
  });
  assert.match(listed.out, /^plain\.example +spiffe +NONE +DEGRADED +- +- +https:\/\/plain/m);
  const refreshed = await holdfastWithDaemon(['federation', 'refresh', 'plain.example']);
  assert.match(refreshed.out, /^answered by +spiffe:\/\/plain\.example\/spire\/server$/m);
  const [, partner] = STATUS.domains;
  assert.ok(partner);
  const { out } = await holdfastWithDaemon(['status'], {
    status: async () => ({
      ...{ ...STATUS, bundleEndpoint: 'https://192.0.2.1:8443/' },
      domains: [{ ...partner, relation: 'spiffe', late: false }],
    }),
  });
  assert.match(out, /^blue\.example +spiffe +DEGRADED.*unsigned: age of the last fetch$/m);
  assert.match(out, /^bundle at +https:\/\/192\.0\.2\.1:8443\/$/m);
});

commands('audit tail asks for as many entries as was said', async () => {
  const asked: number[] = [];
  for (const args of [[], ['--lines', '7']]) {
    const { out } = await holdfastWithDaemon(['audit', 'tail', ...args], {
      'audit.tail': async ({ lines }) => {
        asked.push(lines);
        const fields = { got: 'a\u001b[2Jb', n: 5 };
        const at = '2026-01-01T00:00:00.000Z';
        return { entries: [{ seq: 12, at, event: 'peer.refused', previous: '', fields }] };
      },
    });
    assert.match(out, /^12 +2026-01-01T00:00:00\.000Z +peer\.refused +got=a\\u\{1b\}\[2Jb n=5$/m);
  }
  assert.equal(asked, [20, 7]);
});

commands('never print a control character, not even as JSON', async () => {
  const evil = { ...ENTRY, hint: 'x\u001b]0;title\u0007\u009b2J\u202e\n' };
  for (const args of [[], ['--json']]) {
    const { out } = await holdfastWithDaemon(['entry', 'list', ...args], {
      'entry.list': async () => ({ entries: [evil] }),
    });
    assert.not(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.test(out));
  }
});

commands('a refusal goes to standard error with code, details and mend, and exits 1', async () => {
  const { code, out, err } = await holdfastWithDaemon(['entry', 'delete', 'e-1'], {
    'entry.delete': async ({ id }) => {
      throw new Refusal('entry-unknown', { id: `${id}\u001b[2J` });
    },
  });
  assert.is(code, 1);
  assert.is(out, '');
  assert.is(
    err,
    'holdfast: entry-unknown: no entry has that name (id e-1\\u{1b}[2J)\n' +
      '  mend: holdfast entry list\n',
  );
});

commands.run();
