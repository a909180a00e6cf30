/** What is no proper gRPC request, sent over a real socket: each refused in gRPC's own words. */

import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat } from '../../../core/bytes.ts';
import { GRPC } from '../../../daemon/workload-api/grpc.ts';
import { type TemporaryFolder, temporaryFolder } from '../../folder.ts';
import { serve } from './rig.ts';

const grpc = suite('daemon/workload-api/grpc');

const SVIDS = '/SpiffeWorkloadAPI/FetchX509SVID';
const TOKENS = '/SpiffeWorkloadAPI/FetchJWTSVID';
const EMPTY = Uint8Array.of(0, 0, 0, 0, 0);

/** One request of the bytes given, whole or in pieces; HTTP's status, gRPC's, and its words. */
async function send(
  path: string,
  pieces: readonly Uint8Array[],
  headers: Readonly<Record<string, string>> = {},
) {
  await using folder: TemporaryFolder = await temporaryFolder();
  await using s = await serve(folder);
  const session = connect('http://localhost', {
    createConnection: () => connectSocket(s.socketPath),
  });
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    'workload.spiffe.io': 'true',
    ...headers,
  });
  let http: unknown;
  let state: unknown;
  const note = (fields: Record<string, unknown>): void => {
    http ??= fields[':status'];
    state = fields['grpc-status'] ?? state;
  };
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  stream.on('error', () => undefined);
  stream.on('response', note).on('trailers', note).resume();
  for (const piece of pieces) {
    stream.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  stream.end();
  await closed;
  session.destroy();
  return { http, state: Number(state) };
}

function framed(message: Uint8Array, flag = 0): Uint8Array {
  const header = new Uint8Array(5);
  header[0] = flag;
  new DataView(header.buffer).setUint32(1, message.length);
  return concat(header, message);
}

grpc('takes a message in pieces of any size', async () => {
  const bytes = framed(Uint8Array.of(0x0a, 2, 0x64, 0x62)); // audience: "db"
  const { state } = await send(
    TOKENS,
    Array.from(bytes, (byte) => Uint8Array.of(byte)),
  );
  assert.is(state, GRPC.ok);
});

grpc('demands exactly one message where the method has one', async () => {
  const fieldless = await send(TOKENS, []);
  assert.is(fieldless.state, GRPC.unimplemented);
  const twice = await send(SVIDS, [concat(EMPTY, EMPTY)]);
  assert.is(twice.state, GRPC.unimplemented);
});

grpc('knows no compression, named or not', async () => {
  const named = await send(SVIDS, [EMPTY], { 'grpc-encoding': 'gzip' });
  assert.is(named.state, GRPC.unimplemented);
  assert.is((await send(SVIDS, [framed(EMPTY, 1)])).state, GRPC.unimplemented);
});

grpc('reads no message beyond its bound, not even its beginning', async () => {
  const { state } = await send(SVIDS, [Uint8Array.of(0, 0, 1, 0, 1)]);
  assert.is(state, GRPC.resourceExhausted);
});

grpc('calls half a message, and one of another kind, malformed', async () => {
  assert.is((await send(SVIDS, [EMPTY.subarray(0, 3)])).state, GRPC.internal);
  assert.is((await send(TOKENS, [framed(Uint8Array.of(0x0a, 0x7f))])).state, GRPC.internal);
});

grpc('answers what is no gRPC with a status of HTTP', async () => {
  assert.is((await send(SVIDS, [], { ':method': 'GET' })).http, 405);
  assert.is((await send(SVIDS, [EMPTY], { 'content-type': 'application/json' })).http, 415);
  assert.is((await send(SVIDS, [EMPTY], { 'content-type': 'application/grpc-web' })).http, 415);
});

grpc.run();
