/**
 * Two nodes that share many domains: on a link that comes back, rows of what is the same are not
 * said again, and what differs is found by ranges (PROTOCOL §6.1).
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ROWS_AT_ONCE_MAX, SYNC_INTERVAL_MS } from '../../core/limits.ts';
import { DAY_MS, HOUR_MS, unixMs } from '../../core/time.ts';
import { decodeFrame, encodeFrame } from '../../federation/message.ts';
import { Coalition, type Machine, signerOf } from '../fakes/coalition.ts';

const many = suite('federation/many-domains');

const LIMITS = { freshForMs: 3 * HOUR_MS, degradedForMs: DAY_MS, survivalForMs: DAY_MS };
const COUNT = ROWS_AT_ONCE_MAX + 4;
/** Ticks are so rare that none is under way. */
const OPTIONS = { limits: LIMITS, periodMs: HOUR_MS, minEpochMs: 10 };

/** A hub and an edge, both related to many domains that are linked to the hub alone. */
function coalition() {
  const world = new Coalition();
  const hub = world.add({ name: 'hub', ...OPTIONS });
  const edge = world.add({ name: 'edge', ...OPTIONS });
  world.advance(1_000);
  const domains = Array.from({ length: COUNT }, (_, i) => {
    const domain = world.add({ name: `d${i}`, ...OPTIONS });
    const file = domain.node.exportBundle(domain.domain);
    domain.relate(hub.node.exportBundle(hub.domain));
    for (const reader of [hub, edge]) reader.relate(file);
    world.advance(100);
    world.link(domain, hub);
    return domain;
  });
  world.befriend(hub, edge);
  world.link(hub, edge);
  world.advance(2 * SYNC_INTERVAL_MS);
  return { world, hub, edge, domains };
}

/** What the hub said to the edge from here on, by kind of frame: how many items, and bytes. */
function saidBy({ effects }: Machine) {
  const items = new Map<string, number>();
  let sizeBytes = 0;
  for (const effect of effects) {
    if (effect.kind !== 'send' || effect.peer !== 'edge') continue;
    const frame = decodeFrame(effect.frame);
    const count = frame.kind === 'summary' ? frame.rows.length : 1;
    items.set(frame.kind, (items.get(frame.kind) ?? 0) + count);
    sizeBytes += encodeFrame(frame).length;
  }
  return { rows: items.get('summary') ?? 0, ranges: items.get('ranges') ?? 0, sizeBytes };
}

many('are compared by one digest on a link that comes back, where nothing changed', () => {
  const { world, hub, edge } = coalition();
  world.cut(hub, edge);
  hub.effects.length = 0;
  world.link(hub, edge);
  const { rows, ranges, sizeBytes } = saidBy(hub);
  assert.equal([rows, ranges], [0, 0]);
  assert.ok(sizeBytes < 17 * (COUNT + 5) + 100, `${sizeBytes} bytes`); // interests, and a digest
});

many('are compared by ranges where one changed, and its row alone is said', () => {
  const { world, hub, edge, domains } = coalition();
  const [changed] = domains;
  world.cut(hub, edge);
  changed?.publish([
    { type: 'bundle', name: 'bundle', body: { keys: [], spiffe_refresh_hint: 7 } },
  ]);
  world.advance(1_000);
  hub.effects.length = 0;
  world.link(hub, edge);
  world.advance(1_000);
  const { rows, ranges } = saidBy(hub);
  assert.ok(rows <= 3 && ranges > 0, `${rows} rows, ${ranges} frames of ranges`);
  assert.is(edge.view(changed?.domain).epoch, hub.view(changed?.domain).epoch);
  assert.ok(edge.view(changed?.domain).isComplete);
});

many('heal at once however much changed, and no frame is past a budget', () => {
  const { world, hub, edge, domains } = coalition();
  world.cut(hub, edge);
  const target = signerOf('captured').keyId;
  for (const domain of domains) {
    const body = { keys: [], spiffe_refresh_hint: 7 };
    domain.publish([{ type: 'bundle', name: 'bundle', body }]);
    domain.revoke({ class: 'lease', target, notAfter: unixMs(world.nowMs + DAY_MS) });
  }
  world.advance(1_000);
  for (const machine of [hub, edge]) machine.refused.length = 0;
  world.link(hub, edge);
  world.advance(1_000);
  for (const { domain } of domains) {
    assert.is(edge.view(domain).beacon, hub.view(domain).beacon);
    assert.ok(edge.view(domain).isComplete && edge.node.hasRevoked(domain, target));
  }
  const codes = [hub, edge].flatMap(({ refused }) => refused.map(({ code }) => code));
  assert.not.ok(codes.includes('peer-budget'), codes.join());
});

many('give each other the revocations that one of them lacks, by their ids', () => {
  const { world, hub, edge, domains } = coalition();
  const [first] = domains;
  world.cut(hub, edge);
  const target = signerOf('captured').keyId;
  first?.revoke({ class: 'lease', target, notAfter: unixMs(world.nowMs + DAY_MS) });
  world.advance(1_000);
  world.link(hub, edge);
  world.advance(1_000);
  assert.ok(edge.node.hasRevoked(first?.domain ?? edge.domain, target));
});

many.run();
