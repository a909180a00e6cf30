/** An authority revokes: what it says, in which order, and whom it reaches. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { REVOCATION_DOCUMENTS_MAX, REVOCATION_MONTH_MS } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { DAY_MS, UNIX_MS_MAX, unixMs } from '../../core/time.ts';
import { decodeTick, STOP_INDEX } from '../../federation/tick.ts';
import { linkedCouple, type Machine } from '../fakes/coalition.ts';

const test = suite('federation/revoke');

function leafOf(blue: Machine, target = '0a') {
  return { class: 'leaf', target, notAfter: unixMs(blue.wallMs + DAY_MS) } as const;
}

function isRevoked(machine: Machine, blue: Machine, target = '0a'): boolean {
  return machine.view(blue.domain).revocations.union.has(`leaf/${target}`);
}

test('reaches a partner at once, and the successor pins what it said', () => {
  const { world, blue, red } = linkedCouple();
  const epoch = blue.view().epoch;
  const request = blue.revoke(leafOf(blue));
  assert.not.instance(blue.replies.get(request), Refusal);
  world.settle();
  assert.ok(isRevoked(red, blue));
  world.advance(200);
  assert.ok(red.view(blue.domain).epoch > epoch);
  assert.is(red.view(blue.domain).standing.tier, 'FRESH');
  assert.equal(
    red.refused.filter(({ judgement }) => judgement === 'reject'),
    [],
  );
});

/** The documents that a machine holds: their targets each. */
function documentsAt(machine: Machine, blue: Machine): readonly (readonly string[])[] {
  const { documents } = machine.view(blue.domain).revocations;
  return documents.map(({ entries }) => entries.map(({ target }) => target)).sort();
}

test('says again what ends in the same month, and leaves the others beside it', () => {
  const { world, blue, red } = linkedCouple();
  const leaf = (target: string, months: number) => ({
    ...leafOf(blue, target),
    notAfter: unixMs(
      (Math.floor(blue.wallMs / REVOCATION_MONTH_MS) + months) * REVOCATION_MONTH_MS + 1,
    ),
  });
  blue.revoke(leaf('0a', 1));
  blue.revoke(leaf('0b', 2));
  blue.revoke(leaf('0c', 1));
  world.advance(2_000);
  for (const machine of [blue, red]) {
    assert.equal(documentsAt(machine, blue), [['0a', '0c'], ['0b']]);
    assert.is(machine.view(blue.domain).standing.tier, 'FRESH');
  }
  // Whoever comes later is given both, and knows that there are two.
  world.cut(blue, red);
  const green = world.add({ name: 'green' });
  world.advance(500);
  world.befriend(blue, green);
  world.link(blue, green);
  world.advance(2_000);
  assert.equal(documentsAt(green, blue), [['0a', '0c'], ['0b']]);
});

test('is missed when every disk forgot it, over beacons and starts, until people revoke anew', () => {
  const { world, blue, red } = linkedCouple();
  blue.revoke(leafOf(blue, '0b'));
  world.advance(2_000);
  const disk = new Map(blue.records);
  blue.revoke(leafOf(blue, '0c'));
  world.advance(2_000);
  world.cut(blue, red);
  for (const key of [...red.records.keys()]) {
    if (key.includes(`${blue.domain}/revocations/`) && !disk.has(key)) red.records.delete(key);
  }
  blue.records.clear();
  for (const [key, value] of disk) blue.records.set(key, value);
  world.revive(red);
  world.revive(blue, red);
  const areAll = (tier: string): void => {
    world.advance(2_000);
    for (const machine of [blue, red]) {
      const { standing } = machine.view(blue.domain);
      assert.equal([standing.tier, standing.lacksRevocations], [tier, tier !== 'FRESH']);
    }
  };
  areAll('DEGRADED');
  assert.not.instance(blue.replies.get(blue.publish([])), Refusal);
  areAll('DEGRADED');
  world.revive(blue, red);
  areAll('DEGRADED');
  blue.revoke(leafOf(blue, '0c'));
  areAll('FRESH');
});

test('says all of it again where so many documents are held that room would run out', () => {
  const { world, blue, red } = linkedCouple();
  const count = 2 * REVOCATION_DOCUMENTS_MAX;
  for (let month = 1; month <= count; month++) {
    const notAfter = unixMs(blue.wallMs + month * REVOCATION_MONTH_MS);
    const target = month.toString(16).padStart(2, '0');
    const request = blue.revoke({ class: 'leaf', target, notAfter });
    assert.not.instance(blue.replies.get(request), Refusal);
    world.advance(500);
  }
  for (const machine of [blue, red]) {
    assert.is(documentsAt(machine, blue).flat().length, count);
    assert.ok(documentsAt(machine, blue).length <= REVOCATION_DOCUMENTS_MAX / 2 + 1);
  }
});

test('is answered only when the stop is out and no tick can be made any more', () => {
  const { world, blue } = linkedCouple();
  world.advance(700);
  blue.drawsLate = true;
  blue.effects.length = 0;
  const request = blue.revoke(leafOf(blue));
  const at = (found: (effect: (typeof blue.effects)[number]) => boolean) =>
    blue.effects.findIndex(found);
  const stop = at((e) => e.kind === 'gossip' && decodeTick(e.message).index === STOP_INDEX);
  const stored = at(
    (e) => e.kind === 'persist' && e.writes.some(({ key }) => key.includes('/revocations/')),
  );
  const reply = at((e) => e.kind === 'reply' && e.request === request);
  const sent = blue.effects.findIndex((e, i) => e.kind === 'send' && i > stored);
  assert.ok(0 <= stop && stop < stored && stored < sent && stored < reply);
  blue.effects.length = 0;
  world.advance(20_000);
  assert.not.ok(blue.effects.some((e) => e.kind === 'gossip'));
});

test('reaches who was cut off, before anything else, and while the domain is EXPIRED', () => {
  const { world, blue, red } = linkedCouple();
  world.cut(blue, red);
  blue.revoke(leafOf(blue));
  world.advance(60_000);
  assert.is(red.view(blue.domain).standing.tier, 'EXPIRED');
  assert.not.ok(isRevoked(red, blue));
  world.link(blue, red);
  world.advance(2_000);
  assert.ok(isRevoked(red, blue));
  const events = red.audit.map(({ event }) => event);
  const after = events.slice(events.lastIndexOf('revocations.admitted'));
  assert.ok(after.includes('document.admitted') || red.view(blue.domain).isComplete);
});

test('by file reaches a partner that has no link, and a newcomer', () => {
  const { world, blue, red } = linkedCouple();
  world.cut(blue, red);
  blue.revoke(leafOf(blue));
  blue.revoke(leafOf(blue, '0b'));
  world.advance(500);
  const file = blue.node.exportBundle(blue.domain);
  red.importFile(file);
  assert.ok(isRevoked(red, blue) && isRevoked(red, blue, '0b'));
  assert.is(red.view(blue.domain).revocations.documents.length, 1);
  const green = world.add({ name: 'green' });
  world.advance(500);
  green.relate(file);
  world.advance(500);
  assert.ok(isRevoked(green, blue));
  assert.is(green.view(blue.domain).standing.tier, 'FRESH');
});

test('is remembered over a restart on both sides', () => {
  const { world, blue, red } = linkedCouple();
  blue.revoke(leafOf(blue));
  world.settle();
  blue.restart();
  red.restart();
  assert.ok(isRevoked(blue, blue) && isRevoked(red, blue));
});

test('a revoked node is admitted nowhere', () => {
  const { world, blue, red } = linkedCouple();
  const hash = new Uint8Array(32);
  const proof = blue.node.prove(blue.now, 'initiator', hash);
  const judge = () => red.node.judgePeer(red.now, 'initiator', hash, proof);
  assert.is(judge().node, blue.keys.node.keyId);
  const { keyId: target } = blue.keys.node;
  blue.revoke({ class: 'lease', target, notAfter: unixMs(blue.wallMs + DAY_MS) });
  world.settle();
  assert.throws(judge, (e: unknown) => e instanceof Refusal && e.code === 'lease-revoked');
});

test('its own beacon key revoked, the authority says nothing more and says why', () => {
  const { world, blue, red } = linkedCouple();
  const [{ keyId: target }] = blue.keys.beacon;
  blue.revoke({ class: 'authority', target, notAfter: unixMs(UNIX_MS_MAX) });
  world.advance(5_000);
  assert.is(red.view(blue.domain).standing.tier, 'EXPIRED');
  const request = blue.publish([]);
  const answer = blue.replies.get(request);
  assert.ok(answer instanceof Refusal && answer.code === 'key-revoked');
});

test('what no revocation can name is refused', () => {
  const { blue } = linkedCouple();
  const ask = (kind: 'authority' | 'identity', target: string) =>
    blue.replies.get(blue.revoke({ class: kind, target, notAfter: unixMs(UNIX_MS_MAX) }));
  const codeOf = (answer: unknown) => (answer instanceof Refusal ? answer.code : 'done');
  assert.is(codeOf(ask('authority', blue.keys.root.keyId)), 'revocation-target');
  assert.is(codeOf(ask('authority', blue.keys.revocation[0].keyId)), 'revocation-target');
  assert.is(codeOf(ask('identity', 'spiffe://red.example/web')), 'revocation-foreign');
  assert.is(codeOf(blue.replies.get(blue.revoke())), 'revocation-signers');
});

test.run();
