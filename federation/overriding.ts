/**
 * What overrides come to at one instant (PROTOCOL §4.9): which are in force, and whether an act
 * may rest on statements of a tier that its class forbids.
 *
 * Pure, as `standing.ts`: an override ends by a clock, so where the date is not known none is in
 * force.
 */

import { fromHex, toUtf8 } from '../core/bytes.ts';
import { type Digest, digestOf } from '../core/digest.ts';
import { clockOf } from './age.ts';
import { type Belief, newestRoot } from './belief.ts';
import type { Moment } from './moment.ts';
import type { HeldOverride } from './override.ts';
import { type OverrideKey, overrideRole } from './root.ts';
import { isTimeUnknown } from './standing.ts';
import { type ActionClass, isPermitted, type Tier } from './tier.ts';

const RECALLED_LABEL = toUtf8('holdfast/recalled/v1\0');

/** An override that is in force, and the names of the people who signed it. */
export interface OverrideInForce extends HeldOverride {
  readonly people: readonly string[];
}

/** The overrides of our own domain that are in force, in the order of their digests. */
export function overridesInForce(own: Belief, now: Moment): readonly OverrideInForce[] {
  if (own.overrides.size === 0 || isTimeUnknown(own, now)) return [];
  const root = newestRoot(own)?.root;
  const clock = clockOf(own, now);
  return [...own.overrides.values()]
    .filter(({ recall, notAfter }) => recall === null && clock < notAfter)
    .map((held) => ({ ...held, people: peopleOf(held, root?.override ?? []) }))
    .filter(({ people }) => root !== undefined && people.length >= overrideRole(root).threshold)
    .sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** In how many ms the next override ends by our clock; without end where none is seen to. */
export function overrideEndsInMs(own: Belief, now: Moment): number {
  if (own.overrides.size === 0 || isTimeUnknown(own, now)) return Number.POSITIVE_INFINITY;
  return (
    Math.min(...[...own.overrides.values()].map(({ notAfter }) => notAfter)) - clockOf(own, now)
  );
}

/**
 * Digests by which two nodes compare the overrides they hold: of one that was recalled another one,
 * whoever recalled it.
 */
export function overrideDigests({ overrides }: Pick<Belief, 'overrides'>): readonly Digest[] {
  return [...overrides.values()].map(({ digest, recall }) =>
    recall === null ? digest : recalledMark(digest),
  );
}

/** What an override is compared by once it was recalled. */
export function recalledMark(override: Digest): Digest {
  return digestOf(RECALLED_LABEL, fromHex(override));
}

/**
 * What lets an act rest on statements of this tier: `plain` where its class permits it, else the
 * override that does, of several the one that lasts longest; null where nothing does.
 */
export function licenceFor(
  overrides: readonly OverrideInForce[],
  action: ActionClass,
  { tier, needs }: { readonly tier: Tier; readonly needs: Tier },
): 'plain' | OverrideInForce | null {
  if (isPermitted(tier, needs)) return 'plain';
  return overrides
    .filter((override) => override.action === action && isPermitted(tier, override.tier))
    .reduce<OverrideInForce | null>(
      (best, next) => (best !== null && best.notAfter >= next.notAfter ? best : next),
      null,
    );
}

/** Names of those who signed and whom Root still names. */
function peopleOf({ signedBy }: HeldOverride, named: readonly OverrideKey[]): readonly string[] {
  return named.filter(({ keyId }) => signedBy.includes(keyId)).map(({ name }) => name);
}
