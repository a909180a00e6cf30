/**
 * The directory's answers as messages of the Workload API, and its refusals as gRPC states.
 *
 * Equal answers make equal bytes: everything is in the directory's order, so that a stream can
 * tell by comparison that nothing changed.
 */

import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { concat } from '../../core/bytes.ts';
import { describeDetails, type Refusal, type RefusalCode } from '../../core/refusal.ts';
import { spiffeId } from '../../core/spiffe-id.ts';
import type { AuthoritiesByDomain, WorkloadIdentities } from '../identity/directory.ts';
import {
  type X509BundlesResponse,
  X509BundlesResponseSchema,
  type X509SVIDResponse,
  X509SVIDResponseSchema,
} from './gen/workload_pb.ts';

/** The metadata every request must carry, with the value `true` (Workload Endpoint §6). */
export const SECURITY_HEADER = 'workload.spiffe.io';

/** All identities of a caller (Workload API §5.2.1). */
export function encodeIdentities(answer: WorkloadIdentities): X509SVIDResponse {
  const bundle = concat(...answer.ownAuthorities);
  const hints = new Set<string>();
  const svids = answer.identities.map(({ entry, svid }) => {
    // A hint names one SVID of a message: of two entries with one hint, the first keeps it.
    const hint = hints.has(entry.hint) ? '' : entry.hint;
    hints.add(hint);
    return {
      spiffeId: svid.spiffeId,
      x509Svid: concat(...svid.certificatesDer),
      x509SvidKey: svid.privateKeyPkcs8,
      bundle,
      hint,
    };
  });
  const federatedBundles = encodeBundles(answer.federated);
  return create(X509SVIDResponseSchema, { svids, federatedBundles });
}

/** All bundles of a caller (Workload API §5.2.2). */
export function encodeAuthorities(answer: AuthoritiesByDomain): X509BundlesResponse {
  return create(X509BundlesResponseSchema, { bundles: encodeBundles(answer) });
}

/** The refusal as the state a call ends in; the message says what happened and what mends it. */
export function connectErrorOf(refusal: Refusal): ConnectError {
  const details = describeDetails(refusal.details);
  const told = details === '' ? refusal.message : `${refusal.message} (${details})`;
  const state = STATES.get(refusal.code) ?? Code.Unavailable;
  return new ConnectError(`${refusal.code}: ${told}; ${refusal.mend}`, state);
}

/** Clients give up on InvalidArgument; on all others they come again (Workload API §5.1). */
const STATES: ReadonlyMap<RefusalCode, Code> = new Map([
  ['workload-header', Code.InvalidArgument],
  ['workload-no-identity', Code.PermissionDenied],
  ['workload-streams', Code.ResourceExhausted],
]);

function encodeBundles(authorities: AuthoritiesByDomain): { [id: string]: Uint8Array } {
  return Object.fromEntries(
    Array.from(authorities, ([domain, ders]) => [spiffeId(domain, ''), concat(...ders)]),
  );
}
