/**
 * A proposal of a relation: what one domain asks another to honour of it (PROTOCOL §2.9).
 *
 * It binds nobody. Whoever accepts makes a statement of his own, under terms that he chooses; the
 * proposal saves two people from spelling them to each other. It is signed by the documents role of
 * who asks, names who is asked, and ends, so that an old one is no news.
 *
 * It travels over a link to a domain that is a partner already, or as the last block of a bundle
 * file, which a first contact needs anyhow.
 */

import { fromUtf8, toUtf8 } from '../core/bytes.ts';
import type { JsonObject } from '../core/canonical.ts';
import {
  ADDRESSES_MAX,
  DIAL_ADDRESS_CHARS_MAX,
  RELATION_PROPOSAL_MS_MAX,
  TRUST_DOMAIN_BYTES_MAX,
} from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { parseTrustDomain, type TrustDomain } from '../core/spiffe-id.ts';
import type { Signer, Suite } from '../core/suite.ts';
import type { UnixMs } from '../core/time.ts';
import { decodeBlocks, encodeBlock } from './armour.ts';
import { type Belief, isDisowned, newestRoot } from './belief.ts';
import {
  decodeEnvelope,
  signEnvelope,
  type UnverifiedEnvelope,
  verifyEnvelope,
} from './envelope.ts';
import { checkMust } from './must.ts';
import { type RelationTerms, readTerms, termsBody } from './relation.ts';

/** What a domain asks of another. */
export interface RelationProposal {
  /** Who asks. */
  readonly domain: TrustDomain;
  /** Who is asked. */
  readonly to: TrustDomain;
  readonly asks: RelationTerms;
  /** Where nodes of who asks can be dialled; whoever accepts may take them or not. */
  readonly addresses: readonly string[];
  readonly issuedAt: UnixMs;
  readonly notAfter: UnixMs;
}

/** What a person has to say of one. */
export type AskedRelation = Pick<RelationProposal, 'to' | 'asks' | 'addresses'>;

/** A bundle file, and the proposal that came with it. */
export interface ProposalFile {
  readonly bundle: Uint8Array;
  readonly envelope: UnverifiedEnvelope | null;
}

const TYPE = 'relation';
const KNOWN = new Set([
  ...['addresses', 'asks', 'domain', 'issuedAt', 'must', 'notAfter', 'to', 'type'],
]);

/** The members of a proposal. */
export function relationProposalBody(proposal: RelationProposal): JsonObject {
  const { domain, to, asks, addresses, issuedAt, notAfter } = proposal;
  const times = { issuedAt: String(issuedAt), notAfter: String(notAfter) };
  return { domain, to, asks: termsBody(asks), addresses: [...addresses], ...times };
}

/** Signs a proposal with a documents key. */
export function signRelationProposal(signer: Signer, proposal: RelationProposal): Uint8Array {
  return signEnvelope(TYPE, relationProposalBody(proposal), [signer]);
}

/**
 * Reads a proposal. Refuses `document-type`, `document-malformed`, `document-must`,
 * `scope-malformed` and `trust-domain-invalid`.
 */
export function readRelationProposal({
  type,
  domain,
  members,
}: UnverifiedEnvelope): RelationProposal {
  if (type !== TYPE) throw new Refusal('document-type', { expected: TYPE, got: type });
  checkMust(members, KNOWN);
  const addresses = members.list('addresses', ADDRESSES_MAX).map((address) => {
    const isShort = typeof address === 'string' && address.length <= DIAL_ADDRESS_CHARS_MAX;
    return isShort ? address : members.refuse('addresses');
  });
  const [issuedAt, notAfter] = [members.time('issuedAt'), members.time('notAfter')];
  if (notAfter - issuedAt > RELATION_PROPOSAL_MS_MAX) members.refuse('notAfter');
  return {
    domain,
    to: parseTrustDomain(members.text('to', TRUST_DOMAIN_BYTES_MAX)),
    asks: readTerms(members.object('asks')),
    ...{ addresses, issuedAt, notAfter },
  };
}

/**
 * Verifies a proposal to `asked` by what is believed of the domain that asks. Refuses
 * `domain-mismatch` for one to another domain, or of another than the belief is about,
 * `root-unknown`, `key-revoked`, `relation-stale` from its end on, and as `readRelationProposal`
 * and `verifyEnvelope` do.
 */
export function verifyRelationProposal(
  suite: Suite,
  envelope: UnverifiedEnvelope,
  belief: Belief,
  asked: { readonly domain: TrustDomain; readonly clock: UnixMs },
): RelationProposal {
  const proposal = readRelationProposal(envelope);
  for (const [expected, got] of [
    [belief.domain, proposal.domain],
    [asked.domain, proposal.to],
  ] as const) {
    if (expected !== got) throw new Refusal('domain-mismatch', { expected, got });
  }
  const root = newestRoot(belief)?.root;
  if (root === undefined) throw new Refusal('root-unknown', { domain: belief.domain });
  for (const { keyId } of envelope.slots) {
    if (isDisowned(belief, keyId)) throw new Refusal('key-revoked', { key: keyId });
  }
  verifyEnvelope(suite, envelope, root.documents);
  const { notAfter } = proposal;
  if (notAfter <= asked.clock) throw new Refusal('relation-stale', { notAfter, now: asked.clock });
  return proposal;
}

/** A bundle file with a proposal at its end. */
export function encodeProposalFile(bundle: string, envelope: Uint8Array): string {
  return bundle + encodeBlock(TYPE, envelope);
}

/**
 * Parts a bundle file from the proposal at its end, if there is one. Refuses as `decodeBlocks` and
 * `decodeEnvelope` do; a proposal in another place is for the reader of the bundle to refuse.
 */
export function decodeProposalFile(file: Uint8Array): ProposalFile {
  const last = decodeBlocks(file).at(-1);
  if (last?.label !== TYPE) return { bundle: file, envelope: null };
  const block = encodeBlock(TYPE, last.bytes);
  const bundle = toUtf8(fromUtf8(file).slice(0, -block.length));
  return { bundle, envelope: decodeEnvelope(last.bytes) };
}
