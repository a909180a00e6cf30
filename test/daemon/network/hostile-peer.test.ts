/** Peers that are strangers, that break the framing, or that flood. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Libp2p, Stream } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import {
  FRAME_BYTES_MAX,
  GOSSIP_BURST,
  HANDSHAKE_YIELDS_MS,
  HANDSHAKES_PER_HOST_MAX,
  SYNC_BURST,
} from '../../../core/limits.ts';
import { GOSSIP_TOPIC } from '../../../daemon/network/gossip.ts';
import { libp2pOptions, type Services } from '../../../daemon/network/libp2p-settings.ts';
import { CHECK_MS } from '../../../daemon/network/link-policy.ts';
import { NOISE_PROTOCOL } from '../../../daemon/network/noise-encrypter.ts';
import { SYNC_PROTOCOL } from '../../../daemon/network/sync-channel.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import {
  gossipFlows,
  join,
  pause,
  retainedMiB,
  type Station,
  until,
  withStations,
} from './network-rig.ts';
import { rpcOf, runNode, withRawNode } from './raw-node.ts';

const hostile = suite('daemon/network/hostile-peer');

/** A node that speaks classical Noise and nothing of ours. */
async function withClassicalNode(body: (node: Libp2p<Services>) => Promise<void>) {
  const settings = libp2pOptions({
    privateKey: await generateKeyPair('Ed25519'),
    listen: [],
    transport: tcp(),
    hasNoGossip: () => false,
    denies: () => false,
    encrypter: () => assert.unreachable('not asked') as never,
  });
  const node = await createLibp2p<Services>({ ...settings, connectionEncrypters: [noise()] });
  await runNode(node, body);
}

/** True once more may be sent; false where nothing drains for a while. */
function drained(stream: Stream): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), 500);
    stream.addEventListener(
      'drain',
      () => {
        clearTimeout(timer);
        resolve(true);
      },
      { once: true },
    );
  });
}

async function errorOf(attempt: Promise<unknown>): Promise<Error> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('expected a failure');
}

hostile('without admission has no connection on either side', async () => {
  await withStations([{}], async (station: Station) => {
    await withRawNode('stranger', async (node) => {
      const error = await errorOf(node.dial(multiaddr(station.address)));
      assert.is(error.name, 'EncryptionFailedError');
      assert.equal([node.getConnections().length, station.scribe.events.length], [0, 0]);
      for (const protocol of [SYNC_PROTOCOL, '/ipfs/id/1.0.0', '/meshsub/1.2.0']) {
        await errorOf(node.dialProtocol(multiaddr(station.address), protocol));
      }
      const refused = station.logged.find(({ event }) => event === 'link.refused');
      assert.is(refused?.fields.code, 'peer-unadmitted');
    });
  });
});

hostile('among daemons fails on both sides, and is dialled again', async () => {
  await withStations([{}, { word: 'stranger' }], async (a: Station, b: Station) => {
    a.network.link(b.address);
    for (const { logged } of [a, b]) {
      await until('refused', () => logged.some(({ event }) => event === 'link.refused'));
    }
    await until('tried again', () => a.logged.some(({ fields }) => fields.attempts === 2));
    assert.equal([a.scribe.events, b.scribe.events], [[], []]);
  });
});

hostile('that speaks only classical Noise finds no common protocol', async () => {
  assert.is(NOISE_PROTOCOL, '/holdfast/noise-hfs/1');
  await withStations([{}], async (station: Station) => {
    await withClassicalNode(async (node) => {
      const error = await errorOf(node.dial(multiaddr(station.address)));
      assert.is(error.name, 'EncryptionFailedError');
      assert.equal([node.getConnections().length, station.scribe.events.length], [0, 0]);
    });
  });
});

hostile('that announces an oversize frame loses the stream, not the process', async () => {
  await withStations([{}], async (station: Station) => {
    await withRawNode('friend', async (node) => {
      const connection = await node.dial(multiaddr(station.address));
      const stream = await connection.newStream(SYNC_PROTOCOL);
      const prefix = new Uint8Array(4);
      new DataView(prefix.buffer).setUint32(0, FRAME_BYTES_MAX + 1);
      stream.send(prefix);
      await until('the stream is reset', () => stream.status === 'reset');
      assert.ok(station.logged.some(({ event }) => event === 'link.broken'));

      const next = await connection.newStream(SYNC_PROTOCOL);
      next.send(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 7));
      await until('the next stream works', () => station.scribe.frames.length === 1);
      assert.equal(station.scribe.frames[0]?.bytes, Uint8Array.of(7));
    });
  });
});

hostile('that floods frames and gossip spends its budget and nobody else’s', async () => {
  await withStations([{}, {}], async (station: Station, friend: Station) => {
    await join(friend, station);
    await gossipFlows(friend, station);
    await withRawNode('friend', async (node) => {
      const connection = await node.dial(multiaddr(station.address));
      const stream = await connection.newStream(SYNC_PROTOCOL);
      const gossip = node.services.gossip;
      gossip.subscribe(GOSSIP_TOPIC);
      await until('gossip is joined', () => gossip.getSubscribers(GOSSIP_TOPIC).length > 0);

      const before = await retainedMiB();
      const frame = new Uint8Array(4 + 32 * 1024);
      new DataView(frame.buffer).setUint32(0, 32 * 1024);
      let refusedRounds = 0;
      for (let round = 0; round < 2_000 && refusedRounds < 3; round++) {
        if (!stream.send(frame) && !(await drained(stream))) refusedRounds++;
        if (round % 5 === 0) await gossip.publish(GOSSIP_TOPIC, toUtf8(`flood ${round}`));
      }
      assert.is(refusedRounds, 3, 'what nobody reads waits in the network of the flooder');
      const flooder = node.peerId.toString();
      const frames = () => station.scribe.frames.filter(({ peer }) => peer === flooder).length;
      await until('the flood arrived', () => frames() >= SYNC_BURST);
      friend.network.send(station.peer, toUtf8('from a friend'));
      friend.network.publish(toUtf8('gossip of a friend'));
      await until('the friend gets through', () => {
        const heard = station.scribe.heard.includes('gossip of a friend');
        return heard && station.scribe.frames.some(({ peer }) => peer === friend.peer);
      });
      await pause(300);
      const floods = station.scribe.heard.filter((text) => text.startsWith('flood')).length;
      assert.ok(frames() < 2 * SYNC_BURST, `${frames()} frames`);
      assert.ok(floods < 2 * GOSSIP_BURST, `${floods} messages`);
      const grownMiB = (await retainedMiB()) - before;
      assert.ok(grownMiB < 32, `grew by ${grownMiB} MiB`);
      const complaints = station.logged.filter(({ event }) => event === 'link.budget');
      assert.is(complaints.length, 1); // not one for each message
    });
  });
});

hostile('that replays one message of gossip is read no faster than its bytes allow', async () => {
  await withStations([{}, {}], async (station: Station, friend: Station) => {
    await join(friend, station);
    await withRawNode('friend', async (node) => {
      const connection = await node.dial(multiaddr(station.address));
      node.services.gossip.subscribe(GOSSIP_TOPIC);
      await until('it is up', () => station.scribe.up.has(node.peerId.toString()));
      const stream = await connection.newStream('/meshsub/1.2.0');
      await pause(2 * CHECK_MS); // its stream is found and counted
      const replay = rpcOf(GOSSIP_TOPIC, toUtf8('again and again'), 50);
      let isHeld = false;
      for (let round = 0; round < 20_000 && !isHeld; round++) {
        if (!stream.send(replay)) isHeld = !(await drained(stream));
      }
      assert.ok(isHeld, 'the flood waits');
      assert.ok(station.logged.some(({ event }) => event === 'link.budget'));
      assert.is(station.scribe.heard.filter((text) => text === 'again and again').length, 1);
      friend.network.send(station.peer, toUtf8('from a friend'));
      await until('the friend gets through', () =>
        station.scribe.frames.some(({ peer }) => peer === friend.peer),
      );
      await until('the flooder is still up', () => station.scribe.up.size === 2);
    });
  });
});

hostile('that never reads costs no more than its queue', async () => {
  await withStations([{}], async (station: Station) => {
    await withRawNode('friend', async (node) => {
      await node.handle(SYNC_PROTOCOL, (stream) => stream.pause());
      const connection = await node.dial(multiaddr(station.address));
      await until('it is up', () => station.scribe.up.size === 1);
      const before = await retainedMiB();
      const frame = new Uint8Array(1024 * 1024);
      for (let i = 0; i < 200; i++) {
        station.network.send(node.peerId.toString(), frame);
      }
      await until('frames are dropped', () =>
        station.logged.some(({ event }) => event === 'link.slow'),
      );
      const grownMiB = (await retainedMiB()) - before;
      assert.ok(grownMiB < 16, `grew by ${grownMiB} MiB`);
      assert.is(connection.status, 'open');
    });
  });
});

hostile('that opens link upon link is left with one', async () => {
  await withStations([{}], async (station: Station) => {
    await withRawNode('friend', async (node) => {
      const dial = () => node.dial(multiaddr(station.address), { force: true });
      for (let i = 0; i < 8; i++) await dial();
      await until('the surplus is gone', () => node.getConnections().length === 1);
      await pause(200);
      assert.is(node.getConnections().length, 1);
      assert.is(station.scribe.events.length % 2, 1); // it is up, after two replacements at most
      assert.ok(station.scribe.events.length <= 5, station.scribe.events.join());
    });
  });
});

hostile('that connects and says nothing keeps others out for a moment', async () => {
  const clock = new FakeClock();
  await withStations([{ clock }, {}], async (host: Station, neighbour: Station) => {
    const silent = Array.from({ length: HANDSHAKES_PER_HOST_MAX }, () =>
      connect(host.port, '127.0.0.1'),
    );
    for (const socket of silent) socket.on('error', () => socket.destroy());
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    neighbour.network.link(host.address);
    const isRefused = () => host.logged.some(({ fields }) => fields.code === 'peer-slots');
    await until('the neighbour is refused', isRefused);
    assert.is(host.scribe.up.size, 0);

    clock.advance(HANDSHAKE_YIELDS_MS);
    await until('the neighbour is in', () => host.scribe.up.has(neighbour.peer));
    const isEnded = () => silent.filter((socket) => socket.destroyed).length === 1;
    await until('one of the silent is gone', isEnded);
    for (const socket of silent) socket.destroy();
  });
});

hostile.run();
