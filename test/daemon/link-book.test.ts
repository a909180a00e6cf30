/** Addresses of partners: kept, linked, unlinked, and never lost between two starts. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { LinkBook } from '../../daemon/link-book.ts';
import { SPACES } from '../../daemon/store/key-space.ts';
import { FakeNetwork } from '../fakes/fake-network.ts';
import { MemoryStore } from '../fakes/memory-store.ts';
import { failed, refused } from '../trouble.ts';

const books = suite('daemon/link-book');

const BLUE = parseTrustDomain('blue.example');
const RED = parseTrustDomain('red.example');
const [A, B, C] = [1, 2, 3].map((port) => `/ip4/192.0.2.1/tcp/${port}`) as [string, string, string];

/** A book over this store as a start of the daemon opens it. */
async function openBook(store: MemoryStore, configured: readonly string[] = []) {
  const network = new FakeNetwork();
  const book = new LinkBook(store, await store.load(), network, configured);
  book.open();
  return { book, network };
}

books('link what the configuration and the partners name, each address once', async () => {
  const store = new MemoryStore();
  const first = await openBook(store, [A]);
  await first.book.set(BLUE, [A, B]);
  await first.book.set(RED, [B, C]);
  assert.equal(first.network.asked, [`link ${A}`, `link ${B}`, `link ${C}`]);
  const second = await openBook(store, [A]);
  assert.equal(second.network.asked.sort(), [`link ${A}`, `link ${B}`, `link ${C}`]);
  assert.equal(
    [second.book.of(BLUE), second.book.of(RED)],
    [
      [A, B],
      [B, C],
    ],
  );
});

books('unlink only what nobody names any more', async () => {
  const { book, network } = await openBook(new MemoryStore(), [A]);
  await book.set(BLUE, [A, B, C]);
  await book.set(RED, [B]);
  network.asked.length = 0;
  await book.set(BLUE, []);
  assert.equal(network.asked, [`unlink ${C}`]);
  assert.equal(book.of(BLUE), []);
});

books('forget a partner without addresses for good', async () => {
  const store = new MemoryStore();
  const { book } = await openBook(store);
  await book.set(BLUE, [A]);
  await book.set(BLUE, []);
  assert.is(store.records.size, 0);
});

books('change no link that the disk did not take', async () => {
  const store = new MemoryStore();
  const { book, network } = await openBook(store);
  await book.set(BLUE, [A]);
  store.writable = false;
  network.asked.length = 0;
  await failed(() => book.set(BLUE, [B]), 'store-unwritable');
  assert.equal(network.asked, []);
  assert.equal(book.of(BLUE), [A]);
});

books('refuse a record that is not a list of addresses', async () => {
  for (const text of ['{"addresses":"x"}', '{"addresses":[1]}', '[]', '{}']) {
    const records = new Map([[`${SPACES.link}${BLUE}`, toUtf8(text)]]);
    await refused(() => openBook(new MemoryStore(records)), 'state-corrupt');
  }
});

books.run();
