/**
 * The control server: answers commands and terminals on a Unix socket that only its owner may open.
 *
 * It reads frames, bounds them, and hands each call to one table of methods; what the calls mean is
 * the daemon's. A client may have so many calls under way, and has to take what it is sent: one
 * that stops reading is dropped rather than stored for.
 */

import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { assert } from '../../core/assert.ts';
import type { Json } from '../../core/canonical.ts';
import { Failure } from '../../core/failure.ts';
import { CONTROL_BYTES_MAX, CONTROL_CLIENTS_MAX, CONTROL_PENDING_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { listenAt } from '../host/unix-socket.ts';
import type { Log } from '../ports.ts';
import { isMethod, parseParams } from './params.ts';
import {
  type Answer,
  CONTROL_PATH,
  type ControlTrouble,
  encodeAnswer,
  type Method,
  type Notification,
  type ParamsOf,
  parseRequest,
  type ResultOf,
} from './protocol.ts';

/** Who calls, as the kernel says. */
export interface Caller {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** What each method does. `subscribe` is the server's own. */
export type ControlMethods = {
  readonly [M in Exclude<Method, 'subscribe'>]: (
    params: ParamsOf<M>,
    caller: Caller,
  ) => Promise<ResultOf<M>>;
};

export interface ControlServerOptions {
  readonly path: string;
  readonly methods: ControlMethods;
  readonly log: Log;
  /** Asks the kernel who is at the other end; a throw closes the connection. */
  readonly peerCredentialsOf: (socket: Socket) => Caller;
}

/** WebSocket close code for a client that breaks the rules of the house (RFC 6455 §7.4.1). */
const POLICY_VIOLATION = 1_008;

/** Opens the server. Refuses and fails as `listenAt` does. */
export async function openControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const server = new ControlServer(options);
  await server.listen(options.path);
  return server;
}

/** The open server and its clients. */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #http: HttpServer = createServer((_request, response) => {
    response.writeHead(426, { connection: 'close' }).end();
  });
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: CONTROL_BYTES_MAX,
    perMessageDeflate: false,
  });
  readonly #subscribers = new Set<WebSocket>();

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  async listen(path: string): Promise<void> {
    await listenAt(this.#http, { path, mode: 0o600 });
  }

  /** Tells all subscribers. */
  notify(notification: Notification): void {
    for (const client of this.#subscribers) send(client, { kind: 'notification', notification });
  }

  /** Closes the socket and all clients; calls under way are answered to nobody. */
  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    await new Promise((resolve) => {
      this.#http.close(resolve);
      this.#http.closeAllConnections();
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const caller = this.#callerOf(request);
    if (typeof caller === 'string') turnAway(socket, caller);
    else this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#welcome(ws, caller));
  }

  /** Who is calling, or the HTTP status that turns the call away. */
  #callerOf(request: IncomingMessage): Caller | string {
    if (request.url !== CONTROL_PATH) return '404 Not Found';
    if (this.#sockets.clients.size >= CONTROL_CLIENTS_MAX) {
      this.#options.log.warn('control.full', { limit: CONTROL_CLIENTS_MAX });
      return '503 Service Unavailable';
    }
    try {
      return this.#options.peerCredentialsOf(request.socket);
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Failure)) throw error;
      this.#options.log.warn('control.unknown-caller', { code: error.code });
      return '403 Forbidden';
    }
  }

  #welcome(client: WebSocket, caller: Caller): void {
    let pending = 0;
    client.on('message', (frame, isBinary) => {
      if (isBinary) {
        client.close(POLICY_VIOLATION);
      } else if (pending >= CONTROL_PENDING_MAX) {
        const refusal = new Refusal('control-busy', { limit: CONTROL_PENDING_MAX });
        send(client, { kind: 'error', id: idOf(frame), trouble: troubleOf(refusal) });
      } else {
        pending += 1;
        void this.#answer(client, caller, bytesOf(frame)).finally(() => {
          pending -= 1;
        });
      }
    });
    client.on('close', () => this.#subscribers.delete(client));
    // Oversize and malformed frames end here; the library closes the connection by itself.
    client.on('error', (error) => {
      this.#options.log.warn('control.client-error', { uid: caller.uid, why: error.message });
    });
  }

  async #answer(client: WebSocket, caller: Caller, frame: Uint8Array): Promise<void> {
    const request = refusalOf(() => parseRequest(frame));
    if (request instanceof Refusal) {
      return send(client, { kind: 'error', id: null, trouble: troubleOf(request) });
    }
    const { id, method, params } = request;
    try {
      if (!isMethod(method)) throw new Refusal('control-method', { method: method.slice(0, 64) });
      const parsed = parseParams(method, params);
      if (method === 'subscribe') {
        this.#subscribers.add(client);
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
