/**
 * A restored backup at a running authority: a node of its domain gives back what was published
 * since, before anything is signed in its place. Timeout: 240 s
 */

import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Status } from '../../daemon/control/views.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { auditOf, BRISK, controlling, eventually, type } from './live.ts';

const restored = suite('daemon/restored');

const DOMAIN = 'blue.example';
const MEMBER = '[node]\nrole = "member"\n';

const statusOf = (daemon: DaemonProcess): Promise<Status> =>
  controlling(daemon, (control) => control.call('status', {}));

/** Types a command that has to succeed; its standard output. */
async function done(daemon: DaemonProcess, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await type(daemon, ...args);
  assert.is(code, 0, `${args.slice(0, 2).join(' ')}: ${err}`);
  return out;
}

/** Joins by the network, and has a person approve it. */
async function enroll(authority: DaemonProcess, box: DaemonProcess): Promise<void> {
  const { listen, fingerprint } = await statusOf(authority);
  await done(box, 'enroll', 'join', listen[0] ?? '', '--fingerprint', fingerprint);
  const { node } = await eventually('an application', async () => {
    const { applications } = await controlling(authority, (c) => c.call('enroll.list', {}));
    return applications.find(({ assurance }) => assurance !== '');
  });
  await done(authority, 'enroll', 'approve', node);
  await eventually('a lease', async () => (await statusOf(box)).node.lease ?? undefined, 60_000);
}

/** SPIFFE IDs that the entries of a daemon name. */
async function entriesAt(daemon: DaemonProcess): Promise<readonly string[]> {
  const { entries } = await controlling(daemon, (control) => control.call('entry.list', {}));
  return entries.map(({ spiffeId }) => spiffeId).sort();
}

/** Ids of the keys that the bundle of a daemon names. */
async function keysAt(daemon: DaemonProcess): Promise<readonly string[]> {
  const { keys } = JSON.parse(await done(daemon, 'bundle', 'export', '--format', 'spiffe'));
  return (keys as { x5c?: string[]; kid?: string }[]).map(({ x5c, kid }) => x5c?.[0] ?? kid ?? '');
}

restored('takes back what a member holds: nothing published after the backup is lost', async () => {
  const authority = new DaemonProcess(DOMAIN, BRISK);
  const box = new DaemonProcess(DOMAIN, BRISK + MEMBER);
  try {
    await Promise.all([authority.start(), box.start()]);
    await enroll(authority, box);
    const create = (name: string) =>
      done(
        authority,
        'entry',
        'create',
        '--spiffe-id',
        `spiffe://${DOMAIN}/${name}`,
        '--selector',
        'unix:uid:4711',
      );
    await create('before');
    const port = /\/tcp\/(\d+)/.exec((await statusOf(authority)).listen[0] ?? '')?.[1];
    await authority.kill('SIGTERM');
    const state = join(authority.folder, 'state');
    const backup = join(authority.folder, 'backup');
    cpSync(state, backup, { recursive: true });
    const again = async (): Promise<void> => {
      authority.spawn(['--listen', `/ip4/127.0.0.1/tcp/${port}`]);
      await eventually(
        'the authority',
        async () => {
          return (await statusOf(authority).catch(() => undefined)) && true;
        },
        60_000,
      );
    };
    await again();
    await create('after');
    await done(authority, 'authority', 'prepare');
    const published = await keysAt(authority);
    assert.is(published.length, 3);
    await eventually(
      'the member follows',
      async () => {
        const isHere = (await entriesAt(box)).includes(`spiffe://${DOMAIN}/after`);
        return isHere && (await keysAt(box)).length === 3 ? true : undefined;
      },
      60_000,
    );

    await authority.kill('SIGTERM');
    rmSync(state, { recursive: true });
    cpSync(backup, state, { recursive: true });
    await again();
    await eventually(
      'what was lost',
      async () => {
        return (await entriesAt(authority)).includes(`spiffe://${DOMAIN}/after`) ? true : undefined;
      },
      60_000,
    );
    await create('later');
    const all = ['after', 'before', 'later'].map((name) => `spiffe://${DOMAIN}/${name}`);
    assert.equal(await entriesAt(authority), all);
    await eventually(
      'the member follows again',
      async () => {
        return (await entriesAt(box)).length === 3 ? true : undefined;
      },
      60_000,
    );
    const now = await keysAt(box);
    assert.equal(
      published.filter((key) => !now.includes(key)),
      [],
      'no authority is lost',
    );
    const resumed = auditOf(authority).findLast(({ event }) => event === 'authority.resumed');
    assert.is(resumed?.fields.by, 'peer');
  } finally {
    await Promise.all([authority.remove(), box.remove()]);
  }
});

restored.run();
