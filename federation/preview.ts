/**
 * Preview: what a carried file would change, found out by the ladder itself and kept from belief
 * (PROTOCOL §6.8). Nothing here is stored, told or noted.
 */

import { Refusal, refusalOf } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { AdmitContext } from './admission.ts';
import { admit, UNBOUNDED_STEPS } from './admit.ts';
import { type Belief, newestRoot } from './belief.ts';
import type { Beliefs } from './beliefs.ts';
import { decodeBundleFile, decodeFileItem, type FileItem } from './bundle-file.ts';
import type { ImportOutcome } from './effect.ts';
import { isTickOf } from './tick.ts';

/** The marks of one domain, as people compare them; numbers are 0 before any evidence. */
export interface Marks {
  readonly root: bigint;
  readonly epoch: bigint;
  readonly tick: number;
  /** Revoked for good: entries of revocations, and keys that a proof disowned. */
  readonly revoked: number;
  /** By name; null where evidence of now does not pin it. */
  readonly documents: ReadonlyMap<string, bigint | null>;
}

/** What would become of one domain. */
export interface DomainChange {
  readonly domain: TrustDomain;
  readonly from: Marks;
  readonly to: Marks;
}

/** What would become of a file. */
export interface FilePreview {
  readonly changes: readonly DomainChange[];
  /** In file order, as an import would answer. */
  readonly outcomes: readonly ImportOutcome[];
}

/** Admits a file item by item into beliefs that are thrown away. Refuses as `decodeBlocks` does. */
export function previewFile(
  context: AdmitContext,
  beliefs: Beliefs,
  file: Uint8Array,
): FilePreview {
  const after = new Map<TrustDomain, Belief>();
  const beliefOf = (item: FileItem): Belief => {
    if (item.kind === 'tick') {
      const named = [...after.values()].find(
        ({ beacon }) => beacon !== null && isTickOf(item.tick, beacon.beacon.digest),
      );
      return named ?? beliefs.ofTick(item.tick);
    }
    const { domain } = item.kind === 'proof' ? item.proof : item.envelope;
    return after.get(domain) ?? beliefs.of(domain);
  };
  const outcomes = decodeBundleFile(file).map((block): ImportOutcome => {
    const outcome = refusalOf(() => {
      const item = decodeFileItem(block);
      const admission = admit(context, beliefOf(item), item, UNBOUNDED_STEPS);
      after.set(admission.belief.domain, admission.belief);
      if (admission.refusal !== null) throw admission.refusal;
    });
    return { type: block.label, outcome: outcome instanceof Refusal ? outcome : 'admitted' };
  });
  const changes = [...after.values()].map((belief) => ({
    domain: belief.domain,
    from: marksOf(beliefs.of(belief.domain)),
    to: marksOf(belief),
  }));
  return { changes, outcomes };
}

function marksOf(belief: Belief): Marks {
  return {
    root: newestRoot(belief)?.root.version ?? 0n,
    epoch: belief.beacon?.beacon.epoch ?? 0n,
    tick: belief.tick?.index ?? 0,
    revoked: belief.revocations.union.size + belief.disowned.size,
    documents: new Map(
      [...belief.documents.values()].map(({ head, frozenAsOf }) => [
        head.name,
        frozenAsOf === null ? head.version : null,
      ]),
    ),
  };
}
