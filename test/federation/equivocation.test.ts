/** Equivocation proofs: who takes which from whom, what they do, and how they spread. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, toUtf8, Writer } from '../../core/bytes.ts';
import { Refusal, type RefusalCode, refusalOf } from '../../core/refusal.ts';
import type { AdmitContext } from '../../federation/admission.ts';
import { admitProof } from '../../federation/admit-proof.ts';
import { rankInForce } from '../../federation/belief.ts';
import { signEnvelope } from '../../federation/envelope.ts';
import { decodeEquivocation, encodeEquivocation } from '../../federation/equivocation.ts';
import { encodeFrame } from '../../federation/message.ts';
import { Coalition, type Machine, SUITE } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';
import { Climber, settled } from './climber.ts';
import { DOMAIN, forgeBeacon, forgeRoot, KEYS, NOW, STRANGER } from './forge.ts';

const proofs = suite('federation/equivocation');

const ONE = forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000 });
const RIVAL = forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, seed: 'rival' });
const PROOF = encodeEquivocation(ONE.bytes, RIVAL.bytes);

/** Shows a proof to a node, as anybody may. */
function show(node: Climber, bytes: Uint8Array): 'admitted' | RefusalCode {
  const context: AdmitContext = { suite: SUITE, now: node.now, bootId: node.bootId };
  const outcome = refusalOf(() => admitProof(context, node.belief, decodeEquivocation(bytes)));
  if (outcome instanceof Refusal) return outcome.code;
  node.belief = outcome.belief;
  for (const { key, value } of outcome.writes) {
    if (value === null) node.records.delete(key);
    else node.records.set(key, value);
  }
  return 'admitted';
}

proofs('are the same in either order, and read back', () => {
  for (const bytes of [PROOF, encodeEquivocation(RIVAL.bytes, ONE.bytes)]) {
    const read = decodeEquivocation(bytes);
    assert.is(read.keyId, KEYS.beacon[0].keyId);
    assert.is(read.domain, DOMAIN);
    const node = settled();
    assert.is(show(node, bytes), 'admitted');
    assert.is(rankInForce(node.restart().belief), 1);
  }
});

proofs('hold two payloads of one key under one number, or are none', () => {
  const cases: readonly (readonly [RefusalCode, Uint8Array, Uint8Array])[] = [
    ['proof-malformed', ONE.bytes, ONE.bytes],
    ['proof-malformed', ONE.bytes, forgeBeacon({ epoch: 3 }).bytes],
    ['proof-malformed', ONE.bytes, forgeBeacon({ epoch: 2, rank: 1 }).bytes],
    ['proof-malformed', ONE.bytes, forgeBeacon({ epoch: 2, seed: 'x', signer: STRANGER }).bytes],
    ['proof-malformed', ONE.bytes, forgeBeacon({ epoch: 2, domain: 'red.example' }).bytes],
    ['proof-malformed', ONE.bytes, forgeRoot()],
    ['truncated', ONE.bytes, RIVAL.bytes.subarray(0, -1)],
    ['trailing-bytes', ONE.bytes, concat(RIVAL.bytes, Uint8Array.of(0))],
    ['too-large', ONE.bytes, new Uint8Array(40_000)],
  ];
  for (const [code, one, other] of cases) {
    refuses(code, () => decodeEquivocation(encodeEquivocation(one, other)), code);
  }
  const long = concat(new Writer().u32(20_000).finish(), ONE.bytes, RIVAL.bytes);
  refuses('too-large', () => decodeEquivocation(long));
  refuses('truncated', () => decodeEquivocation(Uint8Array.of(0, 0)));
});

proofs('signed anew are one payload: a relay makes none of what it has', () => {
  const members = { ...JSON.parse(new TextDecoder().decode(payloadOf(ONE.bytes))) };
  const again = signEnvelope('beacon', members, [KEYS.beacon[0]]);
  assert.not.equal(again, ONE.bytes);
  refuses('proof-malformed', () => decodeEquivocation(encodeEquivocation(ONE.bytes, again)));
});

proofs('that are forged, of a key of no Root, or of one held already, change nothing', () => {
  const bent = RIVAL.bytes.map((byte, i) => (i === 60 ? byte ^ 1 : byte));
  assert.is(show(settled(), encodeEquivocation(ONE.bytes, bent)), 'signature-invalid');
  const stranger = [1, 2].map((i) => forgeBeacon({ seed: `${i}`, signer: STRANGER }).bytes);
  const made = encodeEquivocation(stranger[0] ?? bent, stranger[1] ?? bent);
  assert.is(show(settled(), made), 'beacon-key');
  const node = settled();
  assert.is(show(node, PROOF), 'admitted');
  const third = forgeBeacon({ epoch: 2, issuedAt: NOW + 1_000, seed: 'third' });
  assert.is(show(node, encodeEquivocation(ONE.bytes, third.bytes)), 'document-held');
  assert.is(show(new Climber(), PROOF), 'root-unknown');
});

proofs(
  'of a key that a Root not held may have named wait for it; what no Root named is wrong',
  () => {
    const beacon = [...KEYS.beacon, KEYS.node];
    const next = forgeRoot({ version: 2, issuedAt: NOW + 500, beacon });
    const under = (root: number) =>
      ['one', 'other'].map((seed) => {
        const place = { root, rank: 2, epoch: 2, issuedAt: NOW + 1_000 };
        return forgeBeacon({ ...place, seed, signer: KEYS.node }).bytes;
      }) as [Uint8Array, Uint8Array];
    const proof = encodeEquivocation(...under(2));
    assert.is(show(settled(), proof), 'beacon-root');
    assert.is(new Refusal('beacon-root').judgement, 'ignore');
    assert.is(show(settled().take(next), proof), 'admitted');
    // Whoever held that Root would pass it on, and be blamed by whoever does not.
    const early = encodeEquivocation(...under(1));
    assert.is(show(settled(), early), 'beacon-key');
    assert.is(show(settled().take(next), early), 'beacon-key');
  },
);

proofs('of a key that a Root retired harm nobody', () => {
  const beacon = [KEYS.node, KEYS.beacon[1]];
  const rotated = forgeRoot({
    ...{ version: 2, issuedAt: NOW + 500, beacon, ranks: [2, 3], retired: [KEYS.beacon[0]] },
  });
  const node = settled().take(rotated);
  assert.is(show(node, PROOF), 'beacon-key-replaced');
  assert.is(node.standing.tier, 'FRESH');
});

proofs('take from the disputed number on, and leave what stands below it its age', () => {
  const below = settled().wait(5_000).take(forgeBeacon().tick(4));
  assert.is(show(below, PROOF), 'admitted');
  assert.is(below.belief.asOf, NOW + 4_000);
  assert.is(below.give(forgeBeacon().tick(5)), 'key-revoked');
  const at = settled().wait(5_000).take(ONE.bytes, ONE.tick(2));
  assert.is(show(at, PROOF), 'admitted');
  assert.is(at.belief.asOf, NOW);
  const above = settled()
    .wait(5_000)
    .take(forgeBeacon({ epoch: 3, issuedAt: NOW + 2_000 }).bytes);
  assert.is(show(above, PROOF), 'admitted');
  assert.is(above.belief.asOf, NOW);
});

/** Two partners of blue in a row: what one learns, the other hears of through it alone. */
function row() {
  const coalition = new Coalition();
  const [blue, red, gold] = ['blue', 'red', 'gold'].map((name) => coalition.add({ name })) as [
    Machine,
    Machine,
    Machine,
  ];
  coalition.befriend(blue, red);
  coalition.befriend(blue, gold);
  coalition.befriend(red, gold);
  coalition.link(blue, red);
  coalition.advance(2_000);
  return { coalition, blue, red, gold };
}

/** What a thief of blue’s beacon key makes, and no one has held one half of. */
function stolenProof(coalition: Coalition): Uint8Array {
  const plan = { issuedAt: coalition.nowMs, epoch: 800_000 };
  const [a, b] = ['a', 'b'].map((seed) => forgeBeacon({ ...plan, seed }).bytes);
  return encodeEquivocation(a ?? PROOF, b ?? PROOF);
}

proofs('go to every peer at once, and to whoever links later, over third parties', () => {
  const { coalition, blue, red, gold } = row();
  const bytes = stolenProof(coalition);
  coalition.cut(blue, red);
  coalition.link(red, gold);
  red.input({ kind: 'frame', peer: 'somebody', bytes: encodeFrame({ kind: 'proof', bytes }) });
  coalition.settle();
  for (const machine of [red, gold]) {
    assert.ok(machine.audit.some(({ event }) => event === 'beacon.equivocation'));
    assert.is(machine.alarms.length, 1);
  }
  // The owner of the key links after that: it learns that its key is stolen, and falls silent.
  coalition.link(blue, gold);
  coalition.advance(1_000);
  assert.ok(blue.audit.some(({ event }) => event === 'beacon.equivocation'));
  const refused = blue.replies.get(blue.publish([]));
  assert.is(refused instanceof Refusal ? refused.code : 'taken', 'key-revoked');
  assert.equal([blue.banned, red.banned, gold.banned], [[], [], []]);
});

proofs('let the owner go on at once where the next rank lies on the same machine', () => {
  const { coalition, blue, red } = row();
  const [, next] = blue.keys.beacon;
  assert.ok(next !== undefined);
  blue.input({ kind: 'key', key: next });
  const { epoch } = red.view(blue.domain);
  const frame = encodeFrame({ kind: 'proof', bytes: stolenProof(coalition) });
  red.input({ kind: 'frame', peer: 'blue', bytes: frame });
  coalition.advance(3_000);
  const seen = red.view(blue.domain);
  assert.equal([seen.rank, seen.epoch, seen.standing.tier], [1, epoch + 1n, 'FRESH']);
  assert.is(blue.view(blue.domain).beacon, seen.beacon);
});

proofs('travel by file, and a file read twice says nothing twice', () => {
  const { coalition, blue, red, gold } = row();
  const bytes = stolenProof(coalition);
  red.input({ kind: 'frame', peer: 'blue', bytes: encodeFrame({ kind: 'proof', bytes }) });
  const file = red.node.exportBundle(blue.domain);
  for (const again of [false, true]) {
    const answer = gold.replies.get(gold.importFile(file));
    assert.ok(answer !== undefined && !(answer instanceof Refusal));
    const proof = answer.imported.find(({ type }) => type === 'proof');
    if (!again) assert.is(proof?.outcome, 'admitted');
    else assert.ok(proof?.outcome instanceof Refusal && proof.outcome.code === 'document-held');
  }
  assert.is(gold.alarms.length, 1);
  assert.ok(toUtf8(file).length > 0);
});

function payloadOf(envelope: Uint8Array): Uint8Array {
  const text = new TextDecoder('latin1').decode(envelope);
  return envelope.subarray(text.indexOf('{"domain"'));
}

proofs.run();
