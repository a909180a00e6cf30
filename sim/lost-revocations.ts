/**
 * Revocations that do not come to everybody. Some are lost: the manifest of a domain pins them, or
 * names one that they stood beside, and nobody holds them any more, since disks were put back. The
 * domain is DEGRADED until people revoke again (PROTOCOL §5.5). Others are of a key that Root calls
 * compromised, and not named there: who had them before keeps them, and nobody else takes them.
 */

import type { Digest } from '../core/digest.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import { readManifest } from '../federation/manifest.ts';
import { recordKey } from '../federation/record-key.ts';
import { type RevocationDocument, readRevocations, unionOf } from '../federation/revocations.ts';
import type { DomainView } from '../federation/view.ts';
import type { Machine } from './machine.ts';
import { envelopeOf, manifestOf, recordOf, rootsOf } from './reading.ts';

/** True where the manifest that `machine` holds pins what nobody of `group` does. */
export function lacksForGood(
  machine: Machine,
  domain: TrustDomain,
  group: readonly Machine[],
): boolean {
  const manifest = recordOf(machine, domain, 'manifest');
  const named = manifest === null ? null : readManifest(manifestOf(manifest)).revocations;
  if (named === null) return false;
  const held = new Map(group.flatMap((one) => revocationsOf(one, domain)));
  const beside = held.get(named)?.beside ?? [];
  return [named, ...beside.map(({ document }) => document)].some((digest) => !held.has(digest));
}

/** What a machine holds revoked by documents that nobody takes any more who lacks them. */
export function deniedAt(machine: Machine, { domain, revocations }: DomainView): readonly string[] {
  const root = rootsOf(machine, domain).at(-1);
  const compromised = new Set(root?.compromised);
  const over = revocations.documents.filter(({ digest, bytes }) => {
    const isNamed = root?.revocations.includes(digest) === true;
    return !isNamed && envelopeOf(bytes).slots.some(({ keyId }) => compromised.has(keyId));
  });
  return [...unionOf(over).keys()];
}

/** The revocation documents of a domain that a machine holds. */
export function revocationsOf(
  { believed }: Machine,
  domain: TrustDomain,
): readonly (readonly [Digest, RevocationDocument])[] {
  const prefix = recordKey(domain, 'revocations', '');
  const records = [...believed].filter(([key]) => key.startsWith(prefix));
  return records.map(([, record]) => {
    const document = readRevocations(envelopeOf(record));
    return [document.digest, document];
  });
}
