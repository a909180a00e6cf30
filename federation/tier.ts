/**
 * Tiers: what the age of our last proof still permits (PROTOCOL §4.5 to §4.7).
 *
 * FRESH → DEGRADED → SURVIVAL → EXPIRED, with QUARANTINED beside them for a domain whose every
 * beacon key is disowned. A cap lowers a tier and never raises one.
 */

import type { AgeLimits } from './limits.ts';

/** From best to worst. */
export const TIERS = ['FRESH', 'DEGRADED', 'SURVIVAL', 'EXPIRED', 'QUARANTINED'] as const;
export type Tier = (typeof TIERS)[number];

/** What one may want to do; each class has its worst permitted tier. */
export const ACTION_CLASSES = [
  'issue',
  'renew',
  'serve-foreign',
  'accept-foreign',
  'change-policy',
  'delegate',
  'revoke',
  'report',
] as const;
/** One class of act; a class that no table lists needs FRESH. */
export type ActionClass = (typeof ACTION_CLASSES)[number];

/** The table that holds where a policy says nothing (PROTOCOL §4.7). */
export const DEFAULT_TIERS: ReadonlyMap<ActionClass, Tier> = new Map<ActionClass, Tier>([
  ['issue', 'FRESH'],
  ['renew', 'SURVIVAL'],
  ['serve-foreign', 'DEGRADED'],
  ['accept-foreign', 'DEGRADED'],
  ['change-policy', 'FRESH'],
  ['delegate', 'FRESH'],
  ['revoke', 'QUARANTINED'],
  ['report', 'QUARANTINED'],
]);

/**
 * The most that a policy may permit where Root says nothing (PROTOCOL §4.7): a first issue, a
 * change and a delegation FRESH; in EXPIRED and QUARANTINED nothing but to revoke and to report.
 */
export const DEFAULT_TIER_CAPS: ReadonlyMap<ActionClass, Tier> = new Map<ActionClass, Tier>([
  ['issue', 'FRESH'],
  ['renew', 'SURVIVAL'],
  ['serve-foreign', 'SURVIVAL'],
  ['accept-foreign', 'SURVIVAL'],
  ['change-policy', 'FRESH'],
  ['delegate', 'FRESH'],
  ['revoke', 'QUARANTINED'],
  ['report', 'QUARANTINED'],
]);

/** What not even Root can lift: the worst tier that it may name for each class. */
export const TIER_CEILINGS: ReadonlyMap<ActionClass, Tier> = new Map<ActionClass, Tier>([
  ...DEFAULT_TIER_CAPS,
  ['issue', 'DEGRADED'],
  ['change-policy', 'SURVIVAL'],
  ['delegate', 'DEGRADED'],
]);

/** A table cut down where it permits more than `caps`; a class that no cap lists needs FRESH. */
export function cutDown(
  table: ReadonlyMap<ActionClass, Tier>,
  caps: ReadonlyMap<ActionClass, Tier>,
): ReadonlyMap<ActionClass, Tier> {
  return new Map(
    [...table].map(([action, tier]): [ActionClass, Tier] => {
      const cap = caps.get(action) ?? 'FRESH';
      return [action, isPermitted(tier, cap) ? tier : cap];
    }),
  );
}

/** The worse of several tiers: an act rests on every statement it uses (PROTOCOL §4.6). */
export function worst(first: Tier, ...others: readonly Tier[]): Tier {
  let found = first;
  for (const tier of others) if (TIERS.indexOf(tier) > TIERS.indexOf(found)) found = tier;
  return found;
}

/** True when `tier` is no worse than the worst one permitted. */
export function isPermitted(tier: Tier, worstPermitted: Tier): boolean {
  return TIERS.indexOf(tier) <= TIERS.indexOf(worstPermitted);
}

/** The tier of evidence of this age. A limit is passed when limit ≤ age (PROTOCOL §4.2). */
export function tierOfAge(ageMs: number, limits: AgeLimits): Tier {
  // Each limit is checked on its own, or survivalFor 0 would not expire what freshFor allows.
  if (limits.survivalForMs <= ageMs) return 'EXPIRED';
  if (limits.degradedForMs <= ageMs) return 'SURVIVAL';
  if (limits.freshForMs <= ageMs) return 'DEGRADED';
  return 'FRESH';
}

/** The age at which a tier ends, or null for the last ones. */
export function limitOf(tier: Tier, limits: AgeLimits): number | null {
  switch (tier) {
    case 'FRESH':
      return Math.min(limits.freshForMs, limits.degradedForMs, limits.survivalForMs);
    case 'DEGRADED':
      return Math.min(limits.degradedForMs, limits.survivalForMs);
    case 'SURVIVAL':
      return limits.survivalForMs;
    default:
      return null;
  }
}

/** The tier after `tier` on the way down. */
export function tierBelow(tier: Tier): Tier {
  return TIERS[Math.min(TIERS.indexOf(tier) + 1, TIERS.indexOf('EXPIRED'))] ?? 'EXPIRED';
}
