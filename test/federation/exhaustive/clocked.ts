/**
 * One node in the hands of whoever holds back, repeats and delays all that is sent to it, and owns
 * its power and its clock. Every step is taken by the functions that ship: the ladder, the time
 * desk, the records of the store. Signatures are real; each is verified once.
 */

import { assert } from '../../../core/assert.ts';
import { toUtf8 } from '../../../core/bytes.ts';
import { type Digest, digestOf, sha256 } from '../../../core/digest.ts';
import { Refusal, refusalOf } from '../../../core/refusal.ts';
import type { Suite } from '../../../core/suite.ts';
import { type BootMs, bootMs, type Instant, unixMs } from '../../../core/time.ts';
import { admit, UNBOUNDED_STEPS } from '../../../federation/admit.ts';
import { boundAt, ledgerAt } from '../../../federation/age.ts';
import type { Belief } from '../../../federation/belief.ts';
import { Beliefs } from '../../../federation/beliefs.ts';
import type { FileItem } from '../../../federation/bundle-file.ts';
import { decodeEnvelope } from '../../../federation/envelope.ts';
import {
  encodeDocumentRecord,
  encodeKeeping,
  recordsByDomain,
  restoreBelief,
} from '../../../federation/record.ts';
import { recordKey } from '../../../federation/record-key.ts';
import { documentTier, standingOf } from '../../../federation/standing.ts';
import { decodeTick } from '../../../federation/tick.ts';
import type { Tier } from '../../../federation/tier.ts';
import { signAnswer } from '../../../federation/time-answer.ts';
import { TimeDesk } from '../../../federation/time-desk.ts';
import { SUITE } from '../../fakes/coalition.ts';
import { Climber } from '../climber.ts';
import { CONTENTS, DOMAIN, forgeBeacon, forgeContents, forgeRoot, KEYS, NOW } from '../forge.ts';

/** One step of the model: a tick period, and what the ledger is written ahead. */
export const UNIT_MS = 4_000;
/** The limit in force, in units. */
export const LIMIT = 4;
/** What was said first is withdrawn at this unit: no tick of it says so late. */
export const WITHDRAWN = 2;

const NONCE_OF_ANOTHER = sha256(toUtf8('a question of another node'));
const LIMIT_MS = LIMIT * UNIT_MS;
/** What a boot clock reads as a boot begins. */
const BOOT = bootMs(0);
const TIME_KEY = recordKey(DOMAIN, 'time');
/** Its lead makes a date rough that was answered later than a unit after its question. */
const ROOT = forgeRoot({ members: { maxLeadMs: 2 * UNIT_MS } });
const CLAIM = {
  limits: { freshForMs: LIMIT_MS, degradedForMs: LIMIT_MS, survivalForMs: LIMIT_MS },
};
const first = forgeBeacon({ periodMs: UNIT_MS, members: CLAIM });
const successor = forgeBeacon({
  ...{ epoch: 2, periodMs: UNIT_MS, members: CLAIM, issuedAt: NOW + WITHDRAWN * UNIT_MS },
  manifest: forgeContents(2).manifest,
});
const TICKS = Array.from({ length: WITHDRAWN }, (_, index) => tickItem(index));
const SUCCESSOR: FileItem = { kind: 'envelope', envelope: decodeEnvelope(successor.bytes) };

/** A disk and a belief as the first contents reached them. */
const told = new Climber(ROOT);
told.bootNowMs = BOOT;
told.take(ROOT, first.bytes, CONTENTS.manifest, CONTENTS.bundle);

/** The node between two steps; each step makes another one. */
export interface Clocked {
  /** What the time is, in units: the adversary knows, the node does not. */
  readonly at: number;
  /** How far the wall clock is ahead, in units. */
  readonly offset: number;
  readonly boot: BootMs;
  readonly bootId: string;
  readonly belief: Belief;
  /** The record of the time desk. */
  readonly known: Uint8Array | undefined;
  /** The question under way. */
  readonly question: { readonly nonce: Uint8Array; readonly boot: BootMs } | null;
  /** Units with power since the withdrawal. */
  readonly powered: number;
}

/** What the adversary lets happen to power and clock in one step. */
export interface Turn {
  readonly units: number;
  readonly offset: number;
  /** The power is cut: nothing is left but what was stored before the turn. */
  readonly isReboot: boolean;
  readonly isPowered: boolean;
}

/** What the adversary lets through after it. */
export type Letter =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'successor' }
  | { readonly kind: 'question' }
  | { readonly kind: 'tick'; readonly index: number }
  /** An answer to the question under way, given so many units before it arrives. */
  | { readonly kind: 'answer'; readonly heldUp: number }
  /** An answer to a question of somebody else, given at that unit. */
  | { readonly kind: 'stale'; readonly at: number };

const answers = new Map<string, Uint8Array>();
const verified = new Map<Digest, boolean>();
const suite: Suite = {
  ...SUITE,
  verify(check) {
    const of = digestOf(check.message, check.signature, check.publicPair.mlDsa65);
    const known = verified.get(of) ?? SUITE.verify(check);
    verified.set(of, known);
    return known;
  },
};

/** The node as the first beacon reached it, without delay; its clock is right. */
export const START: Clocked = (() => {
  const { belief, bootId } = told;
  const state = { at: 0, offset: 0, boot: BOOT, bootId, question: null, powered: 0 };
  const beliefs = new Beliefs(DOMAIN, new Map(), { bootId, continuity: 'software' }, null);
  const desk = new TimeDesk(beliefs, { records: new Map(), bootId, now: readingOf(state) });
  beliefs.set(belief);
  return { ...state, belief, known: recordOf(desk, readingOf(state)) };
})();

/** One turn, then one letter. */
export function step(before: Clocked, turn: Turn, letter: Letter): Clocked {
  const at = before.at + turn.units;
  const boot = turn.isReboot ? BOOT : bootMs(before.boot + turn.units * UNIT_MS);
  const isSince = turn.isPowered && at > WITHDRAWN;
  const moved: Clocked = {
    ...{ at, boot, offset: turn.offset, known: before.known },
    bootId: turn.isReboot ? `boot at ${at}` : before.bootId,
    belief: turn.isReboot ? rebooted(before) : before.belief,
    question: turn.isReboot ? null : before.question,
    powered: before.powered + (isSince ? turn.units : 0),
  };
  return received(moved, letter);
}

/** The tier of what was withdrawn. */
export function tierOf(state: Clocked): Tier {
  const now = deskOf(state).desk.judge(readingOf(state));
  const bundle = state.belief.documents.get('bundle');
  return bundle === undefined ? 'EXPIRED' : documentTier(bundle, standingOf(state.belief, [], now));
}

/** What decides what becomes of a state: no absolute reading of a boot clock. */
export function keyOf(state: Clocked): string {
  const { at, offset, boot, belief, question, powered } = state;
  const { keeping, asOf, future, beacon } = belief;
  const { desk } = deskOf(state);
  const { wall, isKnown, isVouched, isRough } = desk.judge(readingOf(state));
  const ages = keeping === null ? [] : [boundAt(keeping, boot), ledgerAt(keeping, boot)];
  const clocks = [isVouched ? '' : offset, wall, isKnown, isVouched, isRough];
  const asked = question === null ? -1 : boot - question.boot;
  const held = [asOf, beacon?.beacon.epoch, future?.epoch, future?.isAhead];
  return [at, powered, ...clocks, ...ages, ...held, asked].join();
}

function received(state: Clocked, letter: Letter): Clocked {
  const read = readingOf(state);
  const { beliefs, desk } = deskOf(state);
  const before = recordOf(desk, read) ?? state.known;
  if (letter.kind === 'question') {
    const nonce = sha256(toUtf8(`${state.at}`));
    return { ...state, known: before, question: { nonce, boot: state.boot } };
  }
  if (letter.kind === 'tick' || letter.kind === 'successor') {
    const item = letter.kind === 'tick' ? TICKS[letter.index] : SUCCESSOR;
    const context = { suite, now: desk.judge(read), bootId: state.bootId };
    const outcome =
      item === undefined
        ? null
        : refusalOf(() => admit(context, state.belief, item, UNBOUNDED_STEPS));
    const belief = outcome === null || outcome instanceof Refusal ? null : outcome.belief;
    return { ...state, known: before, belief: belief ?? state.belief };
  }
  if (letter.kind === 'nothing') return { ...state, known: before };
  const nonce = (letter.kind === 'answer' ? state.question?.nonce : undefined) ?? NONCE_OF_ANOTHER;
  const at = letter.kind === 'answer' ? state.at - letter.heldUp : letter.at;
  const learned = refusalOf(() => desk.answered(suite, read, answerAt(at, nonce)));
  if (learned === null || learned instanceof Refusal) return { ...state, known: before };
  for (const belief of learned.beliefs) beliefs.set(belief);
  const record = learned.writes.find(({ key }) => key === TIME_KEY)?.value ?? before;
  return { ...state, belief: beliefs.own, known: record, question: null };
}

function answerAt(at: number, nonce: Uint8Array): Uint8Array {
  const key = `${at} ${digestOf(nonce)}`;
  const time = unixMs(NOW + at * UNIT_MS);
  const statement = { nonce, basis: 'wall', beacon: first.digest, time } as const;
  const place = { lineage: 0n, rank: 0, epoch: 1n };
  const signed =
    answers.get(key) ??
    signAnswer(DOMAIN, { ...statement, place }, { signer: KEYS.beacon[0], lease: null });
  answers.set(key, signed);
  return signed;
}

/** The time desk of this state, made anew from its record as after a restart of the process. */
function deskOf(state: Clocked): { readonly beliefs: Beliefs; readonly desk: TimeDesk } {
  const { bootId, known, question } = state;
  const beliefs = new Beliefs(DOMAIN, new Map(), { bootId, continuity: 'software' }, null);
  beliefs.set(state.belief);
  const records = new Map(known === undefined ? [] : [[TIME_KEY, known]]);
  const desk = new TimeDesk(beliefs, { records, bootId, now: readingOf(state) });
  if (question !== null) desk.inquiry.ask(question.nonce, question.boot);
  return { beliefs, desk };
}

/** Looks at the clocks; the record to store, where there is news. */
function recordOf(desk: TimeDesk, read: Instant): Uint8Array | undefined {
  for (const effect of desk.look(read)) {
    if (effect.kind !== 'persist') continue;
    const record = effect.writes.find(({ key }) => key === TIME_KEY)?.value;
    if (record !== undefined && record !== null) return record;
  }
  return undefined;
}

/** What another boot finds on the disk, which was written last as the turn began. */
function rebooted({ belief, bootId, boot }: Clocked): Belief {
  const { beacon, tick, future } = belief;
  const records = new Map(told.records);
  const put = (kind: Parameters<typeof recordKey>[1], value: Uint8Array): void => {
    records.set(recordKey(DOMAIN, kind), value);
  };
  put('keeping', encodeKeeping(belief, bootId, boot));
  if (beacon !== null) put('beacon', beacon.bytes);
  if (tick !== null && tick.index > 0) put('tick', first.tick(tick.index));
  if (future !== null) put('future', future.bytes);
  for (const [key, held] of belief.documents) {
    records.set(recordKey(DOMAIN, 'document', key), encodeDocumentRecord(held));
  }
  const mine = recordsByDomain(records).get(DOMAIN);
  const found = mine && restoreBelief(DOMAIN, mine, { bootId: 'next', continuity: 'software' });
  assert(found !== undefined && found !== null, 'a belief of which a Root was stored');
  return found;
}

function readingOf({ at, offset, boot }: Pick<Clocked, 'at' | 'offset' | 'boot'>): Instant {
  return { wall: unixMs(NOW + (at + offset) * UNIT_MS), boot };
}

function tickItem(index: number): FileItem {
  return { kind: 'tick', tick: decodeTick(first.tick(index)) };
}
