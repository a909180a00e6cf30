/** A proof exists only if one key signed two payloads under one number (PROTOCOL §5.2). */

import { equalBytes, Reader } from '../../core/bytes.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import type { KeyId, PublicPair } from '../../core/suite.ts';
import { comparePlaces, readBeacon } from '../../federation/beacon.ts';
import { decodeEnvelope, verifyEnvelope } from '../../federation/envelope.ts';
import type { Root } from '../../federation/root.ts';
import type { CheckerKind } from '../checker.ts';
import { rootsOf } from '../reading.ts';

export const aProofHoldsTwoPayloadsOfOneKey: CheckerKind = {
  sentence: 'a proof holds two payloads of one key under one number',
  make: (world, fail) => ({
    wrote: {
      disowned: ({ domain, value }, { machine }) => {
        if (value === null) return;
        const reader = new Reader(value);
        const first = decodeEnvelope(reader.take(reader.u32()));
        const second = decodeEnvelope(reader.take(reader.remaining));
        const [one, other] = [readBeacon(first), readBeacon(second)];
        const role = { keys: keysOfRank(rootsOf(machine, domain), one.rank), threshold: 1 };
        const verdicts = [first, second].map((envelope) =>
          refusalOf(() => verifyEnvelope(world.suite, envelope, role)),
        );
        const isSigned = !verdicts.some((verdict) => verdict instanceof Refusal);
        const isOfOneKey = first.slots[0]?.keyId === second.slots[0]?.keyId;
        const sameNumber = comparePlaces(one, other) === 0;
        if (isSigned && isOfOneKey && sameNumber && !equalBytes(first.payload, second.payload))
          return;
        fail(`${machine.name} holds a proof against ${domain} that proves nothing`);
      },
    },
  }),
};

/** The keys that Roots gave a rank: one in each lineage. */
function keysOfRank(roots: readonly Root[], rank: number): ReadonlyMap<KeyId, PublicPair> {
  const keys = new Map<KeyId, PublicPair>();
  for (const { beaconKeys, publicPairs } of roots) {
    for (const named of beaconKeys) {
      const pair = publicPairs.get(named.keyId);
      if (named.rank === rank && pair !== undefined) keys.set(named.keyId, pair);
    }
  }
  return keys;
}
