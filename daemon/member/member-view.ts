/**
 * What a member may hand out now: what its domain says, as `trust-view.ts` reads it, and no longer
 * than its lease (PROTOCOL §4.7, §7.2).
 *
 * Without a lease nothing is served at all. A lease that has ended by itself ends what is issued;
 * what the domain trusts stays known, so that workloads can still judge each other.
 */

import { Refusal, refusalOf } from '../../core/refusal.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import { type Instant, type UnixMs, unixMs } from '../../core/time.ts';
import type { FederationNode } from '../../federation/node.ts';
import type { TrustView } from '../identity/directory.ts';
import { nodeSpiffeId } from '../identity/node-id.ts';
import { NOTHING_REVOKED } from '../identity/revoked.ts';
import { NO_AUTHORITIES } from '../identity/spiffe-bundle.ts';
import { NO_OVERRIDE } from '../identity/svid-cache.ts';
import { trustViewOf } from '../trust-view.ts';

/** What the directory of a member is fed with. */
export function memberView(node: FederationNode, now: Instant): TrustView {
  const lease = refusalOf(() => node.lease(now));
  const held = node.heldLease(now);
  const isOver = lease instanceof Refusal && lease.code !== 'lease-expired';
  if (held === null || isOver) return closedView(node.domain, lease as Refusal);
  const { group, assurance } = held;
  const standing = { spiffeId: nodeSpiffeId(node.domain, node.nodeId), group, assurance };
  const view = trustViewOf(node.view(now), node.policy, () => new Map(), standing);
  const until = lease instanceof Refusal ? lease : lease.notAfter;
  return {
    ...view,
    issueUntil: sooner(view.issueUntil, until),
    renewUntil: sooner(view.renewUntil, until),
  };
}

/** Nobody has anything, for this reason. */
function closedView(domain: TrustDomain, closed: Refusal): TrustView {
  const ownAuthorities = { ...NO_AUTHORITIES, mlDsa65: NO_AUTHORITIES };
  return {
    ...{ domain, closed, entries: [], withheld: [], assurance: 'software' },
    ...{ ownAuthorities, foreignAuthorities: new Map(), unaccepted: new Set(), cellsOf: new Set() },
    relations: new Map(),
    ...{ issueUntil: closed, renewUntil: closed, underOverride: NO_OVERRIDE },
    ...{ ownRevoked: NOTHING_REVOKED, foreignRevoked: new Map(), crls: new Map() },
  };
}

function sooner(until: UnixMs | Refusal, lease: UnixMs | Refusal): UnixMs | Refusal {
  if (lease instanceof Refusal || until instanceof Refusal) {
    return lease instanceof Refusal ? lease : until;
  }
  return unixMs(Math.min(until, lease));
}
