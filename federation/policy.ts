/**
 * The policy document: what each tier permits, and which domains are partners (PROTOCOL §2.4).
 *
 * What else a policy says, a later version may read: `rules` is the name kept for a language of
 * its own. It is carried along as it stands, and where the policy lists it in `must`, a reader that
 * does not know it keeps the policy that it has.
 */

import type { JsonObject } from '../core/canonical.ts';
import { RELATIONS_MAX } from '../core/limits.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Members } from './members.ts';
import { checkMust } from './must.ts';
import { type Relation, readRelation, relationBody } from './relation.ts';
import { ACTION_CLASSES, type ActionClass, DEFAULT_TIERS, TIERS, type Tier } from './tier.ts';

/** A policy as read. */
export interface Policy {
  /** The worst tier in which each class of act is still permitted. */
  readonly tiers: ReadonlyMap<ActionClass, Tier>;
  readonly relations: ReadonlyMap<TrustDomain, Relation>;
  /** What this version has no use for: signed, and kept by whoever changes the rest. */
  readonly others: JsonObject;
}

/** The head, which the writer makes anew each time, and what is read here. */
const OURS = new Set(['domain', 'name', 'relations', 'salt', 'tiers', 'type', 'version']);
const KNOWN = new Set([...OURS, 'must']);

/** What holds before any policy is admitted: the default table and no partner. */
export const NO_POLICY: Policy = { tiers: DEFAULT_TIERS, relations: new Map(), others: {} };

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
  const others = Object.entries(members.json()).filter(([name]) => !OURS.has(name));
  return { tiers, relations, others: Object.fromEntries(others) };
}

/** The members of a policy document for `policy`, relations in the order of their names. */
export function policyBody(policy: Policy): JsonObject {
  const relations = [...policy.relations.values()].sort((a, b) => (a.domain < b.domain ? -1 : 1));
  return {
    ...policy.others,
    tiers: Object.fromEntries(policy.tiers),
    relations: relations.map(relationBody),
  };
}
