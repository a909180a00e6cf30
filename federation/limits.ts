/**
 * The three age limits and how they combine: a limit may only ever be tightened (PROTOCOL §4.5).
 */

import { SURVIVAL_CEILING_MS } from '../core/limits.ts';
import type { Members } from './members.ts';

/** Ages at which evidence stops being FRESH, DEGRADED and SURVIVAL, in milliseconds. */
export interface AgeLimits {
  readonly freshForMs: number;
  readonly degradedForMs: number;
  readonly survivalForMs: number;
}

/** What a missing limit means: stale at once, never infinity. */
export const NO_LIMITS: AgeLimits = { freshForMs: 0, degradedForMs: 0, survivalForMs: 0 };

/** Reads limits; an absent member is 0. Refuses `document-malformed` past the ceiling of all. */
export function readLimits(members: Members): AgeLimits {
  const limit = (name: string): number =>
    members.has(name) ? members.integer(name, 0, SURVIVAL_CEILING_MS) : 0;
  return {
    freshForMs: limit('freshForMs'),
    degradedForMs: limit('degradedForMs'),
    survivalForMs: limit('survivalForMs'),
  };
}

/** The tightest of several limits, each of the three for itself. */
export function tightest(first: AgeLimits, ...others: readonly AgeLimits[]): AgeLimits {
  let { freshForMs, degradedForMs, survivalForMs } = first;
  for (const limits of others) {
    freshForMs = Math.min(freshForMs, limits.freshForMs);
    degradedForMs = Math.min(degradedForMs, limits.degradedForMs);
    survivalForMs = Math.min(survivalForMs, limits.survivalForMs);
  }
  return { freshForMs, degradedForMs, survivalForMs };
}

/** True when no limit of `limits` is above the same one of `ceilings`. */
export function isWithin(limits: AgeLimits, ceilings: AgeLimits): boolean {
  return (
    limits.freshForMs <= ceilings.freshForMs &&
    limits.degradedForMs <= ceilings.degradedForMs &&
    limits.survivalForMs <= ceilings.survivalForMs
  );
}
