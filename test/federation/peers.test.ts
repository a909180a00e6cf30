/** What peers may cost: floods are dropped, lies are counted, lateness is free (PROTOCOL §6.2). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, toUtf8 } from '../../core/bytes.ts';
import { GOSSIP_BURST, STRIKES_MAX, SYNC_BURST } from '../../core/limits.ts';
import { DAY_MS, unixMs } from '../../core/time.ts';
import { decodeBundleFile } from '../../federation/bundle-file.ts';
import { encodeFrame } from '../../federation/message.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';
import { forgeBeacon, forgeRevocations, KEYS, STRANGER } from './forge.ts';
import { forgeOverride } from './forge-override.ts';

const peers = suite('federation/peers');

function couple() {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  const red = world.add({ name: 'red' });
  world.advance(500);
  world.befriend(blue, red);
  blue.importFile(red.node.exportBundle(red.domain)); // the beacon after the relation
  world.advance(2_000);
  blue.refused.length = 0;
  return { world, blue, red };
}

function gossip(machine: Machine, peer: string, bytes: Uint8Array): string {
  return machine.input({ kind: 'gossip', peer, bytes }).verdict?.code ?? 'admitted';
}

function frame(machine: Machine, peer: string, bytes: Uint8Array): string {
  return machine.input({ kind: 'frame', peer, bytes }).verdict?.code ?? 'admitted';
}

function newestTick(machine: Machine): Uint8Array {
  const tick = machine.effects.findLast((e) => e.kind === 'gossip' && e.message.length === 43);
  return tick?.kind === 'gossip' ? tick.message : new Uint8Array();
}

peers('that flood are told peer-budget, and others are still served', () => {
  const { blue, red } = couple();
  const garbage = new Uint8Array(43);
  const outcomes = Array.from({ length: GOSSIP_BURST + 50 }, () =>
    gossip(blue, 'mallory', garbage),
  );
  assert.is(outcomes.filter((code) => code === 'peer-budget').length, 50);
  assert.equal(blue.banned, []);
  assert.is(gossip(blue, 'alice', newestTick(red)), 'admitted');
  assert.is(blue.view(red.domain).standing.tier, 'FRESH');
});

peers('have a budget of frames beside that of gossip, and both fill again', () => {
  const { world, blue } = couple();
  const interest = encodeFrame({ kind: 'interest', tags: [] });
  for (let i = 0; i < SYNC_BURST; i++) assert.is(frame(blue, 'mallory', interest), 'admitted');
  assert.is(frame(blue, 'mallory', interest), 'peer-budget');
  assert.is(gossip(blue, 'mallory', new Uint8Array(43)), 'tick-unknown-beacon');
  world.advance(1_000);
  assert.is(frame(blue, 'mallory', interest), 'admitted');
});

peers('lose their place at the third message that is provably wrong', () => {
  const { blue } = couple();
  for (let strike = 1; strike <= STRIKES_MAX; strike++) {
    assert.equal(blue.banned, []);
    assert.is(frame(blue, 'mallory', Uint8Array.of(2)), 'truncated');
  }
  assert.equal(blue.banned, ['mallory']);
});

peers('are wrong in as many ways as there are rules', () => {
  const { blue, red } = couple();
  const tick = newestTick(red).slice();
  tick[10] = (tick[10] ?? 0) + 1;
  tick[42] = (tick[42] ?? 0) ^ 1;
  assert.is(gossip(blue, 'liar', tick), 'tick-wrong');
  const bundle = decodeBundleFile(toUtf8(red.node.exportBundle(red.domain)));
  const beacon = bundle.find(({ label }) => label === 'beacon')?.bytes ?? new Uint8Array();
  const other = concat(beacon.subarray(0, -10), toUtf8('"x":"0000"}'));
  assert.is(gossip(blue, 'liar', other), 'trailing-bytes');
  const manifest = bundle.find(({ label }) => label === 'manifest')?.bytes ?? new Uint8Array();
  assert.is(gossip(blue, 'liar', manifest), 'document-type');
  assert.equal(blue.banned, ['liar']);
});

peers('that are only late lose nothing, however often', () => {
  const { world, blue, red } = couple();
  const old = newestTick(red);
  const file = decodeBundleFile(toUtf8(red.node.exportBundle(red.domain)));
  const envelopes = file.filter(({ label }) => label !== 'tick');
  red.publish([{ type: 'bundle', name: 'bundle', body: { keys: [], spiffe_refresh_hint: 9 } }]);
  blue.importFile(red.node.exportBundle(red.domain));
  world.advance(1_000);
  const codes = new Set<string>();
  for (let i = 0; i < 8; i++) {
    codes.add(gossip(blue, 'carol', old));
    for (const { bytes } of envelopes) {
      codes.add(frame(blue, 'carol', encodeFrame({ kind: 'envelope', bytes })));
    }
    codes.add(gossip(blue, 'carol', forgeBeacon({ domain: 'green.example' }).bytes));
  }
  assert.ok(codes.has('tick-unknown-beacon') && codes.has('epoch-rolled-back'));
  assert.ok(codes.has('domain-unrelated') && codes.has('document-held'));
  assert.equal(blue.banned, []);
});

peers('that relay the next rank before its proof lose nothing', () => {
  const { blue, red } = couple();
  const next = forgeBeacon({
    domain: red.domain,
    rank: 1,
    issuedAt: red.wallMs,
    manifest: manifestOf(red),
    signer: red.keys.beacon[1],
  });
  for (let i = 0; i < 5; i++) assert.is(gossip(blue, 'dave', next.bytes), 'beacon-rank');
  assert.equal(blue.banned, []);
});

peers('that relay what a newer Root may let people sign lose nothing, and are asked for it', () => {
  const { world, blue, red } = couple();
  world.link(blue, red);
  const dates = { notAfter: unixMs(red.wallMs + DAY_MS), at: unixMs(red.wallMs) };
  for (const signers of [[STRANGER], [], red.keys.revocation]) {
    const leaf = { class: 'leaf' as const, target: '0a', ...dates };
    const bytes = forgeRevocations([leaf], { domain: red.domain, signers });
    const envelope = encodeFrame({ kind: 'envelope', bytes });
    for (let i = 0; i < STRIKES_MAX; i++) {
      const { verdict, effects } = blue.input({ kind: 'frame', peer: 'red', bytes: envelope });
      assert.is(verdict?.code, 'root-newer');
      assert.ok(effects.some((effect) => effect.kind === 'send' && effect.peer === 'red'));
    }
  }
  const post = world.add({ name: 'post', memberOf: 'blue' });
  post.takeGrant(blue);
  world.link(blue, post);
  const bytes = forgeOverride({ issuedAt: post.wallMs, signers: [STRANGER, KEYS.documents] });
  for (let i = 0; i < STRIKES_MAX; i++) {
    assert.is(frame(post, 'blue', encodeFrame({ kind: 'envelope', bytes })), 'root-newer');
  }
  assert.equal([...blue.banned, ...post.banned], []);
});

peers('that relay a forked domain lose nothing: they may lack the proof', () => {
  const { world, blue, red } = couple();
  const fork = {
    domain: red.domain,
    epoch: Number(blue.view(red.domain).epoch),
    issuedAt: red.wallMs - 500,
    manifest: manifestOf(red),
    signer: red.keys.beacon[0],
  };
  assert.is(gossip(blue, 'witness', forgeBeacon(fork).bytes), 'epoch-repeated');
  for (let i = 0; i < 5; i++) {
    world.advance(1_000);
    assert.is(gossip(blue, 'alice', newestTick(red)), 'key-revoked');
    const next = forgeBeacon({ ...fork, epoch: fork.epoch + 1 + i });
    assert.is(gossip(blue, 'alice', next.bytes), 'key-revoked');
  }
  assert.equal(blue.banned, []);
});

function manifestOf(machine: Machine): Uint8Array {
  const file = decodeBundleFile(toUtf8(machine.node.exportBundle(machine.domain)));
  return file.find(({ label }) => label === 'manifest')?.bytes ?? new Uint8Array();
}

peers('can be sent nothing that makes a step throw', () => {
  const { blue, red } = couple();
  const seed = decodeBundleFile(toUtf8(red.node.exportBundle(red.domain)));
  let given = 0;
  for (const { bytes } of seed) {
    for (let at = 0; at < bytes.length; at += Math.max(1, Math.floor(bytes.length / 40))) {
      const bent = bytes.slice();
      bent[at] = (bent[at] ?? 0) ^ 0x41;
      const peer = `peer-${given++ % 50}`;
      gossip(blue, peer, bent);
      frame(blue, peer, encodeFrame({ kind: 'envelope', bytes: bent }));
      frame(blue, peer, bytes.subarray(0, at));
    }
  }
  assert.is(blue.view(red.domain).standing.tier, 'FRESH');
  assert.equal(blue.alarms, []);
});

peers.run();
