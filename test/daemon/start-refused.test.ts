/**
 * Starts that are refused, as whoever typed the command sees them: exit code 1, a code, the words
 * that mend it, and a state that opens again as it was once the cause is gone.
 */

import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Level } from 'level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import type { RefusalCode } from '../../core/refusal.ts';
import { verifyAudit } from '../../daemon/audit/audit-verify.ts';
import { RECORDS } from '../../daemon/store/key-space.ts';
import { STATE_FORMAT } from '../../daemon/store/level-store.ts';
import { encodeRecord } from '../../daemon/store/record.ts';
import { DaemonProcess } from '../daemon-process.ts';

const starts = suite('daemon/start-refused');

/** A daemon that founded its domain and took one entry; it is stopped between two tests. */
const daemon = new DaemonProcess('blue.example');
let facts: Facts;

starts.before(async () => {
  await daemon.start();
  const control = await daemon.control();
  const spiffeId = 'spiffe://blue.example/web';
  await control.call('entry.create', { spiffeId, selectors: ['unix:uid:0'] });
  await control.close();
  facts = await factsOf(daemon);
  await daemon.kill('SIGTERM');
});

starts.after(() => daemon.remove());

interface Facts {
  readonly fingerprint: string;
  readonly entries: readonly string[];
}

async function factsOf(running: DaemonProcess): Promise<Facts> {
  const control = await running.control();
  try {
    const { fingerprint } = await control.call('status', {});
    const { entries } = await control.call('entry.list', {});
    return { fingerprint, entries: entries.map(({ id }) => id) };
  } finally {
    await control.close();
  }
}

/** Starts it again: everything has to be as it was. */
async function resumes(): Promise<void> {
  await daemon.start();
  assert.equal(await factsOf(daemon), facts);
  await daemon.kill('SIGTERM');
  assert.is((await verifyAudit(daemon.auditLog)).tornBytes, 0);
}

/** Asserts that a start ends with this code, once, and with exit code 1. */
async function refusesToStart(
  code: RefusalCode,
  more: readonly string[] = [],
  starting: DaemonProcess = daemon,
): Promise<string> {
  const ended = await starting.startInVain(more);
  assert.match(ended.said, new RegExp(`^holdfast: ${code}: `, 'm'));
  assert.is(ended.code, 1);
  assert.not.match(ended.said, /^ {4}at /m, 'a stack is for bugs');
  return ended.said;
}

function stateFile(name: string): string {
  return join(daemon.folder, 'state', name);
}

/** Changes the raw records behind the daemon's back. */
async function tamper(change: (raw: Level<string, Uint8Array>) => unknown) {
  const options = { keyEncoding: 'utf8', valueEncoding: 'view' } as const;
  const raw = new Level<string, Uint8Array>(stateFile('store'), options);
  await raw.open();
  await change(raw);
  await raw.close();
}

starts('with a configuration key nobody knows name the nearest one', async () => {
  const config = join(daemon.folder, 'wrong.toml');
  writeFileSync(config, '[limits]\nfresh_form = "1m"\n');
  const said = await refusesToStart('config-key-unknown', ['--config', config]);
  assert.match(said, 'limits.fresh_for');
});

starts('on a state of a newer format name both versions and change nothing', async () => {
  const formatOf = (version: number): Uint8Array =>
    encodeRecord(RECORDS.format, toUtf8(String(version)));
  await tamper((raw) => raw.put(RECORDS.format, formatOf(STATE_FORMAT + 1)));
  const said = await refusesToStart('state-newer');
  assert.match(said, `expected ${STATE_FORMAT}, got ${STATE_FORMAT + 1}`);
  await tamper((raw) => raw.put(RECORDS.format, formatOf(STATE_FORMAT)));
  await resumes();
});

starts('on a corrupt state never go on with the rest of it', async () => {
  let key = '';
  let whole = new Uint8Array();
  await tamper(async (raw) => {
    for await (const [name, value] of raw.iterator()) {
      if (name.startsWith('federation/')) [key, whole] = [name, Uint8Array.from(value)];
    }
    const flipped = whole.slice();
    flipped[20] = (flipped[20] ?? 0) ^ 1;
    await raw.put(key, flipped);
  });
  assert.match(await refusesToStart('state-corrupt'), key);
  await tamper((raw) => raw.del(key));
  await refusesToStart('state-corrupt');
  await tamper((raw) => raw.put(key, whole));
  await resumes();
});

starts('with keys that others can read say the chmod', async () => {
  for (const [name, narrow, wide] of [
    ['keys/beacon-0.key', 0o600, 0o640],
    ['keys/transport.key', 0o600, 0o604],
    ['keys', 0o700, 0o750],
    ['store', 0o700, 0o701],
    ['audit.jsonl', 0o600, 0o644],
    ['', 0o700, 0o755],
  ] as const) {
    const path = stateFile(name);
    chmodSync(path, wide);
    const said = await refusesToStart('permissions-wide');
    const mend = `  mend: chmod ${narrow.toString(8)} ${path.replace(/\/$/, '')}`;
    assert.ok(said.split('\n').includes(mend), said);
    chmodSync(path, narrow);
  }
  await resumes();
});

starts('beside a daemon that lives leave it its state and its sockets', async () => {
  const second = new DaemonProcess('blue.example');
  try {
    await daemon.start();
    await refusesToStart('state-locked', ['--state', stateFile('')], second);
    for (const [option, path] of [
      ['--control-socket', daemon.controlSocket],
      ['--workload-socket', daemon.workloadSocket],
    ] as const) {
      await refusesToStart('socket-occupied', [option, path], second);
    }
    assert.equal(await factsOf(daemon), facts);
  } finally {
    await second.remove();
    await daemon.kill('SIGTERM');
  }
});

starts('on a busy port name the address', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const busy = `/ip4/127.0.0.1/tcp/${address.port}`;
  try {
    assert.match(await refusesToStart('port-busy', ['--listen', busy]), busy);
    await resumes();
  } finally {
    server.close();
  }
});

starts('where a socket cannot be made name its path, whichever it is', async () => {
  const blocked = join(daemon.folder, 'file/holdfast.sock');
  writeFileSync(join(daemon.folder, 'file'), 'not a folder');
  for (const option of ['--control-socket', '--workload-socket']) {
    assert.match(await refusesToStart('socket-folder', [option, blocked]), blocked);
  }
  mkdirSync(join(daemon.folder, 'taken'));
  const taken = ['--workload-socket', join(daemon.folder, 'taken')];
  await refusesToStart('socket-occupied', taken);
  await resumes();
});

starts('under another trust domain name the one the state belongs to', async () => {
  const said = await refusesToStart('config-value', ['--trust-domain', 'red.example']);
  assert.match(said, /key trust_domain, expected blue\.example, got red\.example/);
  await resumes();
});

starts('on keys whose store was lost make nothing over them', async () => {
  rmSync(stateFile('store'), { recursive: true });
  for (let tries = 0; tries < 2; tries++) {
    const said = await refusesToStart('state-corrupt');
    assert.match(said, 'keys without their record');
  }
});

starts.run();
