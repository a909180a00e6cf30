/**
 * Questions between machines of one domain: what time it is (PROTOCOL §4.4), and whether a standby
 * still waits (PROTOCOL §2.5).
 */

import { Refusal } from '../core/refusal.ts';
import type { Frame, Tag } from './message.ts';
import type { PeerLink } from './peer-link.ts';
import { send } from './sending.ts';
import type { Step } from './step.ts';
import { NONCE_BYTES } from './time-answer.ts';

/** A question for the time: answered about our own domain alone, by who knows it (§4.4). */
export function hearQuestion(step: Step, peer: string, tag: Tag, nonce: Uint8Array): void {
  const { exchange, authority, leaseholder, beliefs, time } = step.parts;
  const { now } = step;
  if (exchange.links.tag(peer, beliefs.ownDomain) !== tag || time.isUnknown(now)) return;
  step.ledgerOf(peer).charge(peer, 'question', now.boot);
  const statement = time.statement(now, nonce);
  if (statement === null) return;
  const bytes = authority?.answer(now, statement) ?? leaseholder?.answer(now, statement) ?? null;
  if (bytes !== null) answer(step, peer, { kind: 'answer', tag, bytes });
}

/** An answer to our question. Refuses `answer-unasked`. */
export function hearAnswer(step: Step, peer: string, tag: Tag, bytes: Uint8Array): void {
  const { exchange, beliefs, time, suite } = step.parts;
  if (exchange.links.tag(peer, beliefs.ownDomain) !== tag) throw new Refusal('answer-unasked');
  const learned = time.answered(suite, step.read, bytes);
  if (learned !== null) step.learn(learned);
}

/** Asks for a nonce, where there is something to ask and somebody who may answer. */
export function askIfDue(step: Step): void {
  const { time, exchange } = step.parts;
  const { now } = step;
  if (!exchange.links.hasWitness || !time.inquiry.isDue(now.boot) || !time.hasQuestion(now)) return;
  time.inquiry.drawing(now);
  step.effects.push({ kind: 'draw', purpose: 'question', count: NONCE_BYTES });
}

/** A nonce was drawn: whoever may answer is asked. */
export function askTime(step: Step, nonce: Uint8Array): void {
  const { time, exchange } = step.parts;
  if (!time.hasQuestion(step.now)) return;
  time.inquiry.ask(nonce, step.now.boot);
  askEach(step, 'question', exchange.links.witnesses(), nonce);
}

/** The writer asks whether we have taken over (PROTOCOL §2.5). */
export function hearTurn(step: Step, peer: string, tag: Tag, nonce: Uint8Array): void {
  const { exchange, authority, beliefs } = step.parts;
  const { now } = step;
  const { ownDomain } = beliefs;
  if (!exchange.links.isFellow(peer, ownDomain) || exchange.links.tag(peer, ownDomain) !== tag)
    return;
  step.ledgerOf(peer).charge(peer, 'question', now.boot);
  const bytes = authority?.waiting(now, nonce) ?? null;
  if (bytes !== null) answer(step, peer, { kind: 'waiting', tag, bytes });
}

/** A standby still waits. Refuses `answer-unasked`. */
export function hearWaiting(step: Step, peer: string, tag: Tag, bytes: Uint8Array): void {
  const { exchange, authority, beliefs } = step.parts;
  if (authority === null || exchange.links.tag(peer, beliefs.ownDomain) !== tag) {
    throw new Refusal('answer-unasked');
  }
  const { boot } = step.now;
  const wasSilent = !authority.tether.holds(boot);
  authority.tether.take(step.parts.suite, bytes);
  if (wasSilent) step.effects.push({ kind: 'changed', domain: beliefs.ownDomain });
}

/** A nonce was drawn: the standbys are asked. */
export function askTurn(step: Step, nonce: Uint8Array): void {
  const { authority, exchange } = step.parts;
  if (authority === null) return;
  authority.tether.ask(nonce, step.now.boot);
  askEach(step, 'turn', exchange.links.fellows(), nonce);
}

function askEach(
  step: Step,
  kind: 'question' | 'turn',
  links: readonly PeerLink[],
  nonce: Uint8Array,
): void {
  const { ownDomain } = step.parts.beliefs;
  for (const link of links) {
    step.effects.push(send(link, { kind, tag: link.tag(ownDomain), nonce }));
  }
}

function answer(step: Step, peer: string, frame: Frame): void {
  const link = step.parts.exchange.links.of(peer);
  if (link !== undefined) step.effects.push(send(link, frame));
}
