/**
 * Admission: the one door through which anything from outside becomes belief (PROTOCOL §5.1).
 *
 * Bound → drop what is held or below a mark → parse → domain and relation → signer in force →
 * both legs → version rules → pinned; then the driver persists before it forwards. The rungs stand
 * in `admit-root`, `admit-beacon`, `admit-tick`, `admit-content`, `admit-revocations` and
 * `admit-override`, each a numbered comment; this file only chooses the ladder, and climbs several
 * in a row where a step must be whole.
 */

import { Refusal, refusalOf } from '../core/refusal.ts';
import type { Admission, AdmitContext } from './admission.ts';
import { admitBeacon } from './admit-beacon.ts';
import { admitDocument, admitManifest } from './admit-content.ts';
import { admitOverride, admitRecall } from './admit-override.ts';
import { admitProof } from './admit-proof.ts';
import { admitRevocations } from './admit-revocations.ts';
import { admitRoot } from './admit-root.ts';
import { admitTick, type StepBudget } from './admit-tick.ts';
import type { Belief } from './belief.ts';
import type { FileItem } from './bundle-file.ts';

/** Hashing without a bound on the sender, for what a person carried here or we made ourselves. */
export const UNBOUNDED_STEPS: StepBudget = {
  spend() {
    // A chain is at most TICK_COUNT_MAX long, which bounds one item by itself.
  },
};

/** Admits one item about the domain of `belief`. */
export function admit(
  context: AdmitContext,
  belief: Belief,
  item: FileItem,
  budget: StepBudget,
): Admission {
  if (item.kind === 'tick') return admitTick(context, belief, item.tick, budget);
  if (item.kind === 'proof') return admitProof(context, belief, item.proof);
  const { envelope } = item;
  if (envelope.domain !== belief.domain) {
    throw new Refusal('domain-mismatch', { expected: belief.domain, got: envelope.domain });
  }
  switch (envelope.type) {
    case 'root':
      return admitRoot(context, belief, envelope);
    case 'beacon':
      return admitBeacon(context, belief, envelope);
    case 'manifest':
      return admitManifest(context, belief, envelope);
    case 'revocations':
      return admitRevocations(context, belief, envelope);
    case 'override':
      return admitOverride(context, belief, envelope);
    case 'recall':
      return admitRecall(context, belief, envelope);
    case 'lease':
      // A lease proves a peer inside its handshake and is nobody's belief (PROTOCOL §6.2).
      throw new Refusal('document-type', { got: envelope.type });
    default:
      return admitDocument(context, belief, envelope);
  }
}

/**
 * Admits several items as one step: all of it is stored together, or none is believed. Revocations
 * that say nothing new, or come by a key since retired, spoil nothing: they only take away.
 */
export function admitAll(
  context: AdmitContext,
  belief: Belief,
  items: readonly FileItem[],
): Admission {
  let whole: Admission = { belief, writes: [], notes: [], forward: false, refusal: null };
  for (const item of items) {
    const { belief: before } = whole;
    const next = refusalOf(() => admit(context, before, item, UNBOUNDED_STEPS));
    if (next instanceof Refusal) {
      const isRevoking = item.kind === 'envelope' && item.envelope.type === 'revocations';
      const isNegative = isRevoking || item.kind === 'proof';
      if (isNegative && next.judgement === 'ignore') continue;
      throw next;
    }
    if (next.refusal !== null) throw next.refusal;
    whole = joined(whole, next);
  }
  return whole;
}

/**
 * Admits what is news in a file about a domain that is known already: what is older than what is
 * held changes nothing, and what is provably wrong spoils all of it.
 */
export function admitNews(
  context: AdmitContext,
  belief: Belief,
  items: readonly FileItem[],
): Admission {
  let whole: Admission = { belief, writes: [], notes: [], forward: false, refusal: null };
  for (const item of items) {
    const { belief: before } = whole;
    const next = refusalOf(() => admitAll(context, before, [item]));
    if (!(next instanceof Refusal)) whole = joined(whole, next);
    else if (next.judgement === 'reject') throw next;
  }
  return whole;
}

function joined(whole: Admission, next: Admission): Admission {
  return {
    belief: next.belief,
    writes: [...whole.writes, ...next.writes],
    notes: [...whole.notes, ...next.notes],
    forward: whole.forward || next.forward,
    refusal: null,
  };
}
