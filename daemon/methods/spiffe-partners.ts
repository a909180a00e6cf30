/**
 * What the control socket does with partners that speak SPIFFE federation alone.
 *
 * Such a relation is this node's own setting and no signed document: there is no Root to pin. What
 * an operator said is all there is, so every part of it is asked for and none is guessed.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import { parseSpiffeId, parseTrustDomain, type TrustDomain } from '../../core/spiffe-id.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { type EndpointTerms, parseEndpointUrl } from '../bundle-endpoint/endpoint-terms.ts';
import type { PartnerState, SpiffePartners } from '../bundle-endpoint/partners.ts';
import { type Caller, whose } from '../control/caller.ts';
import type { ControlMethods } from '../control/server.ts';
import type { RelationView, SpiffeRelationAdd } from '../control/views.ts';
import { ENDPOINT_TERMS } from '../relation/terms-view.ts';

export interface SpiffeMethodOptions {
  readonly partners: SpiffePartners;
  readonly audit: AuditLog;
  /** True for our own domain and for those that we hold signed statements of. */
  readonly isHoldfastDomain: (domain: TrustDomain) => boolean;
}

/** The methods about partners by endpoint. */
export function spiffeMethods({ partners, audit, isHoldfastDomain }: SpiffeMethodOptions) {
  return {
    'federation.add-spiffe': async (params, caller: Caller) => {
      const terms = termsOf(params);
      const { domain, url } = terms;
      if (isHoldfastDomain(domain)) throw new Refusal('relation-exists', { domain });
      await partners.add(terms, params.bundle === undefined ? null : toUtf8(params.bundle));
      const profile = terms.profile.kind;
      await audit.append('partner.added', { domain, url, profile, ...whose(caller) });
      return viewOf(partners, domain);
    },
    'federation.refresh': async ({ domain }, caller: Caller) => {
      const name = parseTrustDomain(domain);
      await partners.refresh(name);
      await audit.append('partner.refreshed', { domain: name, ...whose(caller) });
      return viewOf(partners, name);
    },
  } satisfies Partial<ControlMethods>;
}

/** A partner as lists show it. */
export function endpointRelation({ partner, standing, trouble }: PartnerState): RelationView {
  const { domain, url, profile } = partner.terms;
  return {
    ...{ domain, kind: 'spiffe', fingerprint: '', peers: [], terms: ENDPOINT_TERMS },
    endpoint: {
      url,
      profile: profile.kind,
      endpointId: profile.kind === 'https_spiffe' ? profile.endpointId : '',
      trouble: trouble?.code ?? '',
    },
    tier: standing.tier,
  };
}

function viewOf(partners: SpiffePartners, domain: TrustDomain): RelationView {
  const state = partners.find(domain);
  if (state === undefined) throw new Refusal('relation-unknown', { domain });
  return endpointRelation(state);
}

/** Refuses `control-params` where profile and endpoint ID do not go together. */
function termsOf({ domain, url, profile, endpointId }: SpiffeRelationAdd): EndpointTerms {
  const terms = { domain: parseTrustDomain(domain), url: parseEndpointUrl(url) };
  if ((profile === 'https_spiffe') !== (endpointId !== undefined)) {
    const expected = 'with https_spiffe, and only then';
    throw new Refusal('control-params', { member: 'endpointId', expected });
  }
  if (endpointId === undefined) return { ...terms, profile: { kind: 'https_web' } };
  return { ...terms, profile: { kind: 'https_spiffe', endpointId: parseSpiffeId(endpointId) } };
}
