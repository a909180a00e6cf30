/**
 * Weaknesses of the first design of the protocol, by the number of the finding. Each test runs
 * against what answers it; clauses.ts holds the mutant that it fails on.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../../core/canonical.ts';
import { spiffeId } from '../../core/spiffe-id.ts';
import { keyIdOf, type Signer } from '../../core/suite.ts';
import { DAY_MS } from '../../core/time.ts';
import { readBeacon } from '../../federation/beacon.ts';
import { newCourier, openPart, sealPart } from '../../federation/courier.ts';
import { decodeEnvelope, encodeEnvelope } from '../../federation/envelope.ts';
import { decodeFrame, encodeFrame, tagOf } from '../../federation/message.ts';
import { NO_POLICY, policyBody } from '../../federation/policy.ts';
import { recordKey } from '../../federation/record-key.ts';
import { checkHonoured } from '../../federation/relation.ts';
import { decodeTick, TICK_BYTES } from '../../federation/tick.ts';
import { NO_TERMS, viewOf } from '../../federation/view.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';
import { Climber, settled } from '../federation/climber.ts';
import {
  CONTENTS,
  ENTRIES_KEY,
  forgeBeacon,
  forgeContents,
  forgeManifest,
  forgeRoot,
  KEYS,
  NOW,
  pinOf,
  STRANGER,
} from '../federation/forge.ts';
import { forgeOverride, OVERRIDERS, overrideRoot } from '../federation/forge-override.ts';
import { refuses } from '../refused.ts';

const attack = suite('attack/medium');

attack('M1: the type outside and the type inside are one', () => {
  const { slots, payload } = decodeEnvelope(CONTENTS.bundle);
  refuses('document-type', () => decodeEnvelope(encodeEnvelope('policy', slots, payload)));
});

attack('M1: one Ed25519 key under two partners meets no threshold of two', () => {
  // Two pairs that share a leg: two key ids, one person.
  const { ed25519 } = KEYS.root.publicPair;
  const pair = { ed25519, mlDsa65: STRANGER.publicPair.mlDsa65 };
  const twin: Signer = { ...STRANGER, publicPair: pair, keyId: keyIdOf(pair) };
  const root = forgeRoot({ root: [KEYS.root, twin], threshold: 2, signers: [KEYS.root] });
  assert.is(new Climber(root).give(root), 'root-key-reused');
});

attack('M2: a restriction that a reader does not know makes it keep what it has', () => {
  const manifest = forgeManifest(
    1,
    { bundle: pinOf(CONTENTS.bundle) },
    { members: { must: ['x'] } },
  );
  const node = new Climber().take(forgeRoot(), forgeBeacon({ manifest }).bytes);
  assert.is(node.give(manifest), 'document-must');
});

attack('M3: a name leaves by a null digest, and may be left out after that', () => {
  const gone = { version: '2', digest: null };
  const steps: readonly JsonObject[] = [
    { bundle: pinOf(CONTENTS.bundle), [ENTRIES_KEY]: gone },
    { bundle: pinOf(CONTENTS.bundle) },
  ];
  const node = settled();
  for (const [i, names] of steps.entries()) {
    const manifest = forgeManifest(i + 2, names);
    node.take(forgeBeacon({ epoch: i + 2, manifest }).bytes, manifest);
  }
  assert.equal([...node.belief.documents.keys()], ['bundle']);
});

attack('M4: a policy permits itself nothing that Root does not', () => {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  world.advance(500);
  const greedy = new Map([...NO_POLICY.tiers, ['issue', 'EXPIRED'] as const]);
  const body = policyBody({ ...NO_POLICY, tiers: greedy });
  blue.publish([{ type: 'policy', name: 'policy', body }]);
  world.advance(2_000);
  assert.is(blue.node.policy.tiers.get('issue'), 'FRESH');
  assert.is(blue.node.policy.tiers.get('renew'), 'SURVIVAL');
});

attack('M5: freshness lasts three periods of ticks at the least', () => {
  const node = new Climber().take(forgeRoot());
  const limits = (freshForMs: number) =>
    forgeBeacon({
      members: { limits: { freshForMs, degradedForMs: 20_000, survivalForMs: 30_000 } },
    }).bytes;
  assert.is(node.give(limits(2_999)), 'beacon-limits');
  assert.is(node.give(limits(3_000)), 'admitted');
});

attack(
  'M6: a disk that a counter shows to be old keeps marks, and all ages are without end',
  () => {
    const node = settled().take(forgeBeacon({ epoch: 2 }).bytes);
    node.continuity = 'rolled-back';
    node.restart();
    assert.is(node.standing.tier, 'EXPIRED');
    assert.is(node.give(forgeBeacon().bytes), 'epoch-rolled-back');
  },
);

attack('M7: a courier file that is cut between two of its parts is seen to be', () => {
  const { key } = newCourier([], new Uint8Array(32));
  const part = sealPart(key, { index: 0, isLast: false }, new Uint8Array(9));
  refuses('truncated', () => openPart(key, { index: 0, isLast: true }, part));
});

attack('M8: a replay below the mark is dropped before a signature is looked at', () => {
  const node = settled().take(forgeBeacon({ epoch: 3 }).bytes);
  const { payload } = decodeEnvelope(forgeBeacon({ epoch: 2 }).bytes);
  assert.is(node.give(encodeEnvelope('beacon', [], payload)), 'epoch-rolled-back');
});

attack('M9: a summary names no domain to a peer that did not name it', () => {
  const { blue, red, green } = three();
  const binding = new Uint8Array(32).fill(9);
  const [named, other] = [tagOf(blue.domain, binding), tagOf(green.domain, binding)];
  blue.input({ kind: 'peer-up', peer: 'spy', domain: red.domain, groups: 'none', binding });
  blue.effects.length = 0;
  const interest = encodeFrame({ kind: 'interest', tags: [named] });
  blue.input({ kind: 'frame', peer: 'spy', bytes: interest });
  const rows = blue.effects.flatMap((effect) => {
    const said = effect.kind === 'send' ? decodeFrame(effect.frame) : null;
    return said?.kind === 'summary' ? said.rows.map(({ tag }) => tag) : [];
  });
  assert.equal(rows, [named]);
  assert.not(rows.includes(other));
});

attack('M10: ticks leave at no beat that would tell where they come from', () => {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  world.advance(500);
  const late: number[] = [];
  blue.effects.length = 0;
  for (let step = 0; step < 500; step++) {
    world.advance(20);
    const ticks = blue.effects.splice(0).flatMap((effect) => {
      const isTick = effect.kind === 'gossip' && effect.message.length === TICK_BYTES;
      return isTick ? [decodeTick(effect.message).index] : [];
    });
    const beacon = blue.records.get(recordKey(blue.domain, 'beacon')) ?? new Uint8Array();
    const { issuedAt } = readBeacon(decodeEnvelope(beacon));
    for (const index of ticks) late.push(world.nowMs - issuedAt - index * 1_000);
  }
  assert.ok(late.length >= 9);
  assert.ok(late.every((ms) => ms >= 0 && ms <= 250 + 20));
  assert.ok(Math.max(...late) - Math.min(...late) > 100);
});

attack('M11: of two Roots of one number ours stands, and nothing else moves', () => {
  const node = settled().take(forgeRoot({ version: 2 }));
  const held = node.belief.roots.at(-1)?.digest;
  assert.is(node.give(forgeRoot({ version: 2, issuedAt: NOW })), 'root-conflict');
  assert.is(node.belief.roots.at(-1)?.digest, held);
});

attack(
  'M12: what an age forbids one person permits nobody, and two not for longer than a day',
  () => {
    const node = settled().take(overrideRoot({ version: 2, issuedAt: NOW }));
    assert.is(node.give(forgeOverride({ signers: OVERRIDERS.slice(0, 1) })), 'threshold-unmet');
    assert.is(node.give(forgeOverride({ forMs: DAY_MS + 1 })), 'override-span');
    assert.is(node.give(forgeOverride({ forMs: DAY_MS })), 'admitted');
  },
);

attack('M13: ticks of the next beacon never freshen the body of the one before', () => {
  const next = forgeBeacon({
    ...{ epoch: 2, issuedAt: NOW + 1_000, manifest: forgeContents(2).manifest },
  });
  const node = settled().wait(1_000).take(next.bytes).wait(11_000).take(next.tick(11));
  const view = viewOf(node.belief, node.now, NO_TERMS);
  assert.is(view.standing.tier, 'FRESH');
  assert.is(view.documents.get('bundle')?.tier, 'DEGRADED');
});

attack('M14: a fall is told of at half, three quarters and nine tenths of the way', () => {
  const node = settled();
  const alerts = [4_999, 1, 2_500, 1_500].map((ms) => node.wait(ms).standing.alert);
  assert.equal(alerts, [0, 50, 75, 90]);
});

attack('M16: a relation is to a name and its first Root, and passes nothing on', () => {
  const { blue, red, green } = three();
  assert.throws(() => red.view(green.domain));
  assert.is(red.view(blue.domain).standing.tier, 'FRESH');
  const web = { domain: red.domain, scope: ['/web'], minAssurance: 'software' } as const;
  const named = (path: string) =>
    ({ spiffeId: spiffeId(red.domain, path), assurance: 'software' }) as const;
  checkHonoured(web, named('/web/api'));
  refuses('relation-scope', () => checkHonoured(web, named('/green/web')));
});

attack('L2: a beacon under a Root that is not held asks its sender for it, and nobody else', () => {
  const { blue, red } = three();
  blue.effects.length = 0;
  const signer = red.keys.beacon[0];
  const bytes = forgeBeacon({ domain: red.domain, root: 9, epoch: 999, signer }).bytes;
  const frame = encodeFrame({ kind: 'envelope', bytes });
  assert.is(
    blue.input({ kind: 'frame', peer: 'green', bytes: frame }).verdict?.code,
    'beacon-root',
  );
  const asked = blue.effects.flatMap((effect) => (effect.kind === 'send' ? [effect.peer] : []));
  assert.equal([...new Set(asked)], ['green']);
});

/** Blue relates to red and to green, who know nothing of each other. */
function three() {
  const world = new Coalition();
  const [blue, red, green] = ['blue', 'red', 'green'].map((name) => world.add({ name })) as [
    Machine,
    Machine,
    Machine,
  ];
  world.advance(500);
  world.befriend(blue, red);
  world.befriend(blue, green);
  world.link(blue, red);
  world.link(blue, green);
  world.advance(2_000);
  return { world, blue, red, green };
}

attack.run();
