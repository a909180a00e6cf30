/**
 * Attacks on the first design of the protocol that broke one of its promises, by the number of the
 * finding. Each runs against what answers it; clauses.ts holds the mutant that it fails on.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal } from '../../core/refusal.ts';
import { spiffeId } from '../../core/spiffe-id.ts';
import { DAY_MS, unixMs } from '../../core/time.ts';
import { trustViewOf } from '../../daemon/trust-view.ts';
import { encodeBlock } from '../../federation/armour.ts';
import { readDocument } from '../../federation/document.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { isReadable } from '../../federation/summary.ts';
import { decodeTick, encodeTick, STOP_INDEX, TICK_BYTES } from '../../federation/tick.ts';
import { bootApprovalMessage, draftApprovals } from '../../firmware/boot-approvals.ts';
import { LIMITS, linkedCouple, type Machine } from '../fakes/coalition.ts';
import { Climber, settled } from '../federation/climber.ts';
import {
  CONTENTS,
  FOUNDED,
  forgeBeacon,
  forgeBundle,
  forgeContents,
  forgeRevocations,
  forgeRoot,
  KEYS,
  NOW,
} from '../federation/forge.ts';

const attack = suite('attack/high');

/** The stops that a machine let out, of whatever kind of message. */
function stopsOf(machine: Machine): number {
  const told = machine.effects.flatMap((effect) => {
    return effect.kind === 'gossip' ? [effect.message] : [];
  });
  return told.filter((m) => m.length === TICK_BYTES && decodeTick(m).index === STOP_INDEX).length;
}

attack('H1: the documents key alone publishes nothing past the beacon', () => {
  const node = settled();
  assert.is(node.give(forgeBundle(2)), 'document-not-pinned');
  assert.is(node.give(forgeBundle(1, { keys: [], note: 'x' })), 'document-not-pinned');
});

attack('H4: a writer that learns of a revocation stops, and pins it in its next beacon', () => {
  const { world, blue } = linkedCouple(2_000);
  const before = blue.view().epoch;
  const dates = { at: unixMs(NOW), notAfter: unixMs(NOW + DAY_MS) };
  const bytes = forgeRevocations([{ class: 'leaf', target: '0a', ...dates }]);
  blue.effects.length = 0;
  blue.importFile(encodeBlock('revocations', bytes));
  assert.is(stopsOf(blue), 1);
  world.advance(1_000);
  assert.ok(blue.view().epoch > before);
  assert.is(blue.view().revocations.union.size, 1);
  assert.is(blue.view().standing.tier, 'FRESH');
});

attack('H5: a Root alone lowers nothing whose key it does not call compromised', () => {
  const rotated = { beacon: [KEYS.node, KEYS.beacon[1]], ranks: [2, 3] };
  const root = { version: 2, issuedAt: NOW + 1, ...rotated };
  const retiring = settled().take(forgeRoot({ ...root, retired: [KEYS.beacon[0]] }));
  assert.is(retiring.standing.tier, 'FRESH');
  const naming = settled().take(forgeRoot({ ...root, compromised: [KEYS.beacon[0]] }));
  assert.is(naming.standing.tier, 'EXPIRED');
});

attack('H6: an authority whose clock leaps ahead signs nothing and poisons nobody', () => {
  const { blue, red } = linkedCouple(2_000);
  const before = red.view(blue.domain).epoch;
  blue.wallMs += 10 * 365 * DAY_MS;
  blue.input({ kind: 'wake' });
  const answer = blue.replies.get(blue.publish([]));
  assert.ok(answer instanceof Refusal && answer.code === 'time-unknown');
  assert.is(red.view(blue.domain).epoch, before);
  assert.is(red.view(blue.domain).standing.tier, 'FRESH');
});

attack('H7: a stolen beacon key ends with its date, whatever its thief numbers', () => {
  const root = forgeRoot({ until: NOW + DAY_MS });
  const node = new Climber(root).take(root).wait(2 * DAY_MS);
  const dated = (issuedAt: number) => forgeBeacon({ epoch: 9, issuedAt }).bytes;
  assert.is(node.give(dated(NOW + DAY_MS)), 'beacon-key-ended');
  assert.is(node.give(dated(NOW + DAY_MS - 1)), 'admitted');
});

attack('H8: a forged tick costs its sender’s budget before it costs a hash', () => {
  const node = settled().wait(60_000);
  const beacon = forgeBeacon();
  let asked = 0;
  const empty = {
    spend(steps: number): void {
      asked += steps;
      throw new Refusal('tick-budget', { steps });
    },
  };
  assert.is(node.give(encodeTick(beacon.digest, 60, new Uint8Array(32)), empty), 'tick-budget');
  assert.is(asked, 60);
  assert.is(
    node.give(encodeTick(beacon.digest, 61, new Uint8Array(32)), empty),
    'tick-beyond-chain',
  );
  assert.is(asked, 60);
});

attack('H8: a tick is bound to the whole of its beacon, and no fork inherits it', () => {
  const node = settled().wait(5_000);
  const other = forgeBeacon({ manifest: forgeContents(2).manifest });
  const { value } = decodeTick(other.tick(3));
  assert.is(node.give(encodeTick(forgeBeacon().digest, 3, value)), 'tick-wrong');
  assert.is(node.give(other.tick(3)), 'tick-unknown-beacon');
});

attack('H11: a digest is no capability: a partner never holds what is for own nodes', () => {
  const { world, blue, red } = linkedCouple(2_000);
  world.advance(60_000);
  assert.equal([...red.view(blue.domain).documents.keys()], ['bundle']);
  const partner = { isGuest: false, isOwnNode: false, groups: 'every' } as const;
  const headOf = (bytes: Uint8Array) => readDocument(decodeEnvelope(bytes));
  assert.not.ok(isReadable(partner, headOf(CONTENTS.entries)));
  assert.ok(isReadable(partner, headOf(CONTENTS.bundle)));
});

attack('H12: an approval that was withdrawn opens nothing, whatever file is brought back', () => {
  const pcrs = new Map([[11, new Set(['00'.repeat(32)])]]);
  const state = { name: 'edge', bank: 'sha256', events: [], secureBoot: 'any', pcrs } as const;
  const approved = (generation: bigint) =>
    draftApprovals({ ...state, firmwareVersionMin: 0n }, generation).map(bootApprovalMessage);
  // What the approver signs names the generation, so the chip compares it with its own counter.
  assert.not.equal(approved(3n), approved(4n));
});

attack('H14: another first Root under a known name changes nothing, and quarantines nobody', () => {
  const node = settled();
  assert.is(node.give(forgeRoot({ issuedAt: FOUNDED + 1 })), 'root-conflict');
  assert.is(node.standing.tier, 'FRESH');
  const fresh = new Climber(forgeRoot());
  assert.is(fresh.give(forgeRoot({ issuedAt: FOUNDED + 1 })), 'root-conflict');
});

attack('H15: a disk that takes nothing stops no withdrawal', () => {
  const { blue, red, world } = linkedCouple(2_000);
  red.input({ kind: 'store', isWritable: false });
  assert.is(red.view().standing.tier, 'SURVIVAL');
  blue.drawsLate = true;
  blue.publish([], true);
  world.settle();
  assert.ok(red.view(blue.domain).standing.stopped);
});

attack('H16: a fall of the tier takes the bundle of a partner away from workloads', () => {
  const { world, blue, red } = linkedCouple(2_000);
  const served = (): readonly string[] => {
    const node = { spiffeId: spiffeId(blue.domain, '/n'), group: 'default' } as const;
    const standing = { ...node, assurance: 'software' } as const;
    const trust = trustViewOf(
      blue.node.view(blue.now),
      blue.node.policy,
      () => new Map(),
      standing,
    );
    return [...trust.foreignAuthorities.keys()];
  };
  assert.equal(served(), [red.domain]);
  world.cut(blue, red);
  world.advance(LIMITS.degradedForMs + 1_000);
  assert.is(blue.view(red.domain).standing.tier, 'SURVIVAL');
  assert.equal(served(), []);
});

attack('H17: a stop of 43 bytes ends a beacon at once, and no tick brings it back', () => {
  const beacon = forgeBeacon();
  const node = settled().wait(5_000).take(beacon.tick(1), beacon.stop);
  assert.is(node.standing.tier, 'DEGRADED');
  assert.is(node.give(beacon.tick(2)), 'tick-stopped');
  node.take(forgeBeacon({ epoch: 2, issuedAt: NOW + 4_000 }).bytes);
  assert.is(node.standing.tier, 'FRESH');
});

attack.run();
