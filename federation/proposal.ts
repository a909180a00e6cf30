/**
 * Proposals: a document that waits for the signatures of several people, each on a machine of his
 * own (PROTOCOL §2.7). A Root is signed so, revocations that take more than one key, and overrides.
 *
 *     ROOT… (from version 1 to the one held) · PROPOSAL (the envelope, signed as far as it is)
 *
 * The file is text, as a bundle file. It carries the whole chain, because a signer is shown what
 * the proposal changes, and must not be shown it against a Root that somebody made up: the chain is
 * verified from the first Root on, whose digest people compare. A signature that does not verify
 * is refused, so that nobody carries home what cannot be published.
 */

import { assert } from '../core/assert.ts';
import { Refusal } from '../core/refusal.ts';
import type { KeyId, Signer, Suite } from '../core/suite.ts';
import { bootMs, unixMs } from '../core/time.ts';
import { admitAll } from './admit.ts';
import { decodeBlocks, encodeBlock } from './armour.ts';
import { type Belief, newBelief, newestRoot } from './belief.ts';
import { decodeFileItem } from './bundle-file.ts';
import {
  decodeEnvelope,
  encodeEnvelope,
  type SignerRole,
  signSlot,
  type UnverifiedEnvelope,
  verifySlot,
} from './envelope.ts';
import { asRead } from './moment.ts';
import { readOverride } from './override.ts';
import { readRevocations, thresholdOf } from './revocations.ts';
import { checkNext, overrideRole, type Root, readRoot } from './root.ts';

/** One of the signatures that a proposal needs: whose, and how many are there. */
export interface Quorum {
  /** Such as `root keys of version 3`. */
  readonly name: string;
  readonly role: SignerRole;
  readonly signed: readonly KeyId[];
}

/** A proposal as read: the chain is verified, and so is each signature that is there. */
export interface Proposal {
  /** The Roots from version 1 on, and nothing else. */
  readonly belief: Belief;
  readonly held: Root;
  readonly envelope: UnverifiedEnvelope;
  readonly quorums: readonly Quorum[];
}

const LABEL = 'proposal';

/** Writes a proposal upon the Roots that are held. Refuses `root-unknown`. */
export function encodeProposal(belief: Belief, envelope: Uint8Array): string {
  if (belief.roots.length === 0) throw new Refusal('root-unknown', { domain: belief.domain });
  const roots = belief.roots.map(({ bytes }) => encodeBlock('root', bytes));
  return [...roots, encodeBlock(LABEL, envelope)].join('');
}

/**
 * Reads a proposal. Refuses `proposal-malformed` for a file that is none, `document-type` for
 * anything but a Root, revocations or an override, `signer-unknown` and `signature-invalid` for a
 * signature that would not count, and what a reader refuses about what is proposed.
 */
export function decodeProposal(suite: Suite, file: Uint8Array): Proposal {
  const blocks = decodeBlocks(file);
  const last = blocks.at(-1);
  const roots = blocks.slice(0, -1);
  const isShaped = roots.length > 0 && roots.every(({ label }) => label === 'root');
  if (last?.label !== LABEL || !isShaped) {
    throw new Refusal('proposal-malformed', { why: 'not Roots and then one proposal' });
  }
  const belief = climb(suite, roots.map(decodeFileItem));
  const held = newestRoot(belief)?.root;
  if (held === undefined) throw new Refusal('root-unknown', { domain: belief.domain });
  const envelope = decodeEnvelope(last.bytes);
  if (envelope.domain !== belief.domain) {
    throw new Refusal('domain-mismatch', { expected: belief.domain, got: envelope.domain });
  }
  const roles = rolesOf(envelope, belief, held);
  for (const slot of envelope.slots) {
    const pair = roles.map(({ role }) => role.keys.get(slot.keyId)).find((key) => key);
    if (pair === undefined) throw new Refusal('signer-unknown', { key: slot.keyId });
    verifySlot(suite, envelope, slot, pair);
  }
  const signed = envelope.slots.map(({ keyId }) => keyId);
  const quorums = roles.map(({ name, role }) => {
    return { name, role, signed: signed.filter((keyId) => role.keys.has(keyId)) };
  });
  return { belief, held, envelope, quorums };
}

/**
 * The envelope with one signature more. Refuses `signer-unknown` for a key that has no say in it,
 * and `signer-duplicate` where it has signed.
 */
export function signProposal({ envelope, quorums }: Proposal, signer: Signer): Uint8Array {
  const { keyId } = signer;
  if (!quorums.some(({ role }) => role.keys.has(keyId))) {
    throw new Refusal('signer-unknown', { key: keyId });
  }
  if (envelope.slots.some((slot) => slot.keyId === keyId)) {
    throw new Refusal('signer-duplicate', { key: keyId });
  }
  const slot = signSlot(envelope.type, envelope.payload, signer);
  return encodeEnvelope(envelope.type, [...envelope.slots, slot], envelope.payload);
}

/**
 * The envelope with the signatures of both copies; which comes first does not matter. Refuses
 * `proposal-differs` unless both propose the same.
 */
export function mergeProposals(one: Proposal, other: Proposal): Uint8Array {
  const { type, digest, payload, slots } = one.envelope;
  const isSame =
    other.envelope.digest === digest && one.belief.firstRoot === other.belief.firstRoot;
  if (!isSame) throw new Refusal('proposal-differs', { one: digest, other: other.envelope.digest });
  const signed = new Set(slots.map(({ keyId }) => keyId));
  const added = other.envelope.slots.filter(({ keyId }) => !signed.has(keyId));
  return encodeEnvelope(type, [...slots, ...added], payload);
}

/** What still keeps a proposal from counting; empty when it is whole. */
export function lackingOf({ quorums }: Proposal): readonly Quorum[] {
  return quorums.filter(({ role, signed }) => signed.length < role.threshold);
}

/** Climbs the Roots of the file from the first one, which the file itself names. */
function climb(suite: Suite, items: readonly ReturnType<typeof decodeFileItem>[]): Belief {
  const [first] = items;
  assert(first?.kind === 'envelope', 'blocks of Roots are envelopes');
  // A Root is judged by no clock (PROTOCOL §2.1).
  const context = { suite, now: asRead({ wall: unixMs(0), boot: bootMs(0) }), bootId: 'ceremony' };
  const { domain, digest } = first.envelope;
  return admitAll(context, newBelief(domain, digest), items).belief;
}

function rolesOf(
  envelope: UnverifiedEnvelope,
  belief: Belief,
  held: Root,
): readonly { readonly name: string; readonly role: SignerRole }[] {
  switch (envelope.type) {
    case 'root': {
      const next = readRoot(envelope);
      const chain = belief.roots.map(({ root }) => root);
      checkNext(next, chain);
      return [
        { name: `root keys of version ${held.version}`, role: held.root },
        { name: `root keys of version ${next.version}`, role: next.root },
      ];
    }
    case 'revocations': {
      const { entries } = readRevocations(envelope);
      const threshold = thresholdOf(held.revocation, entries);
      return [{ name: 'revocation keys', role: { keys: held.revocation.keys, threshold } }];
    }
    case 'override':
      readOverride(envelope);
      return [{ name: 'people who may override', role: overrideRole(held) }];
    default:
      throw new Refusal('document-type', { got: envelope.type });
  }
}
