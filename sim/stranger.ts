/**
 * A stranger: nobody, of no domain, who opens links to a machine and says whatever may cost it
 * work or room. It holds no key. What it knows of the domain it read off somebody's wire.
 */

import { toHex } from '../core/bytes.ts';
import { DIGEST_BYTES, type Digest } from '../core/digest.ts';
import { encodeFrame, type Frame, type Tag, tagOf, WANT_KINDS } from '../federation/message.ts';
import { recordKey } from '../federation/record-key.ts';
import type { Dice } from './dice.ts';
import { damagedEnvelope, rivalBeacon } from './forgery.ts';
import { signerOf } from './founding.ts';
import type { Machine } from './machine.ts';
import { peerDown, plain } from './network.ts';
import type { World } from './world.ts';

const BINDING_BYTES = 32;
const TAGS = 1_000;
const WANTS = 64;
const NOISE_BYTES_MAX = 4_000;
const MARK = '/stranger-';

/** True for the name of a stranger. */
export function isStranger(peer: string): boolean {
  return peer.includes(MARK);
}

export class Stranger {
  readonly name: string;
  readonly #world: World;
  readonly #host: Machine;
  readonly #dice: Dice;
  readonly #binding: Uint8Array;
  readonly #tag: Tag;
  readonly #isPatient: boolean;
  /** Asks for a thousand domains that nobody has heard of: the same each time. */
  #interest: Uint8Array | null = null;
  /** By a beacon that it read: another under the same number, under a key of its own. */
  readonly #rivals = new WeakMap<Uint8Array, Uint8Array>();

  constructor(world: World, host: Machine, number: number) {
    this.#world = world;
    this.#host = host;
    this.name = `${host.name}${MARK}${number}`;
    this.#dice = world.dice(`${this.name}/${world.now}`);
    this.#binding = this.#dice.bytes(BINDING_BYTES);
    this.#isPatient = number === 1;
    this.#tag = tagOf(host.domain, this.#binding);
  }

  /** Is let in by the recovery lane, as everybody is, for a node of the host's domain. */
  come(): void {
    const { name: peer } = this;
    const { domain: claims } = this.#host;
    const link = { kind: 'peer-up', peer, domain: null, claims, binding: this.#binding } as const;
    this.#host.receive(plain(link));
  }

  go(): void {
    this.#host.receive(peerDown(this.name));
  }

  /** Says one thing more, and expects no answer. */
  speak(): void {
    this.#world.coverage.saw('stranger: spoke');
    const { name: peer } = this;
    this.#host.receive(plain({ kind: 'frame', peer, bytes: this.#anything() }));
  }

  #anything(): Uint8Array {
    const beacon = this.#host.believed.get(recordKey(this.#host.domain, 'beacon'));
    // The first says nothing that is provably wrong, and so is never sent away.
    const kind = this.#dice.below(this.#isPatient ? 5 : 9);
    if (kind === 0) return this.#askForAll();
    if (kind < 5) return encodeFrame(this.#question(kind));
    if (kind === 5 || beacon === undefined) {
      const noise = this.#dice.bytes(1 + this.#dice.below(NOISE_BYTES_MAX));
      noise[0] = 1 + this.#dice.below(12);
      return noise;
    }
    if (kind === 6) return encodeFrame({ kind: 'envelope', bytes: beacon });
    const bytes = kind === 7 ? damagedEnvelope(this.#dice, beacon) : this.#rivalOf(beacon);
    return encodeFrame({ kind: 'envelope', bytes });
  }

  #rivalOf(beacon: Uint8Array): Uint8Array {
    const known = this.#rivals.get(beacon);
    if (known !== undefined) return known;
    const rival = rivalBeacon(beacon, signerOf(this.#world.suite, this.name), 1_000);
    this.#rivals.set(beacon, rival);
    return rival;
  }

  #askForAll(): Uint8Array {
    if (this.#interest === null) {
      const tags = Array.from({ length: TAGS }, () => toHex(this.#dice.bytes(16)));
      this.#interest = encodeFrame({ kind: 'interest', tags: [this.#tag, ...tags] });
    }
    return this.#interest;
  }

  /** Asks for what nobody holds, or offers it. */
  #question(kind: number): Frame {
    const tag = this.#tag;
    const digest = (): Digest => toHex(this.#dice.bytes(DIGEST_BYTES)) as Digest;
    switch (kind) {
      case 1: {
        const wants = Array.from({ length: WANTS }, () => {
          return { tag, what: this.#dice.pick(WANT_KINDS), argument: digest() };
        });
        return { kind: 'want', wants };
      }
      case 2:
        return { kind: 'digest', digest: digest() };
      case 3:
        return { kind: 'question', tag, nonce: this.#dice.bytes(32) };
      default: {
        const rootVersion = BigInt(1 + this.#dice.below(9));
        const place = { lineage: 0n, rank: 0, epoch: BigInt(this.#dice.below(1_000_000)) };
        const beacon = digest();
        const row = { tag, rootVersion, ...place, beacon, tick: 0, contents: 'f'.repeat(16) };
        return { kind: 'summary', rows: [row] };
      }
    }
  }
}
