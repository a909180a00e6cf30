/**
 * A standby: the second machine of a domain, with role keys of its own for the next Root to name
 * (PROTOCOL §2.5). What this makes is a state folder on which a daemon starts as an authority that
 * follows its domain, and writes once every rank below its own is disowned.
 *
 * The domain comes from a bundle file, pinned by the first Root that a person compared. The record
 * that says whose folder this is comes last: what a crash leaves behind is no standby, and founds
 * no domain either.
 */

import type { Digest } from '../../core/digest.ts';
import { Refusal } from '../../core/refusal.ts';
import { SEED_PAIR_BYTES } from '../../core/suite.ts';
import { admitAll } from '../../federation/admit.ts';
import { newBelief } from '../../federation/belief.ts';
import { decodeFileItems } from '../../federation/bundle-file.ts';
import { asRead } from '../../federation/moment.ts';
import { encodePublicKey } from '../ceremony/person-key.ts';
import { ROLE_KEYS, type RoleKey } from '../control/views.ts';
import { clear, encodeSelf, NODE, TRANSPORT, TRANSPORT_SEED_BYTES } from '../custody/node-keys.ts';
import type { Ground } from '../ground.ts';
import { RECORDS } from '../store/key-space.ts';
import { makeRoleKey } from './domain-keys.ts';

/** The public half of a key that was made for the next Root to name. */
export interface StandbyKey {
  readonly role: RoleKey;
  readonly keyId: string;
  /** As a file for `holdfast root propose`. */
  readonly text: string;
}

/**
 * Makes the state folder of a standby. Refuses `standby-founded` where it is somebody's already,
 * `root-conflict` where the file begins with another first Root, `domain-mismatch`, what the
 * admission of the file refuses, and `state-corrupt` for keys that an earlier attempt left.
 */
export async function createStandby(
  ground: Ground,
  file: Uint8Array,
  firstRoot: Digest,
): Promise<readonly StandbyKey[]> {
  const { config, host, store, records, custody, suite } = ground;
  const { clock, random } = host;
  const { trustDomain: domain } = config;
  if (records.has(RECORDS.self)) throw new Refusal('standby-founded', { domain });
  const context = { suite, now: asRead(clock.now()), bootId: clock.bootId };
  const items = decodeFileItems(file);
  const { writes } = admitAll(context, newBelief(domain, firstRoot), items);
  await clear(custody, [NODE, TRANSPORT], false);
  await custody.create(NODE, random.bytes(SEED_PAIR_BYTES));
  await custody.create(TRANSPORT, random.bytes(TRANSPORT_SEED_BYTES));
  const made: StandbyKey[] = [];
  for (const role of ROLE_KEYS) {
    const { keyId, publicPair } = await makeRoleKey(
      { custody, store, records, suite, random },
      role,
    );
    made.push({ role, keyId, text: encodePublicKey(publicPair) });
  }
  const value = encodeSelf({ domain, role: 'authority', founding: false });
  await store.write([...writes, { key: RECORDS.self, value }]);
  return made;
}
