/**
 * What a bundle file says, looked at before anybody believes it: no daemon, no state, no network.
 *
 * The file is admitted into an empty belief, by the same ladder as everything else, so that what is
 * shown is at least one domain's word and whole. Whose word it is, only the fingerprint and a
 * person of that domain can tell.
 */

import { Refusal } from '../../core/refusal.ts';
import { runtimeSuite } from '../../core/runtime-suite.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import type { Instant } from '../../core/time.ts';
import { admitAll } from '../../federation/admit.ts';
import { type Belief, newBelief, newestRoot } from '../../federation/belief.ts';
import { decodeFileItems } from '../../federation/bundle-file.ts';
import { asRead } from '../../federation/moment.ts';
import { decodeProposalFile, verifyRelationProposal } from '../../federation/relation-proposal.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';

/** The facts two people compare over the phone, and what else the file brings. */
export interface BundleFacts {
  readonly domain: string;
  /** Digest of the first Root, in hex. */
  readonly fingerprint: string;
  readonly rootVersion: string;
  readonly rootIssuedAt: string;
  readonly rootThreshold: string;
  /** Empty where the file holds no beacon. */
  readonly epoch: string;
  readonly asOf: string;
  readonly documents: readonly string[];
}

/**
 * Reads and verifies a file in itself. Refuses `root-unknown` where it does not begin with a first
 * Root, and whatever a ladder refuses.
 */
export function inspectBundle(file: Uint8Array, now: Instant): BundleFacts {
  return factsOf(believeFile(file, now));
}

/**
 * Reads a file as `inspectBundle` does, and what its domain proposes to ours in it. Refuses as that
 * and `verifyRelationProposal` do.
 */
export function inspectProposal(file: Uint8Array, own: TrustDomain, now: Instant) {
  const { bundle, envelope } = decodeProposalFile(file);
  const belief = believeFile(bundle, now);
  const asked = { domain: own, clock: now.wall };
  const proposal =
    envelope === null ? null : verifyRelationProposal(runtimeSuite(), envelope, belief, asked);
  return { facts: factsOf(belief), proposal };
}

/** What a file says, believed by itself alone. Refuses as `inspectBundle` does. */
export function believeFile(file: Uint8Array, now: Instant): Belief {
  const items = decodeFileItems(file);
  const first = items[0];
  if (first?.kind !== 'envelope' || first.envelope.type !== 'root') {
    throw new Refusal('root-unknown', { why: 'the file does not begin with a first Root' });
  }
  const { domain, digest } = first.envelope;
  const context = { suite: runtimeSuite(), now: asRead(now), bootId: '' };
  return admitAll(context, newBelief(domain, digest), items).belief;
}

function factsOf(belief: Belief): BundleFacts {
  const root = newestRoot(belief)?.root;
  if (root === undefined) throw new Refusal('root-unknown', { domain: belief.domain });
  return {
    domain: belief.domain,
    fingerprint: belief.firstRoot,
    rootVersion: String(root.version),
    rootIssuedAt: formatRfc3339(root.issuedAt),
    rootThreshold: `${root.root.threshold} of ${root.root.keys.size}`,
    epoch: belief.beacon === null ? '' : String(belief.beacon.beacon.epoch),
    asOf: belief.asOf === null ? '' : formatRfc3339(belief.asOf),
    documents: [...belief.documents.values()].map(({ head }) => `${head.name} ${head.version}`),
  };
}
