/** What the window says of one domain: its tier, its age, its next cliff, in words. */

import type { DomainStatus, Tier } from '../daemon/control/views.ts';
import { ageText, leftText } from './format.ts';
import type { Tone } from './line.ts';

const TONES: Readonly<Record<Tier, Tone>> = {
  FRESH: 'good',
  DEGRADED: 'warn',
  SURVIVAL: 'warn',
  EXPIRED: 'bad',
  QUARANTINED: 'bad',
  NONE: 'bad',
};

/** The tone beside the word; a tier that a newer daemon invented is plain. */
export function tierTone({ tier }: DomainStatus): Tone {
  return TONES[tier] ?? 'plain';
}

/** `14 min`, `unknown` where nothing bounds it, or `-` where nothing is held. */
export function domainAge({ tier, ageMs }: DomainStatus): string {
  if (tier === 'NONE') return '-';
  return ageMs === null ? 'unknown' : ageText(ageMs);
}

/** `DEGRADED in 5+ min`, or `-` at the last tier. */
export function cliffText({ nextCliff }: DomainStatus): string {
  return nextCliff === null ? '-' : `${nextCliff.tier} in ${leftText(nextCliff.inMs)}`;
}

/** `late, stopped`: what is worth a remark. */
export function remarksText({ stopped, late, timeUnknown, overrides }: DomainStatus): string {
  const remarks = [
    stopped && 'stopped',
    late && 'late',
    timeUnknown && 'time unknown',
    ...overrides.map(({ action }) => `${action} overridden`),
  ];
  return remarks.filter((remark) => remark !== false).join(', ');
}

/** An act and the worst tier of our own domain that permits it (PROTOCOL §4.7). */
export const DEFAULT_PERMITS: readonly (readonly [act: string, worst: Tier, says: string])[] = [
  ['issue', 'FRESH', 'first identities'],
  ['renew', 'SURVIVAL', 'renewed identities'],
  ['serve-foreign', 'DEGRADED', 'serve partners'],
  ['accept-foreign', 'DEGRADED', 'accept partners'],
  ['change-policy', 'FRESH', 'changes of any kind'],
  ['revoke', 'QUARANTINED', 'revoke and report'],
];

const ORDER: readonly Tier[] = ['FRESH', 'DEGRADED', 'SURVIVAL', 'EXPIRED', 'QUARANTINED'];

/** True where `tier` is no worse than the worst that permits the act. With nothing held, no. */
export function permits(tier: Tier, worst: Tier): boolean {
  const at = ORDER.indexOf(tier);
  return at >= 0 && at <= ORDER.indexOf(worst);
}
