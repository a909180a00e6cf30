/**
 * The ladder for overrides and recalls (PROTOCOL §4.9): people permit for a time what an age
 * forbids, and any one of those who may sign takes it back.
 *
 * An override is the one positive statement that no manifest pins: it is believed because two
 * people signed it whom the newest Root names, and only until its end. It is stored and audited
 * before it permits anything.
 */

import { OVERRIDES_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { Admission, AdmitContext } from './admission.ts';
import { clockOf } from './age.ts';
import { type Belief, newestRoot } from './belief.ts';
import type { RecordWrite } from './effect.ts';
import { type UnverifiedEnvelope, verifyEnvelope } from './envelope.ts';
import { type HeldOverride, readOverride, readRecall } from './override.ts';
import { encodeOverrideRecord } from './record.ts';
import { recordKey } from './record-key.ts';
import { overrideRole } from './root.ts';
import { believableUntil, isTimeUnknown } from './standing.ts';

/** Admits an override. */
export function admitOverride(
  context: AdmitContext,
  belief: Belief,
  envelope: UnverifiedEnvelope,
): Admission {
  // PROTOCOL §5.2 — replay: no-op, also of one that was recalled.
  if (belief.overrides.has(envelope.digest)) throw alreadyHeld(envelope);
  // PROTOCOL §4.9 — too much: one act, one domain, at most a day.
  const override = readOverride(envelope);
  checkDate(context, belief, override);
  // PROTOCOL §4.9 — one person alone: two whom the newest Root names, no key twice.
  const root = newestRoot(belief)?.root;
  if (root === undefined) throw new Refusal('root-unknown', { domain: belief.domain });
  verifyEnvelope(context.suite, envelope, overrideRole(root));
  // PROTOCOL §4.9 — a flood: what people permit must not fill our disk.
  if (belief.overrides.size >= OVERRIDES_MAX) {
    throw new Refusal('overrides-full', { limit: OVERRIDES_MAX });
  }
  const signedBy = envelope.slots.map(({ keyId }) => keyId);
  const held = { ...override, signedBy, bytes: envelope.bytes, recall: null };
  const people = root.override.filter(({ keyId }) => signedBy.includes(keyId));
  const { about, action, tier, reason, notAfter } = override;
  const details = {
    ...{ override: override.digest, about, action, tier, notAfter: String(notAfter), reason },
    by: people.map(({ name }) => name).join(', '),
  };
  const { domain } = belief;
  return {
    ...storing(belief, held),
    notes: [
      { kind: 'audit', event: 'override.admitted', fields: { domain, ...details } },
      { kind: 'alarm', code: 'override', domain, details },
    ],
    forward: false,
    refusal: null,
  };
}

/** Admits a recall. Refuses `override-unknown` while what it takes back is not here. */
export function admitRecall(
  context: AdmitContext,
  belief: Belief,
  envelope: UnverifiedEnvelope,
): Admission {
  const override = readRecall(envelope);
  const held = belief.overrides.get(override);
  // PROTOCOL §4.9 — what it takes back comes first; a relayer that has the one has the other.
  if (held === undefined) throw new Refusal('override-unknown', { override });
  // PROTOCOL §5.2 — replay: taken back once is for good.
  if (held.recall !== null) throw alreadyHeld(envelope);
  const root = newestRoot(belief)?.root;
  if (root === undefined) throw new Refusal('root-unknown', { domain: belief.domain });
  // PROTOCOL §4.9 — a stranger: one of those who may sign overrides, whoever signed this one.
  verifyEnvelope(context.suite, envelope, { ...overrideRole(root), threshold: 1 });
  const recalled = { ...held, recall: envelope.bytes };
  const by = root.override.find(({ keyId }) => keyId === envelope.slots[0]?.keyId)?.name ?? '';
  const fields = { domain: belief.domain, override, by };
  return {
    ...storing(belief, recalled),
    notes: [{ kind: 'audit', event: 'override.recalled', fields }],
    forward: false,
    refusal: null,
  };
}

/**
 * What has ended by our clock is forgotten: the same override comes back never, since its date has
 * passed. Null where nothing has, or the date is not known.
 */
export function endOverrides(context: AdmitContext, belief: Belief): Admission | null {
  if (belief.overrides.size === 0 || isTimeUnknown(belief, context.now)) return null;
  const clock = clockOf(belief, context.now);
  const ended = [...belief.overrides.values()].filter(({ notAfter }) => notAfter <= clock);
  if (ended.length === 0) return null;
  const { domain } = belief;
  const gone = new Set(ended.map(({ digest }) => digest));
  return {
    belief: {
      ...belief,
      overrides: new Map([...belief.overrides].filter(([digest]) => !gone.has(digest))),
    },
    writes: [...gone].map((digest) => ({
      key: recordKey(domain, 'override', digest),
      value: null,
    })),
    notes: ended.map(({ digest, about, action }) => ({
      kind: 'audit',
      event: 'override.ended',
      fields: { domain, override: digest, about, action },
    })),
    forward: false,
    refusal: null,
  };
}

function checkDate(context: AdmitContext, belief: Belief, override: HeldDates): void {
  // By a clock that may be wrong nothing is over, and nothing is in force.
  if (isTimeUnknown(belief, context.now)) return;
  const clock = clockOf(belief, context.now);
  // PROTOCOL §4.9 — replay: an override has one time, and never another.
  if (override.notAfter <= clock) {
    throw new Refusal('override-ended', { notAfter: override.notAfter, now: clock });
  }
  if (override.issuedAt > believableUntil(belief, context.now)) {
    throw new Refusal('override-early', { issuedAt: override.issuedAt, now: clock });
  }
}

type HeldDates = Pick<HeldOverride, 'issuedAt' | 'notAfter'>;

function storing(belief: Belief, held: HeldOverride): Pick<Admission, 'belief' | 'writes'> {
  const overrides = new Map([...belief.overrides, [held.digest, held]]);
  const key = recordKey(belief.domain, 'override', held.digest);
  const writes: RecordWrite[] = [{ key, value: encodeOverrideRecord(held) }];
  return { belief: { ...belief, overrides }, writes };
}

function alreadyHeld({ type }: UnverifiedEnvelope): Refusal {
  return new Refusal('document-held', { type });
}
