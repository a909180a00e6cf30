/** Overrides as people sign them and as nobody should, and a Root that names those people. */

import type { JsonObject } from '../../core/canonical.ts';
import type { Signer } from '../../core/suite.ts';
import { HOUR_MS } from '../../core/time.ts';
import { decodeEnvelope, signEnvelope } from '../../federation/envelope.ts';
import { signerOf } from '../fakes/coalition.ts';
import { DOMAIN, forgeRoot, KEYS, NOW, publicMembers, type RootPlan } from './forge.ts';

/** The keys of three people, whom `overrideRoot` calls Ann, Bob and Cy. */
export const OVERRIDERS: readonly [Signer, Signer, Signer] = [
  signerOf('person/ann'),
  signerOf('person/bob'),
  signerOf('person/cy'),
];

const NAMES = ['Ann', 'Bob', 'Cy'];

/** A Root that names people who may override; all three where nothing is said. */
export function overrideRoot(
  plan: RootPlan & {
    readonly override?: readonly Signer[];
    readonly names?: readonly string[];
  } = {},
): Uint8Array {
  const { override = OVERRIDERS, names } = plan;
  const named = decodeEnvelope(forgeRoot(plan)).members.json();
  const people = override.map((signer, i) => ({
    key: signer.keyId,
    name: names?.[i] ?? NAMES[OVERRIDERS.indexOf(signer)] ?? 'Somebody',
  }));
  const keys = Object.fromEntries(override.map((signer) => [signer.keyId, publicMembers(signer)]));
  const body = {
    ...named,
    keys: { ...(named.keys as JsonObject), ...keys },
    roles: { ...(named.roles as JsonObject), override: people },
  };
  return signEnvelope('root', body, plan.signers ?? plan.root ?? [KEYS.root]);
}

/** What an override says; whatever is left out lets tokens be held for an hour from `NOW`. */
export interface OverridePlan {
  readonly about?: string;
  readonly action?: string;
  readonly tier?: string;
  readonly issuedAt?: number;
  readonly forMs?: number;
  readonly members?: JsonObject;
  readonly signers?: readonly Signer[];
}

/** The bytes of an override. */
export function forgeOverride(plan: OverridePlan = {}): Uint8Array {
  const { about = DOMAIN, action = 'accept-foreign', tier = 'EXPIRED' } = plan;
  const { issuedAt = NOW, forMs = HOUR_MS } = plan;
  const dates = { issuedAt: String(issuedAt), notAfter: String(issuedAt + forMs) };
  const body = { domain: DOMAIN, about, action, tier, reason: 'the mast is down', ...dates };
  return signEnvelope(
    'override',
    { ...body, ...plan.members },
    plan.signers ?? [...OVERRIDERS.slice(0, 2)],
  );
}
