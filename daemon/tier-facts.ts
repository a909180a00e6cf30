/**
 * What every answer and refusal about a domain names to local callers: epoch, age, tier, the next
 * fall, and what would mend it (PROTOCOL §4.8). Remote callers get a code.
 */

import { BEACON_KEY_NOTE_MS } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { UnixMs } from '../core/time.ts';
import { FOREVER_MS } from '../federation/age.ts';
import type { Forewarnings } from '../federation/forewarning.ts';
import type { Standing } from '../federation/standing.ts';
import type { ActionClass, Tier } from '../federation/tier.ts';
import type { DomainView } from '../federation/view.ts';
import { formatDuration } from './text/duration.ts';
import { formatRfc3339 } from './text/rfc3339.ts';

/** Why an act is refused: how its domain stands, what is needed, and what would mend it. */
export function tierRefusal(
  view: DomainView,
  act: ActionClass,
  { tier, needs }: { readonly tier: Tier; readonly needs: Tier },
): Refusal {
  return new Refusal('tier-insufficient', { act, needs, ...factsOf(view), tier });
}

/** How a domain stands, as every answer about it says (PROTOCOL §4.8). */
export function factsOf(view: DomainView): Readonly<Record<string, string | number>> {
  const { domain, epoch, standing } = view;
  const { tier, cliff } = standing;
  const ageMs = knownAgeMs(standing);
  return {
    ...{ domain, epoch: String(epoch), tier },
    ...(ageMs === null ? {} : { ageMs }),
    ...(cliff === null ? {} : { next: cliff.tier, nextInMs: cliff.inMs }),
    ...(view.overrides.length === 0 ? {} : { overrides: overridesText(view) }),
    mend: mendOf(view),
  };
}

/** The age of the newest evidence; null where nothing bounds it, as in a restored state (§5.7). */
export function knownAgeMs({ ageMs }: Pick<Standing, 'ageMs'>): number | null {
  return ageMs === null || ageMs >= FOREVER_MS ? null : ageMs;
}

/** What people permit on its statements now, and until when. */
function overridesText({ overrides }: DomainView): string {
  return overrides
    .map(({ action, tier, notAfter }) => `${action} to ${tier} until ${formatRfc3339(notAfter)}`)
    .join(', ');
}

/** What would bring the domain back to FRESH, in words; empty if it is. */
export function mendOf(view: DomainView): string {
  const { standing, domain } = view;
  if (standing.tier === 'FRESH' && !standing.late) return '';
  if (standing.timeUnknown) {
    return 'link a node of this domain that knows the time; or check the clock, then: holdfast time confirm';
  }
  if (standing.tier === 'QUARANTINED') {
    return `import a newer Root of ${domain}: every beacon key is disowned`;
  }
  if (standing.lacksRevocations && !standing.stopped && isYoung(standing)) return mendOfLack(view);
  if (view.isOwn) return mendOfOwn(standing);
  if (standing.stopped) return `something was withdrawn; the next beacon of ${domain} is awaited`;
  return `restore a path to ${domain}, or: holdfast bundle import FILE with its newest bundle file`;
}

/** What our people have to see to before it locks somebody out; empty where that is nothing. */
export function mendAhead({ beaconKeyUntil, denied }: Forewarnings, now: UnixMs): string {
  if (beaconKeyUntil !== null && beaconKeyUntil - now < BEACON_KEY_NOTE_MS) {
    const left = formatDuration(beaconKeyUntil - now);
    return `the beacon key ends in ${left}, and nobody takes a beacon then: holdfast root propose FILE --rotate-beacon NEW-KEY`;
  }
  if (denied.length === 0) return '';
  const count = denied.length === 1 ? 'a revocation is' : `${denied.length} revocations are`;
  return `${count} taken by nobody who comes late, for Root took the key away; any next Root names it: holdfast root propose FILE --until KEY-ID=400d`;
}

/** True where age alone would leave the domain FRESH. */
function isYoung({ ageMs, limits }: Standing): boolean {
  return ageMs !== null && ageMs < limits.freshForMs;
}

/** What helps where the manifest pins revocations that nobody gave. */
function mendOfLack({ isOwn, domain }: DomainView): string {
  const lack = `revocations that the manifest of ${domain} pins are not here: link who holds them`;
  return isOwn
    ? `${lack}; where nobody does, revoke again what they said: see holdfast revoke`
    : `${lack}; where nobody does, its people revoke again`;
}

/** What helps our own domain: its authority speaks again, or knows again what it may rest on. */
function mendOfOwn(standing: Standing): string {
  if (standing.ageMs === null) {
    return 'link a partner or a node of this domain; an authority that has none: holdfast authority confirm';
  }
  if (knownAgeMs(standing) === null) {
    return 'link a node of this domain that knows the time; or look at a watch, then: holdfast time confirm';
  }
  return 'start the authority of this domain again; see its log';
}
