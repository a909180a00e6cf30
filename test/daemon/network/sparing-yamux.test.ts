/** yamux that is sparing with grants: few frames come back, and nobody waits for one. */

import { once } from 'node:events';
import type { Stream, StreamMuxer } from '@libp2p/interface';
import { multiaddrConnectionPair } from '@libp2p/utils';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GRANT_BYTES, sparingYamux } from '../../../daemon/network/sparing-yamux.ts';

const muxers = suite('daemon/network/sparing-yamux');

const SMALL = new Uint8Array(64);
const PIECE = new Uint8Array(32 * 1024);

/** What a stream from one end to the other brings, and how many frames came back meanwhile. */
async function carried(pieces: readonly Uint8Array[]) {
  const [near, far] = multiaddrConnectionPair();
  const here = sparingYamux({ enableKeepAlive: false })().createStreamMuxer(near);
  const there = sparingYamux({ enableKeepAlive: false })().createStreamMuxer(far);
  let back = 0;
  near.addEventListener('message', () => back++);
  const accepted = acceptedBy(there);
  const stream = await here.createStream();
  const taken = await accepted;
  let bytes = 0;
  const total = pieces.reduce((sum, { length }) => sum + length, 0);
  const whole = new Promise<void>((resolve) => {
    taken.addEventListener('message', ({ data }) => {
      bytes += data.byteLength;
      if (bytes === total) resolve();
    });
  });
  for (const piece of pieces) {
    if (!stream.send(piece)) await once(stream as unknown as EventTarget, 'drain');
  }
  await whole;
  return { bytes, back };
}

function acceptedBy(muxer: StreamMuxer): Promise<Stream> {
  return new Promise((resolve) => {
    muxer.addEventListener('stream', ({ detail }) => resolve(detail));
  });
}

muxers('answers many small messages with the frame that accepts their stream', async () => {
  const { bytes, back } = await carried(Array.from({ length: 200 }, () => SMALL));
  assert.is(bytes, 200 * SMALL.length);
  assert.is(back, 1);
});

muxers('grants more than a stream begins with, each half of it at once', async () => {
  const pieces = Array.from({ length: 64 }, () => PIECE);
  const { bytes, back } = await carried(pieces);
  assert.is(bytes, 64 * PIECE.length);
  assert.ok(back >= bytes / (2 * GRANT_BYTES) - 1 && back <= 1 + bytes / GRANT_BYTES, `${back}`);
});

muxers.run();
