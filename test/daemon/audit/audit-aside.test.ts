/** A broken audit log at the start: kept aside as evidence, told loudly, no reason to stay down. */

import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openAudit } from '../../../daemon/audit/audit-aside.ts';
import { openAuditLog } from '../../../daemon/audit/audit-log.ts';
import { verifyAudit } from '../../../daemon/audit/audit-verify.ts';
import type { DaemonProcess } from '../../daemon-process.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { temporaryFolder } from '../../folder.ts';
import { refused } from '../../trouble.ts';
import { auditOf, controlling, withDaemons } from '../live.ts';

const aside = suite('daemon/audit/audit-aside');
const clock = new FakeClock();

async function writeThree(path: string): Promise<string> {
  const log = await openAuditLog({ path, clock });
  for (const id of ['a', 'b', 'c']) await log.append('entry.created', { id });
  await log.close();
  return readFileSync(path, 'utf8');
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

aside('keeps what is broken as it is, and begins a chain beside it', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  const changed = (await writeThree(path)).replace('"id":"b"', '"id":"x"');
  writeFileSync(path, changed);
  const { audit, broken } = await openAudit({ path, clock });
  await audit.append('first');
  await audit.close();
  assert.is((await verifyAudit(path)).head.seq, 1);
  const { line, why, file, sha256: digest } = broken ?? {};
  assert.equal([line, why, digest], [3, 'hash', sha256(changed)]);
  assert.is(readFileSync(folder.file(String(file)), 'utf8'), changed);
});

aside('leaves a log alone that goes on, and one that others may write', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('audit.jsonl');
  const whole = await writeThree(path);
  const { audit, broken } = await openAudit({ path, clock });
  await audit.close();
  assert.is(broken, null);
  assert.is(readFileSync(path, 'utf8'), whole);
  chmodSync(path, 0o666);
  await refused(() => openAudit({ path, clock }), 'permissions-wide');
});

const alarmsOf = (daemon: DaemonProcess) =>
  controlling(daemon, async (control) => (await control.call('status', {})).alarms);

aside('lets a daemon serve, with an alarm and a first line that name the break', async () => {
  await withDaemons(['blue.example'], async (daemon) => {
    const { id } = await controlling(daemon, (control) =>
      control.call('entry.create', {
        spiffeId: 'spiffe://blue.example/web',
        selectors: ['unix:uid:0'],
      }),
    );
    await daemon.kill('SIGTERM');
    const short = readFileSync(daemon.auditLog, 'utf8').replace(/[^\n]*\n$/, '');
    writeFileSync(daemon.auditLog, short);
    await daemon.start();
    const { entries } = await controlling(daemon, (control) => control.call('entry.list', {}));
    assert.is(entries[0]?.id, id);
    const [first] = auditOf(daemon);
    assert.equal(
      [first?.event, first?.fields.why, first?.fields.sha256],
      ['alarm.audit-broken', 'cut short', sha256(short)],
    );
    const kept = join(dirname(daemon.auditLog), String(first?.fields.file));
    assert.is(readFileSync(kept, 'utf8'), short);
    assert.match(daemon.said.join('\n'), /warn alarm code=audit-broken/);
    const [alarm] = await alarmsOf(daemon);
    assert.is(alarm?.code, 'audit-broken');
    await daemon.kill('SIGKILL');
    await daemon.start();
    assert.is((await alarmsOf(daemon)).length, 1, 'the new chain is whole');
    await daemon.kill('SIGTERM');
    await verifyAudit(daemon.auditLog);
  });
});

aside.run();
