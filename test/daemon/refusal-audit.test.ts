/** Refusals in the audit log: the first of a kind at once, the rest as a count. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal, type RefusalCode } from '../../core/refusal.ts';
import { MINUTE_MS } from '../../core/time.ts';
import { type AuditLog, openAuditLog } from '../../daemon/audit/audit-log.ts';
import { RefusalAudit } from '../../daemon/refusal-audit.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { temporaryFolder } from '../folder.ts';

const refusals = suite('daemon/refusal-audit');

/** Runs `body` with an audit log of its own; `lines` are the fields of what it holds. */
async function withAudit(
  body: (audit: RefusalAudit, clock: FakeClock, lines: Lines) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const clock = new FakeClock();
  const log: AuditLog = await openAuditLog({ path: folder.file('audit.jsonl'), clock });
  try {
    const lines = async () => (await log.tail(10_000)).map(({ fields }) => ({ ...fields }));
    await body(new RefusalAudit(log, clock), clock, lines);
  } finally {
    await log.close();
  }
}

type Lines = () => Promise<readonly Readonly<Record<string, unknown>>[]>;

async function times(count: number, act: () => Promise<void>): Promise<void> {
  for (let i = 0; i < count; i++) await act();
}

function late(code: RefusalCode = 'epoch-rolled-back'): Refusal {
  return new Refusal(code, { held: 7n, got: 5n });
}

refusals('of what is held already are counted, and are no event', async () => {
  await withAudit(async (audit, _clock, lines) => {
    await times(3, () => audit.note('peer-a', late('document-held')));
    assert.equal(await lines(), []);
    assert.is(audit.totals.get('document-held'), 3);
  });
});

refusals('of one kind are one line a minute, which counts those before it', async () => {
  await withAudit(async (audit, clock, lines) => {
    await times(1_000, () => audit.note('peer-a', late()));
    const first = { code: 'epoch-rolled-back', peer: 'peer-a', held: '7', got: '5' };
    assert.equal(await lines(), [first]);
    clock.advance(MINUTE_MS - 1);
    await audit.note('peer-a', late());
    assert.is((await lines()).length, 1, 'a moment too early');
    clock.advance(1);
    await audit.note('peer-a', late());
    assert.equal((await lines()).at(-1), { ...first, repeated: 1_000 });
    clock.advance(MINUTE_MS);
    await audit.note('peer-a', late());
    assert.is((await lines()).at(-1)?.repeated, undefined, 'none between the two');
    assert.is(audit.totals.get('epoch-rolled-back'), 1_003);
  });
});

refusals('of different peers or codes do not hide one another', async () => {
  await withAudit(async (audit, _clock, lines) => {
    await times(3, async () => {
      await audit.note('peer-a', late());
      await audit.note('peer-b', late());
      await audit.note(null, late());
      await audit.note('peer-a', late('tick-wrong'));
    });
    assert.equal(
      (await lines()).map(({ peer = null, code }) => [peer, code]),
      [
        ['peer-a', 'epoch-rolled-back'],
        ['peer-b', 'epoch-rolled-back'],
        [null, 'epoch-rolled-back'],
        ['peer-a', 'tick-wrong'],
      ],
    );
    assert.equal(Object.fromEntries(audit.totals), { 'epoch-rolled-back': 9, 'tick-wrong': 3 });
  });
});

refusals('of more peers than are remembered forget the oldest alone', async () => {
  await withAudit(async (audit, _clock, lines) => {
    await Promise.all(Array.from({ length: 1_025 }, (_, i) => audit.note(`peer-${i}`, late())));
    assert.is((await lines()).length, 1_025);
    await audit.note('peer-1', late());
    assert.is((await lines()).length, 1_025, 'still remembered');
    await audit.note('peer-0', late());
    assert.is((await lines()).length, 1_026, 'forgotten, and so heard at once');
  });
});

refusals('cannot forge who they came from or what they are', async () => {
  await withAudit(async (audit, _clock, lines) => {
    await audit.note('peer-a', new Refusal('tick-wrong', { code: 'none', peer: 'b', repeated: 9 }));
    const [line] = await lines();
    assert.is(line?.code, 'tick-wrong');
    assert.is(line?.peer, 'peer-a');
  });
});

refusals.run();
