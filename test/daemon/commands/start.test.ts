/** `holdfast start`, as a newcomer types it: twice, with whoever typed it as the first workload. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connectControl } from '../../../daemon/control/client.ts';
import { type TemporaryFolder, temporaryFolder } from '../../folder.ts';
import { ROOT } from '../../root.ts';
import { holdfast } from './rig.ts';

const start = suite('daemon/commands/start');

const LAUNCHER = join(ROOT, 'bin/holdfast.mjs');

/** Types `holdfast start` and reads what it prints, until it is ready or has ended. */
async function startIn(folder: TemporaryFolder, more: readonly string[] = []) {
  const args = [
    ...['--state', folder.file('state'), '--listen', '/ip4/127.0.0.1/tcp/0'],
    ...['--control-socket', folder.file('c.sock'), '--workload-socket', folder.file('w.sock')],
    ...['--config', folder.file('config.toml'), ...more],
  ];
  const child = spawn(process.execPath, [LAUNCHER, 'start', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  let welcome = '';
  child.stdout.setEncoding('utf8');
  for await (const text of child.stdout) {
    welcome += text;
    if (welcome.includes('svid fetch') && welcome.endsWith('\n\n')) return { child, welcome };
  }
  throw new Error(`it ended: ${said}`);
}

async function end(child: ChildProcess): Promise<number | null> {
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  await ended;
  return child.exitCode;
}

async function factsOf(folder: TemporaryFolder) {
  const control = await connectControl(folder.file('c.sock'));
  try {
    const { domain, fingerprint } = await control.call('status', {});
    const { entries } = await control.call('entry.list', {});
    return { domain, fingerprint, entries: entries.map(({ id, spiffeId }) => ({ id, spiffeId })) };
  } finally {
    await control.close();
  }
}

start('makes a domain, an entry for its user, and says what to try', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.file('config.toml'), '');
  const { child, welcome } = await startIn(folder);
  try {
    const { entries } = await factsOf(folder);
    assert.is(entries.length, 1);
    const [id] = entries.map(({ spiffeId }) => spiffeId);
    assert.match(id ?? '', /^spiffe:\/\/home\.example\/user\/[a-zA-Z0-9_-]+$/);
    assert.match(welcome, new RegExp(`^ +you are +${id}$`, 'm'));
    for (const told of ['home.example', folder.file('c.sock'), `unix://${folder.file('w.sock')}`]) {
      assert.ok(welcome.includes(told), told);
    }
    assert.match(welcome, 'no TPM vouches for this machine');
    const variables = { SPIFFE_ENDPOINT_SOCKET: `unix://${folder.file('w.sock')}` };
    const { code, out } = await holdfast(['svid', 'fetch', '--json'], folder.path, variables);
    assert.is(code, 0);
    assert.ok(out.includes(String(id)));
  } finally {
    assert.is(await end(child), 0);
  }
});

start('again keeps the domain, its keys, and one entry', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.file('config.toml'), '');
  const first = await startIn(folder);
  const before = await factsOf(folder).finally(() => end(first.child));
  const second = await startIn(folder);
  const after = await factsOf(folder).finally(() => end(second.child));
  assert.equal(after, before);
  assert.is(after.entries.length, 1);
});

start('of a domain whose user deleted the entry makes it again', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.file('config.toml'), '');
  const first = await startIn(folder);
  const before = await factsOf(folder);
  const variables = { HOLDFAST_CONTROL_SOCKET: folder.file('c.sock') };
  const id = before.entries[0]?.id ?? '';
  const gone = await holdfast(['entry', 'delete', id], folder.path, variables);
  await end(first.child);
  assert.is(gone.code, 0);
  const second = await startIn(folder);
  const after = await factsOf(folder).finally(() => end(second.child));
  assert.equal(after, before);
});

start.run();
