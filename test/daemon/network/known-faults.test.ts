/**
 * Faults of js-libp2p that are known, and the test that shows how each is kept from us. What no
 * other file shows is shown here.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { multiaddr } from '@multiformats/multiaddr';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import { ROOT } from '../../root.ts';
import {
  gossipFlows,
  join as joined,
  pause,
  retainedMiB,
  type Station,
  startStation,
  until,
  withStations,
} from './network-rig.ts';
import { withRawNode } from './raw-node.ts';

const faults = suite('daemon/network/known-faults');

const RECOVERY = 'link-recovery';
const SETTINGS = 'running-settings';
const HERE = 'known-faults';

/** Where it is told and what happens · the file and the test that show how it is kept from us. */
const FAULTS: readonly (readonly [fault: string, file: string, test: string])[] = [
  [
    'a gossip stream that was lost is never opened again',
    RECOVERY,
    'replaces a link whose gossip stream was reset',
  ],
  [
    'one ping that is missed ends a healthy connection',
    SETTINGS,
    'have no monitor that ends healthy connections, and a memory without end',
  ],
  [
    'the reconnect queue gives up after a minute, and forgets the peer',
    'link-supervisor',
    'dials a silent address for ever, no more often than the cap allows',
  ],
  [
    'addresses are forgotten after an hour, peers after six',
    SETTINGS,
    'have no monitor that ends healthy connections, and a memory without end',
  ],
  [
    'listeners and handles of ended connections are kept',
    HERE,
    'that pile up with each connection leave neither memory nor sockets behind',
  ],
  [
    'the connection of a peer that restarted is used again',
    HERE,
    'of a peer that restarts at once are met by a new link',
  ],
  [
    'six connections of one host in a second are too many',
    HERE,
    'of many behind one address: all are linked at once and hear each other',
  ],
  [
    'a limit of streams throws where one is replaced',
    'hostile-peer',
    'that announces an oversize frame loses the stream, not the process',
  ],
  [
    'the monitor and whoever pings share the streams of ping',
    SETTINGS,
    'speak what identifies and gossips, and discover nobody',
  ],
  [
    'two that dial each other keep two connections',
    RECOVERY,
    'leaves one link of two that were dialled at once',
  ],
  [
    'peers that drop do not come back',
    RECOVERY,
    'brings a cut link back within seconds of healing',
  ],
  [
    'dialling without being asked eats the processor',
    SETTINGS,
    'of connections admit many of one host, and leave redialling to us',
  ],
  [
    'who publishes to nobody is thrown an error',
    HERE,
    'of a mesh without peers lose one message, and throw nothing',
  ],
  [
    'discovery on several interfaces crashes',
    SETTINGS,
    'speak what identifies and gossips, and discover nobody',
  ],
  [
    'mplex has no back-pressure',
    SETTINGS,
    'offer one encrypter and one multiplexer with bounded buffers',
  ],
  [
    'what waits for a slow peer has no bound',
    'hostile-peer',
    'that never reads costs no more than its queue',
  ],
  [
    'peers behind one address are scored until nobody hears them',
    HERE,
    'of many behind one address: all are linked at once and hear each other',
  ],
  [
    'parts of two major versions connect, and nothing works',
    HERE,
    'of two versions side by side: there is one of each part',
  ],
];

faults('each have a test that shows how they are kept from us', () => {
  for (const [fault, file, test] of FAULTS) {
    const source = readFileSync(join(ROOT, `test/daemon/network/${file}.test.ts`), 'utf8');
    assert.ok(source.includes(`('${test}'`), `${fault}: no test "${test}" in ${file}`);
  }
});

faults('that pile up with each connection leave neither memory nor sockets behind', async () => {
  await withStations([{}], async (station: Station) => {
    await withRawNode('friend', async (node) => {
      const sockets = () =>
        process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
      const visit = async () => {
        const connection = await node.dial(multiaddr(station.address));
        await until('it is up', () => station.scribe.up.size === 1);
        await connection.close();
        await until('it is down', () => station.scribe.up.size === 0);
      };
      for (let i = 0; i < 5; i++) await visit();
      const before = { mib: await retainedMiB(), sockets: sockets() };
      for (let i = 0; i < 40; i++) await visit();
      await until('the sockets are gone', () => sockets() <= before.sockets);
      const grownMiB = (await retainedMiB()) - before.mib;
      assert.ok(grownMiB < 8, `grew by ${grownMiB} MiB`);
    });
  });
});

faults('of a peer that restarts at once are met by a new link', async () => {
  await withStations([{}], async (station: Station) => {
    const seed = new Uint8Array(32).fill(7);
    const first = await startStation({ seed });
    station.network.link(first.address);
    await until('it is linked', () => station.scribe.up.has(first.peer));
    const binding = station.scribe.up.get(first.peer);
    await first.network.stop();
    const second = await startStation({ seed, listen: first.address });
    try {
      assert.is(second.peer, first.peer);
      await until('it is linked anew', () => {
        const now = station.scribe.up.get(first.peer);
        return now !== undefined && now !== binding && second.scribe.up.get(station.peer) === now;
      });
      await gossipFlows(station, second);
    } finally {
      await second.network.stop();
    }
  });
});

faults('of many behind one address: all are linked at once and hear each other', async () => {
  await withStations(
    Array.from({ length: 8 }, () => ({})),
    async (hub: Station, ...others: Station[]) => {
      for (const other of others) other.network.link(hub.address);
      await until('all are up', () => hub.scribe.up.size === others.length);
      for (const { logged } of others) {
        assert.not.ok(logged.some(({ event }) => event === 'link.unreachable'));
      }
      for (const other of others) await gossipFlows(other, hub);
      await gossipFlows(hub, others[0] ?? hub);
      hub.network.publish(toUtf8('to all'));
      await until('all heard it', () =>
        others.every(({ scribe }) => scribe.heard.includes('to all')),
      );
    },
  );
});

faults('of a mesh without peers lose one message, and throw nothing', async () => {
  await withStations([{}, {}], async (a: Station, b: Station) => {
    a.network.publish(toUtf8('to nobody'));
    await pause(50);
    assert.not.ok(a.logged.some(({ event }) => event === 'gossip.unpublished'));
    await joined(a, b);
    await gossipFlows(a, b);
    assert.not.ok(b.scribe.heard.includes('to nobody'));
  });
});

faults('of two versions side by side: there is one of each part', () => {
  const lock: { readonly packages: Readonly<Record<string, unknown>> } = JSON.parse(
    readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
  );
  const paths = Object.keys(lock.packages);
  const copies = (name: string) => paths.filter((path) => path.endsWith(`node_modules/${name}`));
  for (const name of ['@libp2p/interface', '@libp2p/gossipsub', '@libp2p/utils', 'libp2p']) {
    assert.equal(copies(name), [`node_modules/${name}`]);
  }
  assert.equal(copies('@chainsafe/libp2p-gossipsub'), []);
});

faults.run();
