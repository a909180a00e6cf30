/**
 * A relation: one domain's signed, one-way, never transitive decision to trust another, and what
 * it grants (PROTOCOL §2.4).
 *
 * It is pinned to the digest of the partner's first Root: a domain is (name, first Root), and
 * another first Root under the same name is a conflict for people to settle. Who may link and whose
 * identities are honoured are two grants: `peering`, and `scope`. X.509 confines no path, so what
 * is narrower than the whole domain binds only those that ask here; `serveBundle` says whether the
 * partner's bundle goes to programs that do not.
 */

import type { JsonObject } from '../core/canonical.ts';
import type { Digest } from '../core/digest.ts';
import {
  DOMAIN_BUDGET_MIB,
  DOMAIN_BUDGET_MIB_MAX,
  DOMAIN_BUDGET_MIB_MIN,
  SCOPE_PATHS_MAX,
} from '../core/limits.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import {
  parseTrustDomain,
  pathOf,
  type SpiffeId,
  spiffeId,
  type TrustDomain,
  trustDomainOf,
} from '../core/spiffe-id.ts';
import type { UnixMs } from '../core/time.ts';
import { ASSURANCES, type Assurance, isAssured, parseAssurance } from './assurance.ts';
import { type AgeLimits, isWithin, readLimits } from './limits.ts';
import type { Members } from './members.ts';
import { checkMust } from './must.ts';

/** What a relation grants, or a proposal asks for. */
export interface RelationTerms {
  /**
   * Paths whose identities are honoured, each with all below it, rising: `/web` is `/web` and
   * `/web/db`, and not `/webmail`. `/` is the whole domain; none is nobody.
   */
  readonly scope: readonly string[];
  /** The least that a lease of the partner, or an SVID, has to say of its machine. */
  readonly minAssurance: Assurance;
  /** Tightens the partner's own limits; null leaves them as they are. */
  readonly limits: AgeLimits | null;
  /** Serve and accept the partner's bundle in SURVIVAL too. */
  readonly survivalForeign: boolean;
  /** Nodes of the partner may link to ours: a grant of its own. */
  readonly peering: boolean;
  /** Hand the partner's bundle to workloads, which know nothing of `scope` and `minAssurance`. */
  readonly serveBundle: boolean;
  /** MiB that nodes of the partner may move at once, and that may be new of it (§6.2). */
  readonly budgetMib: number;
  /** The relation grants nothing from then on; null where only people end it. */
  readonly notAfter: UnixMs | null;
}

/** One domain's decision to trust another. */
export interface Relation extends RelationTerms {
  readonly domain: TrustDomain;
  /** Digest of the partner's first Root: what `domain` means here. */
  readonly firstRoot: Digest;
}

/** An identity of a partner, as far as a relation judges it. */
export interface JudgedIdentity {
  readonly spiffeId: SpiffeId;
  readonly assurance: Assurance;
}

/** The path that stands for the whole domain. */
export const WHOLE_DOMAIN = '/';

/** All of a domain, its nodes and its bundle. */
export const WHOLE_TERMS: RelationTerms = {
  scope: [WHOLE_DOMAIN],
  minAssurance: ASSURANCES[0],
  limits: null,
  survivalForeign: false,
  peering: true,
  serveBundle: true,
  budgetMib: DOMAIN_BUDGET_MIB,
  notAfter: null,
};

/** The shortest name there is: whether a path is one does not depend on whose it is. */
const ANY_DOMAIN = parseTrustDomain('d');
const TERMS = [
  ...['budgetMib', 'limits', 'minAssurance', 'must', 'notAfter', 'peering', 'scope'],
  ...['serveBundle', 'survivalForeign'],
];
const KNOWN_TERMS = new Set(TERMS);
const KNOWN = new Set([...TERMS, 'domain', 'firstRoot']);

/** Reads a relation. Refuses `document-malformed`, `document-must` and `scope-malformed`. */
export function readRelation(members: Members): Relation {
  checkMust(members, KNOWN);
  const domain = parseTrustDomain(members.text('domain', 255));
  return { domain, firstRoot: members.digest('firstRoot'), ...termsIn(members) };
}

/** The members of a relation. */
export function relationBody({ domain, firstRoot, ...terms }: Relation): JsonObject {
  return { domain, firstRoot, ...termsBody(terms) };
}

/** Reads terms that stand by themselves. Refuses as `readRelation` does. */
export function readTerms(members: Members): RelationTerms {
  checkMust(members, KNOWN_TERMS);
  return termsIn(members);
}

/** The members of terms; the usual budget is left out. */
export function termsBody(terms: RelationTerms): JsonObject {
  const { budgetMib, limits, notAfter, scope, ...flags } = terms;
  return {
    ...flags,
    scope: [...scope],
    notAfter: notAfter === null ? null : String(notAfter),
    ...(budgetMib === DOMAIN_BUDGET_MIB ? {} : { budgetMib }),
    ...(limits === null ? {} : { limits: { ...limits } }),
  };
}

/**
 * A scope as people name it, in its one spelling: rising, no path below another one. Refuses
 * `scope-malformed` for what is no path of a SPIFFE ID, such as one with `..`, `?`, `#`, or a slash
 * at its end.
 */
export function parseScope(paths: readonly string[]): readonly string[] {
  const scope = [...new Set(paths)].sort();
  checkScope(scope);
  return scope;
}

/** True where `terms` grant nothing that `bounds` do not. */
export function isNoWider(terms: RelationTerms, bounds: RelationTerms): boolean {
  const isTighter =
    bounds.limits === null || (terms.limits !== null && isWithin(terms.limits, bounds.limits));
  const endsNoLater =
    bounds.notAfter === null || (terms.notAfter !== null && terms.notAfter <= bounds.notAfter);
  const addsNothing = (['survivalForeign', 'peering', 'serveBundle'] as const).every(
    (grant) => !terms[grant] || bounds[grant],
  );
  return (
    terms.scope.every((path) => isCovered(bounds.scope, path)) &&
    isAssured(terms.minAssurance, bounds.minAssurance) &&
    isTighter &&
    terms.budgetMib <= bounds.budgetMib &&
    endsNoLater &&
    addsNothing
  );
}

/** True for a relation that says less than a bundle alone would. */
export function isConfined({ scope, minAssurance }: RelationTerms): boolean {
  return !scope.includes(WHOLE_DOMAIN) || minAssurance !== ASSURANCES[0];
}

/**
 * Whether an identity that verified is honoured under these terms. A cell has a name of its own,
 * where paths of the domain say nothing: it counts with the whole domain alone. Refuses
 * `relation-scope` and `relation-assurance`.
 */
export function checkHonoured(
  { domain, scope, minAssurance }: Pick<Relation, 'domain' | 'scope' | 'minAssurance'>,
  { spiffeId: id, assurance }: JudgedIdentity,
): void {
  const path = trustDomainOf(id) === domain ? pathOf(id) : WHOLE_DOMAIN;
  if (!isCovered(scope, path)) {
    throw new Refusal('relation-scope', { spiffeId: id, scope: scope.join(' ') });
  }
  checkAssured({ domain, minAssurance }, assurance);
}

/** Refuses `relation-assurance` for what says less of its machine than the relation asks for. */
export function checkAssured(
  { domain, minAssurance }: Pick<Relation, 'domain' | 'minAssurance'>,
  assurance: Assurance,
): void {
  if (isAssured(assurance, minAssurance)) return;
  throw new Refusal('relation-assurance', { domain, assurance, needs: minAssurance });
}

/**
 * Reads which identities count, and nothing else. Refuses `document-malformed` and
 * `scope-malformed`.
 */
export function readHonoured(members: Members): Pick<RelationTerms, 'scope' | 'minAssurance'> {
  const level = parseAssurance(members.text('minAssurance', 32));
  return { scope: readScope(members), minAssurance: level ?? members.refuse('minAssurance') };
}

function termsIn(members: Members): RelationTerms {
  return {
    ...readHonoured(members),
    limits: members.has('limits') ? readLimits(members.object('limits')) : null,
    survivalForeign: members.flag('survivalForeign'),
    peering: members.flag('peering'),
    serveBundle: members.flag('serveBundle'),
    budgetMib: members.has('budgetMib')
      ? members.integer('budgetMib', DOMAIN_BUDGET_MIB_MIN, DOMAIN_BUDGET_MIB_MAX)
      : DOMAIN_BUDGET_MIB,
    notAfter: members.value('notAfter') === null ? null : members.time('notAfter'),
  };
}

function readScope(members: Members): readonly string[] {
  const scope = members.list('scope', SCOPE_PATHS_MAX).map((path) => {
    return typeof path === 'string' ? path : members.refuse('scope');
  });
  checkScope(scope);
  return scope;
}

function checkScope(scope: readonly string[]): void {
  if (scope.length > SCOPE_PATHS_MAX) {
    throw new Refusal('scope-malformed', { limit: SCOPE_PATHS_MAX, got: scope.length });
  }
  for (const [at, path] of scope.entries()) {
    const got = path.slice(0, 128);
    const isPath =
      path !== '' &&
      (path === WHOLE_DOMAIN || !(refusalOf(() => spiffeId(ANY_DOMAIN, path)) instanceof Refusal));
    if (!isPath) throw new Refusal('scope-malformed', { why: 'no path of a SPIFFE ID', got });
    const before = scope[at - 1];
    if (before !== undefined && before >= path) {
      throw new Refusal('scope-malformed', { why: 'paths do not rise', got });
    }
    if (isCovered(scope.slice(0, at), path)) {
      throw new Refusal('scope-malformed', { why: 'a path below another one', got });
    }
  }
}

function isCovered(scope: readonly string[], path: string): boolean {
  return scope.some(
    (above) => above === WHOLE_DOMAIN || path === above || path.startsWith(`${above}/`),
  );
}
