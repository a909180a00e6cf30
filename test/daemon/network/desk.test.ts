/** One request, one answer: what arrives, what is refused, and what a rude asker costs. */

import { multiaddr } from '@multiformats/multiaddr';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8, Writer } from '../../../core/bytes.ts';
import { Failure } from '../../../core/failure.ts';
import { DESK_BYTES_MAX, DESK_MS_MAX, DESK_REQUESTS_PER_PEER_MAX } from '../../../core/limits.ts';
import { Refusal, type RefusalCode } from '../../../core/refusal.ts';
import { DESK_PROTOCOL, Desk } from '../../../daemon/network/desk.ts';
import { QuietLog } from '../../../daemon/network/quiet-log.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { refused } from './handshake-rig.ts';
import { join, Scribe, type Station, until, withStations } from './network-rig.ts';
import { withRawNode } from './raw-node.ts';

const desks = suite('daemon/network/desk');

async function failureOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  throw new Error('expected a failure');
}

desks('answer a request of every size, and know who asks', async () => {
  await withStations([{}, {}], async (a: Station, b: Station) => {
    await join(a, b);
    b.scribe.onDesk = async (peer, admitted, bytes) => {
      assert.equal([peer, admitted?.domain], [a.peer, 'blue.example']);
      return bytes.slice().reverse();
    };
    for (const size of [1, 70_000, DESK_BYTES_MAX]) {
      const request = new Uint8Array(size);
      request[0] = 7;
      const answer = await a.network.ask(b.peer, request);
      assert.equal([answer.length, answer.at(-1)], [size, 7]);
    }
    b.scribe.onDesk = async () => new Uint8Array();
    assert.is((await a.network.ask(b.peer, Uint8Array.of(1))).length, 0);
  });
});

desks('send a refusal as its code', async () => {
  await withStations([{}, {}], async (a: Station, b: Station) => {
    await join(a, b);
    const ask = () => a.network.ask(b.peer, Uint8Array.of(1));
    await refused(ask, 'desk-closed');
    b.scribe.onDesk = async () => {
      throw new Refusal('lease-expired', { secret: 'stays here' });
    };
    await refused(ask, 'lease-expired');
    b.scribe.onDesk = async () => {
      throw new Failure('store-unwritable', 'no space');
    };
    await refused(ask, 'desk-failed');
  });
});

desks('take a code that is not known here for a refusal all the same', async () => {
  await withStations([{}], async (station: Station) => {
    await withRawNode('friend', async (node) => {
      const answers = (...bytes: Uint8Array[]) =>
        node.handle(
          DESK_PROTOCOL,
          (stream) => {
            for (const part of bytes) stream.send(part);
            void stream.close();
          },
          { force: true },
        );
      await node.dial(multiaddr(station.address));
      const peer = node.peerId.toString();
      await until('it is up', () => station.scribe.up.has(peer));
      const ask = () => station.network.ask(peer, Uint8Array.of(1));
      const refusedBy: readonly [RefusalCode, Uint8Array][] = [
        ['desk-refused', Uint8Array.of(1, ...toUtf8('of-next-year'))],
        ['frame-malformed', Uint8Array.of(2)],
        ['truncated', new Uint8Array()],
      ];
      for (const [code, body] of refusedBy) {
        await answers(new Writer().u32(body.length).finish(), body);
        await refused(ask, code);
      }
      await answers(new Writer().u32(DESK_BYTES_MAX + 2).finish());
      await refused(ask, 'too-large');
    });
  });
});

desks('answer a few at once, and tell the rest of the same peer to wait', async () => {
  await withStations([{}, {}, {}], async (a: Station, b: Station, c: Station) => {
    await Promise.all([join(a, b), join(c, b)]);
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    let waiting = 0;
    b.scribe.onDesk = async (peer, _, bytes) => {
      if (peer === a.peer) {
        waiting++;
        await opened;
      }
      return bytes;
    };
    const asked = Array.from({ length: DESK_REQUESTS_PER_PEER_MAX }, () =>
      a.network.ask(b.peer, Uint8Array.of(1)),
    );
    await until('all wait', () => waiting === asked.length);
    await refused(() => a.network.ask(b.peer, Uint8Array.of(1)), 'desk-busy');
    assert.equal(await c.network.ask(b.peer, Uint8Array.of(2)), Uint8Array.of(2));
    open();
    await Promise.all(asked);
    assert.equal(await a.network.ask(b.peer, Uint8Array.of(3)), Uint8Array.of(3));
  });
});

desks('end a stream that announces too much before they buffer it', async () => {
  await withStations([{}], async (station: Station) => {
    await withRawNode('friend', async (node) => {
      const connection = await node.dial(multiaddr(station.address));
      const stream = await connection.newStream(DESK_PROTOCOL);
      stream.send(new Writer().u32(DESK_BYTES_MAX + 2).finish());
      await until('the stream is reset', () => stream.status === 'reset');
      assert.ok(station.logged.some(({ event }) => event === 'desk.broken'));
      assert.is(connection.status, 'open');
    });
  });
});

desks('wait for a silent peer no longer than they say, on either side', async () => {
  const clock = new FakeClock();
  const log = new QuietLog(clock, { info: () => undefined, warn: () => undefined });
  const desk = new Desk({ clock, log, handler: new Scribe('friend') });
  await withRawNode('friend', async (silent) => {
    await withRawNode('friend', async (node) => {
      const taken: Promise<void>[] = [];
      await node.handle(DESK_PROTOCOL, (stream) => {
        taken.push(desk.accept(stream, silent.peerId.toString(), null));
      });
      await silent.handle(DESK_PROTOCOL, () => undefined);
      const [address] = silent.getMultiaddrs();
      assert.ok(address !== undefined);
      const connection = await node.dial(address);
      await until('the silent node sees it', () => silent.getConnections().length === 1);
      const asking = await silent.getConnections()[0]?.newStream(DESK_PROTOCOL);
      const asked = failureOf(desk.ask(connection, Uint8Array.of(1)));
      await until('both wait', () => clock.waiting === 2 && taken.length === 1);

      clock.advance(DESK_MS_MAX);
      assert.is(await asked, 'timed-out');
      await Promise.all(taken);
      await until('the silent asker is reset', () => asking?.status === 'reset');
      assert.is(clock.waiting, 0);
    });
  });
});

desks('lose what they write when the peer goes in the midst of it, and nothing else', async () => {
  await withStations([{}], async (station: Station) => {
    const whole = new Uint8Array(DESK_BYTES_MAX);
    await withRawNode('friend', async (node) => {
      const peer = node.peerId.toString();
      await node.handle(DESK_PROTOCOL, async (stream) => {
        stream.pause();
        await node.stop();
      });
      await node.dial(multiaddr(station.address));
      await until('it is up', () => station.scribe.up.has(peer));
      assert.is(await failureOf(station.network.ask(peer, whole)), 'peer-unreachable');
    });
    await withRawNode('friend', async (node) => {
      let isAsked = false;
      station.scribe.onDesk = async () => {
        isAsked = true;
        return whole;
      };
      const connection = await node.dial(multiaddr(station.address));
      const stream = await connection.newStream(DESK_PROTOCOL);
      stream.pause();
      stream.send(new Writer().u32(1).u8(7).finish());
      await until('it was asked', () => isAsked);
      await node.stop();
      await until('it says so', () => station.logged.some(({ event }) => event === 'desk.broken'));
    });
  });
});

desks('have nobody to ask where no link is up', async () => {
  await withStations([{}], async (station: Station) => {
    const ask = station.network.ask(station.peer, Uint8Array.of(1));
    assert.is(await failureOf(ask), 'peer-unreachable');
  });
});

desks.run();
