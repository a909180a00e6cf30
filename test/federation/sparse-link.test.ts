/** Links without gossip: ticks in batches, none sent back, and quiet while all is well. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../core/bytes.ts';
import { digestOf, sha256 } from '../../core/digest.ts';
import {
  SLOW_SYNC_INTERVAL_MS,
  SLOW_WANT_TIMEOUT_MS,
  SYNC_INTERVAL_MS,
  TICK_BATCH_MS,
  TICKS_MAX,
} from '../../core/limits.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { decodeFrame, encodeFrame, type Frame, tagOf } from '../../federation/message.ts';
import { TICK_BYTES } from '../../federation/tick.ts';
import { Coalition, type Machine } from '../fakes/coalition.ts';
import { refuses } from '../refused.ts';

const sparse = suite('federation/sparse-link');

const BINDING = sha256(Uint8Array.of(1));

/** Two partners whose only link is slow; gossip of either reaches nobody. */
function couple() {
  const world = new Coalition();
  const limits = { freshForMs: 3 * MINUTE_MS, degradedForMs: HOUR_MS, survivalForMs: 2 * HOUR_MS };
  const [blue, red] = ['blue', 'red'].map((name) =>
    world.add({ name, limits, periodMs: MINUTE_MS }),
  );
  assert.ok(blue && red);
  world.advance(500);
  world.befriend(blue, red);
  world.linkSlowly(blue, red);
  return { world, blue, red };
}

function sentBy(machine: Machine): readonly Frame[] {
  return machine.effects.flatMap((effect) =>
    effect.kind === 'send' ? [decodeFrame(effect.frame)] : [],
  );
}

sparse('links keep both sides fresh for an hour, by ticks alone', () => {
  const { world, blue, red } = couple();
  world.advance(2 * MINUTE_MS);
  for (const machine of [blue, red]) machine.effects.length = 0;
  for (let minute = 0; minute < 60; minute++) {
    world.advance(MINUTE_MS);
    assert.is(blue.view(red.domain).standing.tier, 'FRESH', `minute ${minute}`);
    assert.is(red.view(blue.domain).standing.tier, 'FRESH', `minute ${minute}`);
  }
  for (const machine of [blue, red]) {
    const kinds = sentBy(machine).map(({ kind }) => kind);
    const ticks = kinds.filter((kind) => kind === 'ticks').length;
    assert.ok(ticks >= 58 && ticks <= 62, `${ticks} batches`);
    const others = kinds.filter((kind) => kind !== 'ticks');
    assert.ok(others.length <= 10, others.join()); // a digest now and then
  }
});

sparse('links carry a stop at once, and as urgent', () => {
  const { world, blue, red } = couple();
  world.advance(MINUTE_MS);
  blue.effects.length = 0;
  blue.publish([], true);
  const urgent = blue.effects.filter((effect) => effect.kind === 'send' && effect.isUrgent);
  assert.is(urgent.length, 1);
  world.settle();
  world.advance(TICK_BATCH_MS);
  assert.is(red.view(blue.domain).epoch, blue.view().epoch);
});

sparse('links tell the newest tick again to whoever comes to hold its beacon', () => {
  const { world, blue, red } = couple();
  world.advance(MINUTE_MS + SECOND_MS);
  blue.input({
    ...{ kind: 'peer-up', peer: 'late', domain: red.domain, groups: 'none' },
    ...{ binding: BINDING, isSlow: true },
  });
  const answersTo = (frame: Frame): readonly Frame[] => {
    blue.effects.length = 0;
    blue.input({ kind: 'frame', peer: 'late', bytes: encodeFrame(frame) });
    world.advance(TICK_BATCH_MS);
    return blue.effects.flatMap((effect) =>
      effect.kind === 'send' && effect.peer === 'late' ? [decodeFrame(effect.frame)] : [],
    );
  };
  const isTicks = ({ kind }: Frame): boolean => kind === 'ticks';
  const tag = tagOf(blue.domain, BINDING);
  const first = answersTo({ kind: 'interest', tags: [tag] });
  assert.is(first.filter(isTicks).length, 1);
  const rows = first.flatMap((frame) => (frame.kind === 'summary' ? frame.rows : []));
  const lacking = rows.map((row) => ({ ...row, beacon: digestOf(BINDING) }));
  answersTo({ kind: 'summary', rows: lacking });
  assert.ok(answersTo({ kind: 'summary', rows }).some(isTicks), 'none is newer');
  assert.not(answersTo({ kind: 'summary', rows }).some(isTicks));
});

sparse('links give a tick again that had time to come, and nothing newer followed', () => {
  const { world, blue, red } = couple();
  world.advance(MINUTE_MS + SECOND_MS);
  world.cut(blue, red);
  blue.input({
    ...{ kind: 'peer-up', peer: 'deaf', domain: red.domain, groups: 'none' },
    ...{ binding: BINDING, isSlow: true },
  });
  const redTicksUpon = (frame: Frame): number => {
    blue.effects.length = 0;
    blue.input({ kind: 'frame', peer: 'deaf', bytes: encodeFrame(frame) });
    world.advance(TICK_BATCH_MS + SECOND_MS);
    const ofRed = blue.view(red.domain).beacon?.slice(0, 16);
    return sentBy(blue)
      .flatMap((sent) => (sent.kind === 'ticks' ? sent.ticks : []))
      .filter((tick) => toHex(tick.subarray(0, 8)) === ofRed).length;
  };
  const digest: Frame = { kind: 'digest', digest: '0'.repeat(64) };
  assert.is(redTicksUpon({ kind: 'interest', tags: [tagOf(red.domain, BINDING)] }), 1);
  assert.is(redTicksUpon(digest), 0, 'it may be under way yet');
  world.advance(SLOW_WANT_TIMEOUT_MS);
  assert.is(redTicksUpon(digest), 1, 'and may have been lost');
  assert.is(redTicksUpon(digest), 0);
});

// The peer lacks what was lost, and says nothing: each comparison of ours puts off one of its own.
sparse('links give such a tick again to whoever is told a digest, too', () => {
  const { world, blue, red } = couple();
  world.advance(MINUTE_MS + SECOND_MS);
  world.cut(blue, red);
  blue.input({
    ...{ kind: 'peer-up', peer: 'silent', domain: red.domain, groups: 'none' },
    ...{ binding: BINDING, isSlow: true },
  });
  const tags = [tagOf(red.domain, BINDING)];
  blue.input({ kind: 'frame', peer: 'silent', bytes: encodeFrame({ kind: 'interest', tags }) });
  world.advance(SYNC_INTERVAL_MS * 1.1);
  const kinds = (): readonly string[] => sentBy(blue).map(({ kind }) => kind);
  assert.is(kinds().at(-1), 'digest', 'it may be under way yet');
  blue.effects.length = 0;
  world.advance(SLOW_SYNC_INTERVAL_MS * 1.1 + TICK_BATCH_MS);
  assert.equal(kinds(), ['digest', 'ticks']);
});

sparse('links take whole frames of ticks, each tick for itself', () => {
  const { world, blue, red } = couple();
  world.advance(MINUTE_MS);
  red.input({
    ...{ kind: 'peer-up', peer: 'spy', domain: blue.domain, groups: 'none' },
    ...{ binding: BINDING, isSlow: true },
  });
  const say = (ticks: readonly Uint8Array[]) => {
    const bytes = encodeFrame({ kind: 'ticks', ticks });
    return red.input({ kind: 'frame', peer: 'spy', bytes }).verdict?.code ?? null;
  };
  const unknown = new Uint8Array(TICK_BYTES);
  red.refused.length = 0;
  assert.is(say([unknown, unknown]), null, 'late, and nobody’s fault');
  const count = red.refused.filter(({ code }) => code === 'tick-unknown-beacon').length;
  assert.is(count, 2);
  refuses('too-large', () =>
    decodeFrame(
      encodeFrame({ kind: 'ticks', ticks: Array.from({ length: TICKS_MAX + 1 }, () => unknown) }),
    ),
  );
});

sparse.run();
