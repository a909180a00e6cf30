/**
 * The directory's answers as messages of the Workload API, and its refusals as gRPC states.
 *
 * Equal answers make equal bytes: everything is in the directory's order, so that a stream can
 * tell by comparison that nothing changed.
 */

import { create, type JsonObject as StructJson } from '@bufbuild/protobuf';
import { concat } from '../../core/bytes.ts';
import { encodeCanonical } from '../../core/canonical.ts';
import { describeDetails, type Refusal, type RefusalCode } from '../../core/refusal.ts';
import { spiffeId, type TrustDomain, trustDomainOf } from '../../core/spiffe-id.ts';
import type {
  AuthoritiesByDomain,
  WorkloadIdentities,
  WorkloadToken,
} from '../identity/directory.ts';
import type { Entry } from '../identity/entry.ts';
import type { VerifiedJwtSvid } from '../identity/jwt-verify.ts';
import { type AuthoritySet, encodeJwks } from '../identity/spiffe-bundle.ts';
import {
  type JWTBundlesResponse,
  JWTBundlesResponseSchema,
  type JWTSVIDResponse,
  JWTSVIDResponseSchema,
  type ValidateJWTSVIDResponse,
  ValidateJWTSVIDResponseSchema,
  type X509BundlesResponse,
  X509BundlesResponseSchema,
  type X509SVIDResponse,
  X509SVIDResponseSchema,
} from './gen/workload_pb.ts';
import { GRPC, type GrpcState } from './grpc.ts';

/** The metadata every request must carry, with the value `true` (Workload Endpoint §6). */
export const SECURITY_HEADER = 'workload.spiffe.io';

/** All identities of a caller (Workload API §5.2.1). */
export function encodeIdentities(answer: WorkloadIdentities): X509SVIDResponse {
  const hintOf = hintsOf(answer.identities);
  const svids = answer.identities.map(({ entry, svid, ownAuthorities }) => ({
    spiffeId: svid.spiffeId,
    x509Svid: concat(...svid.certificatesDer),
    x509SvidKey: svid.privateKeyPkcs8,
    bundle: concat(...ownAuthorities),
    hint: hintOf(entry),
  }));
  const federatedBundles = encodeX509Bundles(answer.federated);
  return create(X509SVIDResponseSchema, { svids, federatedBundles, crl: [...answer.crls] });
}

/** All X.509 bundles of a caller (Workload API §5.2.2). */
export function encodeX509Authorities(
  answer: AuthoritiesByDomain,
  crls: readonly Uint8Array[],
): X509BundlesResponse {
  return create(X509BundlesResponseSchema, { bundles: encodeX509Bundles(answer), crl: [...crls] });
}

/** Tokens of a caller (Workload API §6.2.1). */
export function encodeTokens(tokens: readonly WorkloadToken[]): JWTSVIDResponse {
  const hintOf = hintsOf(tokens);
  const svids = tokens.map(({ entry, token }) => ({
    spiffeId: entry.spiffeId,
    svid: token,
    hint: hintOf(entry),
  }));
  return create(JWTSVIDResponseSchema, { svids });
}

/** All JWT bundles of a caller, each a JWK Set (Workload API §6.2.2). */
export function encodeJwtAuthorities(answer: AuthoritiesByDomain): JWTBundlesResponse {
  const bundles = byDomain(answer, ({ jwtAuthorities }) =>
    encodeCanonical(encodeJwks(jwtAuthorities)),
  );
  return create(JWTBundlesResponseSchema, { bundles });
}

/**
 * What a verified token says (Workload API §6.2.3). A partner's token could carry anything, so of
 * its claims only those pass that the standard gives a meaning.
 */
export function encodeClaims(
  { spiffeId, claims }: VerifiedJwtSvid,
  ownDomain: TrustDomain,
): ValidateJWTSVIDResponse {
  const isOwn = trustDomainOf(spiffeId) === ownDomain;
  const shown = isOwn ? Object.entries(claims) : Object.entries(claims).filter(isStandardClaim);
  return create(ValidateJWTSVIDResponseSchema, {
    spiffeId,
    claims: Object.fromEntries(shown) as StructJson,
  });
}

/** The refusal as the state a call ends in; the message says what happened and what mends it. */
export function stateOf(refusal: Refusal): GrpcState {
  const details = describeDetails(refusal.details);
  const told = details === '' ? refusal.message : `${refusal.message} (${details})`;
  const code = STATES.get(refusal.code) ?? GRPC.unavailable;
  return { code, message: `${refusal.code}: ${told}; ${refusal.mend}` };
}

/** Clients give up on InvalidArgument; on all others they come again (Workload API §5.1). */
const STATES: ReadonlyMap<RefusalCode, GrpcState['code']> = new Map([
  ['workload-header', GRPC.invalidArgument],
  // As SPIRE has it: whoever holds the socket now is not who connected.
  ['workload-gone', GRPC.unauthenticated],
  ['workload-no-identity', GRPC.permissionDenied],
  ['workload-argument', GRPC.invalidArgument],
  ['assurance-insufficient', GRPC.permissionDenied],
  ['not-enrolled', GRPC.permissionDenied],
  ['lease-revoked', GRPC.permissionDenied],
  ['issuing-none', GRPC.permissionDenied],
  ['workload-streams', GRPC.resourceExhausted],
  ['jwt-algorithm', GRPC.invalidArgument],
  ['jwt-audience', GRPC.invalidArgument],
  ['jwt-expired', GRPC.invalidArgument],
  ['jwt-kid', GRPC.invalidArgument],
  ['jwt-malformed', GRPC.invalidArgument],
  ['jwt-signature', GRPC.invalidArgument],
  ['jwt-untrusted', GRPC.invalidArgument],
  ['svid-revoked', GRPC.invalidArgument],
  ['relation-scope', GRPC.invalidArgument],
  ['relation-assurance', GRPC.invalidArgument],
]);

const STANDARD_CLAIMS: readonly string[] = ['sub', 'exp', 'aud', 'iat'];

function isStandardClaim([name]: readonly [string, unknown]): boolean {
  return STANDARD_CLAIMS.includes(name);
}

/**
 * A hint names one SVID of a message: of several entries with one hint, the oldest keeps it, as
 * SPIRE has it, so that a new entry takes nothing from one in use.
 */
function hintsOf(answers: readonly { readonly entry: Entry }[]): (entry: Entry) => string {
  const byAge = answers.map(({ entry }) => entry).sort((a, b) => a.createdAt - b.createdAt);
  const holders = new Map<string, string>();
  for (const { hint, id } of byAge) if (!holders.has(hint)) holders.set(hint, id);
  return ({ hint, id }) => (holders.get(hint) === id ? hint : '');
}

function encodeX509Bundles(authorities: AuthoritiesByDomain): { [id: string]: Uint8Array } {
  return byDomain(authorities, ({ x509Authorities }) => concat(...x509Authorities));
}

function byDomain(
  authorities: AuthoritiesByDomain,
  encode: (authorities: AuthoritySet) => Uint8Array,
): { [id: string]: Uint8Array } {
  return Object.fromEntries(
    Array.from(authorities, ([domain, set]) => [spiffeId(domain, ''), encode(set)]),
  );
}
