/**
 * The control server: answers commands and terminals on a Unix socket.
 *
 * Who may call at all is decided before a connection is one, and what with each call (caller.ts).
 *
 * It reads frames, bounds them, and hands each call to one table of methods; what the calls mean is
 * the daemon's. A client may have so many calls under way, and has to take what it is sent: one
 * that stops reading is dropped rather than stored for.
 */

import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { assert } from '../../core/assert.ts';
import type { Json } from '../../core/canonical.ts';
import { Failure } from '../../core/failure.ts';
import {
  CONTROL_BYTES_MAX,
  CONTROL_CLIENTS_MAX,
  CONTROL_HEADER_MS_MAX,
  CONTROL_OTHERS_MAX,
  CONTROL_PENDING_MAX,
} from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { listenAt, type UnixSocket } from '../host/unix-socket.ts';
import type { Log } from '../ports.ts';
import { type Caller, checkRole, isAtLeast, LEAST_ROLES } from './caller.ts';
import type { Method, Notification, ParamsOf, ResultOf } from './calls.ts';
import {
  type Answer,
  CONTROL_PATH,
  type ControlTrouble,
  encodeAnswer,
  parseRequest,
} from './frames.ts';
import { isMethod, parseParams } from './params.ts';

/** What each method does. `subscribe` is the server's own. */
export type ControlMethods = {
  readonly [M in Exclude<Method, 'subscribe'>]: (
    params: ParamsOf<M>,
    caller: Caller,
  ) => Promise<ResultOf<M>>;
};

export interface ControlServerOptions {
  readonly socket: UnixSocket;
  readonly methods: ControlMethods;
  readonly log: Log;
  /** Who is at the other end; whoever is refused is turned away. */
  readonly callerOf: (socket: Socket) => Promise<Caller>;
  /** Hears of calls that the role of their caller does not permit. */
  readonly onRefused: (caller: Caller, refusal: Refusal) => void;
}

/** A way in, and how callers are known there. */
interface Door {
  readonly callerOf: ControlServerOptions['callerOf'];
  /** True where a caller stays the same for as long as the connection stands. */
  readonly isLasting: boolean;
}

/** A connection, and whose it is. */
interface Connection {
  readonly caller: Caller;
  readonly isLasting: boolean;
  /** Who it is now; throws a `Refusal` where nobody may be it any more. */
  readonly prove: () => Promise<Caller>;
}

/** WebSocket close code for a client that breaks the rules of the house (RFC 6455 §7.4.1). */
const POLICY_VIOLATION = 1_008;

/** Opens the server. Refuses and fails as `listenAt` does. */
export async function openControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const server = new ControlServer(options);
  await server.listen();
  return server;
}

/** The open server and its clients. */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #http: HttpServer = createServer(
    {
      headersTimeout: CONTROL_HEADER_MS_MAX,
      requestTimeout: CONTROL_HEADER_MS_MAX,
      connectionsCheckingInterval: CONTROL_HEADER_MS_MAX / 4,
    },
    (_request, response) => response.writeHead(426, { connection: 'close' }).end(),
  );
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: CONTROL_BYTES_MAX,
    perMessageDeflate: false,
  });
  readonly #subscribers = new Map<WebSocket, Connection>();
  /** Connections that are being asked who they are, and those that were told who they are. */
  readonly #callers = new Map<Duplex, Caller | null>();

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#http.maxConnections = 2 * CONTROL_CLIENTS_MAX;
    this.#http.on('upgrade', (request, socket, head) => {
      const { callerOf } = options;
      void this.#upgrade({ callerOf, isLasting: true }, request, socket, head);
    });
  }

  async listen(): Promise<void> {
    await listenAt(this.#http, this.#options.socket);
  }

  /** Tells all subscribers; of single events those that may read the audit log. */
  notify(notification: Notification): void {
    const needs = notification.method === 'event' ? LEAST_ROLES['audit.tail'] : 'observer';
    for (const [client, connection] of this.#subscribers) {
      const tell = ({ role }: Caller): void => {
        if (isAtLeast(role, needs)) send(client, { kind: 'notification', notification });
      };
      if (connection.isLasting) tell(connection.caller);
      else void connection.prove().then(tell, () => client.terminate());
    }
  }

  /** Answers callers of another server too, who prove at each call who they are. */
  answerAt(server: HttpsServer, callerOf: ControlServerOptions['callerOf']): void {
    server.on('upgrade', (request, socket, head) => {
      void this.#upgrade({ callerOf, isLasting: false }, request, socket, head);
    });
  }

  /** Closes the socket and all clients; calls under way are answered to nobody. */
  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    await new Promise((resolve) => {
      this.#http.close(resolve);
      this.#http.closeAllConnections();
    });
  }

  async #upgrade(
    door: Door,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    this.#callers.set(socket, null);
    socket.on('error', () => socket.destroy()); // whoever hangs up meanwhile is no news
    socket.once('close', () => this.#callers.delete(socket));
    const caller = await this.#callerOf(door, request);
    if (socket.destroyed) return;
    if (typeof caller === 'string') {
      turnAway(socket, caller);
    } else {
      this.#callers.set(socket, caller);
      const { isLasting, callerOf } = door;
      const prove = async () => (isLasting ? caller : callerOf(request.socket));
      this.#sockets.handleUpgrade(request, socket, head, (ws) =>
        this.#welcome(ws, { caller, isLasting, prove }),
      );
    }
  }

  /** Who is calling, or the HTTP status that turns the call away. */
  async #callerOf(door: Door, request: IncomingMessage): Promise<Caller | string> {
    if (request.url !== CONTROL_PATH) return '404 Not Found';
    try {
      const caller = await door.callerOf(request.socket);
      const isFull = this.#callers.size > CONTROL_CLIENTS_MAX;
      const others = [...this.#callers.values()].filter((each) => each?.role !== 'admin').length;
      const hasNoPlace = caller.role !== 'admin' && others > CONTROL_OTHERS_MAX;
      if (!isFull && !hasNoPlace) return caller;
      this.#options.log.warn('control.full', { who: caller.name, limit: CONTROL_CLIENTS_MAX });
      return '503 Service Unavailable';
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Failure)) throw error;
      this.#options.log.warn('control.unknown-caller', { code: error.code });
      return '403 Forbidden';
    }
  }

  #welcome(client: WebSocket, connection: Connection): void {
    let pending = 0;
    client.on('message', (frame, isBinary) => {
      if (isBinary) {
        client.close(POLICY_VIOLATION);
      } else if (pending >= CONTROL_PENDING_MAX) {
        const refusal = new Refusal('control-busy', { limit: CONTROL_PENDING_MAX });
        send(client, { kind: 'error', id: idOf(frame), trouble: troubleOf(refusal) });
      } else {
        pending += 1;
        void this.#answer(client, connection, bytesOf(frame)).finally(() => {
          pending -= 1;
        });
      }
    });
    client.on('close', () => this.#subscribers.delete(client));
    // Oversize and malformed frames end here; the library closes the connection by itself.
    client.on('error', (error) => {
      this.#options.log.warn('control.client-error', {
        who: connection.caller.name,
        why: error.message,
      });
    });
  }

  async #answer(client: WebSocket, connection: Connection, frame: Uint8Array): Promise<void> {
    const request = refusalOf(() => parseRequest(frame));
    if (request instanceof Refusal) {
      return send(client, { kind: 'error', id: null, trouble: troubleOf(request) });
    }
    const { id, method, params } = request;
    let { caller } = connection;
    try {
      caller = await connection.prove();
      if (!isMethod(method)) throw new Refusal('control-method', { method: method.slice(0, 64) });
      checkRole(caller, method);
      const parsed = parseParams(method, params);
      if (method === 'subscribe') {
        this.#subscribers.set(client, { ...connection, caller });
        return send(client, { kind: 'result', id, result: {} });
      }
      const call = this.#options.methods[method] as (
        params: ParamsOf<Method>,
        caller: Caller,
      ) => Promise<unknown>;
      const result = await call(parsed, caller);
      send(client, { kind: 'result', id, result: result as Json });
    } catch (error) {
      send(client, { kind: 'error', id, trouble: troubleOf(error) });
      if (error instanceof Refusal && error.code === 'role-insufficient') {
        this.#options.onRefused(caller, error);
      }
      // Neither refused nor failed: a bug, which ends the process once its caller was told.
      if (!(error instanceof Refusal || error instanceof Failure)) throw error;
    }
  }
}

function send(client: WebSocket, answer: Answer): void {
  if (client.readyState !== client.OPEN) return;
  if (client.bufferedAmount > CONTROL_BYTES_MAX) client.terminate();
  else client.send(encodeAnswer(answer));
}

function turnAway(socket: Duplex, status: string): void {
  socket.once('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

function troubleOf(error: unknown): ControlTrouble {
  if (error instanceof Refusal) {
    const { code, message, details, mend } = error;
    const told = typeof details.mend === 'string' ? details.mend : mend;
    return { code, message, details, mend: told };
  }
  if (error instanceof Failure) {
    return { code: error.code, message: error.message, details: {}, mend: '' };
  }
  const message = 'the daemon made a mistake; its log tells more';
  return { code: 'internal', message, details: {}, mend: 'report it with the log' };
}

/** The id of a request that is refused unread, so that the caller knows which one it was. */
function idOf(frame: RawData): number | null {
  const request = refusalOf(() => parseRequest(bytesOf(frame)));
  return request instanceof Refusal ? null : request.id;
}

/** Text frames come as one Buffer, unless the library is told otherwise. */
function bytesOf(frame: RawData): Uint8Array {
  assert(frame instanceof Uint8Array, 'a frame comes as one piece');
  return frame;
}
