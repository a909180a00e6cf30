/** What the people of each domain override in a run: signed here, and remembered for checkers. */

import { Reader } from '../core/bytes.ts';
import type { Digest } from '../core/digest.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Signer } from '../core/suite.ts';
import type { UnixMs } from '../core/time.ts';
import { decodeEnvelope, encodeEnvelope, signSlot } from '../federation/envelope.ts';
import {
  draftOverride,
  type Override,
  type OverrideTerms,
  readOverride,
  signRecall,
} from '../federation/override.ts';
import { recordKey } from '../federation/record-key.ts';
import { peopleOf } from './founding.ts';
import type { World } from './world.ts';

const signedIn = new WeakMap<World, Map<Digest, Override>>();
const NONE: ReadonlyMap<Digest, Override> = new Map();

/** Every override that two people signed so far, whoever has heard of it. */
export function overridesSigned(world: World): ReadonlyMap<Digest, Override> {
  return signedIn.get(world) ?? NONE;
}

/** Two people of the domain sign. */
export function signOverride(world: World, domain: TrustDomain, terms: OverrideTerms): Uint8Array {
  const { payload } = decodeEnvelope(draftOverride(domain, terms));
  const slots = signersOf(world, domain).map((signer) => signSlot('override', payload, signer));
  const bytes = encodeEnvelope('override', slots, payload);
  const override = readOverride(decodeEnvelope(bytes));
  const all = signedIn.get(world) ?? new Map<Digest, Override>();
  signedIn.set(world, all.set(override.digest, override));
  return bytes;
}

/** One of them takes it back. */
export function signRecallOf(
  world: World,
  domain: TrustDomain,
  override: Uint8Array,
  issuedAt: UnixMs,
): Uint8Array {
  const [signer] = signersOf(world, domain);
  return signRecall(signer, { domain, override: decodeEnvelope(override).digest }, issuedAt);
}

function signersOf(world: World, domain: TrustDomain): readonly [Signer, Signer] {
  return peopleOf(world.suite, domain);
}

/** The overrides of its own domain that a machine holds, and that nobody took back. */
export function openOverridesOf(
  believed: ReadonlyMap<string, Uint8Array>,
  domain: TrustDomain,
): readonly Digest[] {
  const prefix = recordKey(domain, 'override', '');
  return [...believed].flatMap(([key, record]) =>
    key.startsWith(prefix) && !isRecalled(record) ? [key.slice(prefix.length) as Digest] : [],
  );
}

/** True for the record of an override that somebody took back. */
export function isRecalled(record: Uint8Array): boolean {
  const reader = new Reader(record);
  reader.take(reader.u32());
  return reader.remaining > 0;
}
