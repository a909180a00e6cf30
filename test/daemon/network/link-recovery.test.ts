/** Links that are cut, silenced, doubled or deaf, and come back by themselves. */

import { connect, createServer, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GOSSIP_TOPIC } from '../../../daemon/network/gossip.ts';
import { clockAtSpeed } from '../../fakes/real-clock.ts';
import { gossipFlows, pause, type Station, until, withStations } from './network-rig.ts';
import { withRawNode } from './raw-node.ts';

const recovery = suite('daemon/network/link-recovery');

/** How much faster than the world the daemons live whose patience is tested. */
const SPEED = 20;

/** A TCP cable that can be cut, and one that can swallow everything. */
class Cable {
  readonly address: string;
  readonly #close: () => void;
  readonly #sockets: Set<Socket>;
  #plugged = true;
  #swallows = false;

  private constructor(address: string, sockets: Set<Socket>, close: () => void) {
    this.address = address;
    this.#sockets = sockets;
    this.#close = close;
  }

  static async to(port: number): Promise<Cable> {
    const sockets = new Set<Socket>();
    const server = createServer((near) => cable.#join(near, connect(port, '127.0.0.1')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const at = server.address();
    if (at === null || typeof at === 'string') throw new Error('no port');
    const cable = new Cable(`/ip4/127.0.0.1/tcp/${at.port}`, sockets, () => server.close());
    return cable;
  }

  /** Ends all connections, and the next ones at once, until `plug`. */
  cut(): void {
    this.#plugged = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  plug(): void {
    this.#plugged = true;
    this.#swallows = false;
  }

  /** Keeps connections open and lets nothing through: what a dead route looks like. */
  swallow(): void {
    this.#swallows = true;
  }

  close(): void {
    this.cut();
    this.#close();
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (bytes) => {
        if (!this.#swallows) to.write(bytes);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    if (!this.#plugged) near.destroy();
  }
}

async function withCable(to: Station, body: (cable: Cable) => Promise<void>): Promise<void> {
  const cable = await Cable.to(to.port);
  try {
    await body(cable);
  } finally {
    cable.close();
  }
}

const bothUp = (a: Station, b: Station) => () => a.scribe.up.has(b.peer) && b.scribe.up.has(a.peer);
const bothDown = (a: Station, b: Station) => () => a.scribe.up.size + b.scribe.up.size === 0;

recovery('brings a cut link back within seconds of healing', async () => {
  await withStations([{}, {}], async (a: Station, b: Station) => {
    await withCable(b, async (cable) => {
      a.network.link(cable.address);
      await until('linked', bothUp(a, b));
      cable.cut();
      await until('the cut is seen', bothDown(a, b));
      await pause(1_500);
      cable.plug();
      await until('the link is back', bothUp(a, b), 6_000);
      await gossipFlows(a, b);
    });
  });
});

recovery('notices a link that swallows everything, and heals it', async () => {
  const clock = clockAtSpeed(SPEED);
  await withStations([{ clock }, { clock }], async (a: Station, b: Station) => {
    await withCable(b, async (cable) => {
      a.network.link(cable.address);
      await until('linked', bothUp(a, b));
      await pause(60_000 / SPEED); // a minute of silence but for heartbeats, on their clock
      assert.equal([a.scribe.events, b.scribe.events], [['up'], ['up']]);

      cable.swallow();
      const from = performance.now();
      await until('both sides gave it up', bothDown(a, b), 6_000);
      const noticedMs = (performance.now() - from) * SPEED;
      assert.ok(noticedMs < 50_000, `noticed after ${noticedMs} ms`);
      cable.plug();
      await until('the link is back', bothUp(a, b), 10_000);
    });
  });
});

recovery('replaces a link whose gossip stream was reset', async () => {
  await withStations([{ clock: clockAtSpeed(4) }], async (a: Station) => {
    await withRawNode('friend', async (node) => {
      const gossip = node.services.gossip;
      gossip.subscribe(GOSSIP_TOPIC);
      const hears = () => gossip.getSubscribers(GOSSIP_TOPIC).length === 1;
      const [address] = node.getMultiaddrs().map(String);
      a.network.link(address ?? '');
      await until('gossip is joined', hears);
      await pause(500);

      const streams = node.getConnections().flatMap((connection) => connection.streams);
      const [mesh] = streams.filter(({ protocol }) => protocol.startsWith('/meshsub/'));
      mesh?.abort(new Error('as a lossy network does'));
      await until('the link was replaced', () => a.scribe.events.join() === 'up,down,up');
      await until('gossip is joined again', hears);
    });
  });
});

recovery('leaves one link of two that were dialled at once', async () => {
  const clock = clockAtSpeed(3);
  const random = { bytes: (count: number) => new Uint8Array(count) }; // no jitter: both at once
  const options = { clock, random };
  await withStations([options, options], async (a: Station, b: Station) => {
    a.network.link(b.address);
    b.network.link(a.address);
    await until('linked', bothUp(a, b));
    await pause(1_000); // the grace for duplicates and more
    assert.is(a.scribe.up.get(b.peer), b.scribe.up.get(a.peer));
    await gossipFlows(a, b);
    await gossipFlows(b, a);
    const events = [a.scribe.events.length, b.scribe.events.length];
    await pause(3_000); // the grace for lost gossip streams and more
    assert.equal([a.scribe.events.length, b.scribe.events.length], events);
    assert.is(a.scribe.up.get(b.peer), b.scribe.up.get(a.peer));
  });
});

recovery('waits for a daemon that is not there yet', async () => {
  await withStations([{}], async (a: Station) => {
    await withCable(a, async (cable) => {
      cable.cut();
      await withStations([{}], async (b: Station) => {
        b.network.link(cable.address);
        await until('it tried', () => b.logged.some(({ fields }) => fields.attempts === 2));
        cable.plug();
        await until('linked', bothUp(a, b));
        b.network.unlink(cable.address);
        cable.cut();
        await until('the cut is seen', bothDown(a, b));
        cable.plug();
        await pause(1_500);
        assert.equal(b.scribe.events, ['up', 'down']);
      });
    });
  });
});

recovery.run();
