/** The head of the audit log as the store keeps it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import { digestOf } from '../../../core/digest.ts';
import { EMPTY_HEAD } from '../../../daemon/audit/audit-entry.ts';
import { loadAuditHead, saveAuditHead } from '../../../daemon/audit/kept-head.ts';
import { RECORDS } from '../../../daemon/store/key-space.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { refused } from '../../trouble.ts';

const heads = suite('daemon/audit/kept-head');

heads('is the empty one before any was kept', () => {
  assert.equal(loadAuditHead(new Map()), EMPTY_HEAD);
});

heads('reads back as it was kept', async () => {
  const store = new MemoryStore();
  const head = { seq: 7, hash: digestOf(toUtf8('line')) };
  await saveAuditHead(store, head);
  assert.equal(loadAuditHead(await store.load()), head);
});

heads('that does not read back is refused', async () => {
  for (const text of ['{}', '{"hash":"00","seq":1}', '{"hash":null,"seq":1}', '{"seq":-1}']) {
    const records = new Map([[RECORDS.auditHead, toUtf8(text)]]);
    await refused(() => loadAuditHead(records), 'document-malformed');
  }
});

heads.run();
