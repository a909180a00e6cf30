/**
 * What the control socket does: each method of the control protocol over the running daemon.
 *
 * A change is audited before it is answered, with who asked for it. Entries have methods of their
 * own (entries.ts).
 */

import { parseTrustDomain } from '../../core/spiffe-id.ts';
import type { Signer } from '../../core/suite.ts';
import type { Policy } from '../../federation/policy.ts';
import type { RevocationTarget } from '../../federation/revocations.ts';
import type { AuthorityBook } from '../authority/authority-book.ts';
import { EntryBook } from '../authority/entry-book.ts';
import type { IssuedBook } from '../authority/issued-book.ts';
import { type CeremonyMethodOptions, ceremonyMethods } from '../ceremony/ceremony-methods.ts';
import { encodePublicKey } from '../ceremony/person-key.ts';
import type { Config } from '../config/keys.ts';
import type { ControlMethods } from '../control/server.ts';
import type { RoleKey } from '../control/views.ts';
import { type CourierMethodOptions, courierMethods } from '../courier/courier-methods.ts';
import { type DeskMethodOptions, deskMethods } from '../enrolment/desk-methods.ts';
import { type RelationMethodOptions, relationMethods } from '../relation/relation-methods.ts';
import { gated } from './acts.ts';
import { authorityMethods } from './authorities.ts';
import { bundleView, endpointBundleView } from './bundle-view.ts';
import { entryMethods } from './entries.ts';
import { keyMethods } from './keys.ts';
import { audited, type ReadingOptions, readingMethods, viewNamed } from './reading.ts';
import { approveBoots, referenceMethods } from './references.ts';
import { revokeMethods } from './revoke.ts';
import { spiffeMethods } from './spiffe-partners.ts';

export interface MethodOptions
  extends ReadingOptions,
    DeskMethodOptions,
    CourierMethodOptions,
    RelationMethodOptions,
    CeremonyMethodOptions {
  readonly config: Config;
  readonly authorities: AuthorityBook;
  readonly issued: IssuedBook;
  /** The file of a proposal that revokes these. */
  readonly propose: (targets: readonly RevocationTarget[]) => string;
  /** Makes a key for a role, kept on this machine. */
  readonly makeKey: (role: RoleKey) => Promise<Signer>;
  readonly policy: () => Policy;
  readonly resumed: () => Promise<void>;
}

/** The methods of an authority. */
export function controlMethods(options: MethodOptions): ControlMethods {
  const { config, driver, audit, partners } = options;
  const ownView = () => viewNamed(options, undefined);
  const { now } = options;
  const desk = deskMethods(options);
  const relations = relationMethods(options);
  const book = new EntryBook({ domain: config.trustDomain, driver, ownView, now });
  const methods: ControlMethods = {
    ...readingMethods(options),
    ...entryMethods({ book, audit, svidTtlMs: config.svidTtlMs }),
    ...authorityMethods(options.authorities, options),
    ...revokeMethods({ ...options, ownView }),
    ...referenceMethods(options),
    ...keyMethods(options.custody, audit),
    ...desk,
    ...ceremonyMethods(options, {
      ...{ ...desk, ...relations },
      approveBoots: (draft, caller) => approveBoots(options, draft, caller),
    }),
    ...courierMethods(options),
    ...relations,
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
  };
  return gated(methods, options);
}
