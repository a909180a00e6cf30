/**
 * What a belief loses when a key counts no more, and how storage follows (PROTOCOL §2.1, §5.5).
 *
 * What a compromised or revoked key signed goes; what is evidence against it stays elsewhere, in
 * the proofs. Whether a key counts no more is decided in admit-root.ts and admit-revocations.ts.
 */

import type { KeyId } from '../core/suite.ts';
import type { AdmitContext } from './admission.ts';
import { withoutEvidence } from './age.ts';
import type { Belief } from './belief.ts';
import type { RecordWrite } from './effect.ts';
import { encodeDocumentRecord, encodeKeeping } from './record.ts';
import { recordKey } from './record-key.ts';

/** The belief without what keys signed that count no more. */
export function withoutKeys(belief: Belief, isGone: (keyId: KeyId) => boolean): Belief {
  const goes = (held: { readonly signedBy: KeyId } | null): boolean =>
    held !== null && isGone(held.signedBy);
  const { asOf, keeping } = belief;
  const left = keeping === null || asOf === null ? keeping : withoutEvidence(keeping, asOf);
  const nothing = { beacon: null, tick: null, stop: null, asOf: null, keeping: left };
  return {
    ...belief,
    ...(goes(belief.beacon) ? nothing : {}),
    ...(goes(belief.manifest) ? { manifest: null, documents: new Map() } : {}),
    ...(goes(belief.future) ? { future: null } : {}),
  };
}

/** Removes from storage what a step took from belief, or a restart would bring it back. */
export function forgotten(
  before: Belief,
  after: Belief,
  { bootId, now }: AdmitContext,
): readonly RecordWrite[] {
  const single = ['beacon', 'tick', 'stop', 'future', 'manifest', 'keeping'] as const;
  const gone: RecordWrite[] = single
    .filter((kind) => before[kind] !== null && after[kind] === null)
    .map((kind) => ({ key: recordKey(before.domain, kind), value: null }));
  if (before.history.length > after.history.length) {
    gone.push({ key: recordKey(before.domain, 'history'), value: null });
  }
  if (after.keeping !== null && before.asOf !== after.asOf) {
    const value = encodeKeeping(after, bootId, now.boot);
    gone.push({ key: recordKey(before.domain, 'keeping'), value });
  }
  return [...gone, ...documentChanges(before, after)];
}

/** The records that store how the documents of one belief became those of the next. */
export function documentChanges(before: Belief, after: Belief): readonly RecordWrite[] {
  const gone = [...before.documents.keys()].filter((key) => !after.documents.has(key));
  const changed = [...after.documents].filter(([key, held]) => before.documents.get(key) !== held);
  return [
    ...gone.map((key) => ({ key: recordKey(before.domain, 'document', key), value: null })),
    ...changed.map(([key, held]) => ({
      key: recordKey(after.domain, 'document', key),
      value: encodeDocumentRecord(held),
    })),
  ];
}
