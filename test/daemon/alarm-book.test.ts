/** Alarms: shown once, kept over a restart, cleared by a person, never lost to a full disk. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../core/failure.ts';
import { ALARMS_MAX } from '../../core/limits.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { type Alarm, AlarmBook } from '../../daemon/alarm-book.ts';
import { openAuditLog } from '../../daemon/audit/audit-log.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { MemoryLog } from '../fakes/memory-log.ts';
import { MemoryStore } from '../fakes/memory-store.ts';
import { temporaryFolder } from '../folder.ts';
import { refused } from '../trouble.ts';
import { BRISK, controlling, type, withDaemons } from './live.ts';

const alarms = suite('daemon/alarm-book');

const BLUE = parseTrustDomain('blue.example');

async function withBook(
  body: (book: AlarmBook, reopened: () => Promise<AlarmBook>, store: MemoryStore) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const [clock, log, store] = [new FakeClock(), new MemoryLog(), new MemoryStore()];
  const audit = await openAuditLog({ path: folder.file('audit.jsonl'), clock });
  const open = async () => new AlarmBook({ store, records: await store.load(), audit, clock, log });
  await body(await open(), open, store);
  await audit.close();
}

alarms('shows what was raised, once, and still after a restart', () =>
  withBook(async (book, reopened) => {
    const raised: Alarm = { code: 'equivocation', domain: BLUE, details: { epoch: 7n } };
    await book.raise(raised);
    await book.raise(raised);
    await book.raise({ ...raised, details: { epoch: 8n } });
    const shown = (await reopened()).all;
    assert.equal(
      shown.map(({ id, code, detail }) => [id, code, detail]),
      [
        [1, 'equivocation', 'epoch 7'],
        [2, 'equivocation', 'epoch 8'],
      ],
    );
  }),
);

alarms('keeps one that says nothing beside its code, and starts again with it', () =>
  withBook(async (book, reopened) => {
    await book.raise({ code: 'own-documents-unconfirmed', domain: BLUE, details: {} });
    const [shown] = (await reopened()).all;
    assert.is(shown?.detail, '');
  }),
);

alarms('forgets what a person has cleared, and refuses a number that is not there', () =>
  withBook(async (book, reopened) => {
    await book.raise({ code: 'equivocation', domain: BLUE, details: {} });
    assert.is((await book.clear(1)).code, 'equivocation');
    assert.equal((await reopened()).all, []);
    await refused(() => book.clear(1), 'alarm-unknown');
  }),
);

alarms('makes room for new ones, and shows them where nothing can be stored', () =>
  withBook(async (book, _reopened, store) => {
    store.write = async () => {
      throw new Failure('store-unwritable', 'no space is left');
    };
    for (let epoch = 0; epoch <= ALARMS_MAX; epoch++) {
      await book.raise({ code: 'equivocation', domain: BLUE, details: { epoch } });
    }
    assert.is(book.all.length, ALARMS_MAX);
    assert.is(book.all.at(-1)?.detail, `epoch ${ALARMS_MAX}`);
  }),
);

alarms('are listed and cleared by command', () =>
  withDaemons(
    ['blue.example'],
    async (daemon) => {
      assert.match((await type(daemon, 'alarm', 'list')).out, /^no alarm$/m);
      const { code, err } = await type(daemon, 'alarm', 'clear', '1');
      assert.is(code, 1);
      assert.match(err, /alarm-unknown/);
      await controlling(daemon, async (control) => {
        assert.equal((await control.call('status', {})).alarms, []);
      });
    },
    BRISK,
  ),
);

alarms.run();
