/**
 * Serves the SPIFFE Workload API: gRPC over HTTP/2 on a Unix socket (Workload Endpoint §2–§5).
 *
 * Any local user may connect; the kernel says who it is, once, when the connection is accepted,
 * and that alone decides. Connections are bounded for each user, so that none can shut out the
 * others.
 */

import { once } from 'node:events';
import {
  constants,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { createContextValues } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { assert, Bug } from '../../core/assert.ts';
import { Failure } from '../../core/failure.ts';
import { WORKLOAD_STREAMS_MAX, WORKLOAD_STREAMS_PER_UID_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { ConnectedProcess } from '../attestation/workload-attestor.ts';
import { deadline } from '../host/deadline.ts';
import { listenAt } from '../host/unix-socket.ts';
import { SpiffeWorkloadAPI } from './gen/workload_pb.ts';
import { addReflection } from './reflection.ts';
import { CALLER, createWorkloadService, type WorkloadServiceOptions } from './service.ts';
import { Slots } from './slots.ts';

/** What the server answers from, and where. */
export interface WorkloadServerOptions extends WorkloadServiceOptions {
  readonly socketPath: string;
}

/** An open Workload API. */
export interface WorkloadServer {
  readonly socketPath: string;
  /** Ends every stream and takes the socket away. */
  close(): Promise<void>;
}

/** Requests hold no fields of ours; a client that sends more means something else. */
const REQUEST_BYTES_MAX = 64 * 1024;
/** Streams of one connection; a SPIFFE library uses one or two. */
const STREAMS_PER_CONNECTION = 32;
/** Status codes of gRPC (grpc/grpc, doc/statuscodes.md). */
const GRPC_UNIMPLEMENTED = '12';
/** How long streams that end may take to say so. */
const FAREWELL_MS_MAX = 500;

/**
 * Opens the Workload API at `socketPath`. Refuses `socket-folder` and `socket-occupied`; fails
 * `socket-failed`.
 */
export async function createWorkloadServer(
  options: WorkloadServerOptions,
): Promise<WorkloadServer> {
  const { socketPath } = options;
  const connections = new Connections(options);
  const ending = new AbortController();
  const answer = connectNodeAdapter({
    routes: (router) => {
      router.service(SpiffeWorkloadAPI, createWorkloadService(options, ending.signal));
      addReflection(router);
    },
    grpc: true,
    grpcWeb: false,
    connect: false,
    readMaxBytes: REQUEST_BYTES_MAX,
    acceptCompression: [], // private keys do not go through a compressor
    contextValues: (request) => {
      assert('stream' in request, 'this server speaks HTTP/2 alone');
      return createContextValues().set(CALLER, connections.callerOf(request.stream.session));
    },
    // A path no service has is Unimplemented in gRPC, in the one frame a client needs.
    fallback: (_request, response) => {
      response.setHeader('content-type', 'application/grpc');
      response.setHeader('grpc-status', GRPC_UNIMPLEMENTED);
      response.end();
    },
  });
  const settings = { maxConcurrentStreams: STREAMS_PER_CONNECTION };
  const server = createServer({ settings }, (request, response) => {
    answerPlainly(answer, request, response);
  });
  server.maxConnections = WORKLOAD_STREAMS_MAX;
  server.on('session', (session) => connections.open(session));
  server.on('sessionError', (error) => options.log.info('workload connection lost', told(error)));
  await listenAt(server, { path: socketPath, mode: 0o666 });
  return {
    socketPath,
    close: () => {
      ending.abort();
      return close(server, connections);
    },
  };
}

/**
 * Hands a request to the library without what it trips over. The authority of a Unix socket is
 * whatever a client puts there, such as an escaped path, and says nothing; the library makes a URL
 * of it, and what that throws would end the process.
 */
function answerPlainly(
  answer: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
  request: Http2ServerRequest,
  response: Http2ServerResponse,
): void {
  request.headers[':authority'] = 'localhost';
  try {
    answer(request, response);
  } catch (error) {
    if (error instanceof Bug) throw error;
    response.stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
  }
}

/** The open connections, and whose each is. */
class Connections {
  readonly #options: WorkloadServerOptions;
  readonly #slots = new Slots({
    inAll: WORKLOAD_STREAMS_MAX,
    perUid: WORKLOAD_STREAMS_PER_UID_MAX,
  });
  readonly #callers = new Map<ServerHttp2Session, ConnectedProcess>();

  constructor(options: WorkloadServerOptions) {
    this.#options = options;
  }

  callerOf(session: object | undefined): ConnectedProcess | undefined {
    return this.#callers.get(session as ServerHttp2Session);
  }

  /** Asks who connected, before any request is read. Who cannot be named is hung up on. */
  open(session: ServerHttp2Session): void {
    try {
      const caller = this.#options.processes.peerOf(descriptorOf(session));
      session.once('close', () => caller.close());
      const slot = this.#slots.take(caller.uid);
      session.once('close', () => slot[Symbol.dispose]());
      this.#callers.set(session, caller);
      session.once('close', () => this.#callers.delete(session));
    } catch (error) {
      session.destroy();
      if (!(error instanceof Refusal || error instanceof Failure)) throw error;
      this.#options.log.info('workload connection refused', { code: error.code });
    }
  }

  /** Lets streams end in their own words, but not for ever. */
  async closeAll(): Promise<void> {
    const sessions = [...this.#callers.keys()];
    const closed = Promise.all(sessions.map(untilClosed));
    for (const session of sessions) session.close();
    await Promise.race([closed, once(deadline(FAREWELL_MS_MAX), 'abort')]);
    for (const session of sessions) session.destroy();
    await closed;
  }
}

/** The file descriptor of a session's socket, which Node keeps but does not document. */
function descriptorOf(session: ServerHttp2Session): number {
  const { _handle: handle } = session.socket as unknown as { _handle?: { fd?: number } };
  if (handle?.fd === undefined || handle.fd < 0) throw new Refusal('workload-gone');
  return handle.fd;
}

function untilClosed(session: ServerHttp2Session): Promise<void> {
  return new Promise((resolve) => session.once('close', () => resolve()));
}

function told(error: Error): { readonly error: string } {
  return { error: error.message };
}

async function close(server: Http2Server, connections: Connections): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await connections.closeAll();
  await closed;
}
