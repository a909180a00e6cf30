/** Wires: what a fleet does to links has to be what it says. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Line, Wire } from './wire.ts';

const wires = suite('fleet/wire');

const HOST = '127.0.0.1';

interface Ends {
  readonly wire: Wire;
  readonly near: Socket;
  readonly far: Socket;
}

/** A wire with one connection over it. */
async function withWire(line: Line, body: (ends: Ends) => Promise<void>): Promise<void> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const free = createServer().listen(0, HOST);
  await once(free, 'listening');
  const near = { host: HOST, port: portOf(free) };
  const far = { host: HOST, port: portOf(server) };
  free.close();
  await once(free, 'close');
  const wire = await Wire.lay({ near, far }, line);
  const taken = once(server, 'connection');
  const ends = { near: connect(near), far: ((await taken) as [Socket])[0] };
  for (const end of Object.values(ends)) end.on('error', () => end.destroy());
  await body({ wire, ...ends });
  for (const end of Object.values(ends)) end.destroy();
  await wire.close();
  server.close();
}

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Unlike `once`, no error of the socket ends it. */
function closed(end: Socket): Promise<void> {
  return new Promise((resolve) => end.once('close', () => resolve()));
}

wires('carry in order, no sooner than their delay', async () => {
  await withWire({ delayMs: 80, bitsPerS: null }, async ({ near, far, wire }) => {
    const from = performance.now();
    near.write('one ');
    near.write('two');
    let heard = '';
    while (heard.length < 7) heard += String(((await once(far, 'data')) as [Buffer])[0]);
    assert.is(heard, 'one two');
    assert.ok(performance.now() - from >= 80);
    assert.ok(wire.bytes > 7);
  });
});

wires('take their time for each byte, headers counted', async () => {
  await withWire({ delayMs: 0, bitsPerS: 8_000 }, async ({ near, far }) => {
    const from = performance.now();
    near.write(Buffer.alloc(148));
    await once(far, 'data');
    assert.ok(performance.now() - from >= 199, '200 bytes at a thousand a second');
  });
});

wires('that are held say nothing to either end, and break once they are mended', async () => {
  await withWire({ delayMs: 0, bitsPerS: null }, async ({ near, far, wire }) => {
    wire.hold();
    let heard = 0;
    far.on('data', () => heard++);
    near.write('lost');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal([heard, near.destroyed, far.destroyed], [0, false, false]);
    const broken = closed(near);
    wire.mend();
    await broken;
  });
});

wires('that are cut break at once', async () => {
  await withWire({ delayMs: 0, bitsPerS: null }, async ({ near, far, wire }) => {
    const both = Promise.all([closed(near), closed(far)]);
    wire.cut();
    await both;
  });
});

wires('say why an end broke that nobody here broke', async () => {
  await withWire({ delayMs: 0, bitsPerS: null }, async ({ near, far, wire }) => {
    assert.is(wire.trouble, '');
    const other = closed(near);
    far.resetAndDestroy();
    await other;
    assert.match(wire.trouble, 'ECONNRESET');
  });
});

wires.run();
