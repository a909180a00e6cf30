/**
 * One stream of the Workload API: the state now, and the whole of it again at each change (§5.1).
 *
 * A client that reads slowly is owed the latest state and none of those between, so nothing is
 * queued: while it has no room, or a state is still being made, the stream only remembers to look
 * again. Of the last message it
 * keeps a digest, because a thousand streams would keep a thousand copies.
 */

import { equalBytes } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { Refusal } from '../../core/refusal.ts';
import type { ConnectedProcess } from '../attestation/workload-attestor.ts';
import type { Selector } from '../identity/selector.ts';
import type { GrpcCall, GrpcHandler } from './grpc.ts';

/** Who asks, a place for the stream, and what the caller turns out to be. */
export interface Beginning {
  readonly caller: ConnectedProcess;
  readonly slot: Disposable;
  readonly attested: Promise<readonly Selector[]>;
}

/** What a stream asks of the service. */
export interface FollowingOptions {
  readonly begin: () => Beginning;
  /** The state of a caller, as one message. */
  readonly reply: (selectors: readonly Selector[]) => Uint8Array | Promise<Uint8Array>;
  /** Calls `wake` at each change, until the function it returns is called. */
  readonly follow: (wake: () => void) => () => void;
  readonly refuse: (refusal: Refusal) => void;
  readonly over: () => void;
}

/** Opens with its one request, and lasts until somebody ends it. */
export class Following implements GrpcHandler {
  readonly #call: GrpcCall;
  readonly #options: FollowingOptions;
  #isOver = false;
  #slot: Disposable | undefined;
  #unfollow: (() => void) | undefined;
  #caller: ConnectedProcess | undefined;
  #selectors: readonly Selector[] = [];
  #last: Uint8Array | undefined;
  #isOwed = false;
  #isMaking = false;

  constructor(call: GrpcCall, options: FollowingOptions) {
    this.#call = call;
    this.#options = options;
  }

  /** The request says nothing; that it came is what begins the stream. */
  take(): void {
    void this.#begin();
  }

  drained(): void {
    if (this.#isOwed) this.#show();
  }

  closed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unfollow?.();
    this.#slot?.[Symbol.dispose]();
    this.#options.over();
  }

  /** Ends the stream with the state that a refusal means. */
  end(refusal: Refusal): void {
    this.#options.refuse(refusal);
    this.closed();
  }

  async #begin(): Promise<void> {
    try {
      const { caller, slot, attested } = this.#options.begin();
      this.#slot = slot;
      this.#caller = caller;
      this.#selectors = await attested;
    } catch (error) {
      return this.#endWith(error);
    }
    if (this.#isOver) return;
    this.#unfollow = this.#options.follow(() => this.#show());
    this.#show();
  }

  #show(): void {
    this.#isOwed = !this.#call.hasRoom || this.#isMaking;
    if (!this.#isOwed && !this.#isOver) void this.#make();
  }

  async #make(): Promise<void> {
    this.#isMaking = true;
    try {
      const message = await this.#options.reply(this.#selectors);
      if (this.#isOver) return;
      const { pid = -1 } = this.#caller ?? {};
      if (this.#caller?.isAlive() !== true) throw new Refusal('workload-gone', { pid });
      const digest = sha256(message);
      const isNews = this.#last === undefined || !equalBytes(digest, this.#last);
      this.#last = digest;
      if (isNews) this.#call.send(message);
    } catch (error) {
      this.#endWith(error);
    } finally {
      this.#isMaking = false;
    }
    if (this.#isOwed) this.#show();
  }

  /** What is no refusal is a bug: it ends the process. */
  #endWith(error: unknown): void {
    if (!(error instanceof Refusal)) throw error;
    this.end(error);
  }
}
