/**
 * The asking side of the control socket: one connection, calls matched to answers by number.
 *
 * A trouble that the daemon answers with comes out as a `ControlError` with the daemon's own code
 * and words; a daemon that is not there as a `Failure` that says how to start one.
 */

import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket } from 'ws';
import { assert } from '../../core/assert.ts';
import { Failure } from '../../core/failure.ts';
import { CONTROL_BYTES_MAX, CONTROL_SILENCE_MS_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { type BootMs, bootMs } from '../../core/time.ts';
import { openClock } from '../host/clock.ts';
import { systemCode } from '../host/files.ts';
import type { Clock } from '../ports.ts';
import type { Method, Notification, ParamsOf, ResultOf } from './calls.ts';
import { CONTROL_PATH, ControlError, encodeRequest, parseAnswer } from './frames.ts';

/** What the daemon answers whoever has no role (RFC 9110 §15.5.4). */
const FORBIDDEN = 403;

interface Pending {
  readonly done: (result: unknown) => void;
  readonly failed: (error: Error) => void;
}

/**
 * Connects to the daemon at `path`. Refuses `role-insufficient` where it knows no role of ours;
 * fails `daemon-unreachable`.
 */
export async function connectControl(path: string, clock = openClock()): Promise<ControlClient> {
  return openClient(path, () => connect(path), clock);
}

/** A client over a connection that is opened here; `place` names the daemon. */
export async function openClient(
  place: string,
  dial: () => Duplex,
  clock: Clock,
): Promise<ControlClient> {
  const stream = dial();
  const socket = new WebSocket(`ws://localhost${CONTROL_PATH}`, {
    // Not `ws+unix:`, where a colon in the path would end it.
    createConnection: () => stream,
    maxPayload: CONTROL_BYTES_MAX,
    perMessageDeflate: false,
  });
  const late = Promise.withResolvers<never>();
  const cancel = clock.wakeAt(silenceFrom(clock), () => {
    late.reject(silent(place));
    socket.terminate();
  });
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_request, { statusCode }) => {
      if (statusCode === FORBIDDEN) {
        reject(new Refusal('role-insufficient', { needs: 'observer', has: 'none' }));
      } else {
        reject(unreachable(place, new Error(`it answers ${statusCode}`)));
      }
      socket.terminate();
    });
    socket.once('error', (error) => reject(unreachable(place, error)));
  });
  await Promise.race([opened, late.promise]).finally(cancel);
  const client = new ControlClient(socket, place);
  client.watch(stream, clock);
  return client;
}

/** An open connection. */
export class ControlClient {
  readonly #socket: WebSocket;
  readonly #path: string;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(notification: Notification) => void>();
  #nextId = 1;
  #closed: Failure | undefined;

  constructor(socket: WebSocket, path: string) {
    this.#socket = socket;
    this.#path = path;
    socket.on('message', (frame) => this.#receive(frame));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(undefined));
  }

  /** Calls one method. Throws the daemon's `ControlError`; fails `daemon-unreachable`. */
  call<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((done, failed) => {
      // The daemon is this user's own and answers by the same table (see calls.ts).
      this.#pending.set(id, { done: (result) => done(result as ResultOf<M>), failed });
      this.#socket.send(encodeRequest(id, method, params));
    });
  }

  /** Asks for notifications and calls back with each; returns how to stop listening. */
  async subscribe(listener: (notification: Notification) => void): Promise<() => void> {
    this.#listeners.add(listener);
    await this.call('subscribe', {});
    return () => this.#listeners.delete(listener);
  }

  /**
   * Hangs up on a daemon that hangs. One that works for long answers a ping all the same, and over
   * a slow line each byte of an answer is a sign.
   */
  watch(stream: Duplex, clock: Clock): void {
    let isHeard = true;
    let cancel = (): void => undefined;
    const look = (): void => {
      if (!isHeard) return this.#fail(silent(this.#path));
      isHeard = false;
      this.#socket.ping();
      cancel = clock.wakeAt(silenceFrom(clock), look);
    };
    stream.on('data', () => {
      isHeard = true;
    });
    this.#socket.once('close', () => cancel());
    cancel = clock.wakeAt(silenceFrom(clock), look);
  }

  /** Resolves once the connection is gone, whoever closed it. */
  async closed(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    await new Promise((resolve) => this.#socket.once('close', resolve));
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed();
  }

  #receive(frame: RawData): void {
    assert(frame instanceof Uint8Array, 'a frame comes as one piece');
    const answer = refusalOf(() => parseAnswer(frame));
    if (answer instanceof Refusal) {
      this.#fail(answer);
    } else if (answer.kind === 'notification') {
      for (const listener of this.#listeners) listener(answer.notification);
    } else if (answer.kind === 'result') {
      this.#settle(answer.id)?.done(answer.result);
    } else if (answer.id === null) {
      this.#fail(new ControlError(answer.trouble));
    } else {
      this.#settle(answer.id)?.failed(new ControlError(answer.trouble));
    }
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  /** An answer that belongs to no call, or is none: nothing later on this connection is sure. */
  #fail(error: Error): void {
    this.#end(error);
    this.#socket.terminate();
  }

  #end(cause: Error | undefined): void {
    const told = `the daemon at ${this.#path} closed the connection`;
    this.#closed ??=
      cause instanceof Failure ? cause : new Failure('daemon-unreachable', told, cause);
    for (const { failed } of this.#pending.values()) failed(this.#closed);
    this.#pending.clear();
  }
}

function silent(place: string): Failure {
  const why = `what listens at ${place} does not answer: it hangs, or was stopped`;
  return new Failure('daemon-unreachable', why);
}

/** When nothing heard means that nothing is there. */
function silenceFrom(clock: Clock): BootMs {
  return bootMs(clock.now().boot + CONTROL_SILENCE_MS_MAX);
}

function unreachable(path: string, cause: Error): Failure {
  const why =
    systemCode(cause) === 'EACCES'
      ? `the daemon at ${path} belongs to another user`
      : `no daemon answers at ${path}; start one with: holdfast start`;
  return new Failure('daemon-unreachable', why, cause);
}
