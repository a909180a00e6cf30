/** The state machine on what the store holds: the daemon's one way to make it. */

import { Refusal } from '../core/refusal.ts';
import { FederationNode, type NodeOptions } from '../federation/node.ts';

/**
 * Makes it go on from its records. Refuses `state-corrupt` where one does not read: each was
 * admitted before it was stored, so that no partner can be asked to mend it.
 */
export function openNode(options: NodeOptions): FederationNode {
  try {
    return new FederationNode(options);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal('state-corrupt', { ...error.details, why: error.code });
  }
}
