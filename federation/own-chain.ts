/**
 * The chain of our newest beacon, and the secret of its stop (PROTOCOL §3). Both lie in the memory
 * of the writer and nowhere else: whoever forgets this object has destroyed them.
 */

import { toUtf8 } from '../core/bytes.ts';
import { type Digest, sha256 } from '../core/digest.ts';
import { CHAIN_RENEW_SHARE } from '../core/limits.ts';
import { addMs, type UnixMs } from '../core/time.ts';
import type { Belief } from './belief.ts';
import { encodeTick, STOP_INDEX } from './tick.ts';

/** What a chain is of: the beacon, when it was issued, its period, and all that is to be told. */
export interface ChainSecrets {
  readonly beacon: Digest;
  readonly issuedAt: UnixMs;
  readonly periodMs: number;
  /** As `buildChain` makes them, the anchor first. */
  readonly values: readonly Uint8Array[];
  readonly stopSecret: Uint8Array;
}

const JITTER_LABEL = toUtf8('holdfast/jitter/v1');

/** The chain of one beacon: all of it is known here, and told step by step. */
export class OwnChain {
  readonly #secrets: ChainSecrets;
  #released = 0;
  /** Hashed once for each step, asked at every input. */
  #nextAt: UnixMs;

  constructor(secrets: ChainSecrets) {
    this.#secrets = secrets;
    this.#nextAt = this.#releaseTime(1);
  }

  /** When the next tick is due. */
  get nextAt(): UnixMs {
    return this.#nextAt;
  }

  /** The beacon that this chain keeps current. */
  get beacon(): Digest {
    return this.#secrets.beacon;
  }

  /** True where so little of it is left that another beacon is due. */
  get isNearEnd(): boolean {
    const count = this.#secrets.values.length - 1;
    return count - this.#released <= count * CHAIN_RENEW_SHARE;
  }

  /** The tick whose time has come, if any: the newest only, earlier ones say nothing more. */
  release(clock: UnixMs): Uint8Array | null {
    const { beacon, values } = this.#secrets;
    let index = this.#released;
    let nextAt = this.#nextAt;
    while (index + 1 < values.length && nextAt <= clock) {
      index++;
      nextAt = this.#releaseTime(index + 1);
    }
    const value = values[index];
    if (index === this.#released || value === undefined) return null;
    this.#released = index;
    this.#nextAt = nextAt;
    return encodeTick(beacon, index, value);
  }

  /** The stop, to be revealed. */
  stop(): Uint8Array {
    return encodeTick(this.#secrets.beacon, STOP_INDEX, this.#secrets.stopSecret);
  }

  /** True where a tick or the stop of this beacon is believed that we did not reveal. */
  isRead({ beacon, tick, stop }: Belief): boolean {
    if (beacon?.beacon.digest !== this.#secrets.beacon) return false;
    return stop !== null || (tick?.index ?? 0) > this.#released;
  }

  /**
   * Step i is released in the first quarter of its period, at a moment nobody else can compute
   * before: a strictly periodic sender would be easy to find (PROTOCOL §6.6).
   */
  #releaseTime(index: number): UnixMs {
    const { issuedAt, periodMs, stopSecret } = this.#secrets;
    const noise = sha256(JITTER_LABEL, stopSecret, toUtf8(String(index)));
    const share = ((noise[0] ?? 0) * 256 + (noise[1] ?? 0)) / 65_536;
    return addMs(issuedAt, (index + share / 4) * periodMs);
  }
}
