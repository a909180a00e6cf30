/**
 * What time alone makes due: beacons and ticks of our own, the end of an override, evidence that
 * was too early, questions. And when there is something to do next.
 */

import { Refusal, refusalOf } from '../core/refusal.ts';
import type { Admission } from './admission.ts';
import { endOverrides } from './admit-override.ts';
import type { FileItem } from './bundle-file.ts';
import { admitItem, BY_HAND, commit, reveal } from './committing.ts';
import { decodeEnvelope } from './envelope.ts';
import { overrideEndsInMs } from './overriding.ts';
import { askIfDue } from './questions.ts';
import { recordKey } from './record-key.ts';
import { believableUntil } from './standing.ts';
import type { Step } from './step.ts';

/** What of our own domain, or time alone, has made due for us to do. */
export function actAgain(step: Step): void {
  resumeIfAnswered(step);
  step.effects.push(...(step.parts.authority?.tether.tend(step.now.boot) ?? []));
  writeIfDue(step);
  endOwnOverrides(step);
}

/** What is due of all that is believed: evidence to judge again, changes to tell, questions. */
export function lookAgain(step: Step): void {
  retryFuture(step);
  askIfDue(step);
  step.effects.push(...step.parts.watch.look(step.now));
  step.effects.push(...step.parts.exchange.wake(step.now.boot));
}

/** What is due to be asked or said by now, of a node that rests otherwise. */
export function talkAgain(step: Step): void {
  askIfDue(step);
  step.effects.push(...step.parts.exchange.wake(step.now.boot));
}

function writeIfDue(step: Step): void {
  const duty = step.parts.authority?.duty(step.context);
  if (duty === undefined) return;
  if (duty.writes.length > 0) step.effects.push({ kind: 'persist', writes: duty.writes });
  if (duty.tick !== null) reveal(step, duty.tick);
  if (duty.draw > 0) step.effects.push({ kind: 'draw', purpose: 'beacon', count: duty.draw });
}

/** Entropy was drawn: the next beacon is signed, believed and told. */
export function issueBeacon(step: Step, entropy: Uint8Array): void {
  if (step.parts.authority === null) return;
  const issued = step.parts.authority.issue(step.context, entropy);
  for (const admission of issued.admissions) commit(step, admission);
  step.effects.push(...issued.replies);
  for (const message of issued.gossip) step.effects.push({ kind: 'gossip', message });
  for (const { belief } of issued.admissions)
    step.effects.push(...step.parts.exchange.telling.row(belief, step.now.boot));
}

/** Others hold no more of our domain than we do, or there is nobody who could (PROTOCOL §2.6). */
function resumeIfAnswered(step: Step): void {
  const { authority, beliefs, exchange } = step.parts;
  const { now } = step;
  if (authority === null || authority.resumption.isOver) return;
  if (!authority.resumption.isAsking(now.boot)) resume(step, 'nobody');
  else if (exchange.isAnswered(beliefs.own, now.boot)) resume(step, 'peer');
  else step.effects.push(...authority.unconfirmed(now));
}

/** An authority that asked what others hold goes on (PROTOCOL §2.6). Refuses `not-authority`. */
export function resume(step: Step, by: 'peer' | 'person' | 'nobody'): void {
  const { authority, beliefs } = step.parts;
  if (authority === null) throw new Refusal('not-authority');
  authority.resumption.end();
  const domain = beliefs.ownDomain;
  step.effects.push({ kind: 'audit', event: 'authority.resumed', fields: { domain, by } });
  step.effects.push({ kind: 'changed', domain });
}

/** What people permitted for a time is over (PROTOCOL §4.9). */
function endOwnOverrides(step: Step): void {
  const own = step.parts.beliefs.stored(step.parts.beliefs.ownDomain);
  const admission = own === null ? null : endOverrides(step.context, own);
  if (admission === null) return;
  commit(step, admission);
  step.effects.push(...step.parts.exchange.telling.row(admission.belief, step.now.boot));
}

/** Evidence from our future is judged again once our clock has caught up with it (§4.3). */
function retryFuture(step: Step): void {
  for (const belief of step.parts.beliefs.spoken()) {
    const { future } = belief;
    if (future === null || future.issuedAt > believableUntil(belief, step.now)) continue;
    const item: FileItem = { kind: 'envelope', envelope: decodeEnvelope(future.bytes) };
    const cleared: Admission = {
      belief: { ...belief, future: null },
      writes: [{ key: recordKey(belief.domain, 'future'), value: null }],
      notes: [],
      forward: false,
      refusal: null,
    };
    commit(step, cleared);
    const outcome = refusalOf(() => admitItem(step, cleared.belief, item, BY_HAND));
    if (outcome instanceof Refusal)
      step.effects.push({ kind: 'refused', peer: null, refusal: outcome });
  }
}

/** When time alone makes something due for `actAgain`, in boot time. */
export function actAt(step: Step): number {
  const { authority, beliefs } = step.parts;
  const { now } = step;
  const own = beliefs.stored(beliefs.ownDomain);
  const endsInMs = own === null ? Number.POSITIVE_INFINITY : overrideEndsInMs(own, now);
  const inMs = authority === null ? endsInMs : Math.min(endsInMs, authority.wakeInMs(step.context));
  return now.boot + Math.max(1, inMs);
}

/** The same for what `lookAgain` looks at of what is believed. */
export function lookAt(step: Step): number {
  return step.now.boot + Math.max(1, step.parts.watch.wakeInMs(step.now));
}

/** When something is due to be said or asked, in boot time: every frame may change that. */
export function talkAt(step: Step): number {
  const { exchange, time } = step.parts;
  const { now } = step;
  const isAsking = exchange.links.hasWitness && time.hasQuestion(now);
  const askInMs = isAsking ? time.inquiry.wakeInMs(now.boot) : Number.POSITIVE_INFINITY;
  return Math.min(exchange.wakeAt(), now.boot + askInMs);
}
