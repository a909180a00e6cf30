/**
 * The ladder for Roots (PROTOCOL §2.1, §5.1): first the pinned one, then each exactly next.
 *
 * Roots are never held for being dated ahead and never expire: an expired local state must not
 * block a newer one (PROTOCOL §5.4). Each step is stored by itself, so that a node that was away
 * for twelve rotations climbs them one by one.
 */

import { Refusal } from '../core/refusal.ts';
import type { Admission, AdmitContext } from './admission.ts';
import { type Belief, type HeldRoot, newestRoot } from './belief.ts';
import type { UnverifiedEnvelope } from './envelope.ts';
import { forgotten, withoutKeys } from './forgetting.ts';
import { recordKey } from './record-key.ts';
import { checkNext, type Root, readRoot, verifyFirstRoot, verifyNextRoot } from './root.ts';

/**
 * Admits a Root. Refuses `document-held`, `root-conflict`, and the codes of `readRoot`,
 * `checkNext`, `verifyFirstRoot` and `verifyNextRoot`.
 */
export function admitRoot(
  context: AdmitContext,
  belief: Belief,
  envelope: UnverifiedEnvelope,
): Admission {
  // PROTOCOL §5.2 — replay: what is held already is a no-op, decided before any signature.
  if (belief.roots.some((held) => held.digest === envelope.digest)) {
    throw new Refusal('document-held', { type: 'root' });
  }
  const root = readRoot(envelope);
  // PROTOCOL §5.2 — fork: another Root under a number we hold. No automatic step: ours stands.
  if (belief.roots.some((held) => held.root.version === root.version)) {
    throw new Refusal('root-conflict', { version: root.version });
  }
  const held = newestRoot(belief);
  if (held === null) {
    // PROTOCOL §2.4 — impostor: the relation names the digest of the first Root, not just a name.
    if (envelope.digest !== belief.firstRoot) {
      throw new Refusal('root-conflict', { expected: belief.firstRoot, got: envelope.digest });
    }
    verifyFirstRoot(context.suite, envelope, root);
  } else {
    // PROTOCOL §2.1 — a skipped step, a rank given away twice, a compromised key that comes back.
    checkNext(
      root,
      belief.roots.map((earlier) => earlier.root),
    );
    verifyNextRoot(context.suite, envelope, root, held.root);
  }
  const next = believeRoot(belief, { root, digest: envelope.digest, bytes: envelope.bytes });
  return {
    belief: next,
    writes: [
      { key: recordKey(belief.domain, 'root', versionText(root)), value: envelope.bytes },
      ...forgotten(belief, next, context),
    ],
    notes: [
      {
        kind: 'audit',
        event: 'root.admitted',
        fields: { domain: belief.domain, version: root.version, digest: envelope.digest },
      },
    ],
    forward: false,
    refusal: null,
  };
}

/**
 * The belief with one more Root. What a retired key signed before ages on; what a compromised key
 * signed counts no more (PROTOCOL §2.1). A higher lineage resets marks and bound, and nothing else
 * does (§5.3); proofs against keys are kept through everything.
 */
export function believeRoot(belief: Belief, held: HeldRoot): Belief {
  const { root } = held;
  const next: Belief = { ...belief, roots: [...belief.roots, held] };
  const compromised = new Set<string>(root.compromised);
  const raised = (newestRoot(belief)?.root.lineage ?? root.lineage) < root.lineage;
  return {
    ...withoutKeys(next, (keyId) => raised || compromised.has(keyId)),
    ...(raised ? { keeping: null, history: [] } : {}),
  };
}

/** Twenty digits, so that records sort by version. */
function versionText(root: Root): string {
  return String(root.version).padStart(20, '0');
}
