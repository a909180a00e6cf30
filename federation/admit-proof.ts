/**
 * The ladder for equivocation proofs (PROTOCOL §5.2), and what a proof does to a belief: the key
 * that signed both is disowned for good, whoever shows it and whatever else is held.
 */

import { Refusal } from '../core/refusal.ts';
import type { KeyId, PublicPair } from '../core/suite.ts';
import type { Instant, UnixMs } from '../core/time.ts';
import type { Admission, AdmitContext } from './admission.ts';
import { fallBack, type TimeKeeping, withoutEvidence } from './age.ts';
import { type BeaconPlace, comparePlaces } from './beacon.ts';
import { type Belief, isDisowned, newestRoot, rootOfVersion } from './belief.ts';
import type { RecordWrite } from './effect.ts';
import { verifyEnvelope } from './envelope.ts';
import type { UnverifiedEquivocation } from './equivocation.ts';
import { encodeKeeping } from './record.ts';
import { recordKey } from './record-key.ts';
import { beaconKeyOf, type Root } from './root.ts';

/**
 * Admits a proof. Refuses `document-held` for a key that is disowned already, `root-unknown`,
 * `beacon-root` for a key that a Root not held may have given its rank, `beacon-key` for one that
 * a Root it names did not, `beacon-key-replaced` for one that the newest Root took it from, and
 * what `verifyEnvelope` refuses.
 */
export function admitProof(
  context: AdmitContext,
  belief: Belief,
  proof: UnverifiedEquivocation,
): Admission {
  const { keyId, beacon } = proof;
  // PROTOCOL §5.2 — a flood: one proof of a key is enough, whichever it is.
  if (belief.disowned.has(keyId)) throw new Refusal('document-held', { type: 'proof' });
  const newest = newestRoot(belief)?.root;
  if (newest === undefined) throw new Refusal('root-unknown', { domain: belief.domain });
  const pair = signerOf(belief, newest, proof);
  // PROTOCOL §1.2 — both legs of both, or somebody without the key ends a domain's voice.
  const role = { keys: new Map([[keyId, pair]]), threshold: 1 };
  for (const envelope of proof.envelopes) verifyEnvelope(context.suite, envelope, role);
  return { ...disowning(context, belief, keyId, beacon, proof.bytes), refusal: null };
}

/**
 * What a proof against `keyId` about the number `disputed` comes to. The content held stays; what
 * that key said at the disputed number and above counts no more, so asOf falls back to the last
 * evidence below it; the next rank goes on.
 */
export function disowning(
  context: AdmitContext,
  belief: Belief,
  keyId: KeyId,
  disputed: BeaconPlace,
  proof: Uint8Array,
): Omit<Admission, 'refusal'> {
  const wasDisowned = isDisowned(belief, keyId);
  const held = belief.beacon;
  const isDisputed =
    held !== null && held.signedBy === keyId && comparePlaces(held.beacon, disputed) >= 0;
  const past = belief.history.filter((one) => comparePlaces(one, disputed) < 0).at(-1);
  const asOf: UnixMs | null = isDisputed ? (past?.asOf ?? null) : belief.asOf;
  const keeping = isDisputed ? keepingAfter(belief, asOf, context.now) : belief.keeping;
  const isHeldBySame = belief.future?.signedBy === keyId;
  const next: Belief = {
    ...belief,
    asOf,
    keeping,
    future: isHeldBySame ? null : belief.future,
    disowned: new Map([...belief.disowned, [keyId, proof]]),
  };
  const fields = { domain: belief.domain, epoch: disputed.epoch, key: keyId };
  const writes: RecordWrite[] = [
    { key: recordKey(belief.domain, 'disowned', keyId), value: proof },
  ];
  if (next.keeping !== null) {
    const value = encodeKeeping(next, context.bootId, context.now.boot);
    writes.push({ key: recordKey(belief.domain, 'keeping'), value });
  }
  if (isHeldBySame) writes.push({ key: recordKey(belief.domain, 'future'), value: null });
  return {
    belief: next,
    writes,
    notes: [
      { kind: 'audit', event: 'beacon.equivocation', fields },
      ...(wasDisowned
        ? []
        : ([
            { kind: 'alarm', code: 'equivocation', domain: belief.domain, details: fields },
          ] as const)),
    ],
    forward: false,
  };
}

/** The bookkeeping once asOf fell back to `asOf`, or to nothing. */
function keepingAfter(belief: Belief, asOf: UnixMs | null, now: Instant): TimeKeeping | null {
  const { keeping, asOf: from } = belief;
  if (keeping === null || from === null) return keeping;
  return asOf === null
    ? withoutEvidence(keeping, from)
    : fallBack(keeping, { from, to: asOf }, now);
}

/**
 * The pair of the key that signed both. Refuses `beacon-root`, `beacon-key` and
 * `beacon-key-replaced`.
 */
function signerOf(belief: Belief, newest: Root, proof: UnverifiedEquivocation): PublicPair {
  const { keyId, beacon, rootVersions } = proof;
  const { rank } = beacon;
  const isOfKey = (root: Root): boolean => beaconKeyOf(root, rank)?.keyId === keyId;
  const giver = belief.roots.find(({ root }) => isOfKey(root))?.root;
  const issuedUnder = rootVersions.map((version) => rootOfVersion(belief, version));
  // PROTOCOL §2.1 — a key named since: whoever shows the proof holds a Root that is not here yet.
  if (giver === undefined && issuedUnder.includes(null)) {
    throw new Refusal('beacon-root', { held: newest.version, got: rootVersions.join(' ') });
  }
  // PROTOCOL §5.2 — a thief of an old key: what Root took out of force harms nobody any more.
  if (giver !== undefined && !isOfKey(newest)) {
    throw new Refusal('beacon-key-replaced', { rank, key: keyId });
  }
  const pair = giver?.publicPairs.get(keyId);
  // PROTOCOL §2.5 — what is no beacon by the very Root it names says nothing, and proves nothing.
  if (pair === undefined || !issuedUnder.every((root) => root === null || isOfKey(root))) {
    throw new Refusal('beacon-key', { rank, key: keyId });
  }
  return pair;
}
