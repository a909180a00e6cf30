/**
 * The ladder for manifests and the documents they pin (PROTOCOL §5.1, §5.4).
 *
 * A positive document is believed only because the manifest of the newest admitted beacon names
 * its version and payload digest: the documents key alone publishes nothing.
 */

import { Refusal } from '../core/refusal.ts';
import type { KeyId } from '../core/suite.ts';
import type { Admission, AdmitContext } from './admission.ts';
import { resettled, revocationChanges } from './admit-revocations.ts';
import {
  type Belief,
  freezeTime,
  type HeldDocument,
  isDisowned,
  isManifestCurrent,
  newestRoot,
  rootOfVersion,
} from './belief.ts';
import { readDocument } from './document.ts';
import { type SignerRole, type UnverifiedEnvelope, verifyEnvelope } from './envelope.ts';
import { documentChanges } from './forgetting.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { encodeManifestRecord } from './record.ts';
import { recordKey } from './record-key.ts';

/** Admits the manifest that the newest beacon names. */
export function admitManifest(
  context: AdmitContext,
  belief: Belief,
  envelope: UnverifiedEnvelope,
): Admission {
  // PROTOCOL §5.2 — replay: no-op.
  if (belief.manifest?.manifest.digest === envelope.digest && isManifestCurrent(belief)) {
    throw new Refusal('document-held', { type: 'manifest' });
  }
  // PROTOCOL §5.1 — pinned: mix-and-match of an old manifest with a new beacon ends here.
  const expected = belief.beacon?.beacon.manifestDigest;
  if (expected !== envelope.digest) {
    throw new Refusal('manifest-mismatch', { expected: expected ?? 'none', got: envelope.digest });
  }
  const manifest = readManifest(envelope);
  // PROTOCOL §2.2 — one address, two contents: the beacon names version and digest, and both hold.
  const named = belief.beacon?.beacon.manifestVersion;
  if (named !== manifest.version) {
    throw new Refusal('manifest-mismatch', { expected: named ?? 0n, got: manifest.version });
  }
  // PROTOCOL §5.1 — version rules: no name vanishes, no version falls.
  const rank = belief.beacon?.beacon.rank ?? 0;
  checkFollows(manifest, rank, belief);
  checkNotDisowned(belief, envelope);
  verifyEnvelope(context.suite, envelope, documentsRole(belief));
  const signedBy = envelope.slots[0]?.keyId ?? ('' as KeyId);
  const documents = pinnedBy(manifest, belief);
  const next = resettled({
    ...belief,
    manifest: { manifest, rank, signedBy, bytes: envelope.bytes },
    documents,
  });
  return {
    belief: next,
    writes: [
      {
        key: recordKey(belief.domain, 'manifest'),
        value: encodeManifestRecord(rank, envelope.bytes),
      },
      ...documentChanges(belief, next),
      ...revocationChanges(belief, next),
    ],
    notes: [],
    forward: false,
    refusal: null,
  };
}

/** Admits a document that the current manifest pins. */
export function admitDocument(
  context: AdmitContext,
  belief: Belief,
  envelope: UnverifiedEnvelope,
): Admission {
  const head = readDocument(envelope);
  const held = belief.documents.get(head.key);
  if (held?.head.digest === head.digest && held.frozenAsOf === null) {
    throw new Refusal('document-held', { type: head.type });
  }
  // PROTOCOL §5.1 — pinned: by name, version and payload digest, in the manifest now in force.
  const pin = isManifestCurrent(belief) ? belief.manifest?.manifest.pins.get(head.key) : undefined;
  if (pin === undefined || pin.digest !== head.digest || pin.version !== head.version) {
    throw new Refusal('document-not-pinned', { type: head.type, version: head.version });
  }
  checkNotDisowned(belief, envelope);
  verifyEnvelope(context.suite, envelope, documentsRole(belief));
  const document: HeldDocument = {
    head,
    members: envelope.members,
    signedBy: envelope.slots[0]?.keyId ?? ('' as KeyId),
    bytes: envelope.bytes,
    frozenAsOf: null,
  };
  const next: Belief = {
    ...belief,
    documents: new Map([...belief.documents, [head.key, document]]),
  };
  return {
    belief: next,
    writes: documentChanges(belief, next),
    notes: [
      {
        kind: 'audit',
        event: 'document.admitted',
        fields: { domain: belief.domain, name: head.name, version: head.version },
      },
    ],
    forward: false,
    refusal: null,
  };
}

/**
 * A revoked key publishes nothing more (PROTOCOL §5.5), nor one that Root calls compromised
 * (§2.1). Whoever relays its work may not hold the revocation or the Root yet, so this is said
 * before the role is asked. Refuses `key-revoked`.
 */
function checkNotDisowned(belief: Belief, envelope: UnverifiedEnvelope): void {
  const compromised = new Set<string>(newestRoot(belief)?.root.compromised ?? []);
  for (const { keyId } of envelope.slots) {
    if (isDisowned(belief, keyId) || compromised.has(keyId)) {
      throw new Refusal('key-revoked', { key: keyId });
    }
  }
}

/** The documents role under which the newest beacon was issued. */
function documentsRole(belief: Belief): SignerRole {
  const newest = newestRoot(belief)?.root;
  const version = belief.beacon?.beacon.rootVersion ?? newest?.version ?? 0n;
  const governing = rootOfVersion(belief, version);
  if (governing === null) {
    throw new Refusal('root-unknown', { domain: belief.domain });
  }
  return governing.documents;
}

/**
 * Versions rise within one rank. The machine of a higher rank was cut off from what the one before
 * it went on to publish, and may stand by less: the higher rank wins (PROTOCOL §2.5).
 */
function checkFollows(manifest: Manifest, rank: number, belief: Belief): void {
  if (belief.manifest === null || belief.manifest.rank < rank) return;
  const held = belief.manifest.manifest;
  if (manifest.version <= held.version) {
    throw new Refusal('version-rolled-back', { held: held.version, got: manifest.version });
  }
  for (const [key, pin] of held.pins) {
    const now = manifest.pins.get(key);
    // A name leaves by a higher version with a null digest; only such a name may be omitted later.
    if (now === undefined && pin.digest === null) continue;
    const falls = now === undefined || now.version < pin.version;
    const changes = now?.version === pin.version && now.digest !== pin.digest;
    if (falls || changes) throw new Refusal('version-rolled-back', { name: key });
  }
}

/** The documents under a new manifest: pinned ones live on, dropped names go, others freeze. */
function pinnedBy(manifest: Manifest, belief: Belief): ReadonlyMap<string, HeldDocument> {
  const documents = new Map<string, HeldDocument>();
  for (const [key, held] of belief.documents) {
    const pin = manifest.pins.get(key);
    if (pin === undefined || pin.digest === null) continue;
    const live = pin.digest === held.head.digest;
    const frozenAsOf = live ? null : freezeTime(held, belief);
    documents.set(key, held.frozenAsOf === frozenAsOf ? held : { ...held, frozenAsOf });
  }
  return documents;
}
