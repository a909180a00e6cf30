/**
 * Sections of OPERATIONS done as they are told: each line in its order, at real daemons, with the
 * placeholders filled in from what was printed. headings.ts says which, and why others are not.
 *
 * Timeout: 300 s
 */

import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { bootOf, bootsText } from '../daemon/drafted-boots.ts';
import { controlling, fileBeside, withDaemons } from '../daemon/live.ts';
import { type DaemonProcess, relate } from '../daemon-process.ts';
import { peOf } from '../firmware/pe-file.ts';
import { ROOT } from '../root.ts';
import { TOLD } from './headings.ts';
import { nameOf, PAGES, sectionsOf, typedLines } from './lines.ts';
import { found, settle, statusOf, typeAt, walk, walkAt } from './walk.ts';

const sections = suite('docs/sections');

const BLUE = 'blue.example';
const RED = 'red.example';

sections('names each heading that holds command lines, and the test that runs them', () => {
  const held = new Map(
    PAGES.flatMap(sectionsOf)
      .map((section) => [nameOf(section), typedLines(section)] as const)
      .filter(([, lines]) => lines.length > 0),
  );
  assert.equal([...held.keys()].sort(), Object.keys(TOLD).sort());
  for (const [name, { by, left = {} }] of Object.entries(TOLD)) {
    const [, heading = ''] = name.split(': ');
    if (by === undefined) assert.ok(left[''], `${name}: a reason`);
    else assert.ok(readFileSync(join(ROOT, by), 'utf8').includes(heading), `${name} in ${by}`);
    for (const start of Object.keys(left)) {
      assert.ok(
        held.get(name)?.some(({ text }) => text.startsWith(start)),
        `${name}: ${start}`,
      );
    }
  }
});

sections('the two commands of another terminal', async () => {
  await withDaemons([BLUE], async (blue: DaemonProcess) => {
    const me = `unix:uid:${process.getuid?.()}`;
    const entry = { spiffeId: `spiffe://${BLUE}/me`, selectors: [me] };
    await controlling(blue, (control) => control.call('entry.create', entry));
    await walk('README: Two commands', walkAt(blue, ''));
  });
});

sections('a backup: written, put back, and believed by the word of a person', async () => {
  await withDaemons([BLUE], async (blue: DaemonProcess) => {
    const state = join(blue.folder, 'state');
    const how = walkAt(blue, '', {
      filled: new Map([['/var/lib/holdfast', state]]),
      answer: (text) => {
        if (text.startsWith('holdfast time')) return 'right';
        return text.startsWith('holdfast authority') ? 'newest' : 'a passphrase';
      },
      before: async (text) => {
        if (text.includes('--stopped')) {
          await blue.kill('SIGTERM');
          renameSync(join(blue.folder, 'blue.backup'), join(blue.folder, 'first.backup'));
        }
        if (text.startsWith('holdfast restore')) renameSync(state, `${state}-lost`);
        if (text.startsWith('holdfast time')) await blue.start();
      },
    });
    settle(blue);
    await walk('OPERATIONS: Backup and restore', how);
    assert.ok((await statusOf(blue)).timeKnown);
  });
});

sections('entries: created, listed, changed, applied from a file, deleted', async () => {
  await withDaemons([BLUE], async (blue: DaemonProcess) => {
    const section = sectionsOf('docs/OPERATIONS.md').find(({ text }) =>
      text.includes('{"entries"'),
    );
    const file = /^ {4}(\{"entries"[^}]*\}\]\})$/m.exec(section?.text ?? '')?.[1] ?? '';
    writeFileSync(join(blue.folder, 'entries.json'), file);
    const filled = new Map<string, string>();
    let last = '';
    await walk(
      'OPERATIONS: Give a workload an identity',
      walkAt(blue, 'yes', {
        filled,
        after: (text, out) => {
          if (text.startsWith('holdfast entry create')) {
            filled.set('e-0edddf0393d710f4', found(out, /\b(e-[0-9a-f]{16})\b/));
          }
          last = out;
        },
      }),
    );
    for (const change of ['created', 'updated', 'deleted']) assert.match(last, new RegExp(change));
  });
});

sections('the date: shown, confirmed and set by a person', async () => {
  await withDaemons([BLUE], async (blue: DaemonProcess) => {
    const now = new Date(Date.now() + 1_000).toISOString().replace(/\.\d+Z$/, 'Z');
    const filled = new Map([['2026-11-21T05:50:58Z', now]]);
    await walk('OPERATIONS: When the clock is gone', walkAt(blue, 'right', { filled }));
  });
});

sections('boots: approved before an update, offered to another person, withdrawn', async () => {
  await withDaemons([BLUE], async (blue: DaemonProcess) => {
    const first = fileBeside(blue, 'first.json', bootsText(bootOf('edge 12', '12')));
    await typeAt(blue, walkAt(blue, ''), `holdfast references approve ${first} --yes`);
    const image = peOf(
      { name: '.linux', contents: toUtf8('the next kernel') },
      { name: '.sdmagic', contents: toUtf8('#### LoaderInfo: systemd-stub 252 ####') },
    );
    writeFileSync(join(blue.folder, 'next.efi'), image);
    fileBeside(blue, 'states.json', bootsText(bootOf('edge 14', '14')));
    const answer = (text: string): string => text.split(' ')[2] ?? '';
    await walk('OPERATIONS: Keys in a chip', walkAt(blue, '', { answer }));
    const shown = await typeAt(blue, walkAt(blue, ''), 'holdfast references show');
    assert.match(shown, /edge 13[\s\S]*edge 14/);
    assert.not.match(shown, /edge 12/);
  });
});

sections('what is wrong: looked for and explained, and what was done', async () => {
  await withDaemons([BLUE], async (blue: DaemonProcess) => {
    settle(blue);
    await walk('OPERATIONS: When something is wrong', walkAt(blue, ''));
    await walk('OPERATIONS: Audit', walkAt(blue, ''));
  });
});

sections(
  'the Root: two persons sign, merge and publish; a proposal waits, and is refused',
  async () => {
    await withDaemons([BLUE], async (blue: DaemonProcess) => {
      const filled = new Map([['TEXT', 'not now']]);
      const how = walkAt(blue, 'sign', {
        filled,
        answer: (text) => (text.includes(' refuse ') ? 'refuse' : 'sign'),
        before: async (text) => {
          if (text.startsWith('holdfast root sign')) {
            copyFileSync(join(blue.folder, 'next.proposal'), join(blue.folder, 'copy.proposal'));
            await typeAt(blue, how, 'holdfast root sign copy.proposal --key state/keys/root.key');
          }
          if (text.startsWith('holdfast ceremony offer')) {
            assert.is((await statusOf(blue)).rootThreshold, '2 of 2');
            await typeAt(blue, how, 'holdfast root propose next.proposal --new-lineage');
          }
        },
        after: (text, out) => {
          if (text.startsWith('holdfast ceremony list')) {
            filled.set('ID', found(out, /^([0-9a-f]{8,})\b/m));
          }
        },
      });
      await walk('OPERATIONS: Changing the Root', how);
      const { ceremonies } = await controlling(blue, (control) =>
        control.call('ceremony.list', {}),
      );
      assert.equal(ceremonies, []);
    });
  },
);

sections('keys: a beacon key made and proposed, an authority revoked by two persons', async () => {
  await withDaemons([BLUE], async (blue: DaemonProcess) => {
    const shown = await controlling(blue, (control) => control.call('authority.show', {}));
    const how = walkAt(blue, 'sign', {
      filled: new Map([
        ['KEY-ID', shown.authorities[0]?.id ?? ''],
        ['ann-revocation.key', 'state/keys/revocation-0.key'],
      ]),
      before: async (text) => {
        if (text.startsWith('holdfast revoke propose')) {
          const root = 'holdfast root sign next.proposal --key state/keys/root.key';
          await typeAt(blue, how, root);
          await typeAt(blue, how, 'holdfast root publish next.proposal');
        }
        if (text.startsWith('holdfast revoke publish')) {
          const other = 'holdfast revoke sign theft.proposal --key state/keys/revocation-1.key';
          await typeAt(blue, how, other);
        }
      },
    });
    await walk('OPERATIONS: Rotating, losing and losing control of keys', how);
    const { revocations } = await controlling(blue, (control) => control.call('revoke.list', {}));
    assert.equal(
      revocations.map(({ kind }) => kind),
      ['authority'],
    );
  });
});

sections('an override: named in the Root, signed by two persons, withdrawn by one', async () => {
  await withDaemons([BLUE, RED], async (blue, red) => {
    await relate(blue, red);
    const filled = new Map<string, string>();
    const how = walkAt(blue, 'sign', {
      filled,
      before: async (text) => {
        if (text.startsWith('holdfast root propose')) {
          await typeAt(blue, how, 'holdfast root key create bob.key');
        }
        if (text.startsWith('holdfast override propose')) {
          const root = 'holdfast root sign next.proposal --key state/keys/root.key';
          await typeAt(blue, how, root);
          await typeAt(blue, how, 'holdfast root publish next.proposal');
        }
      },
      after: (text, out) => {
        if (text.startsWith('holdfast override list')) {
          filled.set('ID', found(out, /\b([0-9a-f]{64})\b/));
        }
      },
    });
    await walk('OPERATIONS: When an age stands in the way', how);
    const left = await typeAt(blue, how, 'holdfast override list --json');
    assert.equal(JSON.parse(left).overrides, [], 'withdrawn');
  });
});

sections('a partner: bundles exchanged, related, narrowed, named in an entry', async () => {
  await withDaemons([BLUE, RED], async (blue, red) => {
    const filled = new Map([
      ['/ip4/192.0.2.10/tcp/7717', (await statusOf(blue)).listen[0] ?? ''],
      ['/ip4/192.0.2.20/tcp/7717', (await statusOf(red)).listen[0] ?? ''],
    ]);
    const at = (_text: string, who: string) => (who === 'red' ? red : blue);
    await walk('OPERATIONS: Add a partner', walkAt(blue, 'yes', { filled, at }));
    const { relations } = await controlling(blue, (control) => control.call('federation.list', {}));
    assert.equal(
      relations.map(({ domain, terms }) => [domain, terms.scope]),
      [[RED, ['/web/api']]],
    );
  });
});

sections.run();
