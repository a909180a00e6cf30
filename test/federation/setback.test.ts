/** A writer whose own ladder refuses what it signs: it tries less often, and tells its people. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { OWN_BEACON_RETRY_MS_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { SECOND_MS, unixMs } from '../../core/time.ts';
import type { Draft } from '../../federation/input.ts';
import type { RootChange } from '../../federation/root-draft.ts';
import { Coalition, LIMITS, type Machine } from '../fakes/coalition.ts';
import { ceremony } from './takeover-rig.ts';

const setbacks = suite('federation/setback');

/** Below what the machines of a test are configured to say, and as they are founded. */
const TOO_LOW: RootChange = { kind: 'ceilings', limits: { freshForMs: LIMITS.freshForMs - 1 } };
const WIDE: RootChange = { kind: 'ceilings', limits: { freshForMs: LIMITS.freshForMs } };
const SOME: readonly Draft[] = [
  { type: 'entries', name: 'entries/default', body: { group: 'default', entries: [1] } },
];
/** No document is called so. */
const WRONG: readonly Draft[] = [{ type: 'entries', name: 'nonsense', body: {} }];

/** A writer that refuses its own beacons since its people published a Root. */
function refusing(change: RootChange = TOO_LOW) {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  world.advance(3_000);
  ceremony(blue, blue, change);
  return { world, blue };
}

/** After how many seconds of `seconds` the writer refused one more beacon of its own. */
function triesWithin(seconds: number, { world, blue }: ReturnType<typeof refusing>) {
  const tries: number[] = [];
  for (let second = 1; second <= seconds; second++) {
    const before = blue.refused.length;
    world.advance(SECOND_MS);
    if (blue.refused.length > before) tries.push(second);
  }
  return tries;
}

/** The causes that people were told of, one for each alarm. */
function told({ alarms }: Machine): readonly unknown[] {
  return alarms.map((effect) => {
    assert.ok(effect.kind === 'alarm' && effect.code === 'own-beacon-refused');
    return effect.details.refusal;
  });
}

function refusalOf({ replies }: Machine, request: number): string {
  const answer = replies.get(request);
  assert.ok(answer instanceof Refusal);
  return answer.code;
}

setbacks('puts off what it tries by twice as long each time, up to a minute', () => {
  const rig = refusing();
  assert.equal(triesWithin(63, rig), [1, 3, 7, 15, 31, 63]);
  assert.equal(triesWithin(180, rig), [60, 120, 180]);
  assert.is(OWN_BEACON_RETRY_MS_MAX, 60 * SECOND_MS);
  assert.equal([...new Set(rig.blue.refused.map(({ code }) => code))], ['beacon-limits']);
});

setbacks('tells people once for each cause, and again after a beacon that was taken', () => {
  const { world, blue } = refusing();
  assert.equal(told(blue), [], 'one may be over in a second');
  world.advance(300_000);
  assert.equal(told(blue), ['beacon-limits']);
  ceremony(blue, blue, WIDE);
  assert.is(blue.view().standing.tier, 'FRESH');
  const keyId = blue.keys.beacon[0].keyId;
  ceremony(blue, blue, TOO_LOW, { kind: 'until', keyId, until: unixMs(blue.wallMs + 60_000) });
  world.advance(300_000);
  assert.equal(told(blue), ['beacon-limits', 'beacon-limits']);
  ceremony(blue, blue, WIDE);
  world.advance(300_000);
  assert.equal(told(blue), ['beacon-limits', 'beacon-limits', 'beacon-key-ended']);
});

setbacks('ends at once when a Root mends it', () => {
  const { world, blue } = refusing();
  world.advance(100_000);
  assert.is(blue.view().standing.tier, 'EXPIRED');
  ceremony(blue, blue, WIDE);
  assert.is(blue.view().standing.tier, 'FRESH');
});

setbacks('answers at once what people ask for meanwhile, and is put off no longer by it', () => {
  const rig = refusing();
  const { world, blue } = rig;
  world.advance(70_000);
  const request = blue.publish(SOME);
  assert.is(refusalOf(blue, request), 'beacon-limits');
  assert.equal(triesWithin(60, rig), [53], 'as if nobody had asked');
  const [first, second] = [blue.publish(SOME), blue.publish(SOME)];
  assert.is(refusalOf(blue, first), 'beacon-limits');
  assert.not(blue.replies.has(second), 'one try a second');
  world.advance(SECOND_MS);
  assert.is(refusalOf(blue, second), 'beacon-limits');
});

setbacks(
  'is none where people asked for what spoils a beacon: the next comes a second later',
  () => {
    const world = new Coalition();
    const blue = world.add({ name: 'blue' });
    world.advance(3_000);
    for (let time = 0; time < 4; time++) {
      assert.is(refusalOf(blue, blue.publish(WRONG)), 'document-malformed');
      const { epoch } = blue.view();
      world.advance(SECOND_MS);
      assert.is(blue.view().epoch > epoch, true);
    }
    assert.equal(told(blue), []);
  },
);

setbacks('signs everything anew still where what people asked for spoiled the first beacon', () => {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  world.advance(3_000);
  blue.restart();
  const request = blue.publish(WRONG);
  world.advance(2_000);
  assert.is(refusalOf(blue, request), 'document-malformed');
  const { epoch, documents } = blue.view();
  assert.ok(documents.size > 0);
  for (const { version } of documents.values()) assert.is(version, epoch);
});

setbacks.run();
