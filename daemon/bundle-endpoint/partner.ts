/**
 * A partner that speaks SPIFFE federation alone: what its endpoint said last, and how old that is.
 *
 * Such a bundle is not signed, names no domain and bears no date. All that is known of it is that
 * the endpoint showed it when we asked; so its age counts from that moment by our own clock, and
 * whoever holds the endpoint, or the keys of the channel, can hold back what is newer
 * (docs/THREATS.md). What we can refuse is going back: `spiffe_sequence` never falls, and one
 * number never means two bundles. Pure: a value, and what becomes of it.
 */

import { toHex } from '../../core/bytes.ts';
import { canonicalText, encodeCanonical, isObject, parseWideJson } from '../../core/canonical.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import { REFRESH_MS_MAX, REFRESH_MS_MIN } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Instant, SECOND_MS, type UnixMs } from '../../core/time.ts';
import { ageAt, ledgerAt, startKeeping, type TimeKeeping } from '../../federation/age.ts';
import type { AgeLimits } from '../../federation/limits.ts';
import { limitOf, type Tier, tierBelow, tierOfAge } from '../../federation/tier.ts';
import type { RevokedSet } from '../identity/revoked.ts';
import { parseSpiffeBundle, type SpiffeBundle } from '../identity/spiffe-bundle.ts';
import { crlsIn, revokedBy } from '../identity/x509-crl.ts';
import type { EndpointTerms } from './endpoint-terms.ts';

/** What a partner published: the bytes, and what they say. */
export interface Publication {
  readonly bytes: Uint8Array;
  readonly bundle: SpiffeBundle;
  /** What the partner revoked of its own, where it is one that says so. */
  readonly revoked: RevokedSet;
}

/** The mark below which nothing is taken. */
export interface SequenceMark {
  readonly sequence: bigint;
  /** Over the authorities that bore the number; null where only a person's file did. */
  readonly authorities: Digest | null;
}

/** When a bundle was fetched last, and the bookkeeping of time since. */
export interface LastFetch {
  readonly asOf: UnixMs;
  readonly keeping: TimeKeeping;
}

/** One partner; `fetched` is null while all we hold is what a person gave us to begin with. */
export interface Partner {
  readonly terms: EndpointTerms;
  readonly held: Publication | null;
  readonly mark: SequenceMark | null;
  readonly fetched: LastFetch | null;
}

/** How a partner stands now; `NONE` until its endpoint has answered once. */
export interface PartnerStanding {
  readonly tier: Tier | 'NONE';
  readonly ageMs: number | null;
  readonly limits: AgeLimits;
  readonly cliff: { readonly tier: Tier; readonly inMs: number } | null;
}

/** Polls missed in a row before a partner is no longer FRESH (compare PROTOCOL §4.5). */
const FRESH_POLLS = 3;

/** A partner as a person adds it. Refuses what `readPublication` does. */
export function newPartner(terms: EndpointTerms, bootstrap: Uint8Array | null): Partner {
  if (bootstrap === null) return { terms, held: null, mark: null, fetched: null };
  const held = readPublication(bootstrap);
  const { sequence } = held.bundle;
  const mark = sequence === null ? null : { sequence, authorities: null };
  return { terms, held, mark, fetched: null };
}

/** Reads a bundle as endpoints publish it. Refuses `bundle-malformed`, and as `parseJson`. */
export function readPublication(bytes: Uint8Array): Publication {
  const value = parseWideJson(bytes);
  if (!isObject(value)) throw new Refusal('bundle-malformed', { why: 'not an object' });
  const bundle = parseSpiffeBundle(value);
  const crls = crlsIn(value, [...bundle.x509Authorities, ...bundle.mlDsa65.x509Authorities]);
  return { bytes, bundle, revoked: revokedBy(crls) };
}

/**
 * The partner after its endpoint answered with `bytes`. Refuses what `readPublication` does,
 * `sequence-rolled-back` and `sequence-repeated`; then what is held stays, and ages.
 */
export function learn(partner: Partner, bytes: Uint8Array, now: Instant): Partner {
  const held = readPublication(bytes);
  const mark = checkSequence(partner.mark, held.bundle);
  const fetched = { asOf: now.wall, keeping: startKeeping(now.wall, now) };
  return { ...partner, held, mark, fetched };
}

/** True if both publish the same authorities. */
export function isSameTrust(a: Partner, b: Partner): boolean {
  return fingerprintOf(a.held?.bundle) === fingerprintOf(b.held?.bundle);
}

/** How long to wait between two polls: what the partner asks for, within our own bounds. */
export function pollIntervalMs(partner: Partner, floorMs: number = REFRESH_MS_MIN): number {
  // A hint of a year would freeze us for a year, and the hint is all a stolen channel needs.
  if (partner.fetched === null) return floorMs;
  const hintMs = (partner.held?.bundle.refreshHintSeconds ?? 0) * SECOND_MS;
  return Math.max(floorMs, Math.min(REFRESH_MS_MAX, hintMs));
}

/** How the partner stands, by limits of our own: it sends none. */
export function standingOf(partner: Partner, ours: AgeLimits, now: Instant): PartnerStanding {
  const freshForMs = Math.min(
    ours.degradedForMs,
    Math.max(ours.freshForMs, FRESH_POLLS * pollIntervalMs(partner)),
  );
  const limits = { ...ours, freshForMs };
  if (partner.fetched === null) return { tier: 'NONE', ageMs: null, limits, cliff: null };
  const { asOf, keeping } = partner.fetched;
  const ageMs = ageAt(keeping, asOf, now);
  const tier = tierOfAge(ageMs, limits);
  const end = limitOf(tier, limits);
  const cliff = end === null ? null : { tier: tierBelow(tier), inMs: Math.max(0, end - ageMs) };
  return { tier, ageMs, limits, cliff };
}

/** The partner with its powered time brought up to now, as it is stored between fetches. */
export function checkpoint(partner: Partner, now: Instant): Partner {
  if (partner.fetched === null) return partner;
  const { asOf, keeping } = partner.fetched;
  const ledgerMs = ledgerAt(keeping, now.boot);
  return {
    ...partner,
    fetched: { asOf, keeping: { ...keeping, ledgerMs, ledgerBoot: now.boot } },
  };
}

/** SPIFFE Bundle §4.1.1: the number rises whenever the contents change, and never falls. */
function checkSequence(mark: SequenceMark | null, bundle: SpiffeBundle): SequenceMark | null {
  const { sequence } = bundle;
  if (mark === null) return sequence === null ? null : markOf(sequence, bundle);
  // Leaving the number out must not be the way around it.
  if (sequence === null || sequence < mark.sequence) {
    throw new Refusal('sequence-rolled-back', {
      expected: mark.sequence,
      got: sequence ?? 'none',
    });
  }
  const next = markOf(sequence, bundle);
  const isOther = mark.authorities !== null && mark.authorities !== next.authorities;
  if (sequence === mark.sequence && isOther) {
    throw new Refusal('sequence-repeated', { sequence });
  }
  return next;
}

function markOf(sequence: bigint, bundle: SpiffeBundle): SequenceMark {
  return { sequence, authorities: fingerprintOf(bundle) };
}

/** Over what is trusted, in no order: publishers list their keys as they come. */
function fingerprintOf(bundle: SpiffeBundle | undefined): Digest | null {
  if (bundle === undefined) return null;
  const x509 = bundle.x509Authorities.map(toHex).sort();
  const jwt = bundle.jwtAuthorities.map(({ jwk }) => canonicalText(jwk)).sort();
  return digestOf(encodeCanonical([x509, jwt]));
}
