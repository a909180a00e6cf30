/**
 * The driver: persist, then audit, then whatever others can see; many inputs at once, and a disk
 * that fails in between.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal } from '../../core/refusal.ts';
import type { Draft } from '../../federation/input.ts';
import { WHOLE_TERMS } from '../../federation/relation.ts';
import { temporaryFolder } from '../folder.ts';
import { failed, refused } from '../trouble.ts';
import { DOMAIN, driverRig, settle } from './driver-rig.ts';

const drivers = suite('daemon/driver');

type Rig = Awaited<ReturnType<typeof driverRig>>;

async function withDriver(body: (rig: Rig) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  await using rig = await driverRig(folder);
  await body(rig);
}

/** Entries as a later publication has them. */
function entriesDraft(): Draft {
  return { type: 'entries', name: 'entries/default', body: { group: 'default', entries: [] } };
}

/** A digest frame that ends before its digest does. */
function digestCutTo(length: number): Uint8Array {
  return Uint8Array.of(0x02, ...new Uint8Array(length));
}

/** Where something stands in the journal, the first time and the last. */
function places(journal: readonly string[], what: string): { first: number; last: number } {
  assert.ok(journal.includes(what), `${what} in ${journal.join()}`);
  return { first: journal.indexOf(what), last: journal.lastIndexOf(what) };
}

drivers('persists the number before it signs, and the beacon before it is seen', async () => {
  await withDriver(async ({ publish, journal, store }) => {
    await publish();
    const [number, beacon] = store.batches.map((batch) => batch.map(({ key }) => key));
    assert.ok(
      number?.some((key) => key.endsWith('/writer')),
      'the number first',
    );
    assert.ok(beacon?.some((key) => key.endsWith('/beacon')));
    const seen = places(journal, 'audit beacon.admitted');
    assert.is(journal.slice(0, seen.first).filter((done) => done === 'persist').length, 2);
    assert.ok(seen.last < places(journal, 'gossip').first);
    assert.ok(seen.last < places(journal, 'acknowledged').first);
  });
});

drivers('audits before it acknowledges', async () => {
  await withDriver(async ({ publish, journal }) => {
    await publish();
    journal.length = 0;
    await publish([entriesDraft()], true);
    const answer = places(journal, 'acknowledged').first;
    for (const event of ['stop.admitted', 'beacon.admitted', 'document.admitted']) {
      assert.ok(places(journal, `audit ${event}`).last < answer, event);
    }
    assert.ok(places(journal, 'persist').last < answer);
  });
});

drivers('hands in inputs in the order they came', async () => {
  await withDriver(async ({ publish, driver }) => {
    await publish();
    const epochs = await Promise.all(
      Array.from({ length: 5 }, () =>
        driver.request({
          kind: 'publish',
          drafts: [entriesDraft()],
          withdrawal: false,
        }),
      ),
    );
    const numbers = epochs.map(({ epoch }) => Number(epoch));
    assert.equal(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
  });
});

drivers('handles together what came while the disk was busy, and writes it once', async () => {
  await withDriver(async ({ publish, journal, store, driver }) => {
    await publish();
    const write = store.write.bind(store);
    const { promise: isFree, resolve: free } = Promise.withResolvers<void>();
    store.write = async (batch) => {
      await isFree;
      await write(batch);
    };
    const binding = new Uint8Array(32);
    const peerUp = { kind: 'peer-up', domain: DOMAIN, groups: 'every', binding } as const;
    const from = journal.length;
    // The first begins a step; all others wait for its disk.
    const asked = [publish([entriesDraft()])];
    await settle();
    asked.push(publish([entriesDraft()], true));
    const up = ['red', 'green', 'grey'].map((peer) => driver.input({ ...peerUp, peer }));
    await settle();
    assert.is(driver.queued, 4);
    assert.equal(journal.slice(from), [], 'nothing leaves before the disk has it');
    free();
    assert.equal(await Promise.all(up), [null, null, null]);
    const since = journal.slice(from, journal.lastIndexOf('send') + 1);
    assert.is(since.filter((done) => done === 'persist').length, 2, since.join());
    assert.ok(places(since, 'persist').last < places(since, 'send').first, since.join());
    await Promise.all(asked);
  });
});

drivers('tells each in a step that its disk failed, and owes what all of them wrote', async () => {
  await withDriver(async ({ publish, store, driver }) => {
    await publish();
    store.writable = false;
    const publishing = publish([entriesDraft()]);
    await failed(() => driver.settled(), 'store-unwritable');
    store.writable = true;
    const from = store.batches.length;
    await driver.settled();
    assert.ok(store.batches[from]?.some(({ key }) => key.endsWith('/writer')));
    await publishing;
  });
});

drivers('lets nothing be seen that its disk does not know', async () => {
  await withDriver(async ({ publish, journal, store, network, clock, driver }) => {
    await publish();
    clock.advance(20);
    await settle();
    store.writable = false;
    const from = journal.length;
    const publishing = publish([entriesDraft()]);
    publishing.catch(() => undefined);
    await settle();
    await driver.input({ kind: 'wake' });
    const seen = journal.slice(from).filter((done) => /gossip|send|acknowledged|audit/.test(done));
    assert.equal(seen, []);
    const before = network.published.length;
    clock.advance(10_000);
    await settle();
    assert.is(network.published.length, before, 'no tick either');
  });
});

drivers('goes on where it stopped once the disk can be written again', async () => {
  await withDriver(async ({ publish, journal, store, clock, log }) => {
    const { epoch } = await publish();
    store.writable = false;
    clock.advance(20);
    const publishing = publish([entriesDraft()]);
    await settle();
    assert.ok(log.events.some(({ event }) => event === 'step not finished'));
    store.writable = true;
    const from = journal.length;
    clock.advance(40_000);
    await settle();
    const answer = await publishing;
    assert.ok((answer.epoch ?? 0n) > (epoch ?? 0n));
    const since = journal.slice(from);
    assert.is(since[0], 'persist', 'what was owed comes first');
    clock.advance(2_000);
    await settle();
    assert.ok(since.includes('gossip'));
  });
});

drivers('writes what it owes before anything else leaves', async () => {
  await withDriver(async ({ publish, store, journal, driver, clock, node }) => {
    await publish();
    clock.advance(1_500);
    await settle();
    // A tick is believed, and the disk fails under it: it must not be told to a peer that asks.
    store.writable = false;
    clock.advance(1_000);
    await settle();
    store.writable = true;
    const from = journal.length;
    const binding = new Uint8Array(32);
    await driver.input({ kind: 'peer-up', peer: 'red', domain: DOMAIN, groups: 'every', binding });
    await settle();
    const since = journal.slice(from);
    assert.ok(since.includes('send'), since.join());
    assert.is(since[0], 'persist');
    assert.ok(node.view(clock.now()).length > 0);
  });
});

drivers('lets nobody carry away what the disk does not hold', async () => {
  await withDriver(async ({ publish, store, driver, clock }) => {
    await publish();
    await driver.settled();
    store.writable = false;
    clock.advance(2_500);
    await settle();
    await failed(() => driver.settled(), 'store-unwritable');
    store.writable = true;
    await driver.settled();
  });
});

drivers('tells whoever asked that the disk failed under the answer', async () => {
  await withDriver(async ({ publish, store, driver }) => {
    await publish();
    // The number is on the disk already, and the beacon is not: the second write fails.
    const write = store.write.bind(store);
    let writes = 0;
    store.write = async (batch) => {
      store.writable = ++writes !== 2;
      await write(batch);
    };
    await failed(
      () => driver.request({ kind: 'publish', drafts: [entriesDraft()], withdrawal: false }),
      'store-unwritable',
    );
  });
});

drivers('throws a refusal at whoever asked, and audits it', async () => {
  await withDriver(async ({ publish, driver, audit }) => {
    await publish();
    const file = new Uint8Array();
    const relating = { kind: 'relate', file, terms: WHOLE_TERMS } as const;
    await refused(() => driver.request(relating), 'truncated');
    const [last] = await audit.tail(1);
    assert.is(last?.event, 'refused');
    assert.is(last?.fields.code, 'truncated');
  });
});

drivers('returns the verdict on what a peer sent, and audits it once', async () => {
  await withDriver(async ({ publish, driver, audit }) => {
    await publish();
    for (let i = 0; i < 5; i++) {
      const verdict = await driver.input({
        kind: 'gossip',
        peer: 'red',
        bytes: new Uint8Array(43),
      });
      assert.ok(verdict instanceof Refusal);
      assert.is(verdict.code, 'tick-unknown-beacon');
    }
    const refusals = (await audit.tail(100)).filter(({ event }) => event === 'refused');
    assert.is(refusals.length, 1);
    assert.equal(
      [refusals[0]?.fields.peer, refusals[0]?.fields.code],
      ['red', 'tick-unknown-beacon'],
    );
  });
});

drivers('bans a peer that is wrong again and again, and writes down why', async () => {
  await withDriver(async ({ publish, driver, network, audit }) => {
    await publish();
    for (let i = 0; i < 3; i++) {
      await driver.input({ kind: 'frame', peer: 'red', bytes: digestCutTo(i) });
    }
    assert.ok(network.asked.includes('ban red'));
    const banned = (await audit.tail(100)).find(({ event }) => event === 'peer.banned');
    assert.is(banned?.fields.peer, 'red');
  });
});

drivers('does nothing any more once it is closed', async () => {
  await withDriver(async ({ publish, driver, clock, store }) => {
    await publish();
    await driver.close();
    const before = store.batches.length;
    clock.advance(60_000);
    await settle();
    assert.is(await driver.input({ kind: 'wake' }), null);
    assert.is(store.batches.length, before);
    assert.is(clock.waiting, 0);
  });
});

drivers.run();
