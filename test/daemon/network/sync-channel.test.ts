/** Frames over one stream: what is queued together goes together, whole and in order. */

import type { Connection, Stream, StreamMuxer } from '@libp2p/interface';
import { multiaddrConnectionPair } from '@libp2p/utils';
import { yamux } from '@libp2p/yamux';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CHUNK_BYTES, SyncChannel } from '../../../daemon/network/sync-channel.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

const channels = suite('daemon/network/sync-channel');

/** A channel to a peer: what that one has heard of it, and in how many pieces. */
async function channelWith(slow: { bytesPerS: number; share: number } | null = null) {
  const [near, far] = multiaddrConnectionPair();
  const here = yamux({ enableKeepAlive: false })().createStreamMuxer(near);
  const there = yamux({ enableKeepAlive: false })().createStreamMuxer(far);
  const accepted = acceptedBy(there);
  const heard: Uint8Array[] = [];
  const events = {
    frame: (bytes: Uint8Array) => void heard.push(bytes),
    dropped: () => assert.unreachable('there is room'),
    broken: (error: Error) => assert.unreachable(error.message),
  };
  const clock = new FakeClock();
  const ours = new SyncChannel({ connection: over(here), clock, slow }, events);
  const theirs = new SyncChannel({ connection: over(there), clock, slow }, events);
  await ours.open();
  const stream = await accepted;
  let pieces = 0;
  stream.addEventListener('message', () => pieces++);
  theirs.accept(stream);
  const hear = async (count: number): Promise<readonly Uint8Array[]> => {
    while (heard.length < count) {
      await new Promise((resolve) => stream.addEventListener('message', resolve, { once: true }));
    }
    return heard;
  };
  return { ours, clock, hear, pieces: () => pieces };
}

/** As much of a connection as a channel asks for. */
function over(muxer: StreamMuxer): Connection {
  const connection = { status: 'open', newStream: () => muxer.createStream() };
  return connection as unknown as Connection;
}

function acceptedBy(muxer: StreamMuxer): Promise<Stream> {
  return new Promise((resolve) => {
    muxer.addEventListener('stream', ({ detail }) => resolve(detail));
  });
}

const frameOf = (length: number, fill: number) => new Uint8Array(length).fill(fill);

channels('carry what is queued in one turn as one piece, what is urgent first', async () => {
  const { ours, hear, pieces } = await channelWith();
  for (let i = 1; i <= 20; i++) ours.send(frameOf(40, i));
  ours.send(frameOf(40, 99), true);
  const heard = await hear(21);
  const expected = [99, ...Array.from({ length: 20 }, (_, i) => i + 1)];
  assert.equal(
    heard.map(([first]) => first),
    expected,
  );
  assert.is(pieces(), 1);
});

channels('carry frames of every length whole and in order, however they are cut', async () => {
  const { ours, hear } = await channelWith();
  const lengths = [1, CHUNK_BYTES - 9, 3, CHUNK_BYTES - 4, 5, 3 * CHUNK_BYTES, 1, CHUNK_BYTES, 2];
  for (const [i, length] of lengths.entries()) ours.send(frameOf(length, i));
  const heard = await hear(lengths.length);
  assert.equal(heard, lengths.map(frameOf));
});

channels('carry one frame after the other on a slow link, as its allowance grows', async () => {
  const { ours, clock, hear, pieces } = await channelWith({ bytesPerS: 1_000, share: 1 / 2 });
  const lengths = [300, 700, 40];
  for (const [i, length] of lengths.entries()) ours.send(frameOf(length, i));
  const all = hear(lengths.length);
  for (let second = 0; second < 20; second++) {
    clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await all, lengths.map(frameOf));
  assert.is(pieces(), 1 + 2 + 1);
});

channels.run();
