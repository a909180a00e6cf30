/**
 * Serves the SPIFFE Workload API: gRPC over HTTP/2 on a Unix socket (Workload Endpoint §2–§5).
 *
 * Any local user may connect; the kernel says who it is, once, when the connection is accepted,
 * and that alone decides. Connections are bounded for each user, so that none can shut out the
 * others.
 */

import { once } from 'node:events';
import {
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { Failure } from '../../core/failure.ts';
import { WORKLOAD_STREAMS_MAX, WORKLOAD_STREAMS_PER_UID_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { ConnectedProcess } from '../attestation/workload-attestor.ts';
import { deadline } from '../host/deadline.ts';
import { systemCode } from '../host/files.ts';
import { listenAt } from '../host/unix-socket.ts';
import type { FetchBook } from './fetch-book.ts';
import { answerStream } from './grpc.ts';
import { reflectionMethods } from './reflection.ts';
import { createWorkloadService, type WorkloadServiceOptions } from './service.ts';
import { Slots } from './slots.ts';

/** What the server answers from, and where. */
export interface WorkloadServerOptions extends WorkloadServiceOptions {
  readonly socketPath: string;
}

/** An open Workload API. */
export interface WorkloadServer {
  readonly socketPath: string;
  /** Who was given which X509-SVID. */
  readonly fetches: FetchBook;
  /** Ends every stream and takes the socket away. */
  close(): Promise<void>;
}

/** Streams of one connection; a SPIFFE library uses one or two. */
const STREAMS_PER_CONNECTION = 32;
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
  const service = createWorkloadService(options, (session) => connections.callerOf(session));
  const methods = new Map([...service.methods, ...reflectionMethods()]);
  const server = createServer({ settings: { maxConcurrentStreams: STREAMS_PER_CONNECTION } });
  server.on('stream', (stream, headers) =>
    answerStream(stream as ServerHttp2Stream, headers, methods),
  );
  server.maxConnections = WORKLOAD_STREAMS_MAX;
  server.on('connection', (socket) => connections.accepted(socket));
  server.on('session', (session) => connections.open(session));
  server.on('sessionError', (error) => {
    if (!isGoing(error)) options.log.info('workload connection lost', told(error));
  });
  await listenAt(server, { path: socketPath, mode: 0o666 });
  return {
    socketPath,
    fetches: service.fetches,
    close: () => {
      service.close();
      return close(server, connections);
    },
  };
}

/** A client that has what it came for may just hang up, as most do: that is no news. */
function isGoing(error: Error): boolean {
  const code = systemCode(error);
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_HTTP2_SESSION_ERROR';
}

/** The open connections, and whose each is. */
class Connections {
  readonly #options: WorkloadServerOptions;
  readonly #slots = new Slots({
    inAll: WORKLOAD_STREAMS_MAX,
    perUid: WORKLOAD_STREAMS_PER_UID_MAX,
  });
  readonly #callers = new Map<ServerHttp2Session, ConnectedProcess>();
  readonly #sockets = new Set<Socket>();

  constructor(options: WorkloadServerOptions) {
    this.#options = options;
  }

  callerOf(session: object | undefined): ConnectedProcess | undefined {
    return this.#callers.get(session as ServerHttp2Session);
  }

  accepted(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
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
    // A session that closes waits for the far end to hang up as well, even when it is destroyed.
    for (const socket of this.#sockets) socket.destroy();
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
