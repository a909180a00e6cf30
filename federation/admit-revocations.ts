/**
 * The ladder for revocations (PROTOCOL §5.5): negative statements, believed without a pin and in
 * every tier, EXPIRED included.
 *
 * A Root that takes a key out of the revocation role takes nothing back: what was admitted stays.
 * What comes later by such a key is refused, unless the newest Root itself names the document; so
 * a thief of an old key revokes nothing, and a rotation un-revokes nothing.
 */

import { REVOCATION_DOCUMENTS_MAX, REVOCATIONS_MAX } from '../core/limits.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import type { KeyId } from '../core/suite.ts';
import { unixMs } from '../core/time.ts';
import type { Admission, AdmitContext } from './admission.ts';
import { type Belief, isDisowned, newestRoot, pinnedRevocations } from './belief.ts';
import type { RecordWrite } from './effect.ts';
import {
  decodeEnvelope,
  type SignerRole,
  type UnverifiedEnvelope,
  verifyEnvelope,
} from './envelope.ts';
import { forgotten, withoutKeys } from './forgetting.ts';
import { recordKey } from './record-key.ts';
import {
  type HeldRevocations,
  isCovered,
  isPast,
  type RevocationDocument,
  type Revocations,
  readRevocations,
  settled,
  thresholdOf,
} from './revocations.ts';

/** Admits a revocation document. */
export function admitRevocations(
  context: AdmitContext,
  belief: Belief,
  envelope: UnverifiedEnvelope,
): Admission {
  const held = belief.revocations.documents;
  const isPinned = pinnedRevocations(belief).has(envelope.digest);
  // PROTOCOL §5.2 — replay: no-op.
  if (held.some(({ digest }) => digest === envelope.digest)) throw alreadyHeld();
  // PROTOCOL §5.5 — a weapon: a domain revokes what is its own and nothing else.
  const document = readRevocations(envelope);
  if (!isPinned) {
    // PROTOCOL §5.2 — replay: another document says all of it.
    if (held.some((other) => isCovered(document, other))) throw alreadyHeld();
    // PROTOCOL §5.5 — a leak of space: what ended by itself needs no revoking.
    if (isPast(document, pruneTime(belief))) {
      throw new Refusal('revocation-past', { version: document.version });
    }
  }
  // PROTOCOL §5.5 — an old key: the newest Root says who revokes.
  const role = roleFor(belief, envelope, document);
  // PROTOCOL §1.2, §1.3 — both legs of as many keys as the gravest entry demands.
  verifyEnvelope(context.suite, envelope, role);
  // PROTOCOL §5.5 — a flood: what may revoke must not fill our disk.
  const documents = [...held, { ...document, bytes: envelope.bytes }];
  const whole = { ...belief, revocations: { ...belief.revocations, documents } };
  const revocations = settled(documents, pruneTime(belief), pinnedRevocations(whole));
  checkRoom(revocations);
  const marked = { ...belief, revocations };
  const next = withoutKeys(
    marked,
    (keyId) => isDisowned(marked, keyId) && !isDisowned(belief, keyId),
  );
  const fields = {
    domain: belief.domain,
    version: document.version,
    entries: document.entries.length,
    digest: document.digest,
  };
  return {
    belief: next,
    writes: [...revocationChanges(belief, next), ...forgotten(belief, next, context)],
    notes: [{ kind: 'audit', event: 'revocations.admitted', fields }],
    forward: false,
    refusal: null,
  };
}

/** The belief with its revocations judged again: after a manifest that pins others. */
export function resettled(belief: Belief): Belief {
  const { documents } = belief.revocations;
  const revocations = settled(documents, pruneTime(belief), pinnedRevocations(belief));
  return revocations.documents.length === documents.length ? belief : { ...belief, revocations };
}

/** The records that store how the revocations of one belief became those of the next. */
export function revocationChanges(before: Belief, after: Belief): readonly RecordWrite[] {
  const was = new Set(before.revocations.documents.map(({ digest }) => digest));
  const is = new Set(after.revocations.documents.map(({ digest }) => digest));
  return [
    ...[...was]
      .filter((digest) => !is.has(digest))
      .map((digest) => ({ key: recordKey(before.domain, 'revocations', digest), value: null })),
    ...after.revocations.documents
      .filter(({ digest }) => !was.has(digest))
      .map(({ digest, bytes }) => ({
        key: recordKey(after.domain, 'revocations', digest),
        value: bytes,
      })),
  ];
}

/**
 * What ended before this is pruned: the date of the newest beacon, which B has passed, and which
 * all that hold that beacon agree on. A wall clock that was set ahead prunes nothing.
 */
function pruneTime(belief: Belief) {
  return belief.beacon?.beacon.issuedAt ?? unixMs(0);
}

/** True for a document held that whoever lacks it would refuse by the newest Root. */
export function isDenied(belief: Belief, document: HeldRevocations): boolean {
  const role = refusalOf(() => roleFor(belief, decodeEnvelope(document.bytes), document));
  return role instanceof Refusal;
}

/** The keys that may sign the document, and how many must. */
function roleFor(
  belief: Belief,
  envelope: UnverifiedEnvelope,
  document: RevocationDocument,
): SignerRole {
  const newest = newestRoot(belief)?.root;
  if (newest === undefined) throw new Refusal('root-unknown', { domain: belief.domain });
  const threshold = thresholdOf(newest.revocation, document.entries);
  const earlier = new Map(belief.roots.flatMap(({ root }) => [...root.revocation.keys]));
  const isCarried = newest.revocations.includes(envelope.digest);
  const compromised = new Set<KeyId>(newest.compromised);
  for (const { keyId } of envelope.slots) {
    if (isCarried) continue;
    if (compromised.has(keyId)) throw new Refusal('key-revoked', { key: keyId });
    const isRetired = earlier.has(keyId) && !newest.revocation.keys.has(keyId);
    if (isRetired) throw new Refusal('revocation-key', { key: keyId });
  }
  // What Root itself names needs no number of keys: thresholds may have changed since it was made.
  if (isCarried) return { keys: earlier, threshold: Math.max(1, envelope.slots.length) };
  return { keys: newest.revocation.keys, threshold };
}

function checkRoom({ documents, union }: Revocations): void {
  if (union.size > REVOCATIONS_MAX) {
    throw new Refusal('revocations-full', { limit: REVOCATIONS_MAX, got: union.size });
  }
  if (documents.length > REVOCATION_DOCUMENTS_MAX) {
    throw new Refusal('revocations-full', {
      limit: REVOCATION_DOCUMENTS_MAX,
      got: documents.length,
    });
  }
}

function alreadyHeld(): Refusal {
  return new Refusal('document-held', { type: 'revocations' });
}
