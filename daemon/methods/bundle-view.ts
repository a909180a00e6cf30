/** A bundle as people see it: whose it is, how old, and which authorities are in it. */

import { X509Certificate } from 'node:crypto';
import { toHex } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import type { DomainView } from '../../federation/view.ts';
import type { PartnerState } from '../bundle-endpoint/partners.ts';
import type { AuthorityView, BundleView } from '../control/views.ts';
import { domainStatus } from '../status.ts';
import { knownAgeMs } from '../tier-facts.ts';
import { authoritiesOf } from '../trust-view.ts';

/** The bundle of a domain that signs. */
export function bundleView(view: DomainView): BundleView {
  return {
    domain: view.domain,
    tier: domainStatus(view, null).tier,
    ageMs: knownAgeMs(view.standing),
    epoch: String(view.epoch),
    fingerprint: view.firstRoot,
    authorities: authoritiesOf(view).map(authorityView),
  };
}

/** The bundle that an endpoint showed; there is no Root whose fingerprint could be compared. */
export function endpointBundleView({ partner, standing }: PartnerState): BundleView {
  const bundle = partner.held?.bundle;
  return {
    domain: partner.terms.domain,
    tier: standing.tier,
    ageMs: standing.ageMs,
    epoch: String(bundle?.sequence ?? ''),
    fingerprint: '',
    authorities: (bundle?.x509Authorities ?? []).map(authorityView),
  };
}

function authorityView(der: Uint8Array): AuthorityView {
  const certificate = new X509Certificate(der);
  return {
    subject: certificate.subject.split('\n').join(', '),
    notAfter: certificate.validToDate.toISOString(),
    fingerprint: toHex(sha256(der)),
  };
}
