/**
 * The policy document: what each tier permits, and which domains are partners (PROTOCOL §2.4).
 *
 * A relation is one domain's one-way, never transitive decision to trust another, pinned to the
 * digest of that domain's first Root: a domain is (name, first Root), and another first Root under
 * the same name is a conflict for people to settle.
 */

import type { JsonObject } from '../core/canonical.ts';
import type { Digest } from '../core/digest.ts';
import { RELATIONS_MAX } from '../core/limits.ts';
import { parseTrustDomain, type TrustDomain } from '../core/spiffe-id.ts';
import { type AgeLimits, readLimits } from './limits.ts';
import type { Members } from './members.ts';
import { checkMust } from './must.ts';
import { ACTION_CLASSES, type ActionClass, DEFAULT_TIERS, TIERS, type Tier } from './tier.ts';

/** One domain's decision to trust another. */
export interface Relation {
  readonly domain: TrustDomain;
  /** Digest of the partner's first Root: what `domain` means here. */
  readonly firstRoot: Digest;
  /** Tightens the partner's own limits; null leaves them as they are. */
  readonly limits: AgeLimits | null;
  /** Serve and accept the partner's bundle in SURVIVAL too. */
  readonly survivalForeign: boolean;
  /** Nodes of the partner may link to ours: a grant of its own. */
  readonly peering: boolean;
}

/** A policy as read. */
export interface Policy {
  /** The worst tier in which each class of act is still permitted. */
  readonly tiers: ReadonlyMap<ActionClass, Tier>;
  readonly relations: ReadonlyMap<TrustDomain, Relation>;
}

const KNOWN = new Set(['domain', 'must', 'name', 'relations', 'salt', 'tiers', 'type', 'version']);

/** What holds before any policy is admitted: the default table and no partner. */
export const NO_POLICY: Policy = { tiers: DEFAULT_TIERS, relations: new Map() };

/** Reads a policy's payload. Refuses `document-malformed` and `document-must`. */
export function readPolicy(members: Members): Policy {
  checkMust(members, KNOWN);
  const table = members.object('tiers');
  const tiers = new Map(DEFAULT_TIERS);
  for (const name of table.names()) {
    const action = ACTION_CLASSES.find((known) => known === name);
    if (action === undefined) continue; // an act this version cannot do
    tiers.set(action, TIERS.find((tier) => tier === table.value(name)) ?? table.refuse(name));
  }
  const relations = new Map<TrustDomain, Relation>();
  const count = members.list('relations', RELATIONS_MAX).length;
  for (let i = 0; i < count; i++) {
    const relation = readRelation(members.item('relations', i));
    if (relations.has(relation.domain)) members.refuse('relations');
    relations.set(relation.domain, relation);
  }
  return { tiers, relations };
}

/** The members of a policy document for `policy`, relations in the order of their names. */
export function policyBody(policy: Policy): JsonObject {
  const relations = [...policy.relations.values()].sort((a, b) => (a.domain < b.domain ? -1 : 1));
  return {
    tiers: Object.fromEntries(policy.tiers),
    relations: relations.map((relation) => ({
      domain: relation.domain,
      firstRoot: relation.firstRoot,
      peering: relation.peering,
      survivalForeign: relation.survivalForeign,
      ...(relation.limits === null ? {} : { limits: { ...relation.limits } }),
    })),
  };
}

function readRelation(members: Members): Relation {
  return {
    domain: parseTrustDomain(members.text('domain', 255)),
    firstRoot: members.digest('firstRoot'),
    limits: members.has('limits') ? readLimits(members.object('limits')) : null,
    survivalForeign: members.flag('survivalForeign'),
    peering: members.flag('peering'),
  };
}
