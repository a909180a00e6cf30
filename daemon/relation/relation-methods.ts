/**
 * The control methods by which people decide whom this domain trusts, and for what
 * (PROTOCOL §2.4, §2.9): a relation is proposed, accepted, narrowed, and withdrawn.
 */

import { assert } from '../../core/assert.ts';
import { toUtf8 } from '../../core/bytes.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { parseTrustDomain, type TrustDomain } from '../../core/spiffe-id.ts';
import { decodeBundleFile } from '../../federation/bundle-file.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import type { FederationNode } from '../../federation/node.ts';
import { type Relation, type RelationTerms, WHOLE_TERMS } from '../../federation/relation.ts';
import {
  decodeProposalFile,
  encodeProposalFile,
  type RelationProposal,
} from '../../federation/relation-proposal.ts';
import type { SpiffePartners } from '../bundle-endpoint/partners.ts';
import type { Caller } from '../control/caller.ts';
import type { ControlMethods } from '../control/server.ts';
import type { RelationProposalView, RelationView } from '../control/views.ts';
import { audited, type ReadingOptions, relationView, viewNamed } from '../methods/reading.ts';
import { endpointRelation } from '../methods/spiffe-partners.ts';
import { isDialAddress } from '../text/address.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';
import type { ProposedRelations } from './proposed-relations.ts';
import { parseTermsView, termsText, termsView } from './terms-view.ts';

export interface RelationMethodOptions extends ReadingOptions {
  /** Partners that speak SPIFFE federation alone. */
  readonly partners: SpiffePartners;
  readonly proposed: ProposedRelations;
  readonly node: FederationNode;
  /** Asks a linked node of a domain, an authority first. */
  readonly askNodeOf: (domain: TrustDomain, request: Uint8Array) => Promise<Uint8Array>;
}

/** The methods of `holdfast relation`, and those of `holdfast federation` about signed partners. */
export function relationMethods(options: RelationMethodOptions) {
  const { driver, node, partners, links, proposed } = options;
  const withdraw = async (name: TrustDomain, caller: Caller) => {
    const answer = await driver.request({ kind: 'unrelate', domain: name });
    await links.set(name, []);
    await proposed.forget(name);
    await audited(options, caller, 'relation.removed', { domain: name });
    return { domain: name, epoch: String(answer.epoch ?? 0n) };
  };
  return {
    'relation.propose': async ({ to: name, asks: asked, addresses, send }, caller) => {
      for (const address of addresses) checkAddress(address);
      const [to, asks] = [parseTrustDomain(name), parseTermsView(asked)];
      await driver.settled();
      const envelope = node.proposeRelation(driver.now(), { to, asks, addresses });
      if (send) await options.askNodeOf(to, envelope);
      const by = { to, asks: termsText(asks), by: send ? 'link' : 'file' };
      await audited(options, caller, 'relation.asked', by);
      return { text: encodeProposalFile(options.exportBundle(node.domain), envelope) };
    },
    'relation.proposals': async () => ({ proposals: proposed.waiting.map(proposalView) }),
    'relation.answer': async ({ domain: name, terms: granted, peers }, caller) => {
      const domain = parseTrustDomain(name);
      const terms = parseTermsView(granted);
      if (proposed.find(domain) === undefined) throw new Refusal('relation-unproposed', { domain });
      return amend(options, { domain, terms, peers }, caller);
    },
    'relation.accept': async ({ text, peers, terms }, caller) => {
      const whole = toUtf8(text);
      const parted = refusalOf(() => decodeProposalFile(whole));
      // What cannot be read is for the state machine to refuse, which is recorded.
      const file = parted instanceof Refusal ? whole : parted.bundle;
      return accept(options, { file, peers, terms: parseTermsView(terms) }, caller);
    },
    'relation.narrow': async ({ domain: name, terms }, caller) => {
      const domain = parseTrustDomain(name);
      const narrow = parseTermsView(terms);
      await driver.request({ kind: 'amend', domain, terms: narrow, mayWiden: false });
      await audited(options, caller, 'relation.narrowed', { domain, to: termsText(narrow) });
      return relationView(links, viewNamed(options, domain));
    },
    'relation.withdraw': ({ domain }, caller) => withdraw(parseTrustDomain(domain), caller),
    'federation.add': async ({ text, peers, survivalForeign = false }, caller) => {
      const terms = { ...WHOLE_TERMS, survivalForeign };
      return relate(options, { file: toUtf8(text), peers, terms }, caller);
    },
    'federation.list': async () => ({
      relations: [
        ...options
          .views()
          .filter((view) => !view.isOwn)
          .map((view) => relationView(links, view)),
        ...partners.states.map(endpointRelation),
      ],
    }),
    'federation.remove': async ({ domain }, caller) => {
      const name = parseTrustDomain(domain);
      if (!(await partners.remove(name))) return withdraw(name, caller);
      await audited(options, caller, 'partner.removed', { domain });
      return { domain, epoch: String(viewNamed(options, undefined).epoch) };
    },
  } satisfies Partial<ControlMethods>;
}

interface Accepted {
  readonly file: Uint8Array;
  readonly terms: RelationTerms;
  readonly peers: readonly string[];
}

/** Relates to the domain of a file, or changes the relation that there is. */
async function accept(
  options: RelationMethodOptions,
  accepted: Accepted,
  caller: Caller,
): Promise<RelationView> {
  const { file, terms, peers } = accepted;
  const pin = refusalOf(() => pinIn(file));
  const held = pin instanceof Refusal ? null : relationTo(options, pin.domain);
  if (pin instanceof Refusal || held === null) return relate(options, accepted, caller);
  const { domain, firstRoot } = pin;
  if (held.firstRoot !== firstRoot) {
    throw new Refusal('root-conflict', { expected: held.firstRoot, got: firstRoot });
  }
  return amend(options, { domain, terms, peers }, caller);
}

/** Gives the relation that there is other terms, which may grant more. */
async function amend(
  options: RelationMethodOptions,
  { domain, terms, peers }: Omit<Accepted, 'file'> & Pick<Relation, 'domain'>,
  caller: Caller,
): Promise<RelationView> {
  const { driver, links, proposed } = options;
  for (const address of peers) checkAddress(address);
  await driver.request({ kind: 'amend', domain, terms, mayWiden: true });
  if (peers.length > 0) await links.set(domain, peers);
  await proposed.forget(domain);
  await audited(options, caller, 'relation.changed', { domain, to: termsText(terms) });
  return relationView(links, viewNamed(options, domain));
}

/** Relates to the domain of a file, which is no partner yet. */
async function relate(
  options: RelationMethodOptions,
  { file, terms, peers }: Accepted,
  caller: Caller,
): Promise<RelationView> {
  const { driver, links, partners } = options;
  for (const address of peers) checkAddress(address);
  await driver.request({ kind: 'relate', file, terms });
  const { domain } = pinIn(file);
  // A partner that has learned to sign needs no endpoint any more.
  await partners.remove(domain);
  await links.set(domain, peers);
  await audited(options, caller, 'relation.added', { domain, to: termsText(terms) });
  return relationView(links, viewNamed(options, domain));
}

function proposalView(proposal: RelationProposal): RelationProposalView {
  const { domain, asks, addresses, issuedAt, notAfter } = proposal;
  const times = { issuedAt: formatRfc3339(issuedAt), notAfter: formatRfc3339(notAfter) };
  return { domain, asks: termsView(asks), addresses, ...times };
}

function relationTo({ views }: RelationMethodOptions, domain: TrustDomain): Relation | null {
  return views().find((view) => view.domain === domain)?.relation ?? null;
}

/** Whose bundle file this is: the domain of its first document, and that Root's digest. */
function pinIn(file: Uint8Array): Pick<Relation, 'domain' | 'firstRoot'> {
  const [first] = decodeBundleFile(file);
  assert(first !== undefined, 'a file without blocks is refused before');
  const { domain, digest } = decodeEnvelope(first.bytes);
  return { domain, firstRoot: digest };
}

/** Refuses `config-value` for what nobody could dial. */
function checkAddress(address: string): void {
  if (!isDialAddress(address)) {
    throw new Refusal('config-value', { key: 'peer', got: address.slice(0, 128) });
  }
}
