/**
 * What a proposal would change, in words, for the person who is asked to sign it (PROTOCOL §2.7).
 *
 * Everything that a Root says is compared, key by key: what is not mentioned does not change.
 */

import type { KeyId } from '../../core/suite.ts';
import type { Override } from '../../federation/override.ts';
import type { RevocationDocument } from '../../federation/revocations.ts';
import type { OverrideKey, Root } from '../../federation/root.ts';
import type { ActionClass } from '../../federation/tier.ts';
import { durationText } from '../text/duration.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';

/** One line for each thing that `next` says otherwise than `held`; empty where it says the same. */
export function rootWords(held: Root, next: Root): readonly string[] {
  return [
    ...lineageWords(held, next),
    ...setWords('the root role', held.root.keys, next.root.keys),
    ...setWords('the documents role', held.documents.keys, next.documents.keys),
    ...setWords('the revocation role', held.revocation.keys, next.revocation.keys),
    ...beaconWords(held, next),
    ...overriderWords(held, next),
    ...namedWords('retired: what it signed before ages on', held.retired, next.retired),
    ...namedWords('compromised: what it signed counts no more', held.compromised, next.compromised),
    ...numberWords(held, next),
    ...carriedWords(held, next),
  ];
}

/** What each act that can be overridden is, to whoever never read the protocol. */
const PERMITS: Readonly<Partial<Record<ActionClass, string>>> = {
  issue: 'first identities are issued',
  renew: 'identities are renewed',
  'serve-foreign': 'workloads are handed the bundle of that partner',
  'accept-foreign': 'identities of that partner are accepted',
};

/** What an override permits, and why, in the words of whoever drafted it. */
export function overrideWords({ about, action, tier, reason, ...dates }: Override): string[] {
  return [
    `${PERMITS[action] ?? action} (${action}) on statements of ${about} as old as ${tier}`,
    `from ${formatRfc3339(dates.issuedAt)} to ${formatRfc3339(dates.notAfter)}`,
    `reason: ${reason}`,
  ];
}

/** One line for each thing that a document of revocations takes back. */
export function revocationWords({ entries }: RevocationDocument): readonly string[] {
  return entries.map(({ class: kind, target, at }) => {
    return `${kind} ${target} is revoked for good, dated ${formatRfc3339(at)}`;
  });
}

function lineageWords(held: Root, next: Root): readonly string[] {
  if (held.lineage === next.lineage) return [];
  return [
    `a new lineage ${next.lineage}: every node forgets the epochs, the versions and the time it ` +
      'held, and begins anew; revocations stay',
  ];
}

function setWords(
  role: string,
  held: ReadonlyMap<KeyId, unknown>,
  next: ReadonlyMap<KeyId, unknown>,
): readonly string[] {
  return [
    ...[...held.keys()].filter((key) => !next.has(key)).map((key) => `${key} leaves ${role}`),
    ...[...next.keys()].filter((key) => !held.has(key)).map((key) => `${key} joins ${role}`),
  ];
}

function beaconWords(held: Root, next: Root): readonly string[] {
  const was = new Map(held.beaconKeys.map((key) => [key.keyId, key]));
  const is = new Map(next.beaconKeys.map((key) => [key.keyId, key]));
  const gone = held.beaconKeys
    .filter(({ keyId }) => !is.has(keyId))
    .map(({ keyId, rank }) => `${keyId} is no beacon key any more (it had rank ${rank})`);
  const changed = next.beaconKeys.flatMap(({ keyId, rank, until }) => {
    const before = was.get(keyId);
    const ends = formatRfc3339(until);
    if (before === undefined)
      return [`${keyId} becomes the beacon key of rank ${rank}, to ${ends}`];
    return [
      ...(before.rank === rank ? [] : [`${keyId} gets rank ${rank} instead of ${before.rank}`]),
      ...(before.until === until ? [] : [`${keyId} may sign beacons until ${ends}`]),
    ];
  });
  return [...gone, ...changed];
}

function overriderWords(held: Root, next: Root): readonly string[] {
  const lineOf = ({ keyId, name }: OverrideKey): string => `${name} (${keyId})`;
  const [was, is] = [held.override.map(lineOf), next.override.map(lineOf)];
  return [
    ...was.filter((line) => !is.includes(line)).map((line) => `${line} may not override any more`),
    ...is
      .filter((line) => !was.includes(line))
      .map((line) => `${line} may override, with one of the others, what an age forbids`),
  ];
}

function namedWords(as: string, held: readonly KeyId[], next: readonly KeyId[]): readonly string[] {
  return [
    ...next.filter((key) => !held.includes(key)).map((key) => `${key} is called ${as}`),
    ...held
      .filter((key) => !next.includes(key))
      .map((key) => `${key} is not called ${as} any more`),
  ];
}

function numberWords(held: Root, next: Root): readonly string[] {
  return FIGURES.flatMap(([name, of]) => {
    const [before, after] = [of(held), of(next)];
    return before === after ? [] : [`${name}: ${after} instead of ${before}`];
  });
}

/** Everything in a Root that is no key, as text. */
const FIGURES: readonly (readonly [name: string, of: (root: Root) => string])[] = [
  ['root keys that have to sign', (root) => String(root.root.threshold)],
  ['documents keys that have to sign', (root) => String(root.documents.threshold)],
  [
    'revocation keys, for leaves, identities and nodes',
    ({ revocation }) => String(revocation.leaseThreshold),
  ],
  ['revocation keys, for authorities', ({ revocation }) => String(revocation.authorityThreshold)],
  ['ceiling of FRESH', ({ ceilings }) => durationText(ceilings.freshForMs)],
  ['ceiling of DEGRADED', ({ ceilings }) => durationText(ceilings.degradedForMs)],
  ['ceiling of SURVIVAL', ({ ceilings }) => durationText(ceilings.survivalForMs)],
  ['kinds of lease', ({ leaseKinds }) => [...leaseKinds].sort().join(', ') || 'none'],
  ['least time between two epochs', ({ minEpochMs }) => durationText(minEpochMs)],
  ['longest chain of ticks', ({ chainMs }) => durationText(chainMs)],
  ['lead of evidence', ({ maxLeadMs }) => durationText(maxLeadMs)],
  [
    'a writer goes on without its standby',
    ({ writerForMs }) => (writerForMs === null ? 'for ever' : `for ${durationText(writerForMs)}`),
  ],
  ['leases that say the time', ({ timeQuorum }) => String(timeQuorum)],
];

function carriedWords(held: Root, next: Root): readonly string[] {
  const added = next.revocations.filter((digest) => !held.revocations.includes(digest)).length;
  const dropped = held.revocations.filter((digest) => !next.revocations.includes(digest)).length;
  return [
    ...(added === 0
      ? []
      : [`it carries on ${added} more revocation documents of keys as they were`]),
    ...(dropped === 0 ? [] : [`it carries on ${dropped} revocation documents less`]),
  ];
}
