/** A beacon as a writer makes it, and all that a reader needs to judge it. */

import { digestOf } from '../../core/digest.ts';
import { nativeSuite, type PairCheck } from '../../core/suite.ts';
import { type Beacon, readBeacon } from '../../federation/beacon.ts';
import {
  decodeEnvelope,
  ENVELOPE_CONTEXT,
  type SignerRole,
  type Verified,
  verifyEnvelope,
} from '../../federation/envelope.ts';
import { chainCommitment } from '../../federation/tick.ts';
import { forgeBeacon, KEYS } from '../federation/forge.ts';

/** The beacon of the benches: a day of ticks, one a minute. */
export const BEACON = forgeBeacon({
  periodMs: 60_000,
  count: 1_440,
  previous: digestOf(new Uint8Array()),
  members: {
    limits: { freshForMs: 600_000, degradedForMs: 86_400_000, survivalForMs: 604_800_000 },
  },
});

const [signer] = KEYS.beacon;
const ROLE: SignerRole = { keys: new Map([[signer.keyId, signer.publicPair]]), threshold: 1 };

/** What admission does to the bytes of a beacon: decode, read, verify. */
export function judgeBeacon(): { readonly beacon: Beacon; readonly verified: Verified } {
  const envelope = decodeEnvelope(BEACON.bytes);
  const beacon = readBeacon(envelope);
  return { beacon, verified: verifyEnvelope(nativeSuite, envelope, ROLE) };
}

/** The commitment of its tick chain. */
export const COMMITMENT: Uint8Array = chainCommitment(judgeBeacon().beacon);

/** The signature pair of the beacon, as the limit judges it. */
export function beaconPair(): PairCheck {
  let found: PairCheck | null = null;
  const envelope = decodeEnvelope(BEACON.bytes);
  const spy = {
    ...nativeSuite,
    verify(check: PairCheck): boolean {
      found = check;
      return nativeSuite.verify(check);
    },
  };
  verifyEnvelope(spy, envelope, ROLE);
  if (found === null) throw new Error('a beacon is verified by its pair');
  return { ...(found as PairCheck), context: ENVELOPE_CONTEXT };
}
