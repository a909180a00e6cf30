/** Authorities through their lives: kept, published, rotated, tainted, revoked; over restarts. */

import { readdir } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../../../core/canonical.ts';
import {
  AUTHORITY_ACTIVATE_MS,
  AUTHORITY_LIFE_MS,
  AUTHORITY_PREPARE_MS,
} from '../../../core/limits.ts';
import { Refusal } from '../../../core/refusal.ts';
import { parseTrustDomain } from '../../../core/spiffe-id.ts';
import { DAY_MS } from '../../../core/time.ts';
import { AuthorityBook } from '../../../daemon/authority/authority-book.ts';
import { fileCustody } from '../../../daemon/custody/file-custody.ts';
import type { KeyType } from '../../../daemon/identity/private-key.ts';
import { RECORDS } from '../../../daemon/store/key-space.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryLog } from '../../fakes/memory-log.ts';
import { MemoryStore } from '../../fakes/memory-store.ts';
import { SeededRandom } from '../../fakes/seeded-random.ts';
import { type TemporaryFolder, temporaryFolder } from '../../folder.ts';
import { refused } from '../refused.ts';

const books = suite('daemon/authority/authority-book');

const HOME = parseTrustDomain('home.example');
const X509 = { use: 'x509', keyType: 'ec-p256' } as const;

/** A book on a real disk, what it published, and how to open it again as after a restart. */
async function open(folder: TemporaryFolder, store = new MemoryStore(), clock = new FakeClock()) {
  const log = new MemoryLog();
  const book = await AuthorityBook.open({
    ...{ domain: HOME, custody: fileCustody(folder.file('keys')), store, clock, log },
    records: await store.load(),
    random: new SeededRandom('book'),
  });
  const published: (readonly JsonObject[])[] = [];
  const steps: string[] = [];
  /** Who signs with ML-DSA-65 at each publishing. */
  const signing: string[] = [];
  let changes = 0;
  const start = () =>
    book.start({
      standing: () => null,
      publish: async (keys) => {
        published.push(keys);
        signing.push(idOf(book.x509('ml-dsa-65')));
      },
      changed: () => {
        changes += 1;
      },
      stepped: async ({ kind }) => {
        steps.push(kind);
      },
    });
  return {
    ...{ book, clock, store, published, signing, steps, start, log },
    changes: () => changes,
    files: () => readdir(folder.file('keys')),
    again: () => open(folder, store, clock),
    states: () => book.roll.map(({ use, state, isTainted }) => `${use} ${state} ${isTainted}`),
  };
}

function idOf(signer: { readonly id: string } | Refusal): string {
  return signer instanceof Refusal ? signer.code : signer.id;
}

books('give a new domain one authority for certificates and one for tokens', async () => {
  await using folder = await temporaryFolder();
  const b = await open(folder);
  await b.start();
  assert.equal(b.states(), ['x509 active false', 'jwt active false']);
  assert.equal(await b.files(), ['jwt-authority.key', 'x509-authority.key']);
  assert.equal(
    b.published[0]?.map(({ use }) => use),
    ['x509-svid', 'jwt-svid'],
  );
  await b.book.close();
});

books('open again with the same keys', async () => {
  await using folder = await temporaryFolder();
  const first = await open(folder);
  const again = await first.again();
  assert.is(idOf(again.book.x509('ec-p256')), idOf(first.book.x509('ec-p256')));
  assert.equal(again.states(), first.states());
});

books('let one authority follow another, and destroy the key of the old', async () => {
  await using folder = await temporaryFolder();
  const b = await open(folder);
  await b.start();
  const old = idOf(b.book.x509('ec-p256'));
  const next = await b.book.prepare(X509);
  assert.is(idOf(b.book.x509('ec-p256')), old);
  assert.is(b.published.at(-1)?.length, 3);
  await b.book.activate(next.id);
  assert.is(idOf(b.book.x509('ec-p256')), next.id);
  assert.is(b.published.at(-1)?.length, 3);
  assert.equal(await b.files(), ['jwt-authority.key', 'x509-authority-2.key']);
  assert.is(b.book.isTainted(old), false);
  await b.book.taint(old);
  assert.is(b.book.isTainted(old), true);
  assert.is(b.published.at(-1)?.length, 3);
  await b.book.revoke(old);
  assert.is(b.published.at(-1)?.length, 2);
  assert.equal(b.states(), ['jwt active false', 'x509 active false']);
  assert.equal((await b.again()).states(), b.states());
  await b.book.close();
});

books('refuse a step out of order, and an authority nobody knows', async () => {
  await using folder = await temporaryFolder();
  const b = await open(folder);
  await b.start();
  const active = idOf(b.book.x509('ec-p256'));
  for (const step of ['activate', 'taint', 'revoke'] as const) {
    await refused(() => b.book[step](active), 'authority-state');
    await refused(() => b.book[step]('nobody'), 'authority-unknown');
  }
  const next = await b.book.prepare(X509);
  await refused(() => b.book.prepare(X509), 'authority-state');
  await refused(() => b.book.taint(next.id), 'authority-state');
  await b.book.activate(next.id);
  await refused(() => b.book.revoke(active), 'authority-state');
  await refused(() => b.book.activate(active), 'authority-state');
  await b.book.close();
});

books('rotate by schedule: published a month before the end, signing a week before', async () => {
  await using folder = await temporaryFolder();
  const b = await open(folder);
  await b.start();
  const first = idOf(b.book.x509('ec-p256'));
  await pass(b.clock, AUTHORITY_LIFE_MS - AUTHORITY_PREPARE_MS - DAY_MS);
  assert.equal(b.steps, []);
  await pass(b.clock, 3 * DAY_MS);
  assert.equal(b.steps, ['prepare', 'prepare']);
  assert.is(idOf(b.book.x509('ec-p256')), first);
  await pass(b.clock, AUTHORITY_PREPARE_MS - AUTHORITY_ACTIVATE_MS + 2 * DAY_MS);
  assert.equal(b.steps, ['prepare', 'prepare', 'activate', 'activate']);
  assert.is.not(idOf(b.book.x509('ec-p256')), first);
  assert.is(b.book.roll.length, 4);
  await pass(b.clock, AUTHORITY_ACTIVATE_MS + 2 * DAY_MS);
  assert.equal(b.steps.slice(4), ['prune', 'prune']);
  assert.is(b.published.at(-1)?.length, 2);
  await b.book.close();
  assert.is(b.clock.waiting, 0);
});

books('make authorities of ML-DSA-65 when the first entry asks, and once', async () => {
  await using folder = await temporaryFolder();
  const b = await open(folder);
  await b.start();
  assert.is(idOf(b.book.x509('ml-dsa-65')), 'authority-unknown');
  await b.book.provide(new Set<KeyType>(['ec-p256']));
  assert.is(b.book.roll.length, 2);
  const both = new Set<KeyType>(['ec-p256', 'ml-dsa-65']);
  await Promise.all([b.book.provide(both), b.book.provide(both)]);
  assert.is(b.book.roll.length, 4);
  assert.is(b.changes(), 1);
  assert.is(b.signing.at(-2), 'authority-unknown'); // when its bundle was published first
  assert.is.not(idOf(b.book.x509('ml-dsa-65')), 'authority-unknown');
  const again = await b.again();
  assert.is(idOf(again.book.x509('ml-dsa-65')), idOf(b.book.x509('ml-dsa-65')));
  await b.book.close();
});

books('take up a key that was made and never recorded', async () => {
  await using folder = await temporaryFolder();
  const lost = await open(folder);
  const b = await open(folder); // the same files, and a store that knows nothing
  assert.is(idOf(b.book.x509('ec-p256')), idOf(lost.book.x509('ec-p256')));
  assert.equal(await b.files(), ['jwt-authority.key', 'x509-authority.key']);
});

books('refuse a record that does not read back', async () => {
  await using folder = await temporaryFolder();
  const b = await open(folder);
  for (const text of ['{}', '[{}]', '[{"id":7}]']) {
    await b.store.write([{ key: RECORDS.authorities, value: new TextEncoder().encode(text) }]);
    await refused(() => b.again(), 'state-corrupt');
  }
});

/** Lets time pass a day at a time. A book that is at work has no wake-up waiting. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= DAY_MS) {
    clock.advance(Math.min(DAY_MS, left));
    do await new Promise((resolve) => setTimeout(resolve, 2));
    while (clock.waiting === 0);
  }
}

books.run();
