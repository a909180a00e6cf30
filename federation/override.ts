/**
 * Overrides: what two people permit for a time that the age of the evidence would not (PROTOCOL
 * §4.9), and the recall by which one of them takes it back.
 *
 * An override needs no pin: it is made for the days in which no beacon comes. It names one class of
 * act, one domain whose statements may be older for it, and how old. It raises no tier, and lets
 * nothing be honoured that was revoked. This file reads and writes; what is in force is judged in
 * `overriding.ts`, and who may sign in `admit-override.ts`.
 */

import { encodeCanonical } from '../core/canonical.ts';
import type { Digest } from '../core/digest.ts';
import { OVERRIDE_MS_MAX, OVERRIDE_REASON_CHARS_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { parseTrustDomain, type TrustDomain } from '../core/spiffe-id.ts';
import type { KeyId, Signer } from '../core/suite.ts';
import type { UnixMs } from '../core/time.ts';
import { encodeEnvelope, signEnvelope, type UnverifiedEnvelope } from './envelope.ts';
import { checkMust } from './must.ts';
import type { ActionClass, Tier } from './tier.ts';

/** Acts that rest on our own domain alone: nobody else's age stands in their way. */
const OWN_ACTIONS = ['issue', 'renew'] as const;
/**
 * Acts that may be overridden. What an authority changes or delegates it signs a beacon for, and
 * where it cannot there is nothing to permit; the rest is always permitted.
 */
export const OVERRIDABLE_ACTIONS = ['serve-foreign', 'accept-foreign', ...OWN_ACTIONS] as const;
/** The tiers down to which an act may be let: past QUARANTINED there is nobody to believe. */
export const OVERRIDABLE_TIERS = ['DEGRADED', 'SURVIVAL', 'EXPIRED'] as const;

/** What people decide when they override. */
export interface OverrideTerms {
  /** Whose statements may be older. */
  readonly about: TrustDomain;
  readonly action: ActionClass;
  /** The worst tier of those statements in which the act is permitted all the same. */
  readonly tier: Tier;
  /** In their own words. */
  readonly reason: string;
  readonly issuedAt: UnixMs;
  /** From then on it permits nothing, and is never in force again. */
  readonly notAfter: UnixMs;
}

/** An override as read; its digest is its name. */
export interface Override extends OverrideTerms {
  readonly digest: Digest;
}

/** An override that was admitted. */
export interface HeldOverride extends Override {
  readonly signedBy: readonly KeyId[];
  readonly bytes: Uint8Array;
  /** The envelope that took it back, or null. */
  readonly recall: Uint8Array | null;
}

const OVERRIDE_KNOWN = new Set([
  ...['about', 'action', 'domain', 'issuedAt', 'must', 'notAfter', 'reason', 'tier', 'type'],
]);
const RECALL_KNOWN = new Set(['domain', 'issuedAt', 'must', 'override', 'type']);

/**
 * Reads an override. Refuses `document-malformed`, `document-must`, `override-scope` for an act
 * that is never forbidden, a tier that permits nothing more, or an act of our own that rests on
 * another domain, and `override-span` for one that lasts longer than a day, or ends before it
 * begins.
 */
export function readOverride(envelope: UnverifiedEnvelope): Override {
  const { members, domain, digest } = envelope;
  checkMust(members, OVERRIDE_KNOWN);
  const about = parseTrustDomain(members.text('about', 255));
  const action = OVERRIDABLE_ACTIONS.find((known) => known === members.value('action'));
  const tier = OVERRIDABLE_TIERS.find((known) => known === members.value('tier'));
  if (action === undefined || tier === undefined) {
    throw new Refusal('override-scope', { why: 'not an act, or not a tier, to be overridden' });
  }
  if (about !== domain && OWN_ACTIONS.some((own) => own === action)) {
    throw new Refusal('override-scope', { action, about, expected: domain });
  }
  const [issuedAt, notAfter] = [members.time('issuedAt'), members.time('notAfter')];
  if (notAfter <= issuedAt || notAfter - issuedAt > OVERRIDE_MS_MAX) {
    throw new Refusal('override-span', { limit: OVERRIDE_MS_MAX, got: notAfter - issuedAt });
  }
  const reason = members.text('reason', OVERRIDE_REASON_CHARS_MAX);
  return { digest, about, action, tier, reason, issuedAt, notAfter };
}

/** The envelope, unsigned, of an override. Refuses as `readOverride` does when it is read. */
export function draftOverride(domain: TrustDomain, terms: OverrideTerms): Uint8Array {
  const body = {
    ...{ type: 'override', domain, about: terms.about, action: terms.action, tier: terms.tier },
    ...{ reason: terms.reason, issuedAt: String(terms.issuedAt), notAfter: String(terms.notAfter) },
  };
  return encodeEnvelope('override', [], encodeCanonical(body));
}

/** Reads which override a recall takes back. Refuses `document-malformed` and `document-must`. */
export function readRecall({ members }: UnverifiedEnvelope): Digest {
  checkMust(members, RECALL_KNOWN);
  members.time('issuedAt');
  return members.digest('override');
}

/** The recall of an override, by one person who may sign overrides. */
export function signRecall(
  signer: Signer,
  recalled: { readonly domain: TrustDomain; readonly override: Digest },
  issuedAt: UnixMs,
): Uint8Array {
  const { domain, override } = recalled;
  return signEnvelope('recall', { domain, override, issuedAt: String(issuedAt) }, [signer]);
}
