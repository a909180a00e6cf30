/** The whole transport between daemons that behave: frames, gossip, bans, addresses. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bug } from '../../../core/assert.ts';
import { toUtf8 } from '../../../core/bytes.ts';
import {
  FRAME_BYTES_MAX,
  GOSSIP_BYTES_MAX,
  HANDSHAKE_YIELDS_MS,
  HANDSHAKES_PER_HOST_MAX,
} from '../../../core/limits.ts';
import { createLibp2pNetwork } from '../../../daemon/network/libp2p-network.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { realClock } from '../../fakes/real-clock.ts';
import { refused } from './handshake-rig.ts';
import {
  gossipFlows,
  join,
  pause,
  Scribe,
  type Station,
  testRandom,
  until,
  withStations,
} from './network-rig.ts';

const network = suite('daemon/network/libp2p-network');

const silent = { info: () => undefined, warn: () => undefined };

const VERDICTS: ReadonlyMap<string, 'ignore' | 'reject'> = new Map([
  ['late', 'ignore'],
  ['wrong', 'reject'],
] as const);

const isBug = (error: unknown) => error instanceof Bug;

function unstarted(...listen: string[]) {
  const seed = testRandom.bytes(32);
  const parts = {
    ownDomain: 'blue.example',
    paceOf: () => null,
    clock: realClock,
    random: testRandom,
    log: silent,
  };
  return createLibp2pNetwork({ transportSeed: seed, listen, ...parts });
}

network('brings a link up once on each side, under one binding', async () => {
  await withStations([{}, {}], async (a: Station, b: Station) => {
    await join(a, b);
    assert.is(a.scribe.up.get(b.peer), b.scribe.up.get(a.peer));
    assert.equal([a.scribe.events, b.scribe.events], [['up'], ['up']]);
  });
});

network(
  'links as many of one host as come: one that is linked stands in nobody’s way',
  async () => {
    const clock = new FakeClock();
    const many = Array.from({ length: HANDSHAKES_PER_HOST_MAX + 1 }, () => ({}));
    await withStations([{ clock }, ...many], async (host: Station, ...others: Station[]) => {
      const last = others.pop();
      assert.ok(last);
      for (const each of others) await join(each, host);
      clock.advance(HANDSHAKE_YIELDS_MS);
      await join(last, host);
      assert.is(host.scribe.up.size, HANDSHAKES_PER_HOST_MAX + 1);
      assert.not(host.scribe.events.includes('down'));
    });
  },
);

network('carries frames of every size both ways, in order', async () => {
  await withStations([{}, {}], async (a: Station, b: Station) => {
    await join(a, b);
    const sizes = [1, 100, 65_536, FRAME_BYTES_MAX, 3];
    for (const [index, size] of sizes.entries()) {
      a.network.send(b.peer, new Uint8Array(size).fill(index));
      b.network.send(a.peer, new Uint8Array(size).fill(index));
    }
    for (const { scribe } of [a, b]) {
      await until('all frames arrived', () => scribe.frames.length === sizes.length);
      assert.equal(
        scribe.frames.map(({ bytes }) => bytes.length),
        sizes,
      );
      assert.ok(scribe.frames.every(({ bytes }, index) => bytes.every((byte) => byte === index)));
    }
  });
});

network('forwards gossip exactly where the verdict is accept', async () => {
  await withStations([{}, {}, {}], async (a: Station, b: Station, c: Station) => {
    await Promise.all([join(a, b), join(c, b)]);
    await Promise.all([gossipFlows(a, b), gossipFlows(c, b), gossipFlows(b, c)]);
    b.scribe.verdictOf = (text) => VERDICTS.get(text) ?? 'accept';
    for (const text of ['late', 'wrong', 'good']) a.network.publish(toUtf8(text));
    await until('the good one passed', () => c.scribe.heard.includes('good'));
    await pause(200);
    assert.ok(['late', 'wrong', 'good'].every((text) => b.scribe.heard.includes(text)));
    assert.not(c.scribe.heard.includes('late') || c.scribe.heard.includes('wrong'));
  });
});

network('publishes up to the limit of gossip, and takes more for a bug', async () => {
  await withStations([{}, {}], async (a: Station, b: Station) => {
    await join(a, b);
    await gossipFlows(a, b);
    const largest = 'x'.repeat(GOSSIP_BYTES_MAX);
    a.network.publish(toUtf8(largest));
    await until('the largest arrives', () => b.scribe.heard.includes(largest));
    assert.throws(() => a.network.publish(toUtf8(`${largest}x`)), isBug);
    assert.throws(() => a.network.send(b.peer, new Uint8Array(FRAME_BYTES_MAX + 1)), isBug);
  });
});

network('keeps a banned peer out, and its own side from dialling it', async () => {
  await withStations([{}, {}], async (a: Station, b: Station) => {
    await join(a, b);
    b.network.ban(a.peer);
    await until('both saw it end', () => a.scribe.up.size + b.scribe.up.size === 0);
    await until('it was turned away', () => b.logged.some(({ event }) => event === 'link.refused'));
    assert.equal([a.scribe.up.size, b.scribe.up.size], [0, 0]);
  });
});

network('links to itself are never up', async () => {
  await withStations([{}], async (a: Station) => {
    a.network.link(a.address);
    await until('it tried', () => a.logged.some(({ event }) => event === 'link.unreachable'));
    assert.is(a.scribe.up.size, 0);
  });
});

network('refuses a port that is taken, by name', async () => {
  await withStations([{}], async (a: Station) => {
    const second = unstarted('/ip4/127.0.0.1/tcp/0', a.address);
    await refused(() => second.start(new Scribe('friend')), 'port-busy');
    await second.stop();
  });
});

network('refuses addresses that are none of TCP', async () => {
  for (const address of [
    '',
    'localhost:9000',
    '/ip4/127.0.0.1',
    '/ip4/1.2.3.4/udp/9',
    '/ip4/300.0.0.1/tcp/9',
  ]) {
    await refused(() => unstarted(address), 'config-value');
  }
  await withStations([{}], async (a: Station) => {
    await refused(() => a.network.link('/ip4/127.0.0.1/tcp/1/ws'), 'config-value');
    await refused(() => a.network.link(`/dns4/${'a'.repeat(600)}/tcp/1`), 'config-value');
    a.network.unlink('/ip4/127.0.0.1/tcp/1');
  });
});

network.run();
