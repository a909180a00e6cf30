/**
 * Takeover as a reader hears of it: a deposed writer that goes on, the revocation of its key and
 * the next rank, in every order. Nobody speaks before their turn or after it, and whoever heard
 * everything believes the same (PROTOCOL §2.5). How long a deposed writer goes on is not bounded.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { unixMs } from '../../../core/time.ts';
import { Climber } from '../climber.ts';
import { CONTENTS, forgeBeacon, forgeRevocations, forgeRoot, KEYS, NOW } from '../forge.ts';

const takeover = suite('federation/exhaustive/takeover');

const notAfter = unixMs(NOW + 3_600_000);
const deposed = forgeBeacon();
const goesOn = forgeBeacon({ epoch: 2, issuedAt: NOW + 2_000 });
const next = forgeBeacon({ rank: 1, issuedAt: NOW + 3_000 });
const revocation = forgeRevocations(
  [{ class: 'authority', target: KEYS.beacon[0].keyId, at: unixMs(NOW), notAfter }],
  { signers: KEYS.revocation },
);
const HEARD = {
  tick: deposed.tick(1),
  goesOn: goesOn.bytes,
  tickOn: goesOn.tick(1),
  revocation,
  next: next.bytes,
} as const;
type Heard = keyof typeof HEARD;

function* ordersOf(names: readonly Heard[]): Iterable<readonly Heard[]> {
  if (names.length === 0) yield [];
  for (const first of names) {
    const others = names.filter((name) => name !== first);
    for (const rest of ordersOf(others)) yield [first, ...rest];
  }
}

takeover('takeover: lets nobody speak before their turn or after it, in any order', () => {
  const names: readonly Heard[] = ['tick', 'goesOn', 'tickOn', 'revocation', 'next'];
  const ends = new Set<string>();
  let orders = 0;
  for (const order of ordersOf(names)) {
    const reader = new Climber().wait(5_000);
    reader.take(forgeRoot(), deposed.bytes, CONTENTS.manifest, CONTENTS.bundle);
    let isRevoked = false;
    for (const name of [...order, ...order]) {
      const outcome = reader.give(HEARD[name]);
      if (name === 'revocation') isRevoked = true;
      else if (name !== 'next') assert.not.ok(isRevoked && outcome === 'admitted', name);
      if (name === 'next' && outcome === 'admitted') assert.ok(isRevoked, 'before its turn');
    }
    const { beacon, tick, asOf } = reader.belief;
    ends.add(`${beacon?.beacon.digest} ${tick?.index} ${asOf}`);
    orders++;
  }
  assert.equal([...ends], [`${next.digest} 0 ${next.issuedAt}`]);
  assert.is(orders, 120);
});

takeover.run();
