/** A Workload API on a real socket, for callers that a test decides, and ways to call it. */

import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { type Client, createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { authoritySource } from '../../../daemon/identity/authority-source.ts';
import { IdentityDirectory, type TrustView } from '../../../daemon/identity/directory.ts';
import type { Entry } from '../../../daemon/identity/entry.ts';
import { openWorkloadClient } from '../../../daemon/workload-api/client.ts';
import { SpiffeWorkloadAPI } from '../../../daemon/workload-api/gen/workload_pb.ts';
import { createWorkloadServer } from '../../../daemon/workload-api/server.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeProcesses } from '../../fakes/fake-processes.ts';
import { MemoryLog } from '../../fakes/memory-log.ts';
import type { TemporaryFolder } from '../../folder.ts';
import { AWAY, testTrust } from '../identity/trust.ts';

/** gRPC status codes (grpc/grpc, doc/statuscodes.md). */
export const STATUS = {
  invalidArgument: '3',
  permissionDenied: '7',
  unimplemented: '12',
  unavailable: '14',
  unauthenticated: '16',
};

/** Every call of the API with its security header, over a connection of its own. */
export function connectApi(path: string): {
  readonly api: Client<typeof SpiffeWorkloadAPI>;
  close(): void;
} {
  const baseUrl = 'http://localhost';
  const sessionManager = new Http2SessionManager(
    baseUrl,
    {},
    { createConnection: () => connectSocket(path) },
  );
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    interceptors: [
      (next) => (request) => {
        request.header.set('workload.spiffe.io', 'true');
        return next(request);
      },
    ],
  });
  return {
    api: createClient(SpiffeWorkloadAPI, transport),
    close: () => sessionManager.abort(),
  };
}

/** Lets everything that is under way on the loop and the sockets arrive. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A server with one entry for uid 1000, on a real socket, for a caller that the test decides. */
export async function serve(folder: TemporaryFolder) {
  const clock = new FakeClock();
  const trust = testTrust(clock.now().wall);
  const web = trust.entry('web', { federatesWith: [AWAY], hint: 'internal' });
  const directory = new IdentityDirectory({
    clock,
    random: trust.random,
    source: authoritySource(trust.signers, trust.random),
    view: trust.view([web]),
  });
  const processes = new FakeProcesses();
  const log = new MemoryLog();
  const socketPath = folder.file('workload.sock');
  const server = await createWorkloadServer({ socketPath, directory, processes, log });
  const client = openWorkloadClient({ kind: 'unix', path: socketPath });
  const transport = connectApi(socketPath);
  return {
    ...{ clock, trust, web, directory, processes, log, socketPath, client, api: transport.api },
    /** Another connection, as another process. */
    connectAs: (caller: FakeProcesses['caller']) => {
      processes.caller = caller;
      const { api, close } = connectApi(socketPath);
      return { api, [Symbol.dispose]: close };
    },
    update: (entries: readonly Entry[], change?: Partial<TrustView>) =>
      directory.update(trust.view(entries, change)),
    close: () => server.close(),
    [Symbol.asyncDispose]: async () => {
      client.close();
      transport.close();
      directory.close();
      await server.close();
    },
  };
}

/** One raw gRPC call: what any other language would send. */
export async function call(
  socketPath: string,
  path: string,
  headers: Readonly<Record<string, string | string[]>>,
) {
  const session: ClientHttp2Session = connect('http://localhost', {
    createConnection: () => connectSocket(socketPath),
  });
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  let status: unknown;
  let message: unknown;
  const note = (fields: Record<string, unknown>): void => {
    status = fields['grpc-status'] ?? status;
    message = fields['grpc-message'] ?? message;
  };
  stream.on('response', note).on('trailers', note).resume();
  stream.end(Uint8Array.of(0, 0, 0, 0, 0)); // one empty message
  let reset: unknown;
  stream.on('error', (error) => {
    reset = error;
  });
  await new Promise<void>((resolve) => stream.once('close', () => resolve()));
  session.destroy();
  return { status, reset, message: decodeURIComponent(String(message)) };
}
