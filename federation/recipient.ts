/**
 * A recipient: a node of a domain, and the key that a courier file can be sealed to (PROTOCOL
 * §6.8).
 *
 * The key is the node's own statement, signed by the key that its lease names, and no member of the
 * lease: a node makes it without its authority, a lease stays as small as each handshake wants it,
 * and whoever seals sees the lease that says what the recipient may read.
 *
 *     LEASE · RECIPIENT
 */

import { toBase64Url, toUtf8 } from '../core/bytes.ts';
import { KEM_KEY_BYTES } from '../core/hybrid-kem.ts';
import { Refusal } from '../core/refusal.ts';
import type { KeyId, Signer, Suite } from '../core/suite.ts';
import type { UnixMs } from '../core/time.ts';
import { decodeBlocks, encodeBlock } from './armour.ts';
import type { Belief } from './belief.ts';
import {
  decodeEnvelope,
  signEnvelope,
  type UnverifiedEnvelope,
  verifyEnvelope,
} from './envelope.ts';
import { type Lease, readLease, verifyLease } from './lease.ts';
import { checkMust } from './must.ts';

/** What a recipient's file claims, before anything in it is verified. */
export interface UnverifiedRecipient {
  readonly lease: UnverifiedEnvelope;
  readonly statement: UnverifiedEnvelope;
  readonly node: KeyId;
  /** The public key of `core/hybrid-kem.ts`. */
  readonly key: Uint8Array;
}

const KNOWN = new Set(['domain', 'key', 'must', 'node', 'type']);

/** The file by which a node makes itself known as a recipient, beside the lease that it holds. */
export function encodeRecipient(node: Signer, lease: Uint8Array, key: Uint8Array): string {
  const { domain } = decodeEnvelope(lease);
  const body = { domain, node: node.keyId, key: toBase64Url(key) };
  const statement = signEnvelope('recipient', body, [node]);
  return encodeBlock('lease', lease) + encodeBlock('recipient', statement);
}

/**
 * Reads a recipient's file. Refuses `document-type` for other blocks, `lease-key` where the lease
 * is another node's, `document-malformed`, `document-must` and as `decodeBlocks` does.
 */
export function decodeRecipient(text: string): UnverifiedRecipient {
  const blocks = decodeBlocks(toUtf8(text));
  const [first, second] = blocks;
  if (first?.label !== 'lease' || second?.label !== 'recipient' || blocks.length !== 2) {
    const got = blocks.map(({ label }) => label).join(' ');
    throw new Refusal('document-type', { expected: 'lease recipient', got: got.slice(0, 64) });
  }
  const lease = decodeEnvelope(first.bytes);
  const statement = decodeEnvelope(second.bytes);
  if (statement.type !== 'recipient') {
    throw new Refusal('document-type', { expected: 'recipient', got: statement.type });
  }
  checkMust(statement.members, KNOWN);
  const node = statement.members.digest('node');
  const named = readLease(lease).node;
  if (named !== node) throw new Refusal('lease-key', { expected: node, got: named });
  return { lease, statement, node, key: statement.members.bytes('key', KEM_KEY_BYTES) };
}

/**
 * Verifies a recipient by what we believe of our own domain: its lease is in force, and its key
 * signed the statement. Refuses `domain-mismatch`, and as `verifyLease` and `verifyEnvelope` do.
 */
export function verifyRecipient(
  suite: Suite,
  recipient: UnverifiedRecipient,
  own: Belief,
  clock: UnixMs,
): Lease {
  for (const { domain } of [recipient.lease, recipient.statement]) {
    if (domain !== own.domain) {
      throw new Refusal('domain-mismatch', { expected: own.domain, got: domain });
    }
  }
  const lease = verifyLease(suite, recipient.lease, own, clock);
  const keys = new Map([[lease.node, lease.publicPair]]);
  verifyEnvelope(suite, recipient.statement, { keys, threshold: 1 });
  return lease;
}
