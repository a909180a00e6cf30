/**
 * What a peer says: frames and gossip, each charged to whoever said it, read, and handed on.
 *
 * What may be heard of a guest, of a partner, of a machine of our own domain is decided here
 * (PROTOCOL §6.3, §6.4); whether it is believed, in committing.ts.
 */

import { BEACON_BYTES_MAX } from '../core/limits.ts';
import { Refusal, type RefusalCode, refusalOf } from '../core/refusal.ts';
import { type Belief, newestRoot } from './belief.ts';
import type { FileItem } from './bundle-file.ts';
import { admitItem, gossipOf, strangeToUs } from './committing.ts';
import { isForGuests, isSecret } from './document.ts';
import { decodeEnvelope, type UnverifiedEnvelope } from './envelope.ts';
import { decodeEquivocation } from './equivocation.ts';
import { missedBefore } from './looking-back.ts';
import { decodeFrame, type Frame, versionArgument, type Want } from './message.ts';
import { readRecall } from './override.ts';
import { recalledMark } from './overriding.ts';
import type { PeerLink } from './peer-link.ts';
import { hearAnswer, hearQuestion, hearTurn, hearWaiting } from './questions.ts';
import type { Step } from './step.ts';
import { decodeTick, TICK_BYTES, tagInTick } from './tick.ts';

/** Who said it, on which link unless that ended, and whether gossip brought it on, as it does. */
interface From {
  readonly peer: string;
  readonly link: PeerLink | undefined;
  readonly relayed: boolean;
}

/** A frame, and where it carries a document or a proof that, which is read once. */
type Heard =
  | Exclude<Frame, { readonly kind: 'envelope' | 'proof' }>
  | Exclude<FileItem, { readonly kind: 'tick' }>;

/** A role is not met: by keys that it does not hold, too few of them, or too many. */
const OF_ROLES: ReadonlySet<RefusalCode> = new Set([
  'signer-unknown',
  'threshold-unmet',
  'signer-surplus',
]);
/** One for all: most of what is gossiped comes to it. */
const UNKNOWN_BEACON = new Refusal('tick-unknown-beacon');

/** A frame of the sync protocol (PROTOCOL §6.1). Refuses what its reader and the ladder refuse. */
export function hearFrame(step: Step, peer: string, bytes: Uint8Array): void {
  const from: From = { peer, link: step.parts.exchange.links.of(peer), relayed: false };
  step.ledgerOn(from.link).charge(peer, 'sync', step.now.boot);
  const heard = refusalOf(() => readFrame(bytes));
  // What is provably wrong is a strike, also of a domain that has nothing left to spend.
  if (heard instanceof Refusal && heard.judgement === 'reject') throw heard;
  if (heard instanceof Refusal || heard.kind !== 'tick') {
    chargeDomain(step, from, { bytes: bytes.length, isNegative: isNegative(heard) });
  }
  if (heard instanceof Refusal) throw heard;
  switch (heard.kind) {
    case 'interest':
      step.effects.push(...step.parts.exchange.interest(peer, heard.tags, step.now.boot));
      return;
    case 'digest':
      step.effects.push(...step.parts.exchange.digest(peer, heard.digest, step.now.boot));
      return;
    case 'summary':
      step.effects.push(...step.parts.exchange.summary(peer, heard.rows, step.now.boot));
      return;
    case 'want':
      step.effects.push(...step.parts.exchange.want(peer, heard.wants, step.now.boot));
      return;
    case 'lack':
      step.effects.push(...step.parts.exchange.lack(peer, heard.wants, step.now.boot));
      return;
    case 'ranges':
      step.effects.push(...step.parts.exchange.ranges(peer, heard.tag, heard.notes, step.now.boot));
      return;
    case 'tick': {
      const refusal = hearTick(step, from, heard.bytes);
      if (refusal !== null) throw refusal;
      return;
    }
    case 'question':
      return hearQuestion(step, peer, heard.tag, heard.nonce);
    case 'answer':
      return hearAnswer(step, peer, heard.tag, heard.bytes);
    case 'turn':
      return hearTurn(step, peer, heard.tag, heard.nonce);
    case 'waiting':
      return hearWaiting(step, peer, heard.tag, heard.bytes);
    case 'proof': {
      // PROTOCOL §6.3 — from anybody, guests too: a proof stands by itself.
      const { domain, keyId } = heard.proof;
      const belief = step.parts.beliefs.of(domain);
      step.parts.exchange.settle({ domain, what: 'unpinned', argument: keyId, peer });
      return admitFrom(step, belief, heard, from);
    }
    case 'ticks':
      return hearTicks(step, from, heard.ticks);
    case 'envelope':
      return takeEnvelope(step, heard, from);
  }
}

/**
 * What gossip brought: a tick, a stop or a beacon. Refuses `guest-lane`, `too-large` and what the
 * ladder says; `tick-unknown-beacon` comes back as a value, for that is what most gossip comes to,
 * and to throw it would take longer than all the rest.
 */
export function hearGossip(step: Step, peer: string, bytes: Uint8Array): Refusal | null {
  const from: From = { peer, link: step.parts.exchange.links.of(peer), relayed: true };
  step.ledgerOn(from.link).charge(peer, 'gossip', step.now.boot);
  // PROTOCOL §6.3 — gossip is for those who were admitted.
  if (from.link?.isGuest === true) throw new Refusal('guest-lane', { what: 'gossip' });
  if (bytes.length === TICK_BYTES) return hearTick(step, from, bytes);
  // PROTOCOL §6.1 — bound before anything is parsed: gossip carries nothing larger than a beacon.
  if (bytes.length > BEACON_BYTES_MAX) {
    throw new Refusal('too-large', { limit: BEACON_BYTES_MAX, got: bytes.length });
  }
  chargeDomain(step, from, { bytes: bytes.length, isNegative: false });
  const envelope = decodeEnvelope(bytes);
  if (envelope.type !== 'beacon') throw new Refusal('document-type', { got: envelope.type });
  takeEnvelope(step, { kind: 'envelope', envelope }, from);
  return null;
}

/** What a node of a foreign domain sends, save a tick or stop, is charged to that (§6.2). */
function chargeDomain(
  step: Step,
  { link }: From,
  cost: { readonly bytes: number; readonly isNegative: boolean },
): void {
  const domain = link?.foreignDomain ?? null;
  if (domain !== null) step.parts.domains.move(domain, cost, step.now.boot);
}

function readFrame(bytes: Uint8Array): Heard {
  const frame = decodeFrame(bytes);
  switch (frame.kind) {
    case 'envelope':
      return { kind: 'envelope', envelope: decodeEnvelope(frame.bytes) };
    case 'proof':
      return { kind: 'proof', proof: decodeEquivocation(frame.bytes) };
    default:
      return frame;
  }
}

/** True for what withdraws something. */
function isNegative(heard: Heard | Refusal): boolean {
  if (heard instanceof Refusal) return false;
  if (heard.kind === 'envelope') return heard.envelope.type === 'revocations';
  return heard.kind === 'proof';
}

/** Each for itself; what is late among them spoils no other, what is wrong ends the frame. */
function hearTicks(step: Step, from: From, ticks: readonly Uint8Array[]): void {
  const { peer } = from;
  for (const bytes of ticks) {
    const outcome = refusalOf(() => hearTick(step, from, bytes));
    if (!(outcome instanceof Refusal)) continue;
    if (outcome.judgement === 'reject') throw outcome;
    step.effects.push({ kind: 'refused', peer, refusal: outcome });
  }
}

/** Null where it was admitted, else why it says nothing here. Refuses as the ladder does. */
function hearTick(step: Step, from: From, bytes: Uint8Array): Refusal | null {
  const tag = tagInTick(bytes);
  const belief = step.parts.beliefs.namedBy(tag);
  if (belief === null) {
    // Its beacon may be one we lack: the peer that relayed it can say (PROTOCOL §3.3).
    const { link } = from;
    if (link !== undefined) step.effects.push(...step.parts.exchange.stranger(link, tag));
    return UNKNOWN_BEACON;
  }
  admitFrom(step, belief, { kind: 'tick', tick: decodeTick(bytes) }, from);
  return null;
}

/** Admits an envelope that a peer gave or relayed. */
function takeEnvelope(
  step: Step,
  item: FileItem & { readonly kind: 'envelope' },
  from: From,
): void {
  const { domain, type } = item.envelope;
  // PROTOCOL §6.3 — a guest gives evidence and negative statements, never contents; nor does a
  // frame that outlived its link, for nothing says any more who sent it.
  const { exchange } = step.parts;
  const isProven = from.link?.isGuest === false;
  if (!isProven && !isForGuests(type)) {
    throw new Refusal('guest-lane', { what: type });
  }
  const belief = step.parts.beliefs.of(domain);
  // PROTOCOL §6.4 — a leak: what a domain keeps to itself is taken from its own nodes alone.
  if (isSecret(type) && !exchange.links.isFellow(from.peer, domain)) {
    throw new Refusal('document-secret', { domain, type });
  }
  exchange.settle({ domain, ...wantedAs(item.envelope), peer: from.peer });
  if (type === 'beacon') lookBack(step, belief, item.envelope, from.peer);
  admitFrom(step, belief, item, from);
}

/**
 * A beacon that does not follow the one we held before it: we missed some, or its key told
 * another story to others. The beacon before it is asked for, and the one before that, until
 * they meet what we heard (PROTOCOL §5.2).
 */
function lookBack(step: Step, held: Belief, envelope: UnverifiedEnvelope, peer: string): void {
  const { domain, digest } = envelope;
  step.parts.exchange.settle({ domain, what: 'past', argument: digest, peer });
  const previous = missedBefore(held, envelope);
  if (previous === null) return;
  const { boot } = step.now;
  step.effects.push(...step.parts.exchange.askPast(peer, held, previous, boot));
}

function admitFrom(step: Step, belief: Belief, item: FileItem, from: From): void {
  // PROTOCOL §6.2 — a flood: what a domain publishes without end waits; what takes back does not.
  if (isContents(item)) step.parts.domains.checkNews(belief.domain, step.now.boot);
  const budget = step.ledgerOn(from.link).steps(from.peer, step.now.boot);
  const source = { giver: from.peer, budget };
  const admission = refusalOf(() => admitItem(step, belief, item, source));
  if (item.kind === 'tick') {
    const { domain, beacon } = belief;
    const argument = beacon?.beacon.digest ?? '';
    step.parts.exchange.settle({ domain, what: 'tick', argument, peer: from.peer });
  }
  if (admission instanceof Refusal) {
    const refusal = isForNewestRoot(item, admission) ? notAsRootSays(belief, admission) : admission;
    // What is under a Root we lack: its relayer has the Root (PROTOCOL §2.1, §5.5).
    if (refusal.code === 'beacon-root' || refusal.code === 'root-newer') {
      step.effects.push(...step.parts.exchange.compare(from.peer));
    }
    throw refusal;
  }
  if (item.kind === 'envelope' && admission.belief !== belief) {
    step.parts.domains.learn(belief.domain, item.envelope.bytes.length, step.now.boot);
  }
  if (from.link !== undefined) {
    const { belief: after } = admission;
    step.effects.push(...step.parts.exchange.admitted(after, from.link, step.now.boot));
  }
  if (admission.forward) step.effects.push(...strangeToUs(step, belief, item));
  if (admission.forward && !from.relayed) step.effects.push(gossipOf(item));
  if (admission.refusal !== null) throw admission.refusal;
}

/**
 * True where a document names no Root, so that the newest one says who signs it, and is not signed
 * so: there may be a newer one than ours.
 */
function isForNewestRoot(item: FileItem, { code }: Refusal): boolean {
  if (item.kind !== 'envelope') return false;
  const { type } = item.envelope;
  const isJudgedSo = type === 'revocations' || type === 'override' || type === 'recall';
  return isJudgedSo && OF_ROLES.has(code);
}

function notAsRootSays(belief: Belief, { code }: Refusal): Refusal {
  const held = newestRoot(belief)?.root.version ?? 0n;
  return new Refusal('root-newer', { domain: belief.domain, held, why: code });
}

/** True for contents: a Root, a beacon or revocations may take something back, and never wait. */
function isContents(item: FileItem): boolean {
  if (item.kind !== 'envelope') return false;
  const { type } = item.envelope;
  return type !== 'root' && type !== 'beacon' && type !== 'revocations';
}

/** What a document is asked for as. */
function wantedAs(envelope: UnverifiedEnvelope): Pick<Want, 'what' | 'argument'> {
  const { type, digest, members } = envelope;
  switch (type) {
    case 'root':
      return { what: 'root', argument: versionArgument(members.u64('version')) };
    case 'beacon':
    case 'manifest':
      return { what: type, argument: digest };
    case 'revocations':
    case 'override':
      return { what: 'unpinned', argument: digest };
    case 'recall':
      return { what: 'unpinned', argument: recalledMark(readRecall(envelope)) };
    default:
      return { what: 'document', argument: digest };
  }
}
