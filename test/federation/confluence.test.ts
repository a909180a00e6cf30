/**
 * One belief for one set of documents: whatever the order, the repetitions and the way through
 * frames and gossip, and nothing permitted on half of the news that neither old nor new permits.
 */

import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { bootMs, unixMs } from '../../core/time.ts';
import { encodeBlock } from '../../federation/armour.ts';
import { encodeFrame } from '../../federation/message.ts';
import { FederationNode } from '../../federation/node.ts';
import { recordsByDomain, restoreBelief } from '../../federation/record.ts';
import { documentTier } from '../../federation/standing.ts';
import { TICK_BYTES } from '../../federation/tick.ts';
import { TIERS, type Tier, worst } from '../../federation/tier.ts';
import { Coalition, keysOf, SUITE } from '../fakes/coalition.ts';
import { NO_DICE } from '../fakes/seeded-random.ts';
import { type Climber, settled } from './climber.ts';
import { DOMAIN, forgeBeacon, forgeContents, forgeRoot, KEYS, NOW } from './forge.ts';

const belief = suite('federation/confluence');

const RUNS = 40;

/** A red node that relates to the forged domain by its first Root, as its records. */
const START: ReadonlyMap<string, Uint8Array> = (() => {
  const red = new Coalition(NOW + 5_000).add({ name: 'red' });
  red.relate(encodeBlock('root', forgeRoot()));
  return new Map(red.records);
})();

/** A red node without authority, on a disk of its own. */
class Reader {
  readonly records = new Map(START);
  readonly node: FederationNode;
  readonly now = { wall: unixMs(NOW + 5_000), boot: bootMs(1_000_000) };
  readonly banned: string[] = [];
  #given = 0;

  constructor() {
    this.node = new FederationNode({
      own: parseTrustDomain('red.example'),
      suite: SUITE,
      records: this.records,
      bootId: 'boot-1',
      now: this.now,
      continuity: 'software',
      limits: null,
      dice: NO_DICE,
      node: keysOf('red').node,
      authority: null,
    });
  }

  give(bytes: Uint8Array, relayed: boolean): void {
    const peer = `peer-${this.#given++ % 40}`;
    const isTick = bytes.length === TICK_BYTES;
    const kind = isTick ? 'tick' : 'envelope';
    const { effects } = this.node.handle(
      this.now,
      relayed
        ? { kind: 'gossip', peer, bytes }
        : { kind: 'frame', peer, bytes: encodeFrame({ kind, bytes }) },
    );
    for (const effect of effects) {
      if (effect.kind === 'ban') this.banned.push(effect.peer);
      if (effect.kind !== 'persist') continue;
      for (const { key, value } of effect.writes) {
        if (value === null) this.records.delete(key);
        else this.records.set(key, value);
      }
    }
  }

  /** What is believed of the forged domain, less what only the way there decides. */
  get believed(): string {
    const mine = recordsByDomain(this.records).get(DOMAIN);
    const held = mine && restoreBelief(DOMAIN, mine, { bootId: 'boot-1', continuity: 'software' });
    if (!held) return 'nothing';
    return JSON.stringify({
      roots: held.roots.map((root) => root.digest),
      beacon: held.beacon?.beacon.digest,
      tick: held.tick?.index,
      stop: held.stop !== null,
      asOf: held.asOf,
      manifest: held.manifest?.manifest.digest,
      documents: [...held.documents.values()].map((d) => [d.head.digest, d.frozenAsOf]).sort(),
      future: held.future?.issuedAt,
      disowned: [...held.disowned.keys()].sort(),
    });
  }
}

/** Gives all in the order drawn, then goes round until nothing changes any more. */
function settle(order: readonly Uint8Array[], relayed: readonly boolean[]): Reader {
  const reader = new Reader();
  for (const [i, bytes] of order.entries()) {
    const isEvidence = bytes.length === TICK_BYTES || bytes[5] === 'b'.charCodeAt(0);
    reader.give(bytes, isEvidence && bytes[6] === 'e'.charCodeAt(0) && relayed[i] === true);
  }
  for (let before = ''; before !== reader.believed; ) {
    before = reader.believed;
    for (const bytes of order) reader.give(bytes, false);
  }
  return reader;
}

/** A random order of the documents, some of them twice, and which of them come by gossip. */
function anyOrder(documents: readonly Uint8Array[]) {
  const twice = [...documents, ...documents];
  return fc.record({
    order: fc
      .shuffledSubarray(twice, { minLength: documents.length })
      .map((some) => [...some, ...documents.filter((d) => !some.includes(d))]),
    relayed: fc.array(fc.boolean(), { minLength: twice.length, maxLength: twice.length }),
  });
}

function assertOneBelief(documents: readonly Uint8Array[]): void {
  const expected = settle(documents, []).believed;
  assert.ok(expected.length > 200);
  fc.assert(
    fc.property(anyOrder(documents), ({ order, relayed }) => {
      const reader = settle(order, relayed);
      assert.is(reader.believed, expected);
      assert.equal(reader.banned, []);
    }),
    { numRuns: RUNS },
  );
}

const first = forgeContents(1);
const second = forgeContents(2);
const one = forgeBeacon();
const two = forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, manifest: second.manifest });

belief('is one for beacons, ticks, a stop, manifests and documents in any order', () => {
  const third = forgeBeacon({ epoch: 3, issuedAt: NOW + 3_000, manifest: second.manifest });
  assertOneBelief([
    ...[one.bytes, one.tick(1), first.manifest, first.bundle],
    ...[two.bytes, two.tick(1), two.stop, second.manifest, second.bundle],
    ...[third.bytes, third.tick(1), third.tick(2)],
  ]);
});

belief('is one for a rotation of the beacon key in any order', () => {
  const rotated = forgeRoot({
    version: 2,
    issuedAt: NOW + 2_000,
    beacon: [KEYS.node, KEYS.beacon[1]],
    ranks: [2, 3],
    retired: [KEYS.beacon[0]],
  });
  const dropped = forgeRoot({
    version: 3,
    issuedAt: NOW + 2_000,
    beacon: [KEYS.node],
    ranks: [2],
  });
  const third = forgeBeacon({
    root: 2,
    rank: 2,
    epoch: 3,
    issuedAt: NOW + 3_000,
    manifest: second.manifest,
    signer: KEYS.node,
  });
  assertOneBelief([
    ...[rotated, dropped],
    ...[one.bytes, first.manifest, two.bytes, second.manifest, second.bundle, third.bytes],
  ]);
});

belief('is one for an equivocation and the next rank in any order', () => {
  const rival = forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, seed: 'rival' });
  const next = forgeBeacon({ rank: 1, issuedAt: NOW + 4_000, manifest: second.manifest });
  assertOneBelief([
    ...[two.bytes, rival.bytes, next.bytes, next.tick(1)],
    ...[second.manifest, second.bundle],
  ]);
});

belief('is one for evidence of the future in any order', () => {
  const far = forgeBeacon({ epoch: 9, issuedAt: NOW + 600_000 });
  const further = forgeBeacon({ epoch: 8, issuedAt: NOW + 900_000 });
  assertOneBelief([one.bytes, two.bytes, far.bytes, further.bytes, second.manifest]);
});

/** The better of two tiers. */
function best(a: Tier, b: Tier): Tier {
  return worst(a, b) === a ? b : a;
}

/** The tier of each document held, by digest. */
function tiersOf(node: Climber): ReadonlyMap<string, Tier> {
  const { standing } = node;
  return new Map(
    [...node.belief.documents.values()].map((d) => [d.head.digest, documentTier(d, standing)]),
  );
}

belief('on part of the news permits nothing that neither the old nor the new one does', () => {
  const newest = forgeBeacon({ epoch: 2, issuedAt: NOW + 14_000, manifest: second.manifest });
  const contents = [second.manifest, second.bundle, second.entries];
  const news = [one.stop, newest.bytes, newest.tick(1), ...contents];
  const start = (): Climber => settled().wait(15_000);
  const whole = start();
  for (const bytes of [...news, ...news]) whole.give(bytes);
  const before = tiersOf(start());
  const after = tiersOf(whole);
  fc.assert(
    fc.property(fc.shuffledSubarray(news), (part) => {
      const node = start();
      for (const bytes of part) node.give(bytes);
      for (const [digest, tier] of tiersOf(node)) {
        const bound = best(before.get(digest) ?? 'EXPIRED', after.get(digest) ?? 'EXPIRED');
        assert.ok(TIERS.indexOf(tier) >= TIERS.indexOf(bound), `${tier} is above ${bound}`);
      }
    }),
    { numRuns: 200 },
  );
});

belief.run();
