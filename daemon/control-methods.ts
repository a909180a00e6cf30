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
import type { Signer } from '../core/suite.ts';
import { decodeBundleFile } from '../federation/bundle-file.ts';
import { decodeEnvelope } from '../federation/envelope.ts';
import type { Policy } from '../federation/policy.ts';
import type { RevocationTarget } from '../federation/revocations.ts';
import { gated } from './acts.ts';
import { isDialAddress } from './address.ts';
import type { AuthorityBook } from './authority-book.ts';
import type { SpiffePartners } from './bundle-endpoint/partners.ts';
import { bundleView, endpointBundleView } from './bundle-view.ts';
import { type CeremonyMethodOptions, ceremonyMethods } from './ceremony/ceremony-methods.ts';
import { encodePublicKey } from './ceremony/person-key.ts';
import type { Config } from './config-keys.ts';
import type { RoleKey } from './control/protocol.ts';
import type { ControlMethods } from './control/server.ts';
import { authorityMethods } from './control-authorities.ts';
import { type CourierMethodOptions, courierMethods } from './courier/courier-methods.ts';
import { type DeskMethodOptions, deskMethods } from './enrolment/desk-methods.ts';
import { EntryBook } from './entry-book.ts';
import { entryMethods } from './entry-methods.ts';
import type { IssuedBook } from './issued-book.ts';
import { keyMethods } from './key-methods.ts';
import {
  audited,
  type ReadingOptions,
  readingMethods,
  relationView,
  viewNamed,
} from './reading-methods.ts';
import type { ReferenceBook } from './reference-book.ts';
import { referenceMethods } from './reference-methods.ts';
import { revokeMethods } from './revoke-methods.ts';
import { endpointRelation, spiffeMethods } from './spiffe-methods.ts';

export interface MethodOptions
  extends ReadingOptions,
    DeskMethodOptions,
    CourierMethodOptions,
    CeremonyMethodOptions {
  readonly config: Config;
  readonly authorities: AuthorityBook;
  readonly issued: IssuedBook;
  /** Partners that speak SPIFFE federation alone. */
  readonly partners: SpiffePartners;
  /** The file of a proposal that revokes these. */
  readonly propose: (targets: readonly RevocationTarget[]) => string;
  /** Makes a key for a role, kept on this machine. */
  readonly makeKey: (role: RoleKey) => Promise<Signer>;
  readonly references: ReferenceBook;
  readonly policy: () => Policy;
}

/** The methods of an authority. */
export function controlMethods(options: MethodOptions): ControlMethods {
  const { config, driver, audit, partners } = options;
  const ownView = () => viewNamed(options, undefined);
  const { now } = options;
  const desk = deskMethods(options);
  const book = new EntryBook({ domain: config.trustDomain, driver, ownView, now });
  const methods: ControlMethods = {
    ...readingMethods(options),
    ...entryMethods({ book, audit, svidTtlMs: config.svidTtlMs }),
    ...authorityMethods(options.authorities, audit),
    ...revokeMethods(options),
    ...referenceMethods(options.references, audit),
    ...keyMethods(options.custody, audit),
    ...desk,
    ...ceremonyMethods(options, desk),
    ...courierMethods(options),
    ...spiffeMethods({
      ...{ partners, audit },
      isHoldfastDomain: (domain) => options.views().some((view) => view.domain === domain),
    }),
    'root.key': async ({ role }, caller) => {
      const key = await options.makeKey(role);
      await driver.input({ kind: 'key', key });
      await audited(options, caller, 'key.made', { role, key: key.keyId });
      return { keyId: key.keyId, text: encodePublicKey(key.publicPair) };
    },
    'bundle.show': async ({ domain }) => {
      const partner = domain === undefined ? undefined : partners.find(parseTrustDomain(domain));
      if (partner !== undefined) return endpointBundleView(partner);
      return bundleView(viewNamed(options, domain));
    },
    'federation.add': async ({ text, peers, survivalForeign = false }, caller) => {
      for (const address of peers) checkAddress(address);
      const file = toUtf8(text);
      await options.driver.request({ kind: 'relate', file, survivalForeign, limits: null });
      const added = viewNamed(options, domainOf(file));
      // A partner that has learned to sign needs no endpoint any more.
      await partners.remove(added.domain);
      await options.links.set(added.domain, peers);
      await audited(options, caller, 'relation.added', { domain: added.domain });
      return relationView(options.links, added);
    },
    'federation.list': async () => ({
      relations: [
        ...options
          .views()
          .filter((view) => !view.isOwn)
          .map((view) => relationView(options.links, view)),
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
  };
  return gated(methods, options);
}

/** Whose bundle file this is: the domain of its first document, a Root. */
function domainOf(file: Uint8Array): TrustDomain {
  const [first] = decodeBundleFile(file);
  assert(first !== undefined, 'a file that was admitted holds documents');
  return decodeEnvelope(first.bytes).domain;
}

/** Refuses `config-value` for what nobody could dial. */
function checkAddress(address: string): void {
  if (!isDialAddress(address)) {
    throw new Refusal('config-value', { key: 'peer', got: address.slice(0, 128) });
  }
}
