/**
 * The window's end of the control socket: it subscribes, asks again when told to, and comes back.
 *
 * Nothing is polled. The first connection either comes about or fails with a sentence; from then on
 * every loss is told as a message and followed by attempts that never give up. A daemon that hangs
 * is noticed by a ping. Every text of the daemon is made printable here, once, because names and
 * hints in it were written by strangers.
 */

import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { assert } from '../core/assert.ts';
import { Failure } from '../core/failure.ts';
import { CONTROL_BYTES_MAX } from '../core/limits.ts';
import { printable } from '../core/printable.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import { isOfOurSeries, VERSION } from '../core/version.ts';
import type { Method, Notification, ParamsOf, ResultOf } from '../daemon/control/calls.ts';
import {
  CONTROL_PATH,
  ControlError,
  encodeRequest,
  parseAnswer,
} from '../daemon/control/frames.ts';
import type { AuditEntryView, Status } from '../daemon/control/views.ts';
import { hashOfEntry } from './audit-proof.ts';
import { isDrawable } from './foreign-status.ts';
import type { Timers } from './host.ts';
import type { Message } from './model.ts';

const BACKOFF_MS = [250, 500, 1_000, 2_000, 5_000] as const;
/** A daemon that has not told everything by then hangs, or is none. */
const GREETING_MS = 10_000;
const PING_MS = 15_000;
/** Changes come in bursts; the status is asked for at most this often. */
const CALM_MS = 500;
const AUDIT_LINES = 200;

export interface ClientOptions {
  readonly path: string;
  readonly timers: Timers;
  readonly tell: (message: Message) => void;
}

/** A call that is not answered yet. */
interface Pending {
  readonly done: (result: unknown) => void;
  readonly failed: (error: Error) => void;
}

/** Codes by which a sane daemon of another version, or with roles, keeps something back. */
const WITHHELD: readonly string[] = ['control-method', 'role-insufficient'];

/** Where an audit entry begins so, what else is worth asking for. */
const CEREMONIAL = ['ceremony.', 'enrolment.', 'references.', 'relation.', 'root.'];

/** A connection that is kept up. */
export class Client {
  readonly #options: ClientOptions;
  #socket: WebSocket | undefined;
  #nextId = 1;
  #pending = new Map<number, Pending>();
  #isStale = false;
  #isAsking = false;
  #isAlive = true;
  /** Of a daemon of another series the status is shown, and nothing else is asked. */
  #isForeign = false;
  #tries = 0;
  #closed = false;
  #cancels = new Set<() => void>();

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Connects for the first time. Fails `daemon-unreachable` with what is there instead. */
  async open(): Promise<void> {
    await this.#settle(this.#dial());
  }

  close(): void {
    this.#closed = true;
    for (const cancel of this.#cancels) cancel();
    this.#socket?.terminate();
  }

  #dial(): WebSocket {
    const { path } = this.#options;
    this.#socket = new WebSocket(`ws://localhost${CONTROL_PATH}`, {
      createConnection: () => connect(path),
      maxPayload: CONTROL_BYTES_MAX,
      perMessageDeflate: false,
    });
    return this.#socket;
  }

  /** Resolves once the daemon has told everything that is shown first. */
  async #settle(socket: WebSocket): Promise<void> {
    const cancel = this.#after(GREETING_MS, () => socket.terminate());
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', (error) => reject(unreachable(this.#options.path, error)));
    });
    socket.on('error', () => socket.terminate());
    socket.on('message', (frame) => this.#receive(frame));
    const lost = new Promise<never>((_resolve, reject) => {
      socket.once('close', () => reject(new Failure('daemon-unreachable', CLOSED)));
    });
    lost.catch(() => this.#lost(socket, CLOSED));
    await Promise.race([this.#greet(), lost]);
    cancel();
    this.#tries = 0;
    this.#keepAlive(socket);
  }

  /**
   * What the window shows first. It subscribes before it asks, so that no change falls between; the
   * entries come last and alone, because they may be megabytes.
   */
  async #greet(): Promise<void> {
    const { tell, timers, path } = this.#options;
    const [, status] = await Promise.all([this.#call('subscribe', {}), this.#call('status', {})]);
    this.#isForeign = !isOfOurSeries(String(status.version));
    if (this.#isForeign) checkDrawable(status, path);
    tell({ kind: 'status', status, nowMs: timers.nowMs() });
    if (this.#isForeign) return;
    const [caller, audit] = await Promise.all([
      this.#askIfMay('whoami', {}, null),
      this.#askIfMay('audit.tail', { lines: AUDIT_LINES }, { entries: null }),
    ]);
    tell({ kind: 'caller', caller });
    tell({ kind: 'audit', entries: audit.entries });
    await Promise.all([this.#askCeremonies(), this.#askFetched()]);
    await this.#askEntries();
  }

  /**
   * What the daemon answers to a person, its texts printable. Throws the daemon's `ControlError`;
   * fails `daemon-unreachable` where the connection ends before.
   */
  ask<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new Failure('daemon-unreachable', CLOSED));
    }
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((done, failed) => {
      this.#pending.set(id, { done: (result) => done(result as ResultOf<M>), failed });
      socket.send(encodeRequest(id, method, params));
    });
  }

  /** The same for the window itself; a trouble ends the connection, and the answer never comes. */
  #call<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    const socket = this.#socket;
    return this.ask(method, params).catch((error) => this.#disown(error, NEVER, socket));
  }

  /** Every call of the window's own is one that any daemon of this version answers. */
  #disown<T>(error: unknown, after: Promise<T>, socket = this.#socket): Promise<T> {
    if (!(error instanceof ControlError || error instanceof Failure)) throw error;
    socket?.terminate();
    return after;
  }

  #receive(frame: unknown): void {
    assert(frame instanceof Uint8Array, 'a frame comes as one piece');
    const answer = refusalOf(() => parseAnswer(frame));
    if (answer instanceof Refusal || (answer.kind === 'error' && answer.id === null)) {
      this.#socket?.terminate();
    } else if (answer.kind === 'error') {
      this.#settled(answer.id)?.failed(new ControlError(answer.trouble));
    } else if (answer.kind === 'result') {
      this.#settled(answer.id)?.done(madePrintable(answer.result));
    } else {
      this.#heard(answer.notification);
    }
  }

  #settled(id: number | null): Pending | undefined {
    const pending = this.#pending.get(id ?? -1);
    this.#pending.delete(id ?? -1);
    return pending;
  }

  #heard(notification: Notification): void {
    if (notification.method === 'event' && !this.#isForeign) {
      const { params } = notification;
      const entry = madePrintable(params) as AuditEntryView;
      this.#options.tell({ kind: 'event', entry, hash: hashOfEntry(params) });
      const { event } = entry;
      if (event.startsWith('entry.')) void this.#askEntries();
      if (CEREMONIAL.some((start) => event.startsWith(start))) void this.#askCeremonies();
    }
    this.#isStale = true;
    this.#askStatus();
  }

  /** One question at a time, and a pause between two. */
  #askStatus(): void {
    if (this.#isAsking || !this.#isStale) return;
    this.#isAsking = true;
    this.#isStale = false;
    if (!this.#isForeign) void this.#askFetched();
    void this.#call('status', {}).then((status) => {
      const { tell, timers } = this.#options;
      if (this.#isForeign && !isDrawable(status)) return this.#socket?.terminate();
      tell({ kind: 'status', status, nowMs: timers.nowMs() });
    });
    this.#after(CALM_MS, () => {
      this.#isAsking = false;
      this.#askStatus();
    });
  }

  async #askEntries(): Promise<void> {
    const { entries } = await this.#call('entry.list', {});
    this.#options.tell({ kind: 'entries', entries });
  }

  async #askCeremonies(): Promise<void> {
    const { ceremonies } = await this.#askIfMay('ceremony.list', {}, { ceremonies: null });
    this.#options.tell({ kind: 'ceremonies', ceremonies });
  }

  async #askFetched(): Promise<void> {
    const { fetched } = await this.#askIfMay('workload.list', {}, { fetched: [] });
    this.#options.tell({ kind: 'fetched', fetched });
  }

  /** What an older daemon does not know, or our role may not, is `otherwise`; all else goes on. */
  #askIfMay<M extends Method, T>(
    method: M,
    params: ParamsOf<M>,
    otherwise: T,
  ): Promise<ResultOf<M> | T> {
    const socket = this.#socket;
    return this.ask(method, params).catch((error: unknown) => {
      const isWithheld = error instanceof ControlError && WITHHELD.includes(error.code);
      return isWithheld ? otherwise : this.#disown<T>(error, NEVER, socket);
    });
  }

  #keepAlive(socket: WebSocket): void {
    this.#isAlive = true;
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    const beat = (): void => {
      if (socket !== this.#socket || socket.readyState !== WebSocket.OPEN) return;
      if (!this.#isAlive) return socket.terminate();
      this.#isAlive = false;
      socket.ping();
      this.#after(PING_MS, beat);
    };
    this.#after(PING_MS, beat);
  }

  /** Tells it once for each connection, and tries again after a while. */
  #lost(socket: WebSocket, why: string): void {
    if (this.#closed || socket !== this.#socket) return;
    const { tell, timers } = this.#options;
    this.#socket = undefined;
    for (const { failed } of this.#pending.values()) {
      failed(new Failure('daemon-unreachable', CLOSED));
    }
    this.#pending = new Map();
    socket.terminate();
    tell({ kind: 'lost', why, nowMs: timers.nowMs() });
    const waitMs = BACKOFF_MS[Math.min(this.#tries, BACKOFF_MS.length - 1)] ?? CALM_MS;
    this.#tries += 1;
    this.#after(waitMs, () => void this.#retry());
  }

  async #retry(): Promise<void> {
    const socket = this.#dial();
    try {
      await this.#settle(socket);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#lost(socket, error.message);
    }
  }

  #after(ms: number, callback: () => void): () => void {
    const cancel = this.#options.timers.after(ms, () => {
      this.#cancels.delete(cancel);
      if (!this.#closed) callback();
    });
    this.#cancels.add(cancel);
    return cancel;
  }
}

const CLOSED = 'the daemon does not answer';
/** What is waited for where nothing will come. */
const NEVER = new Promise<never>(() => undefined);

/** Every string within `value`, names of members too, made safe to show; itself if all are. */
export function madePrintable(value: unknown): unknown {
  return isPrintable(value) ? value : printableCopy(value);
}

function isPrintable(value: unknown): boolean {
  if (typeof value === 'string') return printable(value) === value;
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every((member) => member.every(isPrintable));
}

function printableCopy(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(printableCopy);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [printable(name), printableCopy(member)]),
  );
}

/** Fails `daemon-unreachable` where not even the status can be shown. */
function checkDrawable(status: Status, path: string): void {
  if (isDrawable(status)) return;
  const theirs = String((status as Partial<Status>).version ?? 'unknown');
  throw new Failure(
    'daemon-unreachable',
    `the daemon at ${path} is of version ${theirs}, this window of ${VERSION}: ` +
      'use the window it came with; holdfast status --json works with both',
  );
}

/** Why no connection came about, in a sentence. */
function unreachable(path: string, cause: Error): Failure {
  return new Failure('daemon-unreachable', whyUnreachable(path, cause), cause);
}

function whyUnreachable(path: string, cause: Error): string {
  const code = 'code' in cause ? cause.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return `no daemon answers at ${path}; start one with: holdfast start`;
    case 'EACCES':
      return `the daemon at ${path} belongs to another user`;
    case 'ENOTSOCK':
      return `${path} is no socket`;
    default:
      return `what listens at ${path} is no holdfast daemon`;
  }
}
