/**
 * The control methods by which people decide whom this domain trusts, and for what
 * (PROTOCOL §2.4): a relation is accepted from a file, narrowed, and withdrawn.
 */

import { assert } from '../../core/assert.ts';
import { toUtf8 } from '../../core/bytes.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { parseTrustDomain, type TrustDomain } from '../../core/spiffe-id.ts';
import { decodeBundleFile } from '../../federation/bundle-file.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { type Relation, type RelationTerms, WHOLE_TERMS } from '../../federation/relation.ts';
import { isDialAddress } from '../address.ts';
import type { SpiffePartners } from '../bundle-endpoint/partners.ts';
import type { Caller } from '../control/caller.ts';
import type { RelationView } from '../control/protocol.ts';
import type { ControlMethods } from '../control/server.ts';
import { audited, type ReadingOptions, relationView, viewNamed } from '../reading-methods.ts';
import { endpointRelation } from '../spiffe-methods.ts';
import { parseTermsView, termsText } from './terms-view.ts';

export interface RelationMethodOptions extends ReadingOptions {
  /** Partners that speak SPIFFE federation alone. */
  readonly partners: SpiffePartners;
}

/** The methods of `holdfast relation`, and those of `holdfast federation` about signed partners. */
export function relationMethods(options: RelationMethodOptions) {
  const { driver, partners, links } = options;
  const withdraw = async (name: TrustDomain, caller: Caller) => {
    const answer = await driver.request({ kind: 'unrelate', domain: name });
    await links.set(name, []);
    await audited(options, caller, 'relation.removed', { domain: name });
    return { domain: name, epoch: String(answer.epoch ?? 0n) };
  };
  return {
    'relation.accept': async ({ text, peers, terms }, caller) => {
      return accept(options, { file: toUtf8(text), peers, terms: parseTermsView(terms) }, caller);
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
  const { driver, links } = options;
  const { file, terms, peers } = accepted;
  const pin = refusalOf(() => pinIn(file));
  const held = pin instanceof Refusal ? null : relationTo(options, pin.domain);
  // What cannot be read is refused there, and recorded.
  if (pin instanceof Refusal || held === null) return relate(options, accepted, caller);
  const { domain, firstRoot } = pin;
  for (const address of peers) checkAddress(address);
  if (held.firstRoot !== firstRoot) {
    throw new Refusal('root-conflict', { expected: held.firstRoot, got: firstRoot });
  }
  await driver.request({ kind: 'amend', domain, terms, mayWiden: true });
  if (peers.length > 0) await links.set(domain, peers);
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
