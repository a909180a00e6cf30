/**
 * Standing: how a domain stands at one instant: its age, its tier, what comes next (PROTOCOL §4).
 *
 * Pure: a belief, the limits that bind us, a clock reading. Nothing here changes anything.
 */

import { MAX_LEAD_MS } from '../core/limits.ts';
import type { UnixMs } from '../core/time.ts';
import { addMs } from '../core/time.ts';
import { ageAt, boundAt, evaluationClock } from './age.ts';
import {
  type Belief,
  type HeldDocument,
  lacksRevocations,
  newestRoot,
  rankInForce,
} from './belief.ts';
import { type AgeLimits, NO_LIMITS, tightest } from './limits.ts';
import type { Moment } from './moment.ts';
import { limitOf, type Tier, tierBelow, tierOfAge, worst } from './tier.ts';

/** Limits beside the domain's own: those of our relation and of local configuration. */
export type Tightening = readonly AgeLimits[];

/** How a domain stands at one instant; ages and times to come in milliseconds. */
export interface Standing {
  readonly tier: Tier;
  /** Age of the newest evidence; null before any. */
  readonly ageMs: number | null;
  readonly asOf: UnixMs | null;
  readonly limits: AgeLimits;
  /** The next fall: to which tier, and in how long if nothing new arrives. */
  readonly cliff: { readonly tier: Tier; readonly inMs: number } | null;
  /** How much of the way to it is gone: the highest alert that was passed, in percent, or 0. */
  readonly alert: CliffAlert;
  /** In how long the next alert is; null where there is none before the fall. */
  readonly alertInMs: number | null;
  /** Three tick periods without a tick: shown, counted, audited (PROTOCOL §4.5). */
  readonly late: boolean;
  /** In how long it will be late; null when it is, or never will be. */
  readonly lateInMs: number | null;
  readonly stopped: boolean;
  /** Revocations that its manifest pins are not here: at best DEGRADED (PROTOCOL §5.5). */
  readonly lacksRevocations: boolean;
  /** The date is not known, as far as this domain goes: at best SURVIVAL (PROTOCOL §4.4). */
  readonly timeUnknown: boolean;
}

/** Shares of the way to a fall at which people are told, in percent (PROTOCOL §4.5). */
export const CLIFF_ALERTS = [50, 75, 90] as const;
/** The highest that was passed, or 0. */
export type CliffAlert = 0 | (typeof CLIFF_ALERTS)[number];

const LATE_PERIODS = 3;

/** How the domain stands now. */
export function standingOf(belief: Belief, tightening: Tightening, now: Moment): Standing {
  const { keeping, asOf, beacon } = belief;
  const limits = limitsInForce(belief, tightening);
  const stopped = belief.stop !== null;
  const lacks = lacksRevocations(belief);
  const timeUnknown = isTimeUnknown(belief, now);
  const ageMs = keeping === null || asOf === null ? null : ageAt(keeping, asOf, now);
  const byAge = ageMs === null ? 'EXPIRED' : tierOfAge(ageMs, limits);
  const tier = worst(byAge, capOf(belief, { timeUnknown, lacks }));
  const end = limitOf(tier, limits);
  const cliff =
    ageMs === null || end === null
      ? null
      : { tier: tierBelow(tier), inMs: Math.max(0, end - ageMs) };
  const lateAtMs = beacon === null || stopped ? null : LATE_PERIODS * beacon.beacon.periodMs;
  const late = ageMs !== null && lateAtMs !== null && lateAtMs <= ageMs;
  const lateInMs = ageMs === null || lateAtMs === null || late ? null : lateAtMs - ageMs;
  const { alert, alertInMs } = alertsOf(ageMs, end);
  return {
    tier,
    ageMs,
    asOf,
    limits,
    cliff,
    alert,
    alertInMs,
    late,
    lateInMs,
    stopped,
    lacksRevocations: lacks,
    timeUnknown,
  };
}

/** The best that a domain may be, whatever its age. */
function capOf(
  belief: Belief,
  { timeUnknown, lacks }: { readonly timeUnknown: boolean; readonly lacks: boolean },
): Tier {
  if (newestRoot(belief) !== null && rankInForce(belief) === null) return 'QUARANTINED';
  if (timeUnknown) return 'SURVIVAL';
  return belief.stop !== null || lacks ? 'DEGRADED' : 'FRESH';
}

function alertsOf(
  ageMs: number | null,
  endMs: number | null,
): Pick<Standing, 'alert' | 'alertInMs'> {
  if (ageMs === null || endMs === null) return { alert: 0, alertInMs: null };
  let alert: CliffAlert = 0;
  for (const percent of CLIFF_ALERTS) {
    const at = Math.ceil((endMs * percent) / 100);
    if (ageMs < at) return { alert, alertInMs: at - ageMs };
    alert = percent;
  }
  return { alert, alertInMs: null };
}

/** The tier of one content document: never better than the domain's, older where it is frozen. */
export function documentTier(document: HeldDocument, standing: Standing): Tier {
  if (document.frozenAsOf === null) return standing.tier;
  if (standing.ageMs === null || standing.asOf === null) return worst(standing.tier, 'EXPIRED');
  const lagMs = Math.max(0, standing.asOf - document.frozenAsOf);
  return worst(standing.tier, tierOfAge(standing.ageMs + lagMs, standing.limits));
}

/** The tightest of Root's ceilings, the newest beacon, and what binds us locally (§4.5). */
export function limitsInForce(belief: Belief, tightening: Tightening): AgeLimits {
  const root = newestRoot(belief)?.root.ceilings ?? NO_LIMITS;
  const beacon = belief.beacon?.beacon.limits ?? NO_LIMITS;
  const said = tightest(root, beacon);
  return tightening.length === 0 ? said : tightest(said, ...tightening);
}

/**
 * True where the date is not known, as far as this domain goes: on the whole machine, or because
 * its bound is ahead of our clock by more than the lead, or because evidence of our future is held
 * that nobody has judged (PROTOCOL §4.3, §4.4).
 */
export function isTimeUnknown(belief: Belief, now: Moment): boolean {
  if (!now.isKnown) return true;
  const { future, keeping } = belief;
  const isHeld = future !== null && !future.isAhead;
  if (isHeld && future.issuedAt > believableUntil(belief, now)) return true;
  return keeping !== null && addMs(now.wall, leadOf(belief)) < boundAt(keeping, now.boot);
}

/** True where a statement may bear the date that we go by: it is known, and not roughly alone. */
export function mayDate(belief: Belief, now: Moment): boolean {
  return !now.isRough && !isTimeUnknown(belief, now);
}

/** How far ahead of our clock evidence of this domain may be dated. */
export function leadOf(belief: Belief): number {
  return newestRoot(belief)?.root.maxLeadMs ?? MAX_LEAD_MS;
}

/** The latest date that evidence of this domain may bear now and be believed (PROTOCOL §4.3). */
export function believableUntil(belief: Belief, now: Moment): UnixMs {
  const clock = belief.keeping === null ? now.wall : evaluationClock(belief.keeping, now);
  return addMs(clock, leadOf(belief));
}
