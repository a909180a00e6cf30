/**
 * One input handled: it is dispatched, what became due is done, and what the world has to do comes
 * back. A refusal is caught here and nowhere else, and comes back as the verdict.
 */

import { Refusal, refusalOf } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import { bootMs, SECOND_MS, type UnixMs } from '../core/time.ts';
import { decodeBundleFile, decodeFileItem, decodeFileItems, type FileItem } from './bundle-file.ts';
import { admitItem, BY_HAND, commit, gossipOf } from './committing.ts';
import {
  actAgain,
  actAt,
  issueBeacon,
  lookAgain,
  lookAt,
  resume,
  talkAgain,
  talkAt,
} from './duties.ts';
import type { Effect, ImportOutcome } from './effect.ts';
import { decodeEnvelope } from './envelope.ts';
import { hearFrame, hearGossip } from './hearing.ts';
import type { Input } from './input.ts';
import { askTime, askTurn } from './questions.ts';
import type { RevocationTarget } from './revocations.ts';
import type { Output, Step } from './step.ts';

/** Even without a deadline the clock is looked at so often: a wall clock may jump. */
const LOOK_MS = 30 * SECOND_MS;

/** Handles the input, then whatever time alone has made due. */
export function handle(step: Step, input: Input): Output {
  const { time, rest, beliefs } = step.parts;
  step.effects.push(...time.look(step.read));
  const isResting = step.effects.length === 0 && rest.lasts(step.now);
  const spoken = beliefs.spoken();
  const outcome = refusalOf(() =>
    input.kind === 'gossip' ? hearGossip(step, input.peer, input.bytes) : dispatch(step, input),
  );
  const verdict = outcome instanceof Refusal ? outcome : null;
  if (verdict !== null) noteRefusal(step, input, verdict);
  // What we do ourselves rests on our own domain alone: news of others is looked at, no more.
  const mayAct =
    !isResting || mayEndRest(step, input) || step.effects.some((effect) => isOfOurs(step, effect));
  const isSame = beliefs.spoken() === spoken && step.effects.every(isTalk);
  if (mayAct) {
    actAgain(step);
    lookAgain(step);
    rest.begin(step.now, actAt(step), lookAt(step));
  } else if (!isSame) {
    lookAgain(step);
    rest.goOn(lookAt(step));
  } else if (talkAt(step) <= step.now.boot) talkAgain(step);
  expectAnswers(step);
  return outputOf(step, verdict);
}

/** True for an input upon which something may be due though nothing new is believed. */
function mayEndRest(step: Step, { kind }: Input): boolean {
  if (kind === 'wake') return false;
  // Until others have told what they hold, every word of theirs may end the waiting.
  const isWaiting = step.parts.authority?.resumption.isOver === false;
  return isWaiting || (kind !== 'frame' && kind !== 'gossip');
}

function outputOf(step: Step, verdict: Refusal | null): Output {
  const { boot } = step.now;
  const dueAt = Math.max(boot + 1, Math.min(step.parts.rest.dueAt, talkAt(step)));
  const wakeAt = bootMs(Math.ceil(Math.min(boot + LOOK_MS, dueAt)));
  return { effects: step.effects, wakeAt, verdict };
}

/** Everything but gossip, which may come back as refused; the rest is thrown. */
function dispatch(step: Step, input: Exclude<Input, { readonly kind: 'gossip' }>): void {
  switch (input.kind) {
    case 'wake':
      return;
    case 'drawn':
      if (input.purpose === 'beacon') return issueBeacon(step, input.bytes);
      return input.purpose === 'turn' ? askTurn(step, input.bytes) : askTime(step, input.bytes);
    case 'confirm':
      resume(step, 'person');
      step.effects.push(doneReply(input.request));
      return;
    case 'time':
      return beTold(step, input.request, input.time);
    case 'store':
      step.effects.push(...step.parts.time.store(input.isWritable));
      return step.judgeAgain();
    case 'peer-up':
      step.effects.push(...step.parts.exchange.up(input, step.now.boot));
      step.ledgerOf(input.peer).arrived(input.peer);
      if (step.parts.exchange.links.isWitness(input.peer)) step.parts.time.inquiry.hasten();
      if (step.parts.exchange.links.isFellow(input.peer, step.parts.beliefs.ownDomain)) {
        step.parts.authority?.tether.hasten();
      }
      return;
    case 'peer-down':
      return step.parts.exchange.down(input.peer);
    case 'frame':
      return hearFrame(step, input.peer, input.bytes);
    case 'import':
      return importFile(step, input.request, input.file);
    case 'grant':
      return takeGrant(step, input);
    case 'revoke':
      return revoke(step, input.request, input.targets);
    case 'key':
      if (step.parts.authority === null) throw new Refusal('not-authority');
      return step.parts.authority.add(input.key);
    default:
      if (step.parts.authority === null) throw new Refusal('not-authority');
      return step.parts.authority.request(step.context, input);
  }
}

/** A person says what time it is. */
function beTold(step: Step, request: number, time: UnixMs | null): void {
  step.learn(step.parts.time.told(step.read, time));
  step.effects.push(doneReply(request));
}

/**
 * Takes a grant whole: documents and lease are stored in one batch. What is held already stays
 * where it is newer; a first grant makes our domain known at all.
 */
function takeGrant(step: Step, grant: Extract<Input, { readonly kind: 'grant' }>): void {
  const { beliefs, leaseholder } = step.parts;
  if (leaseholder === null) throw new Refusal('not-member');
  const items = decodeFileItems(grant.file);
  const admission = beliefs.admitOwn(step.context, grant.firstRoot, items);
  const verified = leaseholder.verify(grant.lease, admission.belief, step.now);
  commit(step, { ...admission, writes: [...admission.writes, verified.write] });
  leaseholder.hold(verified);
  step.effects.push(...step.parts.exchange.telling.row(admission.belief, step.now.boot));
  const answer = { epoch: null, imported: [] };
  step.effects.push({ kind: 'reply', request: grant.request, answer });
}

/** Signs, believes, stores and spreads; answers when all that is done. */
function revoke(step: Step, request: number, targets: readonly RevocationTarget[]): void {
  if (step.parts.authority === null) throw new Refusal('not-authority');
  const bytes = step.parts.authority.signRevocations(step.context, targets);
  const item: FileItem = { kind: 'envelope', envelope: decodeEnvelope(bytes) };
  admitItem(step, step.parts.beliefs.own, item, BY_HAND);
  step.effects.push({ kind: 'reply', request, answer: { epoch: null, imported: [] } });
}

/** Admits a carried file item by item, each for itself: one bad document spoils no other. */
function importFile(step: Step, request: number, file: Uint8Array): void {
  const imported: ImportOutcome[] = [];
  for (const block of decodeBundleFile(file)) {
    const outcome = refusalOf(() => {
      const item = decodeFileItem(block);
      const belief =
        item.kind === 'tick'
          ? step.parts.beliefs.ofTick(item.tick)
          : step.parts.beliefs.of(domainOf(item));
      const admission = admitItem(step, belief, item, BY_HAND);
      if (admission.refusal !== null) throw admission.refusal;
      if (admission.forward) step.effects.push(gossipOf(item));
    });
    const refusal = outcome instanceof Refusal ? outcome : null;
    if (refusal !== null) step.effects.push({ kind: 'refused', peer: null, refusal });
    imported.push({ type: block.label, outcome: refusal ?? 'admitted' });
  }
  step.effects.push({ kind: 'reply', request, answer: { epoch: null, imported } });
}

function noteRefusal(step: Step, input: Input, refusal: Refusal): void {
  const peer = 'peer' in input ? input.peer : null;
  step.effects.push({ kind: 'refused', peer, refusal });
  if ('request' in input) {
    step.effects.push({ kind: 'reply', request: input.request, answer: refusal });
  }
  if (peer !== null && step.ledgerOf(peer).strike(peer, refusal, step.now.boot)) {
    step.parts.exchange.down(peer);
    step.effects.push({ kind: 'ban', peer, refusal });
  }
}

/** What we ask for costs whoever answers nothing (PROTOCOL §6.1). */
function expectAnswers(step: Step): void {
  for (const effect of step.effects) {
    if (effect.kind !== 'send' || effect.asks === 0) continue;
    step.ledgerOf(effect.peer).expect(effect.peer, effect.asks, step.now.boot);
  }
}

/** True for what is said or noted of talk, and stores nothing. */
function isTalk({ kind }: Effect): boolean {
  return kind === 'send' || kind === 'refused';
}

/** True where something of our own domain changed. */
function isOfOurs(step: Step, effect: Effect): boolean {
  return effect.kind === 'changed' && effect.domain === step.parts.beliefs.ownDomain;
}

function doneReply(request: number): Effect {
  return { kind: 'reply', request, answer: { epoch: null, imported: [] } };
}

function domainOf(item: Exclude<FileItem, { readonly kind: 'tick' }>): TrustDomain {
  return item.kind === 'proof' ? item.proof.domain : item.envelope.domain;
}
