/** The store on a real disk: whole batches, one process, and nothing believed that was damaged. */

import { fork } from 'node:child_process';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Level } from 'level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bug } from '../../../core/assert.ts';
import { fromUtf8, toUtf8 } from '../../../core/bytes.ts';
import { RECORDS, SPACES } from '../../../daemon/store/key-space.ts';
import { openLevelStore } from '../../../daemon/store/level-store.ts';
import { encodeRecord } from '../../../daemon/store/record.ts';
import { temporaryFolder } from '../../folder.ts';
import { refused } from '../../trouble.ts';

const store = suite('daemon/store/level-store');
const A = `${SPACES.federation}a`;
const B = `${SPACES.federation}b`;

async function contentOf(path: string): Promise<Record<string, string>> {
  const opened = await openLevelStore(path);
  const records = await opened.load();
  await opened.close();
  return Object.fromEntries([...records].map(([key, value]) => [key, fromUtf8(value)]));
}

async function writeTo(path: string, records: Record<string, string | null>): Promise<void> {
  const opened = await openLevelStore(path);
  await opened.write(
    Object.entries(records).map(([key, value]) => ({
      key,
      value: value === null ? null : toUtf8(value),
    })),
  );
  await opened.close();
}

/** Changes raw records behind the store's back, as a damaged disk or a newer version would. */
async function tamper(path: string, change: (raw: Level<string, Uint8Array>) => Promise<unknown>) {
  const raw = new Level<string, Uint8Array>(path, { keyEncoding: 'utf8', valueEncoding: 'view' });
  await raw.open();
  await change(raw);
  await raw.close();
}

store('reads back what it wrote, deletions included, in a folder of its own', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('store');
  await writeTo(path, { [A]: 'one', [B]: 'two' });
  await writeTo(path, { [A]: null, [B]: 'three' });
  assert.equal(await contentOf(path), { [B]: 'three' });
  assert.is((await stat(path)).mode & 0o777, 0o700);
});

store('keeps the order of batches that wait together', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('store');
  const opened = await openLevelStore(path);
  await Promise.all(
    Array.from({ length: 200 }, (_, i) => opened.write([{ key: A, value: toUtf8(`${i}`) }])),
  );
  await opened.close();
  assert.equal(await contentOf(path), { [A]: '199' });
});

store('shows itself as it is at one moment, while batches go on', async () => {
  await using folder = await temporaryFolder();
  const opened = await openLevelStore(folder.file('store'));
  const writing = Array.from({ length: 100 }, async (_, i) => {
    const value = toUtf8(`${i}`);
    await opened.write([A, B].map((key) => ({ key, value })));
    const seen = await opened.snapshot();
    assert.equal(seen.get(A), seen.get(B));
    assert.equal([...seen.keys()].sort(), [A, B]);
  });
  await Promise.all(writing);
  await opened.close();
});

store('takes no key that is not registered', async () => {
  await using folder = await temporaryFolder();
  const opened = await openLevelStore(folder.file('store'));
  try {
    await opened.write([{ key: 'novel', value: toUtf8('x') }]);
    assert.unreachable();
  } catch (error) {
    assert.ok(error instanceof Bug);
  } finally {
    await opened.close();
  }
});

store('refuses a newer format, naming both versions', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('store');
  await writeTo(path, { [A]: 'one' });
  await tamper(path, (raw) => raw.put(RECORDS.format, encodeRecord(RECORDS.format, toUtf8('2'))));
  const refusal = await refused(() => openLevelStore(path), 'state-newer');
  assert.is(refusal.details.expected, 1);
  assert.is(refusal.details.got, 2);
});

store('refuses a format that is no number, or absent', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('store');
  await writeTo(path, { [A]: 'one' });
  for (const text of ['', '0', '01', '1 ', 'one', '9999999999']) {
    const record = encodeRecord(RECORDS.format, toUtf8(text));
    await tamper(path, (raw) => raw.put(RECORDS.format, record));
    await refused(() => openLevelStore(path), 'state-corrupt');
  }
  await tamper(path, (raw) => raw.del(RECORDS.format));
  await refused(() => openLevelStore(path), 'state-corrupt');
});

store('refuses a value with any one bit flipped, naming its key', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('store');
  await writeTo(path, { [A]: 'one' });
  const good = encodeRecord(A, toUtf8('one'));
  for (let bit = 0; bit < good.length * 8; bit += 5) {
    const bad = good.slice();
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    await tamper(path, (raw) => raw.put(A, bad));
    const refusal = await refused(() => openLevelStore(path), 'state-corrupt');
    assert.is(refusal.details.key, A);
  }
});

store('refuses a record that moved to another key, vanished or came back', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('store');
  await writeTo(path, { [A]: 'one' });
  await tamper(path, (raw) => raw.put(B, encodeRecord(A, toUtf8('one'))));
  await refused(() => openLevelStore(path), 'state-corrupt');
  await tamper(path, (raw) => raw.put(B, encodeRecord(B, toUtf8('back'))));
  await refused(() => openLevelStore(path), 'state-corrupt');
  await tamper(path, (raw) =>
    raw.batch([
      { type: 'del', key: A },
      { type: 'del', key: B },
    ]),
  );
  const refusal = await refused(() => openLevelStore(path), 'state-corrupt');
  assert.is(refusal.details.key, RECORDS.seal);
});

store('never opens on part of the state when a byte of its log is damaged', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('store');
  const opened = await openLevelStore(path);
  for (let i = 0; i < 40; i++) {
    await opened.write([{ key: `${A}/${i}`, value: new Uint8Array(2_000).fill(i) }]);
  }
  await opened.close();
  const log = join(path, (await readdir(path)).find((name) => name.endsWith('.log')) ?? '');
  const good = await readFile(log);
  // The first of three blocks: LevelDB drops it in silence and reads on behind it.
  for (const at of [100, 9_000, 30_000]) {
    const bad = Buffer.from(good);
    bad[at] = (bad[at] ?? 0) ^ 1;
    await writeFile(log, bad);
    await refused(() => openLevelStore(path), 'state-corrupt');
    const after = join(path, (await readdir(path)).find((name) => name.endsWith('.log')) ?? '');
    if (after !== log) break; // LevelDB compacted what was left; the refusal stands
  }
  await refused(() => openLevelStore(path), 'state-corrupt');
});

store('refuses a folder that others may enter', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('store');
  await writeTo(path, { [A]: 'one' });
  await chmod(path, 0o755);
  const refusal = await refused(() => openLevelStore(path), 'permissions-wide');
  assert.is(refusal.details.mend, `chmod 700 ${path}`);
});

store('refuses a second daemon, naming the folder, and lets it in afterwards', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('store');
  const holder = fork(fileURLToPath(import.meta.url), ['hold', path]);
  const ended = new Promise((resolve) => holder.once('exit', resolve));
  await new Promise((resolve) => holder.once('message', resolve));
  const refusal = await refused(() => openLevelStore(path), 'state-locked');
  assert.is(refusal.details.folder, path);
  holder.kill('SIGKILL');
  await ended;
  assert.equal(await contentOf(path), { [A]: 'held' });
});

store('refuses itself a second time too', async () => {
  await using folder = await temporaryFolder();
  const opened = await openLevelStore(folder.file('store'));
  await refused(() => openLevelStore(folder.file('store')), 'state-locked');
  await opened.close();
});

// As a child process this file holds a store open until it is killed.
if (process.argv[2] === 'hold') {
  const held = await openLevelStore(process.argv[3] ?? '');
  await held.write([{ key: A, value: toUtf8('held') }]);
  process.send?.('open');
  setInterval(() => held, 60_000);
} else {
  store.run();
}
