/** Guests over real sockets: the recovery lane stands beside the rest, and crowds nobody out. */

import { multiaddr } from '@multiformats/multiaddr';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8, Writer } from '../../../core/bytes.ts';
import { GUEST_BYTES_BURST, GUESTS_PER_ADDRESS_MAX } from '../../../core/limits.ts';
import { GOSSIP_TOPIC } from '../../../daemon/network/gossip.ts';
import { DOMAIN_SLOTS_MAX } from '../../../daemon/network/slots.ts';
import { SYNC_PROTOCOL } from '../../../daemon/network/sync-channel.ts';
import {
  GUEST_WORD,
  gossipFlows,
  join,
  pause,
  type Station,
  until,
  withStations,
} from './network-rig.ts';
import { withRawNode } from './raw-node.ts';

const guests = suite('daemon/network/guest-lane');

guests('are linked on the recovery lane on both sides, and their frames flow', async () => {
  await withStations([{}, { word: GUEST_WORD }], async (host: Station, guest: Station) => {
    await join(guest, host);
    assert.equal([host.scribe.events, guest.scribe.events], [['up as guest'], ['up as guest']]);
    guest.network.send(host.peer, Uint8Array.of(7));
    host.network.send(guest.peer, Uint8Array.of(8));
    for (const { scribe } of [host, guest]) {
      await until('a frame came', () => scribe.frames.length === 1);
    }
    host.scribe.onDesk = async (_, admitted, bytes) => {
      assert.is(admitted, null);
      return bytes;
    };
    assert.equal(await guest.network.ask(host.peer, Uint8Array.of(9)), Uint8Array.of(9));
  });
});

guests('take no part in gossip, either way', async () => {
  const stations = [{}, {}, { word: GUEST_WORD }];
  await withStations(stations, async (a: Station, b: Station, guest: Station) => {
    await Promise.all([join(a, b), join(guest, a)]);
    await Promise.all([gossipFlows(a, b), gossipFlows(b, a)]);
    guest.network.publish(toUtf8('of a guest'));
    a.network.publish(toUtf8('of a'));
    await until('the others hear', () => b.scribe.heard.includes('of a'));
    await pause(500);
    assert.equal(guest.scribe.heard, []);
    assert.not([...a.scribe.heard, ...b.scribe.heard].includes('of a guest'));
    assert.equal(a.scribe.guests, new Set([guest.peer]));
  });
});

guests('become peers by dialling again with a proof', async () => {
  await withStations([{}, { word: GUEST_WORD }], async (host: Station, guest: Station) => {
    await join(guest, host);
    guest.scribe.word = 'friend';
    guest.network.disconnect(host.peer);
    await until('it is admitted', () => guest.scribe.events.at(-1) === 'up');
    assert.equal(host.scribe.events, ['up as guest', 'down', 'up']);
    await gossipFlows(guest, host);
  });
});

guests('find few places at one host, and leave all others to those who were admitted', async () => {
  const words = [...Array.from({ length: 6 }, () => ({ word: GUEST_WORD })), {}];
  await withStations([{}, ...words], async (host: Station, ...others: Station[]) => {
    const friend = others.pop();
    assert.ok(friend !== undefined);
    for (const { network } of others) network.link(host.address);
    await until('some are turned away', () =>
      host.logged.some(({ fields }) => fields.code === 'peer-slots'),
    );
    await until('the first are up', () => host.scribe.guests.size === GUESTS_PER_ADDRESS_MAX);
    await join(friend, host);
    assert.is(host.scribe.up.size, GUESTS_PER_ADDRESS_MAX + 1);
  });
});

guests('spend the bytes of their host, and no link outlives them', async () => {
  await withStations([{}], async (host: Station) => {
    await withRawNode(GUEST_WORD, async (node) => {
      const connection = await node.dial(multiaddr(host.address));
      const stream = await connection.newStream(SYNC_PROTOCOL);
      const frame = new Writer().u32(60_000).raw(new Uint8Array(60_000)).finish();
      let sent = 0;
      while (stream.status === 'open' && sent < 4 * GUEST_BYTES_BURST) {
        if (!stream.send(frame)) await pause(1);
        sent += frame.length;
      }
      await until('the link has ended', () => connection.status !== 'open');
      assert.ok(sent < 2 * GUEST_BYTES_BURST, `${sent} bytes`);
      const again = node.dial(multiaddr(host.address));
      await again
        .then((next) => next.newStream(SYNC_PROTOCOL))
        .then(
          (next) => next.send(frame),
          () => 'ended before it could send',
        );
      await until('nor does the next one last', () => node.getConnections().length === 0);
    });
    await until('nobody is left', () => host.scribe.up.size === 0);
  });
});

guests('that prove to be wrong cost their host its bytes, and push out no ban', async () => {
  await withStations([{}, {}], async (host: Station, friend: Station) => {
    await join(friend, host);
    await withRawNode(GUEST_WORD, async (node) => {
      await node.dial(multiaddr(host.address));
      const guest = node.peerId.toString();
      await until('it is a guest', () => host.scribe.guests.has(guest));
      host.network.ban(guest);
      await until('it is gone', () => !host.scribe.up.has(guest));
      node.services.gossip.subscribe(GOSSIP_TOPIC);
    });
    assert.ok(host.scribe.up.has(friend.peer));
  });
});

guests('and nodes of one foreign domain leave room for our own', async () => {
  const many = Array.from({ length: DOMAIN_SLOTS_MAX + 2 }, () => ({}));
  await withStations([{}, ...many], async (host: Station, ...others: Station[]) => {
    host.scribe.domain = 'red.example';
    for (const { network } of others) network.link(host.address);
    await until('some are turned away', () =>
      host.logged.some(({ fields }) => fields.code === 'peer-slots'),
    );
    await until('the rest are up', () => host.scribe.up.size === DOMAIN_SLOTS_MAX);
    host.scribe.domain = 'blue.example';
    await until('our own find room', () => host.scribe.up.size === others.length);
  });
});

guests.run();
