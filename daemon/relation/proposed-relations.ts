/**
 * What partners proposed to us over a link, until a person answers or it ends (PROTOCOL §2.9).
 *
 * One for each partner, the newest, over restarts too. Nothing follows from it by itself. It is
 * judged at each look: a key that was disowned since, or a relation withdrawn, takes it along.
 */

import type { Digest } from '../../core/digest.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { parseTrustDomain, type TrustDomain } from '../../core/spiffe-id.ts';
import { SECOND_MS } from '../../core/time.ts';
import { decodeEnvelope, ENVELOPE_MAGIC } from '../../federation/envelope.ts';
import type { Lease } from '../../federation/lease.ts';
import type { FederationNode } from '../../federation/node.ts';
import type { RelationProposal } from '../../federation/relation-proposal.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Clock, Store } from '../ports.ts';
import { SPACES } from '../store/key-space.ts';
import { termsText } from './terms-view.ts';

/** What a partner asks, and the digest by which a person says yes to this and nothing newer. */
export interface ProposedRelation extends RelationProposal {
  readonly digest: Digest;
}

export interface ProposedRelationsOptions {
  readonly store: Store;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly audit: AuditLog;
  readonly node: FederationNode;
  readonly clock: Clock;
}

/** A partner that changes its mind more often than this is asked to wait. */
const APART_MS = 10 * SECOND_MS;

/** True for a request to the desk that is one envelope; messages of an enrolment are framed. */
export function isProposal(request: Uint8Array): boolean {
  return ENVELOPE_MAGIC.every((octet, at) => request[at] === octet);
}

export class ProposedRelations {
  readonly #options: ProposedRelationsOptions;
  readonly #kept = new Map<TrustDomain, Uint8Array>();

  constructor(options: ProposedRelationsOptions) {
    this.#options = options;
    for (const [key, bytes] of options.records) {
      if (!key.startsWith(SPACES.relationProposal)) continue;
      this.#kept.set(parseTrustDomain(key.slice(SPACES.relationProposal.length)), bytes);
    }
  }

  /** Those that can be answered, by the names of who asks. */
  get waiting(): readonly ProposedRelation[] {
    return [...this.#kept.keys()].sort().flatMap((domain) => this.find(domain) ?? []);
  }

  /** What this partner asks; undefined where there is nothing to answer. */
  find(domain: TrustDomain): ProposedRelation | undefined {
    const bytes = this.#kept.get(domain);
    if (bytes === undefined) return undefined;
    const proposal = refusalOf(() => this.#judge(bytes));
    return proposal instanceof Refusal ? undefined : proposal;
  }

  /**
   * Takes a proposal from a node of the domain that makes it. Refuses `desk-closed` for any other,
   * `relation-stale` for one older than what is held, `desk-busy` for one that follows too soon,
   * and as `verifyRelation` does.
   */
  async receive(lease: Lease | null, bytes: Uint8Array): Promise<void> {
    const { store, audit } = this.#options;
    const { domain } = decodeEnvelope(bytes);
    if (lease?.domain !== domain) throw new Refusal('desk-closed', { domain });
    const proposal = this.#judge(bytes);
    const { issuedAt, asks } = proposal;
    const held = this.find(domain);
    if (held !== undefined && issuedAt <= held.issuedAt) {
      throw new Refusal('relation-stale', { held: held.issuedAt, got: issuedAt });
    }
    if (held !== undefined && issuedAt < held.issuedAt + APART_MS) {
      throw new Refusal('desk-busy', { domain });
    }
    await store.write([{ key: keyOf(domain), value: bytes }]);
    this.#kept.set(domain, bytes);
    await audit.append('relation.proposed', { domain, asks: termsText(asks) });
  }

  /** It was answered, or the relation is no more. */
  async forget(domain: TrustDomain): Promise<void> {
    if (!this.#kept.has(domain)) return;
    await this.#options.store.write([{ key: keyOf(domain), value: null }]);
    this.#kept.delete(domain);
  }

  #judge(bytes: Uint8Array): ProposedRelation {
    const { node, clock } = this.#options;
    const envelope = decodeEnvelope(bytes);
    return { ...node.verifyRelation(clock.now(), envelope), digest: envelope.digest };
  }
}

function keyOf(domain: TrustDomain): string {
  return `${SPACES.relationProposal}${domain}`;
}
