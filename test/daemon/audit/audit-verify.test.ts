/** Verification of a whole audit log: which line is wrong, and why. */

import { readFile, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8, toUtf8 } from '../../../core/bytes.ts';
import { encodeCanonical } from '../../../core/canonical.ts';
import { AUDIT_LINE_BYTES_MAX } from '../../../core/limits.ts';
import { EMPTY_HEAD } from '../../../daemon/audit/audit-entry.ts';
import { openAuditLog } from '../../../daemon/audit/audit-log.ts';
import { verifyAudit } from '../../../daemon/audit/audit-verify.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { type TemporaryFolder, temporaryFolder } from '../../folder.ts';
import { failed, refused } from '../../trouble.ts';

const auditVerify = suite('daemon/audit/audit-verify');

/** A log of four entries; returns its path and its lines. */
async function fourLines(folder: TemporaryFolder): Promise<{ path: string; lines: string[] }> {
  const path = folder.file('audit.jsonl');
  const log = await openAuditLog({ path, clock: new FakeClock() });
  for (const id of ['a', 'b', 'c', 'd']) await log.append('entry.created', { id });
  await log.close();
  return {
    path,
    lines: fromUtf8(await readFile(path))
      .split('\n')
      .slice(0, -1),
  };
}

async function brokenBy(path: string, lines: readonly (string | undefined)[]) {
  await writeFile(path, `${lines.join('\n')}\n`);
  const { details } = await refused(() => verifyAudit(path), 'audit-broken');
  return [details.line, details.why];
}

auditVerify('takes an empty log, and fails for one that is not there', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.file('empty'), '');
  assert.equal(await verifyAudit(folder.file('empty')), { head: EMPTY_HEAD, tornBytes: 0 });
  await failed(() => verifyAudit(folder.file('none')), 'file-unreadable');
});

auditVerify('finds any one byte that was flipped', async () => {
  await using folder = await temporaryFolder();
  const { path } = await fourLines(folder);
  const good = await readFile(path);
  for (let at = 0; at < good.lastIndexOf('\n', good.length - 2); at++) {
    const bad = Uint8Array.from(good);
    bad[at] = (bad[at] ?? 0) ^ 1;
    await writeFile(path, bad);
    await refused(() => verifyAudit(path), 'audit-broken');
  }
});

auditVerify('names the first wrong line and what is wrong with it', async () => {
  await using folder = await temporaryFolder();
  const { path, lines } = await fourLines(folder);
  const [a, b, c, d] = lines;
  assert.equal(await brokenBy(path, [a, c, d]), [2, 'sequence']);
  assert.equal(await brokenBy(path, [a, c, b, d]), [2, 'sequence']);
  assert.equal(await brokenBy(path, [b, c, d]), [1, 'sequence']);
  assert.equal(await brokenBy(path, [a, b?.replace('"b"', '"x"'), c, d]), [3, 'hash']);
  assert.equal(await brokenBy(path, [a, `${b} `, c, d]), [2, 'syntax']);
  assert.equal(await brokenBy(path, [a, b, '', c, d]), [3, 'syntax']);
  assert.equal(await brokenBy(path, [a, b, c, d, d]), [5, 'sequence']);
  assert.equal(await brokenBy(path, ['x'.repeat(AUDIT_LINE_BYTES_MAX * 9)]), [1, 'too long']);
});

auditVerify('refuses a line whose own members are out of form', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  const good = {
    seq: 1,
    at: '2026-01-01T00:00:00.000Z',
    event: 'x.y',
    fields: {},
    previous: EMPTY_HEAD.hash as string,
  };
  await writeFile(path, `${fromUtf8(encodeCanonical(good))}\n`);
  assert.is((await verifyAudit(path)).head.seq, 1);
  for (const wrong of [
    { ...good, seq: '1' },
    { ...good, seq: 0 },
    { ...good, seq: 1.5 },
    { ...good, at: '2026-01-01' },
    { ...good, event: 'X' },
    { ...good, previous: '00' },
    { ...good, fields: [] },
    { ...good, surplus: 1 },
    [],
    null,
  ]) {
    assert.equal(await brokenBy(path, [fromUtf8(encodeCanonical(wrong))]), [1, 'syntax']);
  }
});

auditVerify('reads a log while its last line is being written', async () => {
  await using folder = await temporaryFolder();
  const { path, lines } = await fourLines(folder);
  await writeFile(path, toUtf8(`${lines.join('\n')}\n{"at":"20`));
  const { head, tornBytes } = await verifyAudit(path);
  assert.is(head.seq, 4);
  assert.is(tornBytes, 9);
});

auditVerify.run();
