/** How a domain is shown: its tier, its next fall, and what would mend it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DAY_MS, unixMs } from '../../core/time.ts';
import type { DomainStatus } from '../../daemon/control/views.ts';
import { domainStatus } from '../../daemon/status.ts';
import { mendAhead } from '../../daemon/tier-facts.ts';
import { FOREVER_MS } from '../../federation/age.ts';
import { TICK_BYTES } from '../../federation/tick.ts';
import { Coalition, INITIAL, type Machine, signerOf } from '../fakes/coalition.ts';
import { believed, ceremonyUpon } from '../federation/takeover-rig.ts';

const statuses = suite('daemon/status');

/** Two partners that are linked and fresh. */
function partners() {
  const coalition = new Coalition();
  const [blue, red] = [coalition.add({ name: 'blue' }), coalition.add({ name: 'red' })];
  coalition.befriend(blue, red);
  coalition.link(blue, red);
  coalition.advance(1_000);
  return { coalition, blue, red };
}

/** How `machine` shows the domain of `other`. */
function shown(machine: Machine, other: Machine): DomainStatus {
  return domainStatus(machine.view(other.domain), null);
}

statuses('of fresh domains name the next fall and nothing to mend', () => {
  const { blue, red } = partners();
  for (const other of [blue, red]) {
    const { tier, nextCliff, mend, ageMs, limits, late } = shown(blue, other);
    assert.equal([tier, mend, late], ['FRESH', '', false]);
    assert.is(nextCliff?.tier, 'DEGRADED');
    assert.is((nextCliff?.inMs ?? 0) + (ageMs ?? 0), limits.freshForMs);
  }
  assert.equal([shown(blue, blue).relation, shown(blue, red).relation], ['own', 'partner']);
});

statuses('of a partner that is cut off fall, and ask for a path or a file', () => {
  const { coalition, blue, red } = partners();
  coalition.cut(blue, red);
  const tiers: string[] = [];
  for (let second = 0; second < 40; second++) {
    coalition.advance(1_000);
    const { tier, mend, late } = shown(blue, red);
    if (tiers.at(-1) !== tier) tiers.push(tier);
    if (tier !== 'FRESH' || late) assert.match(mend, 'restore a path to red.example');
  }
  assert.equal(tiers, ['FRESH', 'DEGRADED', 'SURVIVAL', 'EXPIRED']);
  assert.is(shown(blue, red).nextCliff, null);
  assert.is(shown(blue, blue).tier, 'FRESH');
});

statuses('of a partner that withdrew something await its next beacon', () => {
  const { coalition, blue, red } = partners();
  red.publish(INITIAL.slice(2), true);
  // Its successor is made as well, but only the stop gets through.
  const revealed = red.gossiped.find(({ length }) => length === TICK_BYTES);
  assert.ok(revealed);
  coalition.cut(blue, red);
  blue.input({ kind: 'gossip', peer: 'red', bytes: revealed });
  const { stopped, tier, mend, nextCliff } = shown(blue, red);
  assert.equal([stopped, tier, nextCliff?.tier], [true, 'DEGRADED', 'SURVIVAL']);
  assert.match(mend, 'the next beacon of red.example is awaited');
});

statuses('of a domain whose revocations no disk holds any more say what it waits for', () => {
  const { coalition, blue, red } = partners();
  blue.revoke({ class: 'leaf', target: '0a', notAfter: unixMs(blue.wallMs + DAY_MS) });
  coalition.advance(1_000);
  coalition.cut(blue, red);
  for (const machine of [blue, red]) {
    for (const key of [...machine.records.keys()]) {
      if (key.includes(`${blue.domain}/revocations/`)) machine.records.delete(key);
    }
    machine.restart();
  }
  coalition.link(blue, red);
  coalition.advance(3_000);
  assert.equal([shown(blue, blue).tier, shown(red, blue).tier], ['DEGRADED', 'DEGRADED']);
  assert.match(shown(blue, blue).mend, /manifest of blue\.example.*: see holdfast revoke/);
  assert.match(shown(red, blue).mend, /manifest of blue\.example.*: link who holds them/);
  coalition.cut(blue, red);
  coalition.advance(15_000);
  assert.match(shown(red, blue).mend, 'restore a path to blue.example');
});

statuses('of our own domain that fell ask for its authority', () => {
  const { coalition, blue } = partners();
  coalition.machines.delete('blue'); // nobody wakes it any more
  blue.wallMs += 15_000;
  blue.bootNowMs += 15_000;
  const { tier, mend } = shown(blue, blue);
  assert.is(tier, 'DEGRADED');
  assert.match(mend, 'start the authority');
});

statuses('of our own domain that was put back name who can say how old it is', () => {
  const { blue } = partners();
  const view = blue.view(blue.domain);
  const put = (ageMs: number | null) =>
    domainStatus({ ...view, standing: { ...view.standing, tier: 'EXPIRED', ageMs } }, null);
  const beforeItAsked = put(null);
  assert.is(beforeItAsked.ageMs, null);
  assert.match(beforeItAsked.mend, 'holdfast authority confirm');
  const sinceItSpeaks = put(FOREVER_MS + 1_104);
  assert.is(sinceItSpeaks.ageMs, null);
  assert.match(sinceItSpeaks.mend, 'holdfast time confirm');
  assert.match(put(FOREVER_MS - 1).mend, 'start the authority');
});

statuses('of our own domain say a month ahead that its beacon key ends', () => {
  const { blue } = partners();
  const at = (days: number): string =>
    mendAhead(blue.node.forewarnings(), unixMs(blue.wallMs + days * DAY_MS));
  assert.is(at(360), '');
  assert.match(at(375), /the beacon key ends in 2[34] d/);
  assert.match(at(375), 'holdfast root propose FILE --rotate-beacon');
});

statuses('of our own domain name revocations that no newcomer takes, until a Root does', () => {
  const { coalition, blue } = partners();
  const unaware = believed(blue);
  blue.revoke({ class: 'leaf', target: '0a', notAfter: unixMs(blue.wallMs + DAY_MS) });
  coalition.advance(1_000);
  const mend = (): string => mendAhead(blue.node.forewarnings(), unixMs(blue.wallMs));
  assert.is(mend(), '');
  const people = { at: blue, founder: blue };
  const [stolen, other] = [blue.keys.revocation[0], signerOf('blue/revocation-2')];
  ceremonyUpon(
    unaware,
    people,
    { kind: 'add', role: 'revocation', key: other.publicPair },
    { kind: 'compromise', keyId: stolen.keyId },
  );
  assert.match(mend(), 'a revocation is taken by nobody who comes late');
  const [beacon] = blue.keys.beacon;
  const until = unixMs(blue.wallMs + 300 * DAY_MS);
  ceremonyUpon(believed(blue), people, { kind: 'until', keyId: beacon.keyId, until });
  assert.is(mend(), '');
});

statuses.run();
