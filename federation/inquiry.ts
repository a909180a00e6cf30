/**
 * The inquiry: what this node asks about the time, of whom, and whose word is enough (PROTOCOL
 * §4.4).
 *
 * A question is a fresh nonce, sent to the nodes of our own domain. Now lies between the answer and
 * the answer plus boot time since the question: the later end is taken, so that a held-up answer
 * makes us older and never younger. The beacon key in force is enough alone; of leases `timeQuorum`
 * have to agree, so that fewer captured nodes than that move no clock.
 */

import { toHex } from '../core/bytes.ts';
import {
  QUESTION_FOR_MS,
  QUESTION_MS_MAX,
  QUESTION_MS_MIN,
  QUESTIONS_MAX,
} from '../core/limits.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import type { KeyId, Suite } from '../core/suite.ts';
import { addMs, type BootMs, bootMs, elapsedMs, type UnixMs, unixMs } from '../core/time.ts';
import { boundAt } from './age.ts';
import { type Belief, newestRoot } from './belief.ts';
import { decodeEnvelope } from './envelope.ts';
import type { GivenDate } from './known-time.ts';
import { type Lease, verifyLease } from './lease.ts';
import type { Moment } from './moment.ts';
import {
  decodeAnswer,
  type UnverifiedAnswer,
  verifyBeaconKey,
  verifySignature,
} from './time-answer.ts';

/** What an inquiry found out. */
export interface Finding extends GivenDate {
  /** The earliest, where the beacon key in force says so; it raises the bound (§4.1). */
  readonly atLeast: UnixMs | null;
}

/** One node's word, carried to the moment at which the boot clock read 0. */
interface Voice {
  readonly timeAtBoot: number;
  readonly lateMs: number;
  readonly restsOnPerson: boolean;
}

/** Questions under way and the voices heard so far. */
export class Inquiry {
  /** By nonce in hex: when it was asked. */
  readonly #asked = new Map<string, BootMs>();
  /** What each node said last; forgotten with the questions. */
  readonly #voices = new Map<KeyId, Voice>();
  #askAt: BootMs = bootMs(0);
  #intervalMs = QUESTION_MS_MIN;

  /** True when a nonce has to be drawn for the next question. */
  isDue(now: BootMs): boolean {
    return this.#askAt <= now;
  }

  /** In how many milliseconds the next question is due. */
  wakeInMs(now: BootMs): number {
    return this.#askAt - now;
  }

  /**
   * A draw was asked for: the next one comes an interval later, whatever becomes of this one. About
   * a rough date one question is under way at last: the line that made it so is slow.
   */
  drawing({ boot, isRough }: Moment): void {
    this.#askAt = bootMs(boot + this.#intervalMs);
    const mostMs = isRough ? QUESTION_FOR_MS : QUESTION_MS_MAX;
    this.#intervalMs = Math.min(mostMs, 2 * this.#intervalMs);
  }

  /** Somebody new may be asked, or there is a new reason to: the next question is due at once. */
  hasten(): void {
    this.#askAt = bootMs(0);
    this.#intervalMs = QUESTION_MS_MIN;
  }

  /** A question goes out with this nonce. */
  ask(nonce: Uint8Array, now: BootMs): void {
    for (const [known, at] of this.#asked) {
      const isOld = elapsedMs(at, now) >= QUESTION_FOR_MS || this.#asked.size >= QUESTIONS_MAX;
      if (isOld) this.#asked.delete(known);
    }
    this.#asked.set(toHex(nonce), now);
  }

  /** The date is known, and not roughly: nothing that is still under way counts any more. */
  forget(): void {
    this.#asked.clear();
    this.#voices.clear();
  }

  /**
   * Judges an answer about our own domain. Refuses `answer-unasked`, `answer-voice`,
   * `time-below-bound`, `signature-invalid` and what `decodeAnswer` refuses.
   */
  take(suite: Suite, own: Belief, bytes: Uint8Array, now: Moment): Finding | null {
    const answer = decodeAnswer(bytes);
    const askedAt = this.#asked.get(toHex(answer.nonce));
    if (askedAt === undefined || elapsedMs(askedAt, now.boot) >= QUESTION_FOR_MS) {
      throw new Refusal('answer-unasked');
    }
    const lateMs = elapsedMs(askedAt, now.boot);
    const time = addMs(answer.time, lateMs);
    checkBound(own, time, now);
    const restsOnPerson = answer.basis === 'operator';
    if (answer.lease === null) {
      verifyBeaconKey(suite, own, answer);
      const basis = restsOnPerson ? 'operator' : 'beacon-key';
      return { basis, time, lateMs, atLeast: answer.time };
    }
    const { node } = verifyNode(suite, own, answer, answer.lease);
    this.#voices.set(node, { timeAtBoot: time - now.boot, lateMs, restsOnPerson });
    return this.#agreed(own, now);
  }

  /**
   * Of the voices of nodes the latest that enough others agree with, within the lead of Root: with
   * fewer captured nodes than that, one of them is honest. It may be as late as any of them, and no
   * voice counts twice.
   */
  #agreed(own: Belief, now: Moment): Finding | null {
    const root = newestRoot(own)?.root;
    if (root === undefined) return null;
    const voices = [...this.#voices.values()].sort((a, b) => b.timeAtBoot - a.timeAtBoot);
    for (const [i, first] of voices.entries()) {
      const near = voices.slice(i).filter((v) => first.timeAtBoot - v.timeAtBoot <= root.maxLeadMs);
      if (near.length < root.timeQuorum) continue;
      const basis = near.some((voice) => voice.restsOnPerson) ? 'operator' : 'quorum';
      this.#voices.clear();
      const lateMs = Math.max(...near.map((voice) => voice.lateMs));
      return { basis, time: unixMs(first.timeAtBoot + now.boot), lateMs, atLeast: null };
    }
    return null;
  }
}

/** Verifies the answer of a node: by the lease it shows, which has to cover the date it says. */
function verifyNode(suite: Suite, own: Belief, answer: UnverifiedAnswer, lease: Uint8Array): Lease {
  const envelope = decodeEnvelope(lease);
  const verified = refusalOf(() => verifyLease(suite, envelope, own, answer.time));
  // A Root or a revocation that one side lacks is nobody's fault.
  if (verified instanceof Refusal) throw new Refusal('answer-voice', { why: verified.code });
  if (envelope.domain !== own.domain || answer.time < verified.issuedAt) {
    throw new Refusal('answer-voice', { domain: envelope.domain, issuedAt: verified.issuedAt });
  }
  verifySignature(suite, own.domain, answer, verified.publicPair);
  return verified;
}

/**
 * Checks that a date is not below what is known to have passed, but for the lead that Root allows.
 * Refuses `time-below-bound`.
 */
export function checkBound(own: Belief, time: UnixMs, now: Moment): void {
  if (own.keeping === null) return;
  const bound = boundAt(own.keeping, now.boot);
  const leadMs = newestRoot(own)?.root.maxLeadMs ?? 0;
  if (addMs(time, leadMs) < bound) throw new Refusal('time-below-bound', { bound, got: time });
}
