/**
 * What the control socket does: each method of the control protocol over the running daemon.
 *
 * A change is audited before it is answered, with who asked for it. Entries have methods of their
 * own (entry-methods.ts).
 */

import { assert } from '../core/assert.ts';
import { toUtf8 } from '../core/bytes.ts';
import { Refusal } from '../core/refusal.ts';
import { parseTrustDomain, type TrustDomain } from '../core/spiffe-id.ts';
import type { UnixMs } from '../core/time.ts';
import { decodeBundleFile } from '../federation/bundle-file.ts';
import { decodeEnvelope } from '../federation/envelope.ts';
import type { DomainView } from '../federation/view.ts';
import { isDialAddress } from './address.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { AuthorityBook } from './authority-book.ts';
import type { SpiffePartners } from './bundle-endpoint/partners.ts';
import { bundleView, endpointBundleView } from './bundle-view.ts';
import type { Config } from './config-keys.ts';
import type { ImportOutcome, RelationView, Status } from './control/protocol.ts';
import type { Caller, ControlMethods } from './control/server.ts';
import { authorityMethods } from './control-authorities.ts';
import type { Driver } from './driver.ts';
import { EntryBook } from './entry-book.ts';
import { entryMethods } from './entry-methods.ts';
import type { IssuedBook } from './issued-book.ts';
import type { LinkBook } from './link-book.ts';
import { revokeMethods } from './revoke-methods.ts';
import { endpointRelation, spiffeMethods } from './spiffe-methods.ts';
import { bundleText } from './trust-view.ts';

export interface MethodOptions {
  readonly config: Config;
  readonly driver: Driver;
  readonly audit: AuditLog;
  readonly links: LinkBook;
  readonly authorities: AuthorityBook;
  readonly issued: IssuedBook;
  /** Partners that speak SPIFFE federation alone. */
  readonly partners: SpiffePartners;
  readonly now: () => UnixMs;
  readonly views: () => readonly DomainView[];
  readonly status: () => Status;
  readonly exportBundle: (domain: TrustDomain) => string;
}

export function controlMethods(options: MethodOptions): ControlMethods {
  const { config, driver, audit, partners } = options;
  const ownView = () => viewNamed(options, undefined);
  const { now } = options;
  const book = new EntryBook({ domain: config.trustDomain, driver, ownView, now });
  return {
    status: async () => options.status(),
    ...entryMethods({ book, audit, svidTtlMs: config.svidTtlMs }),
    ...authorityMethods(options.authorities, audit),
    ...revokeMethods(options),
    ...spiffeMethods({
      ...{ partners, audit },
      isHoldfastDomain: (domain) => options.views().some((view) => view.domain === domain),
    }),
    'bundle.show': async ({ domain }) => {
      const partner = domain === undefined ? undefined : partners.find(parseTrustDomain(domain));
      if (partner !== undefined) return endpointBundleView(partner);
      return bundleView(viewNamed(options, domain));
    },
    'bundle.export': async ({ domain, format }) => ({
      text:
        format === 'spiffe'
          ? bundleText(viewNamed(options, domain))
          : options.exportBundle(viewNamed(options, domain).domain),
    }),
    'bundle.import': ({ text }, caller) => importFile(options, text, caller),
    'federation.add': async ({ text, peers, survivalForeign = false }, caller) => {
      for (const address of peers) checkAddress(address);
      const file = toUtf8(text);
      await options.driver.request({ kind: 'relate', file, survivalForeign, limits: null });
      const added = viewNamed(options, domainOf(file));
      // A partner that has learned to sign needs no endpoint any more.
      await partners.remove(added.domain);
      await options.links.set(added.domain, peers);
      await audited(options, caller, 'relation.added', { domain: added.domain });
      return relationView(options, added);
    },
    'federation.list': async () => ({
      relations: [
        ...options
          .views()
          .filter((view) => !view.isOwn)
          .map((view) => relationView(options, view)),
        ...partners.states.map(endpointRelation),
      ],
    }),
    'federation.remove': async ({ domain }, caller) => {
      const name = parseTrustDomain(domain);
      if (await partners.remove(name)) {
        await audited(options, caller, 'partner.removed', { domain });
        return { domain, epoch: String(ownView().epoch) };
      }
      const answer = await options.driver.request({ kind: 'unrelate', domain: name });
      await options.links.set(name, []);
      await audited(options, caller, 'relation.removed', { domain });
      return { domain, epoch: String(answer.epoch ?? 0n) };
    },
    'audit.tail': async ({ lines }) => ({ entries: await options.audit.tail(lines) }),
  };
}

/** Whose bundle file this is: the domain of its first document, a Root. */
function domainOf(file: Uint8Array): TrustDomain {
  const [first] = decodeBundleFile(file);
  assert(first !== undefined, 'a file that was admitted holds documents');
  return decodeEnvelope(first.bytes).domain;
}

async function importFile(
  options: MethodOptions,
  text: string,
  caller: Caller,
): Promise<{ readonly documents: readonly ImportOutcome[] }> {
  const { imported } = await options.driver.request({ kind: 'import', file: toUtf8(text) });
  await audited(options, caller, 'file.imported', { documents: imported.length });
  return {
    documents: imported.map(({ type, outcome }) => ({
      type,
      outcome: outcomeText(outcome),
    })),
  };
}

function outcomeText(outcome: 'admitted' | Refusal): ImportOutcome['outcome'] {
  if (outcome === 'admitted') return outcome;
  const held = ['document-held', 'tick-not-newer'].includes(outcome.code);
  return held ? 'held already' : outcome.code;
}

/** Refuses `config-value` for what nobody could dial. */
function checkAddress(address: string): void {
  if (!isDialAddress(address)) {
    throw new Refusal('config-value', { key: 'peer', got: address.slice(0, 128) });
  }
}

async function audited(
  options: MethodOptions,
  caller: Caller,
  event: string,
  fields: Readonly<Record<string, string | number>>,
): Promise<void> {
  await options.audit.append(event, { ...fields, uid: caller.uid, pid: caller.pid });
}

/** The view of a domain we speak of; of our own without a name. Refuses `domain-unrelated`. */
function viewNamed(options: MethodOptions, name: string | undefined): DomainView {
  const domain = name === undefined ? undefined : parseTrustDomain(name);
  const found = options
    .views()
    .find((view) => (domain === undefined ? view.isOwn : view.domain === domain));
  if (found === undefined) throw new Refusal('domain-unrelated', { domain: domain ?? 'own' });
  return found;
}

function relationView(options: MethodOptions, view: DomainView): RelationView {
  return {
    ...{ domain: view.domain, kind: 'holdfast', endpoint: null },
    fingerprint: view.firstRoot,
    peers: options.links.of(view.domain),
    survivalForeign: view.relation?.survivalForeign ?? false,
    tier: view.beacon === null ? 'NONE' : view.standing.tier,
  };
}
