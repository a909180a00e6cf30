/**
 * From a document to a belief and its effects: the ladder is climbed, what it gives is stored, and
 * then told to others. The order is the protocol's own: records before all else, then a stop, then
 * notes, then what others hear (PROTOCOL §5.1).
 */

import { assert } from '../core/assert.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import type { Admission } from './admission.ts';
import { admit, UNBOUNDED_STEPS } from './admit.ts';
import type { StepBudget } from './admit-tick.ts';
import type { Belief } from './belief.ts';
import type { FileItem } from './bundle-file.ts';
import type { Effect } from './effect.ts';
import { recordKey } from './record-key.ts';
import type { Step } from './step.ts';
import { checkShare } from './store-share.ts';
import { decodeTick, STOP_INDEX } from './tick.ts';

/** Where an item comes from, and what may be spent on it. */
export interface Source {
  /** The peer that gave it, who is not told of it again; null where it is ours, or of a file. */
  readonly giver: string | null;
  readonly budget: StepBudget;
}

/** Of our own making, or carried here by people. */
export const BY_HAND: Source = { giver: null, budget: UNBOUNDED_STEPS };

/** Climbs the ladder and commits: records, a stop to others, audit, then all else to others. */
export function admitItem(
  step: Step,
  belief: Belief,
  item: FileItem,
  { giver, budget }: Source,
): Admission {
  if (item.kind === 'envelope' && item.envelope.type === 'revocations') {
    return admitRevocations(step, belief, item, giver);
  }
  const admission = admit(step.context, belief, item, budget);
  // PROTOCOL §5.7 — a flood: a partner signs as much as it likes, and fills its own share alone.
  const isOwn = belief.domain === step.parts.beliefs.ownDomain;
  if (!isOwn && item.kind === 'envelope') {
    checkShare(belief, admission.belief, () => step.parts.beliefs.foreign(belief.domain));
  }
  const { belief: after } = admission;
  const { exchange } = step.parts;
  const isTick = item.kind === 'tick';
  const stop = isTick && item.tick.index === STOP_INDEX ? after.stop : null;
  commit(step, admission, stop === null ? [] : exchange.telling.stop(after, stop, giver));
  // Who gave a beacon that proves a key false with one of ours has half of that proof, no more.
  tellProofs(step, belief, after, item.kind === 'proof' ? giver : null);
  if (!isTick) step.effects.push(...exchange.telling.row(after, step.now.boot));
  return admission;
}

/**
 * Revocations are told at once. Where they are our own, what our beacon says is withdrawn first:
 * stop, then no tick can be made of it (PROTOCOL §3.5), then the revocations; the successor
 * pins them.
 */
function admitRevocations(
  step: Step,
  belief: Belief,
  item: FileItem & { readonly kind: 'envelope' },
  giver: string | null,
): Admission {
  const context = step.context;
  let admission = admit(context, belief, item, UNBOUNDED_STEPS);
  const isOurs = belief.domain === step.parts.beliefs.ownDomain;
  const stop = isOurs ? (step.parts.authority?.fence() ?? null) : null;
  if (stop !== null) {
    reveal(step, stop);
    admission = admit(context, step.parts.beliefs.own, item, UNBOUNDED_STEPS);
  }
  commit(step, admission);
  const { telling } = step.parts.exchange;
  step.effects.push(...telling.revocations(admission.belief, item.envelope.bytes, giver));
  step.effects.push(...telling.row(admission.belief, step.now.boot));
  return admission;
}

/** Believes a tick or stop of our own writer, and gossips it. */
export function reveal(step: Step, bytes: Uint8Array): void {
  const item: FileItem = { kind: 'tick', tick: decodeTick(bytes) };
  const outcome = refusalOf(() => admitItem(step, step.parts.beliefs.own, item, BY_HAND));
  if (outcome instanceof Refusal) {
    step.effects.push({ kind: 'refused', peer: null, refusal: outcome });
  } else step.effects.push({ kind: 'gossip', message: bytes });
}

/** What is `urgent` goes out before it is noted: each hop of a stop waits for one disk less. */
export function commit(step: Step, admission: Admission, urgent: readonly Effect[] = []): void {
  const { belief } = admission;
  const isOwn = belief.domain === step.parts.beliefs.ownDomain;
  const more = isOwn ? step.parts.authority?.follow(step.parts.beliefs.own, belief) : undefined;
  const writes = more === undefined ? admission.writes : [...admission.writes, ...more.writes];
  const notes = more === undefined ? admission.notes : [...admission.notes, ...more.notes];
  if (writes.length > 0) step.effects.push({ kind: 'persist', writes });
  step.effects.push(...urgent, ...notes);
  const partners = step.parts.beliefs.policy.relations;
  const before = step.parts.beliefs.set(belief);
  step.parts.exchange.changed(before, belief, step.now.boot);
  const keeping = recordKey(belief.domain, 'keeping');
  if (writes.some(({ key }) => key === keeping)) {
    step.parts.watch.wasStored(belief, step.now);
  }
  step.effects.push({ kind: 'changed', domain: belief.domain });
  if (isOwn && step.parts.beliefs.policy.relations !== partners) {
    step.effects.push(...step.parts.exchange.interestsChanged());
  }
}

/** A key that was disowned just now: whoever hears of it hears of it first (PROTOCOL §5.2). */
function tellProofs(step: Step, before: Belief, after: Belief, giver: string | null): void {
  if (after.disowned === before.disowned) return;
  for (const [keyId, proof] of after.disowned) {
    if (before.disowned.has(keyId)) continue;
    step.effects.push(...step.parts.exchange.telling.proof(after, proof, giver));
  }
}

/**
 * A beacon of our own key that came from outside: another machine writes, or our disk is old. One
 * that `before` remembers we said ourselves, and a key that is compromised took it back.
 */
export function strangeToUs(step: Step, before: Belief, item: FileItem): readonly Effect[] {
  const isBeacon = item.kind === 'envelope' && item.envelope.type === 'beacon';
  if (!isBeacon || step.parts.authority === null) return [];
  const { domain, digest } = item.envelope;
  if (domain !== step.parts.beliefs.ownDomain) return [];
  if (before.history.some((past) => past.digest === digest)) return [];
  // That of another rank is followed, as by anybody.
  const [slot] = item.envelope.slots;
  if (!step.parts.authority.keys.some(({ keyId }) => keyId === slot?.keyId)) return [];
  return [{ kind: 'alarm', code: 'own-beacon-unknown', domain, details: { beacon: digest } }];
}

/** What is gossiped of an item: a tick as its 43 bytes, a beacon as its envelope. */
export function gossipOf(item: FileItem): Effect {
  assert(item.kind !== 'proof', 'only evidence is gossiped');
  assert(item.kind === 'tick' || item.envelope.type === 'beacon', 'only evidence is gossiped');
  const message = item.kind === 'envelope' ? item.envelope.bytes : item.tick.bytes;
  return { kind: 'gossip', message };
}
