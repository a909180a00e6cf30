/** The audit log on a real disk: what it keeps, what it cuts, and what it will not write behind. */

import { appendFile, chmod, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import koffi from 'koffi';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8 } from '../../../core/bytes.ts';
import { AUDIT_LINE_BYTES_MAX } from '../../../core/limits.ts';
import { type AuditHead, EMPTY_HEAD } from '../../../daemon/audit/audit-entry.ts';
import { openAuditLog } from '../../../daemon/audit/audit-log.ts';
import { verifyAudit } from '../../../daemon/audit/audit-verify.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { temporaryFolder } from '../../folder.ts';
import { failed, refused } from '../../trouble.ts';

const auditLog = suite('daemon/audit/audit-log');
const clock = new FakeClock();

const setrlimit = koffi.load(null).func('int setrlimit(int, const uint8_t *)');
const RLIMIT_FSIZE = 1;
const NO_LIMIT = 2n ** 64n - 1n;
/** Whoever catches the signal gets the error instead of being ended. */
const onLimit = (): void => undefined;

/** Opens the log at `path`, writes `count` entries and closes it; returns the head then. */
async function writeEntries(path: string, count: number): Promise<AuditHead> {
  const log = await openAuditLog({ path, clock });
  for (let i = 0; i < count; i++) await log.append('entry.created', { id: `e${i}` });
  await log.close();
  return log.head;
}

async function linesOf(path: string): Promise<string[]> {
  return fromUtf8(await readFile(path))
    .split('\n')
    .slice(0, -1);
}

auditLog('writes canonical lines that verify, in a file of its own', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  const log = await openAuditLog({ path, clock });
  const entry = await log.append('entry.created', { id: 'web', ttl: 5, epoch: 12n, first: true });
  await log.close();
  assert.equal(await linesOf(path), [
    `{"at":"2026-01-01T00:00:00.000Z","event":"entry.created",` +
      `"fields":{"epoch":"12","first":true,"id":"web","ttl":5},` +
      `"previous":"${'0'.repeat(64)}","seq":1}`,
  ]);
  assert.is(entry.seq, 1);
  assert.is((await stat(path)).mode & 0o777, 0o600);
  assert.equal(await verifyAudit(path), { head: log.head, tornBytes: 0 });
});

auditLog('goes on with the chain after it was closed', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  await writeEntries(path, 2);
  const head = await writeEntries(path, 2);
  assert.is(head.seq, 4);
  assert.equal((await verifyAudit(path)).head, head);
});

auditLog('keeps the order of entries that wait together, and tells them in order', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  const log = await openAuditLog({ path, clock });
  const told: number[] = [];
  log.onEntry(({ seq }) => told.push(seq));
  const seqs = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => (await log.append('peer.up', { i })).seq),
  );
  await log.close();
  assert.equal(told, seqs);
  assert.is((await verifyAudit(path)).head.seq, 50);
});

auditLog('shows the newest entries, oldest first', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  await writeEntries(path, 5);
  const log = await openAuditLog({ path, clock });
  assert.equal(
    (await log.tail(2)).map(({ fields }) => fields.id),
    ['e3', 'e4'],
  );
  assert.is((await log.tail(100)).length, 5);
  await log.close();
});

auditLog('cuts off a last line torn at any byte, and says so', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  await writeEntries(path, 3);
  const whole = await readFile(path);
  const lastFrom = whole.lastIndexOf('\n', whole.length - 2) + 1;
  for (let size = lastFrom; size < whole.length; size++) {
    await writeFile(path, whole.subarray(0, size), { mode: 0o600 });
    const log = await openAuditLog({ path, clock });
    const [last] = await log.tail(1);
    await log.close();
    assert.is((await verifyAudit(path)).tornBytes, 0);
    if (size === lastFrom) {
      assert.is(log.head.seq, 2);
    } else {
      assert.is(log.head.seq, 3);
      assert.is(last?.event, 'audit.recovered');
      assert.equal({ ...last?.fields }, { bytes: size - lastFrom });
    }
  }
});

auditLog('cuts off the very first line too', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  await writeFile(path, '{"at":', { mode: 0o600 });
  const log = await openAuditLog({ path, clock });
  await log.close();
  assert.is(log.head.seq, 1);
  await verifyAudit(path);
});

auditLog('does not open behind a whole line that was changed', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  await writeEntries(path, 3);
  const lines = await linesOf(path);
  for (const changed of [
    [lines[0], lines[2], lines[1]],
    [lines[0], lines[2]],
    [lines[1], lines[2]],
    [lines[0], lines[1]?.replace('e1', 'e9'), lines[2]],
    [...lines, 'no entry'],
    [...lines, ''],
    [...lines, lines[2]],
  ]) {
    await writeFile(path, `${changed.join('\n')}\n`);
    await refused(() => openAuditLog({ path, clock }), 'audit-broken');
  }
});

auditLog('does not take an endless last line for a torn one', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  await writeEntries(path, 1);
  await appendFile(path, 'x'.repeat(AUDIT_LINE_BYTES_MAX + 1));
  const refusal = await refused(() => openAuditLog({ path, clock }), 'audit-broken');
  assert.is(refusal.details.why, 'too long');
});

auditLog('refuses a log that others may read or write, with the chmod', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  await writeEntries(path, 1);
  await chmod(path, 0o644);
  const refusal = await refused(() => openAuditLog({ path, clock }), 'permissions-wide');
  assert.is(refusal.details.mend, `chmod 600 ${path}`);
});

auditLog('misses what was cut off, if a head was kept', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  const kept = await writeEntries(path, 3);
  const lines = await linesOf(path);
  await truncate(path, Buffer.byteLength(`${lines.slice(0, 2).join('\n')}\n`));
  const refusal = await refused(() => openAuditLog({ path, clock, kept }), 'audit-broken');
  assert.is(refusal.details.why, 'cut short');
  await (await openAuditLog({ path, clock })).close(); // without it, the chain alone is content
});

auditLog('finds a log written anew, behind the head that was kept or at it', async () => {
  await using folder = await temporaryFolder();
  const first = folder.file('first.jsonl');
  const kept = await writeEntries(first, 2);
  const path = folder.file('audit.jsonl');
  const log = await openAuditLog({ path, clock });
  for (const id of ['a', 'b', 'c']) await log.append('entry.deleted', { id });
  await log.close();
  const behind = await refused(() => openAuditLog({ path, clock, kept }), 'audit-broken');
  assert.is(behind.details.why, 'rewritten');
  const at = { seq: 3, hash: kept.hash };
  await refused(() => openAuditLog({ path, clock, kept: at }), 'audit-broken');
  await (await openAuditLog({ path, clock, kept: log.head })).close();
  await (await openAuditLog({ path, clock, kept: EMPTY_HEAD })).close();
});

auditLog('cuts a long text and mends half a character, rather than end the process', async () => {
  await using folder = await temporaryFolder();
  const log = await openAuditLog({ path: folder.file('audit.jsonl'), clock });
  const entry = await log.append('peer.refused', { got: '😀'.repeat(90_000), half: '\ud83d' });
  assert.ok(String(entry.fields.got).length <= 1_024);
  assert.is(entry.fields.half, '\ufffd');
  await log.close();
});

auditLog('keeps fields apart from the members of a line, whatever they are called', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  const log = await openAuditLog({ path, clock });
  const fields = { at: 5, seq: 9, event: 'other', previous: 'x', fields: 'y' };
  await log.append('peer.refused', fields);
  const [entry] = await log.tail(1);
  await log.close();
  assert.equal({ ...entry?.fields }, fields);
  assert.is((await verifyAudit(path)).head.seq, 1);
});

auditLog('verifies on opening no more than the end of a long log', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  const log = await openAuditLog({ path, clock });
  const filling = Array.from({ length: 1_000 }, (_, i) =>
    log.append('peer.refused', { i, got: 'x'.repeat(900) }),
  );
  await Promise.all(filling);
  await log.close();
  const bytes = await readFile(path);
  bytes[300] = (bytes[300] ?? 0) ^ 1;
  await writeFile(path, bytes);
  await (await openAuditLog({ path, clock })).close();
  await refused(() => verifyAudit(path), 'audit-broken');
  await refused(
    () => openAuditLog({ path, clock, kept: { ...log.head, seq: 999 } }),
    'audit-broken',
  );
});

/** Largest file that this process may write (getrlimit(2)); the kernel then writes what fits. */
function limitFiles(sizeBytes: bigint): void {
  const limits = new BigUint64Array([sizeBytes, NO_LIMIT]);
  assert.is(setrlimit(RLIMIT_FSIZE, new Uint8Array(limits.buffer)), 0);
}

auditLog('goes on after a write that the disk broke off, and says what is missing', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  const log = await openAuditLog({ path, clock });
  await log.append('entry.created', { id: 'before' });
  const { size } = await stat(path);
  process.on('SIGXFSZ', onLimit);
  try {
    limitFiles(BigInt(size) + 30n);
    const lost = ['a', 'b'].map((id) => log.append('entry.created', { id }));
    for (const each of lost) await failed(() => each, 'file-unwritable');
    await failed(() => log.append('entry.created', { id: 'c' }), 'file-unwritable');
    assert.ok((await stat(path)).size > size);
    assert.is(log.head.seq, 1);
  } finally {
    limitFiles(NO_LIMIT);
    process.off('SIGXFSZ', onLimit);
  }
  const heard: string[] = [];
  log.onEntry(({ event }) => heard.push(event));
  const after = await log.append('entry.created', { id: 'after' });
  assert.is(after.seq, 3);
  assert.equal(heard, ['audit.recovered', 'entry.created']);
  await log.close();
  assert.match((await linesOf(path))[1] ?? '', '"fields":{"bytes":');
  assert.match((await linesOf(path))[1] ?? '', '"missing":3}');
  assert.equal(await verifyAudit(path), { head: log.head, tornBytes: 0 });
});

auditLog.run();
