/**
 * SPIFFE IDs of the domain's own nodes: `spiffe://blue.example/holdfast/node/0123456789abcdef`.
 *
 * The last segment is the start of the node's id, which is the digest of its key. The paths below
 * `/holdfast` are the daemons' own: no entry may give a workload one of them.
 */

import { pathOf, type SpiffeId, spiffeId, type TrustDomain } from '../../core/spiffe-id.ts';
import type { KeyId } from '../../core/suite.ts';

const RESERVED = '/holdfast';
const NODE_ID_CHARS = 16;

/** The SPIFFE ID of the node with that key. */
export function nodeSpiffeId(domain: TrustDomain, node: KeyId): SpiffeId {
  return spiffeId(domain, `${RESERVED}/node/${node.slice(0, NODE_ID_CHARS)}`);
}

/** True for an ID that no workload may have. */
export function isReservedId(id: SpiffeId): boolean {
  const path = pathOf(id);
  return path === RESERVED || path.startsWith(`${RESERVED}/`);
}
