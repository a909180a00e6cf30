/** Links that one side was told are slow: both know, and spare them. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import {
  decodePace,
  encodePace,
  type Pace,
  paceOf,
  slowerPace,
} from '../../../daemon/network/pace.ts';
import { refuses } from '../../refused.ts';
import { gossipFlows, join, pause, type Station, until, withStations } from './network-rig.ts';

const slow = suite('daemon/network/slow-link');

const slowly = (bitsPerS: number) => ({ paceOf: (): Pace => bitsPerS });

slow('links are known by the network that the peer is in', () => {
  const pace = paceOf(['192.0.2.0/24', '198.51.100.7', '2001:db8::/32'], 9_600);
  for (const host of ['192.0.2.9', '198.51.100.7', '2001:db8:1::2']) {
    assert.is(pace(host), 9_600, host);
  }
  for (const host of ['192.0.3.9', '198.51.100.8', '2001:db9::1', 'hub.example', '']) {
    assert.is(pace(host), null, host);
  }
});

slow('links are as slow as either side says', () => {
  assert.equal([slowerPace(null, null), slowerPace(9_600, null)], [null, 9_600]);
  assert.is(slowerPace(9_600, 1_200), 1_200);
  for (const said of [null, 300, 10_000_000]) assert.is(decodePace(encodePace(said)), said);
  refuses('truncated', () => decodePace(new Uint8Array(3)));
  refuses('trailing-bytes', () => decodePace(new Uint8Array(5)));
});

slow('links carry frames and no gossip, though one side alone knows', async () => {
  await withStations([slowly(1_000_000), {}, {}], async (a: Station, b: Station, c: Station) => {
    await Promise.all([join(a, b), join(c, b)]);
    await gossipFlows(c, b);
    a.network.send(b.peer, toUtf8('frame'));
    a.network.publish(toUtf8('gossip'));
    await until('the frame came', () => b.scribe.frames.length === 1);
    await pause(500);
    assert.not([...b.scribe.heard, ...c.scribe.heard].includes('gossip'));
    assert.equal([a.scribe.events, b.scribe.events], [['up'], ['up', 'up']]);
  });
});

slow('links are used by half, and what is urgent goes before what waits', async () => {
  const bitsPerS = 64_000; // half of it: 4,000 bytes a second
  await withStations([slowly(bitsPerS), {}], async (a: Station, b: Station) => {
    await join(a, b);
    const from = performance.now();
    for (let i = 0; i < 8; i++) a.network.send(b.peer, new Uint8Array(1_500).fill(i));
    a.network.send(b.peer, toUtf8('stop'), { isUrgent: true });
    await until('all came', () => b.scribe.frames.length === 9);
    const seconds = (performance.now() - from) / 1_000;
    const at = b.scribe.frames.findIndex(({ bytes }) => bytes.length === 4);
    assert.ok(at <= 2, `the urgent one came as number ${at}`);
    assert.ok(seconds > 2, `12,000 bytes took ${seconds} s`);
  });
});

slow('links let a stop pass a document that is under way', async () => {
  const bitsPerS = 8_000; // half of it: 500 bytes a second
  await withStations([slowly(bitsPerS), {}], async (a: Station, b: Station) => {
    await join(a, b);
    await pause(1_000); // both streams are open
    a.network.send(b.peer, new Uint8Array(6_000));
    await pause(1_500);
    a.network.send(b.peer, toUtf8('stop'), { isUrgent: true });
    await until('something came', () => b.scribe.frames.length > 0);
    assert.equal(
      b.scribe.frames.map(({ bytes }) => bytes.length),
      [4],
    );
  });
});

slow('links pace revocations, so that a stop passes them too', async () => {
  const bitsPerS = 8_000; // what is urgent may take all of it: 1,000 bytes a second
  await withStations([slowly(bitsPerS), {}], async (a: Station, b: Station) => {
    await join(a, b);
    await pause(1_000); // both streams are open
    const from = performance.now();
    a.network.send(b.peer, new Uint8Array(6_000), { isUrgent: true });
    await pause(1_500);
    a.network.send(b.peer, toUtf8('stop'), { isUrgent: true });
    await until('both came', () => b.scribe.frames.length === 2);
    const seconds = (performance.now() - from) / 1_000;
    assert.equal(
      b.scribe.frames.map(({ bytes }) => bytes.length),
      [4, 6_000],
    );
    assert.ok(seconds > 4, `6,000 bytes took ${seconds} s`);
  });
});

slow.run();
