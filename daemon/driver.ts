/**
 * The driver: hands what happens to the state machine, and does what it asks for, in order.
 *
 * One input at a time: an input's effects are all done before the next input is handled, so a
 * `persist` is on the disk before anything after it leaves this process. Where the disk fails,
 * what was to be written is owed, and written before anything else is done; so is the entropy that
 * a writer waits for. Whatever else should have followed is not done, and the protocol's repair
 * covers it.
 */

import { Failure } from '../core/failure.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { BootMs, Instant } from '../core/time.ts';
import type { Answer, Effect } from '../federation/effect.ts';
import type { Input } from '../federation/input.ts';
import type { FederationNode } from '../federation/node.ts';
import type { AlarmBook } from './alarm-book.ts';
import type { AuditWriter } from './audit/audit-log.ts';
import type { Clock, Log, Network, Random, Store } from './ports.ts';
import type { RefusalAudit } from './refusal-audit.ts';

export interface DriverOptions {
  readonly node: FederationNode;
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly audit: AuditWriter;
  readonly refusals: RefusalAudit;
  readonly alarms: AlarmBook;
  readonly network: Pick<Network, 'send' | 'publish' | 'ban'>;
  readonly log: Log;
}

/** A request that expects an answer; the driver numbers it. */
export type RequestInput = Extract<Input, { readonly request: number }>;
type Unnumbered<T> = T extends unknown ? Omit<T, 'request'> : never;

/** By what way something new of a domain came, and when. */
export interface Heard {
  readonly by: 'link' | 'gossip' | 'file';
  /** Who was linked at the other end; empty for a file. */
  readonly peer: string;
  readonly at: BootMs;
}

export class Driver {
  readonly #options: DriverOptions;
  readonly #waiting = new Map<number, (answer: Answer | Refusal | Failure) => void>();
  #owed: readonly Effect[] = [];
  #tail: Promise<unknown> = Promise.resolve();
  #cancelWake: () => void = () => undefined;
  #requests = 0;
  #queued = 0;
  #isWritable = true;
  #closed = false;
  #onChanged: () => void = () => undefined;
  readonly #heard = new Map<TrustDomain, Heard>();

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  /** Calls back after anything believed has changed, and after each step that woke by time. */
  set onChanged(callback: () => void) {
    this.#onChanged = callback;
  }

  /** By what way something new of a domain came last; undefined before any did. */
  heardOf(domain: TrustDomain): Heard | undefined {
    return this.#heard.get(domain);
  }

  /** Inputs that wait for their turn. */
  get queued(): number {
    return this.#queued;
  }

  now(): Instant {
    return this.#options.clock.now();
  }

  /**
   * Hands in an input, and resolves with its verdict once all it asked for is done: null, why it
   * was refused, or the failure that kept it from being done.
   */
  input(input: Input): Promise<Refusal | Failure | null> {
    this.#queued += 1;
    const step = this.#tail.then(() => {
      this.#queued -= 1;
      return this.#step(input);
    });
    this.#tail = step.catch(() => undefined);
    return step;
  }

  /** Hands in a request, and resolves with its answer; a refusal or failure is thrown. */
  async request(input: Unnumbered<RequestInput>): Promise<Answer> {
    const request = ++this.#requests;
    const answered = new Promise<Answer | Refusal | Failure>((resolve) => {
      this.#waiting.set(request, resolve);
    });
    await this.input({ ...input, request } as RequestInput);
    const answer = await answered;
    if (answer instanceof Refusal || answer instanceof Failure) throw answer;
    return answer;
  }

  /**
   * Resolves once all that is believed is durable; throws the failure of a disk that does not take
   * it. What people carry away leaves this machine as much as what it sends (PROTOCOL §5.1).
   */
  async settled(): Promise<void> {
    const outcome = await this.input({ kind: 'wake' });
    if (outcome instanceof Failure) throw outcome;
  }

  /** Ends after the step under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelWake();
    await this.#tail;
  }

  async #step(input: Input): Promise<Refusal | Failure | null> {
    if (this.#closed) return null;
    const now = this.now();
    const { effects, wakeAt, verdict } = this.#options.node.handle(now, input);
    this.#noteHeard(input, effects, now.boot);
    const failure = await this.#performAll(effects);
    this.#cancelWake();
    if (!this.#closed) {
      this.#cancelWake = this.#options.clock.wakeAt(wakeAt, () => {
        void this.input({ kind: 'wake' });
      });
    }
    return failure ?? verdict;
  }

  /**
   * Performs what is owed, then `effects`, until one fails; whoever waits for an answer behind it
   * hears of that.
   */
  async #performAll(effects: readonly Effect[]): Promise<Failure | null> {
    const due = [...this.#owed, ...effects];
    this.#owed = [];
    for (const [at, effect] of due.entries()) {
      try {
        await this.#perform(effect);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (effect.kind === 'persist') this.#noteStore(false);
        this.#options.log.warn('step not finished', { code: error.code, why: error.message });
        const left = due.slice(at);
        this.#owed = debtsIn(left);
        for (const { request } of left.filter(isReply)) this.#answer(request, error);
        return error;
      }
    }
    return null;
  }

  /** One note for each domain that is believed: the state machine names no others. */
  #noteHeard(input: Input, effects: readonly Effect[], at: BootMs): void {
    const way = wayOf(input);
    if (way === undefined) return;
    for (const effect of effects) {
      if (effect.kind === 'changed') this.#heard.set(effect.domain, { ...way, at });
    }
  }

  /** Tells the state machine when the store begins to fail, and when it is well again. */
  #noteStore(isWritable: boolean): void {
    if (this.#isWritable === isWritable) return;
    this.#isWritable = isWritable;
    void this.input({ kind: 'store', isWritable });
  }

  #answer(request: number, answer: Answer | Refusal | Failure): void {
    const resolve = this.#waiting.get(request);
    this.#waiting.delete(request);
    resolve?.(answer);
  }

  async #perform(effect: Effect): Promise<void> {
    const { network, audit, random, refusals, alarms } = this.#options;
    switch (effect.kind) {
      case 'persist':
        await this.#options.store.write(effect.writes);
        return this.#noteStore(true);
      case 'draw':
        // Queued behind this step: a step is finished before another begins.
        void this.input({
          kind: 'drawn',
          purpose: effect.purpose,
          bytes: random.bytes(effect.count),
        });
        return;
      case 'send':
        return network.send(effect.peer, effect.frame, effect);
      case 'gossip':
        return network.publish(effect.message);
      case 'audit':
        await audit.append(effect.event, effect.fields);
        return;
      case 'alarm':
        return alarms.raise(effect);
      case 'refused':
        return refusals.note(effect.peer, effect.refusal);
      case 'reply':
        return this.#answer(effect.request, effect.answer);
      case 'changed':
        this.#onChanged();
        return;
      case 'ban':
        await audit.append('peer.banned', { peer: effect.peer, code: effect.refusal.code });
        return network.ban(effect.peer);
    }
  }
}

/** How an input came from outside; undefined for one that did not. */
function wayOf(input: Input): Omit<Heard, 'at'> | undefined {
  switch (input.kind) {
    case 'frame':
      return { by: 'link', peer: input.peer };
    case 'gossip':
      return { by: 'gossip', peer: input.peer };
    case 'import':
    case 'relate':
      return { by: 'file', peer: '' };
    default:
      return undefined;
  }
}

function isReply(effect: Effect): effect is Extract<Effect, { readonly kind: 'reply' }> {
  return effect.kind === 'reply';
}

/** What a step that broke off still owes: its writes, as one batch, and the entropy asked for. */
function debtsIn(left: readonly Effect[]): readonly Effect[] {
  const writes = left.flatMap((effect) => (effect.kind === 'persist' ? effect.writes : []));
  const newest = new Map(writes.map((write) => [write.key, write]));
  const draws = left.filter(({ kind }) => kind === 'draw');
  return newest.size === 0 ? draws : [{ kind: 'persist', writes: [...newest.values()] }, ...draws];
}
