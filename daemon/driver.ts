/**
 * The driver: hands what happens to the state machine, and does what it asks for.
 *
 * What has come by the time that a step begins is handled in that step, input by input; then all
 * they write goes to the disk as one batch, and only then does anything leave this process: a sync
 * costs the same for one input as for many. Where the disk fails, what was to be written is owed,
 * and written before anything else is done; so is the entropy that a writer waits for. Whatever
 * else should have followed is not done, and the protocol's repair covers it.
 */

import { Failure } from '../core/failure.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { BootMs, Instant } from '../core/time.ts';
import type { Answer, Effect, RecordWrite } from '../federation/effect.ts';
import type { Input } from '../federation/input.ts';
import type { FederationNode } from '../federation/node.ts';
import type { Output } from '../federation/step.ts';
import type { AlarmBook } from './alarm-book.ts';
import type { AuditWriter } from './audit/audit-log.ts';
import type { Clock, Log, Network, Random, Store } from './ports.ts';
import type { RefusalAudit } from './refusal-audit.ts';
import { GroupCommit } from './store/group-commit.ts';

/** Inputs of one step: what is urgent among them waits until all of them are handled. */
const STEP_INPUTS_MAX = 64;

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

/** What became of an input: null for done, why it was refused, or what kept it from being done. */
type Verdict = Refusal | Failure | null;

/** An input that waits for its step. */
interface Waiting {
  readonly input: Input;
  readonly judged: (verdict: Verdict) => void;
}

export class Driver {
  readonly #options: DriverOptions;
  readonly #waiting = new Map<number, (answer: Answer | Refusal | Failure) => void>();
  #owed: readonly Effect[] = [];
  readonly #steps = new GroupCommit<Waiting>((group) => this.#step(group), STEP_INPUTS_MAX);
  #cancelWake: () => void = () => undefined;
  #requests = 0;
  #isWritable = true;
  #closed = false;
  #onChanged: () => void = () => undefined;
  readonly #heard = new Map<TrustDomain, Heard>();

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  /** Calls back after each step by which anything believed has changed. */
  set onChanged(callback: () => void) {
    this.#onChanged = callback;
  }

  /** By what way something new of a domain came last; undefined before any did. */
  heardOf(domain: TrustDomain): Heard | undefined {
    return this.#heard.get(domain);
  }

  /** Inputs that wait for their turn. */
  get queued(): number {
    return this.#steps.waiting;
  }

  now(): Instant {
    return this.#options.clock.now();
  }

  /**
   * Hands in an input, and resolves with its verdict once all it asked for is done: null, why it
   * was refused, or the failure that kept it from being done.
   */
  async input(input: Input): Promise<Verdict> {
    const { promise, resolve: judged } = Promise.withResolvers<Verdict>();
    await this.#steps.add({ input, judged });
    return promise;
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
    await this.#steps.idle();
  }

  async #step(group: readonly Waiting[]): Promise<void> {
    const now = this.now();
    const outputs = this.#closed ? [] : group.map(({ input }) => this.#handle(now, input));
    const failure = await this.#performAll(outputs.flatMap(({ effects }) => effects));
    this.#wakeAt(outputs.at(-1)?.wakeAt);
    for (const [at, { judged }] of group.entries()) judged(failure ?? outputs[at]?.verdict ?? null);
  }

  #handle(now: Instant, input: Input): Output {
    const output = this.#options.node.handle(now, input);
    this.#noteHeard(input, output.effects, now.boot);
    return output;
  }

  /** The last word of the state machine on when it wants to be woken. */
  #wakeAt(at: BootMs | undefined): void {
    this.#cancelWake();
    if (this.#closed || at === undefined) return;
    this.#cancelWake = this.#options.clock.wakeAt(at, () => {
      void this.input({ kind: 'wake' });
    });
  }

  /**
   * Performs what is owed and `effects`: writes, then what is urgent, then what is noted, then all
   * else in its order. Whoever waits for an answer behind what failed hears of that.
   */
  async #performAll(effects: readonly Effect[]): Promise<Failure | null> {
    const due = [...this.#owed, ...effects];
    this.#owed = [];
    let left = due;
    try {
      await this.#persist(writesIn(due));
      left = due.filter((effect) => effect.kind !== 'persist' && !isUrgent(effect));
      for (const effect of due.filter(isUrgent)) this.#perform(effect);
      await Promise.all(left.map((effect) => this.#note(effect)));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#options.log.warn('step not finished', { code: error.code, why: error.message });
      this.#owed = debtsIn(left);
      for (const { request } of left.filter(isReply)) this.#answer(request, error);
      return error;
    }
    if (left.some(({ kind }) => kind === 'changed')) this.#onChanged();
    for (const effect of left) this.#perform(effect);
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

  async #persist(writes: readonly RecordWrite[]): Promise<void> {
    if (writes.length === 0) return;
    try {
      await this.#options.store.write(writes);
    } catch (error) {
      if (error instanceof Failure) this.#noteStore(false);
      throw error;
    }
    this.#noteStore(true);
  }

  /** Writes down what is to be known before anybody hears of it. */
  async #note(effect: Effect): Promise<void> {
    const { audit, refusals, alarms } = this.#options;
    switch (effect.kind) {
      case 'audit':
        await audit.append(effect.event, effect.fields);
        return;
      case 'alarm':
        return alarms.raise(effect);
      case 'refused':
        return refusals.note(effect.peer, effect.refusal);
      case 'ban':
        await audit.append('peer.banned', { peer: effect.peer, code: effect.refusal.code });
        return;
      default:
        return;
    }
  }

  /** Does what is no note and no write. */
  #perform(effect: Effect): void {
    const { network, random } = this.#options;
    switch (effect.kind) {
      case 'draw':
        // For the next step: this one is finished before another begins.
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
      case 'reply':
        return this.#answer(effect.request, effect.answer);
      case 'ban':
        return network.ban(effect.peer);
      default:
        return;
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

/** True for a negative statement on its way: each hop of a stop waits for one disk less. */
function isUrgent(effect: Effect): boolean {
  return effect.kind === 'send' && effect.isUrgent;
}

function writesIn(effects: readonly Effect[]): readonly RecordWrite[] {
  return effects.flatMap((effect) => (effect.kind === 'persist' ? effect.writes : []));
}

/** What a step that broke off still owes: its writes, as one batch, and the entropy asked for. */
function debtsIn(left: readonly Effect[]): readonly Effect[] {
  const newest = new Map(writesIn(left).map((write) => [write.key, write]));
  const draws = left.filter(({ kind }) => kind === 'draw');
  return newest.size === 0 ? draws : [{ kind: 'persist', writes: [...newest.values()] }, ...draws];
}
