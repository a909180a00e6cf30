/**
 * The tether: how long a writer may speak since a standby last said that it has not taken over
 * (PROTOCOL §2.5).
 *
 *     waiting = nonce 32 ‖ u64 lineage ‖ u8 rank ‖ signature pair 3373
 *
 * The beacon key of that rank signs "holdfast/waiting/v1\0" ‖ u8 len(domain) ‖ domain ‖ the rest,
 * with the ML-DSA context "holdfast/waiting/v1". The standby that counts is the one who would take
 * over: the next rank that nothing disowns. Time is counted from the question and not from its
 * answer, on the boot clock: an answer that is held up on its way is worth no more for it, so that
 * a writer that was cut off falls silent, and one that wakes from a suspend asks first.
 */

import { concat, Reader, toHex, toUtf8, Writer } from '../core/bytes.ts';
import { QUESTION_MS_MIN, QUESTIONS_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import { type KeyId, SIGNATURE_PAIR_BYTES, type Signer, type Suite } from '../core/suite.ts';
import { type BootMs, bootMs, elapsedMs } from '../core/time.ts';
import { type Belief, isDisowned, newestRoot, rankInForce } from './belief.ts';
import type { Effect } from './effect.ts';
import { type BeaconKey, beaconKeyOf } from './root.ts';
import { NONCE_BYTES } from './time-answer.ts';
import { rankAmong } from './voice.ts';

const CONTEXT = 'holdfast/waiting/v1';
const LABEL = toUtf8(`${CONTEXT}\0`);
/** The writer asks so many times in the time that one answer lasts. */
const QUESTIONS_PER_ANSWER = 4;

/** The question that was answered last, and by whom. */
interface Held {
  readonly askedAt: BootMs;
  readonly by: KeyId;
}

/** Whoever may write, and what it believes of its own domain. */
export interface Party {
  readonly own: Belief;
  /** All that lie on its machine. */
  readonly keys: readonly Signer[];
}

/** What ties one writer to its standby. */
export class Tether {
  readonly #party: () => Party;
  readonly #asked = new Map<string, BootMs>();
  #held: Held | null = null;
  /** When anybody was asked first. */
  #since: BootMs | null = null;
  #askAt: BootMs = bootMs(0);
  /** People were told that the standby is silent. */
  #isTold = false;

  constructor(party: () => Party) {
    this.#party = party;
  }

  /** True where the writer may speak: it is tied to nobody, or was answered lately. */
  holds(now: BootMs): boolean {
    return this.endsInMs(now) > 0;
  }

  /** In how many milliseconds the writer falls silent; without end where it is tied to nobody. */
  endsInMs(now: BootMs): number {
    const tie = tieOf(this.#party());
    if (tie === null) return Number.POSITIVE_INFINITY;
    if (this.#held?.by !== tie.to.keyId) return 0;
    return Math.max(0, tie.lengthMs - elapsedMs(this.#held.askedAt, now));
  }

  /** When a nonce has to be drawn for the next question; without end where nobody is asked. */
  get askAt(): number {
    return tieOf(this.#party()) === null ? Number.POSITIVE_INFINITY : this.#askAt;
  }

  /** A nonce to draw, where one is due; people are told once where the standby does not answer. */
  tend(now: BootMs): readonly Effect[] {
    const tie = tieOf(this.#party());
    if (tie === null || this.#askAt > now) return [];
    const waitMs = tie.lengthMs / QUESTIONS_PER_ANSWER;
    const isSilent = !this.holds(now);
    this.#askAt = bootMs(now + (isSilent ? Math.min(waitMs, QUESTION_MS_MIN) : waitMs));
    const draw: Effect = { kind: 'draw', purpose: 'turn', count: NONCE_BYTES };
    const wasTold = this.#isTold;
    // Somebody who was never asked for so long has not failed to answer.
    const hadTime = this.#since !== null && elapsedMs(this.#since, now) >= tie.lengthMs;
    this.#isTold = isSilent && hadTime;
    if (wasTold || !this.#isTold) return [draw];
    const { domain } = this.#party().own;
    return [draw, { kind: 'alarm', code: 'standby-silent', domain, details: {} }];
  }

  /** Somebody new may be asked: the next question is due at once. */
  hasten(): void {
    this.#askAt = bootMs(0);
  }

  /** A question goes out with this nonce. */
  ask(nonce: Uint8Array, now: BootMs): void {
    const [oldest] = this.#asked.keys();
    if (this.#asked.size >= QUESTIONS_MAX && oldest !== undefined) this.#asked.delete(oldest);
    this.#asked.set(toHex(nonce), now);
    this.#since ??= now;
  }

  /**
   * Takes the word of the standby. Refuses `answer-unasked`, `answer-voice` for any other rank than
   * the next, `signature-invalid`, and what is not whole.
   */
  take(suite: Suite, bytes: Uint8Array): void {
    const { own } = this.#party();
    const reader = new Reader(bytes);
    const nonce = reader.take(NONCE_BYTES);
    const [lineage, rank] = [reader.u64(), reader.u8()];
    const signature = reader.take(SIGNATURE_PAIR_BYTES);
    reader.end();
    const askedAt = this.#asked.get(toHex(nonce));
    if (askedAt === undefined) throw new Refusal('answer-unasked');
    const root = newestRoot(own)?.root;
    const to = tieOf(this.#party())?.to;
    const publicPair = to === undefined ? undefined : root?.publicPairs.get(to.keyId);
    // One side may hold a newer Root or know a key that is disowned: the answerer is not wrong.
    if (publicPair === undefined || to?.rank !== rank || root?.lineage !== lineage) {
      throw new Refusal('answer-voice', { domain: own.domain, rank });
    }
    const message = preimageOf(own.domain, nonce, lineage, rank);
    if (!suite.verify({ publicPair, message, context: CONTEXT, signature })) {
      throw new Refusal('signature-invalid', { type: 'waiting' });
    }
    // Answers overtake each other: of two the one to the later question says more.
    if (this.#held?.by === to.keyId && this.#held.askedAt >= askedAt) return;
    this.#held = { askedAt, by: to.keyId };
  }
}

/**
 * The word of a standby that it has not taken over, by the beacon key that it would take over with;
 * null where `keys` have the word already, or could never have it.
 */
export function waitingFor({ own, keys }: Party, nonce: Uint8Array): Uint8Array | null {
  const root = newestRoot(own)?.root;
  const [inForce, rank] = [rankInForce(own), rankAmong(own, keys)];
  if (root === undefined || inForce === null || rank === null || rank <= inForce) return null;
  const signer = keys.find(({ keyId }) => keyId === beaconKeyOf(root, rank)?.keyId);
  if (signer === undefined) return null;
  const { lineage } = root;
  return new Writer()
    .raw(nonce)
    .u64(lineage)
    .u8(rank)
    .raw(signer.sign(preimageOf(own.domain, nonce, lineage, rank), CONTEXT))
    .finish();
}

/** Whom Root ties a writer with `keys` to, and for how long an answer lasts; null for nobody. */
function tieOf({ own, keys }: Party): { readonly to: BeaconKey; readonly lengthMs: number } | null {
  const root = newestRoot(own)?.root;
  if (root === undefined || root.writerForMs === null) return null;
  const inForce = rankInForce(own);
  if (inForce === null) return null;
  const isOurs = (keyId: KeyId | undefined) => keys.some((key) => key.keyId === keyId);
  if (!isOurs(beaconKeyOf(root, inForce)?.keyId)) return null;
  // What lies on this very machine cannot take over behind its back.
  const to = root.beaconKeys.find(
    ({ rank, keyId }) => rank > inForce && !isOurs(keyId) && !isDisowned(own, keyId),
  );
  return to === undefined ? null : { to, lengthMs: root.writerForMs };
}

function preimageOf(
  domain: TrustDomain,
  nonce: Uint8Array,
  lineage: bigint,
  rank: number,
): Uint8Array {
  const name = toUtf8(domain);
  const said = new Writer().raw(nonce).u64(lineage).u8(rank).finish();
  return concat(LABEL, Uint8Array.of(name.length), name, said);
}
