/**
 * A partner that floods: that publishes without end, or whose nodes ask without end. It spends what
 * is the partner's, and nothing of ours or of the next partner's (PROTOCOL §5.7, §6.2).
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sha256 } from '../../core/digest.ts';
import {
  DOCUMENT_BYTES_MAX,
  DOMAIN_BUDGET_MIB,
  DOMAIN_BUDGET_MIB_MIN,
  DOMAIN_MOVED_BURST,
  DOMAIN_MOVED_PER_S,
  DOMAIN_NEWS_BURST,
  DOMAIN_NEWS_PER_S,
  FOREIGN_STORE_BYTES_MIN,
  STRIKES_MAX,
  SYNC_INTERVAL_MS,
} from '../../core/limits.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import { addMs, HOUR_MS, SECOND_MS } from '../../core/time.ts';
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  tagOf,
  type Want,
} from '../../federation/message.ts';
import { checkShare, storedBytes } from '../../federation/store-share.ts';
import { TICK_BYTES } from '../../federation/tick.ts';
import { Coalition, INITIAL, type Machine } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';
import { Climber, settled } from './climber.ts';
import { forgeRoot } from './forge.ts';

const flood = suite('federation/flooding-domain');

const BULK = DOCUMENT_BYTES_MAX - 64 * 1024;
const BINDING = sha256(Uint8Array.of(7));
const LIMITS = { freshForMs: 3_600_000, degradedForMs: 7_200_000, survivalForMs: 10_800_000 };

/** Blue, whom red and green are partners of; nobody is linked yet. */
function trio() {
  const world = new Coalition();
  const [blue, red, green] = ['blue', 'red', 'green'].map((name) =>
    world.add({ name, limits: LIMITS, periodMs: 60_000 }),
  );
  assert.ok(blue && red && green);
  world.advance(500);
  for (const partner of [red, green]) world.befriend(blue, partner);
  return { world, blue, red, green };
}

/** A bundle of almost a mebibyte, another one each time. */
function publishBulk(machine: Machine, turn: number): void {
  const padding = `${turn}/`.padEnd(BULK, 'x');
  const bundle = { keys: [], spiffe_refresh_hint: 60, padding };
  machine.publish([{ type: 'bundle', name: 'bundle', body: bundle }]);
}

function bundleAt(machine: Machine, domain: TrustDomain): string | undefined {
  return machine.view(domain).documents.get('bundle')?.digest;
}

function frame(machine: Machine, peer: string, envelope = new Uint8Array()): string | null {
  const bytes = encodeFrame({ kind: 'envelope', bytes: envelope });
  return machine.input({ kind: 'frame', peer, bytes }).verdict?.code ?? null;
}

const many = <T>(items: readonly T[], times: number): readonly T[] =>
  Array.from({ length: times }, () => items).flat();

const codes = (machine: Machine) => machine.refused.map(({ code }) => code);

flood('by a domain that publishes ends at its budget; stops, revocations and others go on', () => {
  const { world, blue, red, green } = trio();
  for (const partner of [red, green]) world.link(blue, partner);
  const turns = Math.ceil(DOMAIN_NEWS_BURST / BULK) + 4;
  for (let turn = 0; turn < turns; turn++) {
    publishBulk(red, turn);
    world.advance(1_000);
  }
  assert.not.ok(blue.view(red.domain).isComplete, 'what red published last is not taken');
  assert.is(blue.node.shareOf(red.domain, blue.now)?.left.news, 0);

  const manifest = red.records.get(`federation/${red.domain}/manifest`)?.slice(1);
  assert.is(frame(blue, 'red', manifest), 'domain-budget', 'nor what it hands over unasked');

  green.publish(INITIAL);
  world.advance(1_000);
  assert.ok(blue.view(green.domain).isComplete, 'green is heard as before');
  assert.is(blue.view(green.domain).epoch, green.view().epoch);

  const revoked = 'ab'.repeat(32);
  red.revoke({ class: 'lease', target: revoked, notAfter: addMs(red.now.wall, HOUR_MS) });
  world.advance(1_000);
  assert.is(blue.view(red.domain).revocations.union.size, 1, 'what red takes back is taken');

  world.advance(((turns * BULK) / DOMAIN_NEWS_PER_S) * SECOND_MS);
  assert.ok(blue.view(red.domain).isComplete, 'with time red is taken again');
  assert.is(blue.view(red.domain).epoch, red.view().epoch);
});

flood('by nodes that ask ends at the budget of their domain, and leaves room for a stop', () => {
  const { world, blue, red } = trio();
  publishBulk(blue, 0);
  world.advance(1_000);
  const member = world.add({ name: 'blue-member', memberOf: 'blue', limits: LIMITS });
  member.takeGrant(blue);
  const ask = (peer: string, domain = red.domain): readonly Frame[] => {
    const bundle = blue.view().documents.get('bundle');
    const tag = tagOf(blue.domain, BINDING);
    const want: Want = { tag, what: 'document', argument: bundle?.digest ?? '' };
    const before = blue.effects.length;
    blue.input({ kind: 'peer-up', peer, domain, groups: 'every', binding: BINDING });
    const bytes = encodeFrame({ kind: 'want', wants: [want] });
    blue.input({ kind: 'frame', peer, bytes });
    const sent = blue.effects.slice(before);
    return sent.flatMap((e) =>
      e.kind === 'send' && e.peer === peer ? [decodeFrame(e.frame)] : [],
    );
  };
  const given = (frames: readonly Frame[]) => frames.some(({ kind }) => kind === 'envelope');
  const peers = ['red-1', 'red-2', 'red-3', 'red-4'];
  let answered = 0;
  const asked = Math.ceil(DOMAIN_MOVED_BURST / BULK) + 8;
  for (let i = 0; i < asked; i++) answered += given(ask(peers[i % 4] ?? '')) ? 1 : 0;
  assert.ok(answered * BULK <= DOMAIN_MOVED_BURST && answered > asked - 12, `${answered} answers`);
  assert.ok(codes(blue).includes('domain-budget'));
  assert.not.ok(given(ask('red-5')), 'another node of red has no more');
  assert.ok(given(ask('blue-member', blue.domain)), 'a node of our own has what it asks for');
  blue.importFile(red.node.exportBundle(red.domain));
  red.gossiped.length = 0;
  red.publish([], true);
  const stop = red.gossiped.find((message) => message.length === TICK_BYTES);
  const bytes = encodeFrame({ kind: 'tick', bytes: stop ?? new Uint8Array() });
  assert.is(blue.input({ kind: 'frame', peer: 'red-1', bytes }).verdict, null);
  assert.ok(blue.view(red.domain).standing.stopped, 'a stop of red costs nothing');
  blue.bootNowMs += ((4 * BULK) / DOMAIN_MOVED_PER_S) * SECOND_MS;
  assert.ok(given(ask('red-1')), 'and so has red once there is room');
});

flood('by a domain that has nothing left to spend makes nothing wrong any less so', () => {
  const { blue, red } = trio();
  const said = (peer: string, bytes: Uint8Array): string | null => {
    blue.input({ kind: 'peer-up', peer, domain: red.domain, groups: 'every', binding: BINDING });
    return blue.input({ kind: 'frame', peer, bytes }).verdict?.code ?? null;
  };
  const ofNoKind = new Uint8Array(DOCUMENT_BYTES_MAX).fill(0x0f);
  const spent = Array.from({ length: DOMAIN_BUDGET_MIB + 1 }, () => said('red-1', ofNoKind));
  assert.is(spent.at(-1), 'domain-budget');
  const digestCutShort = Uint8Array.of(2);
  for (let strike = 0; strike < STRIKES_MAX; strike++) {
    assert.is(said('red-2', digestCutShort), 'truncated');
  }
  assert.equal(blue.banned, ['red-2']);
});

flood('by a partner that was granted little ends sooner, and goes on once granted more', () => {
  const { world, blue, red, green } = trio();
  const granted = { budgetMib: DOMAIN_BUDGET_MIB_MIN };
  blue.narrow(red.domain, granted);
  world.advance(1_000);
  assert.is(blue.view(red.domain).relation?.budgetMib, DOMAIN_BUDGET_MIB_MIN);
  for (const partner of [red, green]) world.link(blue, partner);
  for (let turn = 0; turn < DOMAIN_BUDGET_MIB_MIN + 3; turn++) {
    for (const partner of [red, green]) publishBulk(partner, turn);
    world.advance(1_000);
  }
  const isTaken = (partner: Machine): boolean =>
    bundleAt(blue, partner.domain) === bundleAt(partner, partner.domain);
  assert.not.ok(isTaken(red), 'what red published last is not taken');
  assert.ok(isTaken(green), 'green has more');

  blue.amend(red.domain, { budgetMib: DOMAIN_BUDGET_MIB });
  world.advance(SYNC_INTERVAL_MS + 1_000);
  assert.ok(isTaken(red), 'and so has red once our people say so');
});

flood('by many domains leaves a little of the store to each', () => {
  const padding = 'x'.repeat(BULK);
  const large = forgeRoot({ members: { padding } });
  const one = new Climber(large).take(large).belief;
  const others = Array.from({ length: 9 }, () => ({ ...one, roots: many(one.roots, 16) }));
  assert.ok(storedBytes(one) > FOREIGN_STORE_BYTES_MIN);
  const before = { ...one, roots: [] };
  checkShare(before, one, () => others.slice(0, 7));
  refuses('store-share', () => checkShare(before, one, () => others));
  const little = { ...before, roots: settled().belief.roots };
  checkShare(before, little, () => others);
});

flood.run();
