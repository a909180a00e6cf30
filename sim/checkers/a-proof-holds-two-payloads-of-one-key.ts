/** A proof exists only if one key signed two payloads under one number (PROTOCOL §5.2). */

import { equalBytes, Reader } from '../../core/bytes.ts';
import { comparePlaces, readBeacon } from '../../federation/beacon.ts';
import { decodeEnvelope, verifyEnvelope } from '../../federation/envelope.ts';
import type { CheckerKind } from '../checker.ts';

export const aProofHoldsTwoPayloadsOfOneKey: CheckerKind = {
  sentence: 'a proof holds two payloads of one key under one number',
  make: (world, fail) => ({
    wrote: {
      disowned: ({ domain, value }, { machine }) => {
        if (value === null) return;
        const reader = new Reader(value);
        const first = decodeEnvelope(reader.take(reader.u32()));
        const second = decodeEnvelope(reader.take(reader.remaining));
        const key = world.keys.get(domain)?.beacon[0];
        if (key === undefined) return fail(`no keys of ${domain}`);
        const role = { keys: new Map([[key.keyId, key.publicPair]]), threshold: 1 };
        for (const envelope of [first, second]) verifyEnvelope(world.suite, envelope, role);
        const sameNumber = comparePlaces(readBeacon(first), readBeacon(second)) === 0;
        if (equalBytes(first.payload, second.payload) || !sameNumber) {
          fail(`${machine.name} holds a proof against ${domain} that proves nothing`);
        }
      },
    },
  }),
};
