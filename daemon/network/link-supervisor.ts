/**
 * Keeps a link to every address it was given, for ever: dials, waits with jitter, dials again.
 *
 * When to dial is link-policy.ts. An address may not say who lives there; who answered last is
 * remembered, so that a link which that peer dialled itself counts as well.
 */

import type { Multiaddr } from '@multiformats/multiaddr';
import { DIAL_MS_MAX } from '../../core/limits.ts';
import { type BootMs, bootMs, elapsedMs } from '../../core/time.ts';
import type { Clock, Log, PeerName, Random } from '../ports.ts';
import { CONNECT_MS_MAX, redialDelayMs, SLOW_FACTOR, STABLE_MS } from './link-policy.ts';
import { parseAddress, peerIn } from './peer-address.ts';
import { errorOf } from './thrown.ts';

/** What the supervisor needs of the network around it. */
export interface SupervisorOptions {
  readonly self: PeerName;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  isUp(peer: PeerName): boolean;
  /** True for an address behind a slow link. */
  isSlow(address: Multiaddr): boolean;
  /** Dials, says when the connection is taken, and answers who is there. */
  dial(address: Multiaddr, signal: AbortSignal, taken: () => void): Promise<PeerName>;
}

/** An address to keep a link to. */
interface Target {
  readonly text: string;
  readonly address: Multiaddr;
  peer: PeerName | null;
  failures: number;
  upAt: BootMs | null;
  /** Ends what is under way: a wait or a dial. */
  cancel: (() => void) | null;
}

export class LinkSupervisor {
  readonly #options: SupervisorOptions;
  readonly #targets = new Map<string, Target>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Begins to keep a link. Refuses `config-value` for what is no address. */
  link(text: string): void {
    const address = parseAddress(text);
    if (this.#targets.has(text)) return;
    const peer = peerIn(address);
    const target = { text, address, peer, failures: 0, upAt: null, cancel: null };
    this.#targets.set(text, target);
    this.#schedule(target);
  }

  /** Stops keeping it. A link that stands is left alone. */
  unlink(text: string): void {
    this.#targets.get(text)?.cancel?.();
    this.#targets.delete(text);
  }

  peerUp(peer: PeerName): void {
    for (const target of this.#targetsOf(peer)) target.upAt ??= this.#now();
  }

  peerDown(peer: PeerName): void {
    for (const target of this.#targetsOf(peer)) {
      const lasted = target.upAt !== null && elapsedMs(target.upAt, this.#now()) >= STABLE_MS;
      target.failures = lasted ? 0 : target.failures + 1;
      target.upAt = null;
      this.#schedule(target);
    }
  }

  close(): void {
    for (const text of [...this.#targets.keys()]) this.unlink(text);
  }

  #schedule(target: Target): void {
    if (target.cancel !== null) return;
    const { self, clock, random } = this.#options;
    const ends = { self, peer: target.peer, isSlow: this.#options.isSlow(target.address) };
    const delayMs = redialDelayMs(ends, target.failures, random);
    target.cancel = clock.wakeAt(bootMs(clock.now().boot + delayMs), () => {
      target.cancel = null;
      if (target.peer === null || !this.#options.isUp(target.peer)) void this.#dial(target);
    });
  }

  async #dial(target: Target): Promise<void> {
    const { clock, dial, log } = this.#options;
    const abort = new AbortController();
    const timedOut = () => abort.abort(new Error('dial timed out'));
    const factor = this.#options.isSlow(target.address) ? SLOW_FACTOR : 1;
    const endIn = (ms: number) => clock.wakeAt(bootMs(clock.now().boot + factor * ms), timedOut);
    let cancelTimeout = endIn(CONNECT_MS_MAX);
    const taken = (): void => {
      cancelTimeout();
      cancelTimeout = endIn(DIAL_MS_MAX);
    };
    target.cancel = () => abort.abort(new Error('no longer wanted'));
    try {
      target.peer = await dial(target.address, abort.signal, taken);
      if (this.#options.isUp(target.peer)) target.upAt ??= this.#now();
    } catch (thrown) {
      const reason = errorOf(thrown).message;
      target.failures++;
      if (isPowerOfTwo(target.failures)) {
        log.info('link.unreachable', { address: target.text, attempts: target.failures, reason });
      }
    } finally {
      cancelTimeout();
      target.cancel = null;
    }
    const wanted = this.#targets.get(target.text) === target;
    if (wanted && (target.peer === null || !this.#options.isUp(target.peer))) {
      this.#schedule(target);
    }
  }

  #targetsOf(peer: PeerName): Target[] {
    return [...this.#targets.values()].filter((target) => target.peer === peer);
  }

  #now(): BootMs {
    return this.#options.clock.now().boot;
  }
}

/** Says the first failure, and then ever more rarely. */
function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}
