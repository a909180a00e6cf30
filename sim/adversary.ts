/**
 * An adversary: a machine whose process is sound and whose network card lies.
 *
 * It runs the shipping state machine, so that it knows what a member knows, and turns what leaves
 * it. Habits are switched on by the faults of `faults/`; without any it behaves. What it makes up
 * without a key is marked as forged, so that a checker can hold the others to ignoring it. It
 * stands in a world, or in a daemon among real ones (`test/fleet`).
 */

import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Suite } from '../core/suite.ts';
import { addMs } from '../core/time.ts';
import { decodeEnvelope } from '../federation/envelope.ts';
import { encodeEquivocation } from '../federation/equivocation.ts';
import { decodeFrame, encodeFrame } from '../federation/message.ts';
import { encodeTick, TICK_BYTES } from '../federation/tick.ts';
import { decodeAnswer, signAnswer } from '../federation/time-answer.ts';
import type { Dice } from './dice.ts';
import { damagedEnvelope, digestOfEnvelope, rivalBeacon } from './forgery.ts';
import { signerOf } from './founding.ts';
import { type GossipMessage, gossipOf } from './network.ts';

/** What an adversary may do with what it sends. */
export const HABITS = ['replay', 'withhold', 'delay', 'flood', 'lie', 'forge', 'misdate'] as const;
export type Habit = (typeof HABITS)[number];

/** A beacon or a manifest of somebody, as its envelope. */
export interface Statement {
  readonly domain: TrustDomain;
  readonly kind: 'beacon' | 'manifest';
  readonly envelope: Uint8Array;
}

/** What an adversary has in its hands. */
export interface Foothold {
  readonly name: string;
  readonly domain: TrustDomain;
  readonly suite: Suite;
  readonly dice: Dice;
  /** What its machine holds of every domain. */
  statements(): readonly Statement[];
  after(delayMs: number, run: () => void): void;
  /** Sends as it is; `forgedFor` names the domain that it was made up for. */
  send(peer: string, frame: Uint8Array, forgedFor: TrustDomain | null): void;
  flood(message: GossipMessage, except: string | null): void;
  /** Counts what was done. */
  did(what: string): void;
}

const REMEMBERED_MAX = 200;
/** How often a frame of a flood is said again. */
export const FLOOD_COPIES = 12;
const ENVELOPE_FRAME = 5;
const ANSWER_FRAME = 8;

export class Adversary {
  readonly #foothold: Foothold;
  readonly #habits = new Map<Habit, number>();
  readonly #remembered: { readonly peer: string; readonly frame: Uint8Array }[] = [];
  /** What it said last that the time was, before it began to say that again and again. */
  #lastAnswer: Uint8Array | null = null;

  constructor(foothold: Foothold) {
    this.#foothold = foothold;
  }

  /** Takes up a habit; `amount` is its measure, milliseconds for a delay. */
  takeUp(habit: Habit, amount: number): void {
    this.#habits.set(habit, amount);
  }

  giveUp(habit: Habit): void {
    this.#habits.delete(habit);
  }

  has(habit: Habit): boolean {
    return this.#habits.has(habit);
  }

  /** A frame that the process wants to send. */
  sends(peer: string, frame: Uint8Array): void {
    const isContent = frame[0] === ENVELOPE_FRAME || frame.length === TICK_BYTES + 1;
    if (isContent) this.#remember(peer, frame);
    if (this.#habits.has('withhold') && isContent) return this.#did('withheld');
    const delayMs = this.#habits.get('delay') ?? 0;
    const said = this.#habits.has('lie') ? this.#lieIn(frame) : frame;
    const sent = frame[0] === ANSWER_FRAME ? this.#answerAgain(this.#misdate(said)) : said;
    if (delayMs > 0) {
      this.#did('delayed');
      this.#foothold.after(this.#dice.below(delayMs), () => this.send(peer, sent));
    } else this.send(peer, sent);
    if (this.#habits.has('flood')) this.#flood(peer, sent);
    if (this.#habits.has('replay')) this.#replay();
    if (this.#habits.has('forge')) this.#forge(peer);
  }

  /** Gossip that the process publishes or forwards. */
  floods(message: GossipMessage, except: string | null): void {
    if (this.#habits.has('withhold')) return this.#did('withheld');
    this.#foothold.flood(message, except);
  }

  /** Sends a frame as it is. */
  send(peer: string, frame: Uint8Array, forgedFor: TrustDomain | null = null): void {
    this.#foothold.send(peer, frame, forgedFor);
  }

  #remember(peer: string, frame: Uint8Array): void {
    this.#remembered.push({ peer, frame });
    if (this.#remembered.length > REMEMBERED_MAX) this.#remembered.shift();
  }

  #replay(): void {
    if (this.#remembered.length === 0) return;
    const old = this.#dice.pick(this.#remembered);
    this.#did('replayed');
    this.send(old.peer, old.frame);
    const tick = old.frame.length === TICK_BYTES + 1 ? old.frame.subarray(1) : null;
    if (tick !== null) this.#foothold.flood(gossipOf(tick), null);
  }

  /** An answer that it gave before in place of this one: signed, and to another question. */
  #answerAgain(bytes: Uint8Array): Uint8Array {
    const frame = decodeFrame(bytes);
    if (frame.kind !== 'answer') return bytes;
    if (!this.#habits.has('replay')) this.#lastAnswer = frame.bytes;
    if (this.#lastAnswer === null) return bytes;
    if (this.#lastAnswer !== frame.bytes) this.#did('answered again');
    return encodeFrame({ ...frame, bytes: this.#lastAnswer });
  }

  /** Says another date under its own lease; a beacon key is not in its hands. */
  #misdate(bytes: Uint8Array): Uint8Array {
    const leadMs = this.#habits.get('misdate');
    const frame = decodeFrame(bytes);
    if (leadMs === undefined || frame.kind !== 'answer') return bytes;
    const { lease, ...said } = decodeAnswer(frame.bytes);
    if (lease === null) return bytes;
    this.#did('misdated');
    const { domain, name, suite } = this.#foothold;
    const statement = { ...said, time: addMs(said.time, leadMs) };
    const signer = signerOf(suite, `${name}/node`);
    return encodeFrame({ ...frame, bytes: signAnswer(domain, statement, { signer, lease }) });
  }

  #flood(peer: string, frame: Uint8Array): void {
    this.#did('flooded');
    for (let i = 0; i < FLOOD_COPIES; i++) this.send(peer, frame);
  }

  /** Changes the rows of a summary: claims to be far ahead, or to hold other contents. */
  #lieIn(bytes: Uint8Array): Uint8Array {
    if (bytes[0] !== 3) return bytes;
    const frame = decodeFrame(bytes);
    if (frame.kind !== 'summary') return bytes;
    this.#did('lied');
    const rows = frame.rows.map((row) => ({
      ...row,
      epoch: row.epoch + BigInt(this.#dice.below(3)),
      tick: this.#dice.chance(500_000) ? row.tick : this.#dice.below(4_000),
      contents: this.#dice.chance(500_000) ? row.contents : 'f'.repeat(16),
    }));
    return encodeFrame({ kind: 'summary', rows });
  }

  /** Something that looks like a document or a tick of another domain, made without its keys. */
  #forge(peer: string): void {
    const { domain: own } = this.#foothold;
    const held = this.#foothold.statements().filter(({ domain }) => domain !== own);
    if (held.length === 0) return;
    const { domain, kind, envelope } = this.#dice.pick(held);
    this.#did('forged');
    if (kind === 'beacon' && this.#dice.chance(300_000)) {
      const bytes = this.#wrongProof(envelope);
      return this.send(peer, encodeFrame({ kind: 'proof', bytes }), domain);
    }
    if (kind === 'beacon' && this.#dice.chance(500_000)) {
      const bytes = this.#wrongTick(envelope);
      this.send(peer, encodeFrame({ kind: 'tick', bytes }), domain);
      this.#foothold.flood(gossipOf(bytes, domain), null);
      return;
    }
    const bytes = damagedEnvelope(this.#dice, envelope);
    this.send(peer, encodeFrame({ kind: 'envelope', bytes }), domain);
    if (kind === 'beacon') this.#foothold.flood(gossipOf(bytes, domain), null);
  }

  /** Two beacons under one number, both by a key that is its own and passes for the other's. */
  #wrongProof(beacon: Uint8Array): Uint8Array {
    const theirs = decodeEnvelope(beacon).slots[0]?.keyId;
    const mine = signerOf(this.#foothold.suite, `${this.#foothold.name}/forger`);
    const key = theirs === undefined ? mine : { ...mine, keyId: theirs };
    return encodeEquivocation(rivalBeacon(beacon, key, 1), rivalBeacon(beacon, key, 2));
  }

  #wrongTick(beacon: Uint8Array): Uint8Array {
    const index = 1 + this.#dice.below(60);
    return encodeTick(digestOfEnvelope(beacon), index, this.#dice.bytes(32));
  }

  #did(what: string): void {
    this.#foothold.did(what);
  }

  get #dice(): Dice {
    return this.#foothold.dice;
  }
}
