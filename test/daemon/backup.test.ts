/**
 * A backup of a daemon that runs, and the state folder that is lost and put back from it: what was
 * published since comes back from whoever holds it, and partners go on. Timeout: 240 s
 */

import { globSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BACKUP_BYTES_MAX } from '../../core/limits.ts';
import type { DomainStatus, Status } from '../../daemon/control/views.ts';
import { type DaemonProcess, relate } from '../daemon-process.ts';
import { auditOf, controlling, eventually, fileBeside, type, withDaemons } from './live.ts';

const backups = suite('daemon/backup');

const PASSPHRASE = 'a long night on watch';

const statusOf = (daemon: DaemonProcess): Promise<Status> =>
  controlling(daemon, (control) => control.call('status', {}));

/** What one daemon says of the domain of another. */
async function seenBy(daemon: DaemonProcess, domain: string): Promise<DomainStatus | undefined> {
  return (await statusOf(daemon)).domains.find((each) => each.domain === domain);
}

/** Types a command that has to succeed; its standard output. */
async function done(daemon: DaemonProcess, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await type(daemon, ...args);
  assert.is(code, 0, `${args.slice(0, 2).join(' ')}: ${err}`);
  return out;
}

/** How many keys the bundle of blue.example has, as a daemon holds it. */
async function keysAt(daemon: DaemonProcess): Promise<number> {
  const out = await done(
    daemon,
    ...['bundle', 'export', '--domain', 'blue.example', '--format', 'spiffe'],
  );
  return (JSON.parse(out) as { keys: unknown[] }).keys.length;
}

/** A file of a passphrase, and where the backup goes. */
function placesOf(daemon: DaemonProcess) {
  const passphrase = join(daemon.folder, 'passphrase');
  writeFileSync(passphrase, `${PASSPHRASE}\n`, { mode: 0o600 });
  const state = join(daemon.folder, 'state');
  return {
    state,
    file: join(daemon.folder, 'blue.backup'),
    given: ['--passphrase-file', passphrase],
  };
}

backups('of a daemon that runs give its domain back, and what was published since', () =>
  withDaemons(['blue.example', 'red.example'], async (blue, red) => {
    await relate(blue, red);
    await eventually('the partner', async () => {
      return (await seenBy(red, 'blue.example'))?.tier === 'FRESH' ? true : undefined;
    });
    const { state, file, given } = placesOf(blue);
    const { digest } = JSON.parse(await done(blue, 'backup', file, ...given, '--json'));
    assert.is(statSync(file).mode & 0o777, 0o600);
    const sealed = readFileSync(file);
    const keys = globSync('keys/*.key', { cwd: state });
    assert.ok(keys.length > 5);
    for (const key of keys) {
      const line = readFileSync(join(state, key), 'utf8').split('\n')[2] ?? '';
      assert.not(sealed.includes(line), key);
      assert.not(sealed.includes(Buffer.from(line, 'base64')), key);
    }
    assert.is(
      auditOf(blue).findLast((each) => each.event === 'state.backed-up')?.fields.digest,
      digest,
    );

    await done(blue, 'authority', 'prepare');
    await eventually('what came since', async () => ((await keysAt(red)) === 3 ? true : undefined));
    const before = await seenBy(red, 'blue.example');
    const port = /\/tcp\/(\d+)/.exec((await statusOf(blue)).listen[0] ?? '')?.[1];
    await blue.kill('SIGKILL');
    rmSync(state, { recursive: true });

    await done(blue, 'restore', file, '--state', state, ...given);
    assert.is(statSync(state).mode & 0o777, 0o700);
    for (const key of globSync('keys/*', { cwd: state })) {
      assert.is(statSync(join(state, key)).mode & 0o777, 0o600, key);
    }
    blue.spawn(['--listen', `/ip4/127.0.0.1/tcp/${port}`]);
    const back = await eventually(
      'the daemon',
      () => statusOf(blue).catch(() => undefined),
      60_000,
    );
    assert.is(back.antiRollback, 'rolled-back');
    const restored = auditOf(blue).findLast(({ event }) => event === 'state.restored');
    assert.is(restored?.fields.digest, digest);
    await eventually(
      'what was published since',
      async () => ((await keysAt(blue)) === 3 ? true : undefined),
      60_000,
    );
    await eventually(
      'a newer beacon at the partner',
      async () => {
        const now = await seenBy(red, 'blue.example');
        const isNewer = BigInt(now?.epoch ?? 0) > BigInt(before?.epoch ?? 0);
        return isNewer && now?.tier === 'FRESH' ? true : undefined;
      },
      60_000,
    );
    const resumed = auditOf(blue).findLast(({ event }) => event === 'authority.resumed');
    assert.is(resumed?.fields.by, 'peer');
    const unbounded = await seenBy(blue, 'blue.example');
    assert.equal([unbounded?.tier, unbounded?.ageMs], ['EXPIRED', null]);
    assert.match(unbounded?.mend ?? '', 'holdfast time confirm');
    assert.match(await done(blue, 'status'), /EXPIRED +unknown/);
    await done(blue, 'time', 'confirm', '--yes');
    await eventually('an age of its own', async () => {
      return (await seenBy(blue, 'blue.example'))?.tier === 'FRESH' ? true : undefined;
    });
  }),
);

backups('of a stopped one are taken under its lock, and go into an empty folder alone', () =>
  withDaemons(['blue.example'], async (blue) => {
    const { state, file, given } = placesOf(blue);
    const stopped = ['backup', file, '--stopped', '--state', state, ...given];
    const refusedWith = async (code: string, ...args: readonly string[]): Promise<void> => {
      const outcome = await type(blue, ...args);
      assert.is(outcome.code, 1, outcome.out);
      assert.match(outcome.err, code);
    };
    await refusedWith('state-locked', ...stopped);
    await blue.kill('SIGTERM');
    await done(blue, ...stopped);
    await refusedWith('file-unwritable', ...stopped);
    await refusedWith('state-occupied', 'restore', file, '--state', state, ...given);
    const elsewhere = join(blue.folder, 'elsewhere');
    const wrong = fileBeside(blue, 'wrong', 'another\n');
    const cut = join(blue.folder, 'cut');
    writeFileSync(cut, readFileSync(file).subarray(0, -1));
    await refusedWith(
      'permissions-wide',
      'restore',
      file,
      '--state',
      elsewhere,
      '--passphrase-file',
      wrong,
    );
    writeFileSync(join(blue.folder, 'other'), 'another\n', { mode: 0o600 });
    const other = ['--passphrase-file', join(blue.folder, 'other')];
    await refusedWith('passphrase-wrong', 'restore', file, '--state', elsewhere, ...other);
    await refusedWith('truncated', 'restore', cut, '--state', elsewhere, ...given);
    const long = join(blue.folder, 'long');
    writeFileSync(long, '');
    truncateSync(long, BACKUP_BYTES_MAX + 1);
    await refusedWith('too-large', 'restore', long, '--state', elsewhere, ...given);
    assert.equal(globSync('elsewhere*', { cwd: blue.folder }), []);

    rmSync(state, { recursive: true });
    await done(blue, 'restore', file, '--state', state, ...given);
    assert.equal(globSync('*', { cwd: state }).sort(), ['audit.jsonl', 'keys', 'store']);
    await blue.start();
    assert.is((await statusOf(blue)).antiRollback, 'rolled-back');
    await done(blue, 'time', 'confirm', '--yes');
    await done(blue, 'authority', 'confirm', '--yes');
    await eventually('a beacon of its own', async () => {
      return (await seenBy(blue, 'blue.example'))?.tier === 'FRESH' ? true : undefined;
    });
  }),
);

backups.run();
