/** Two sides that find what their sets differ in, in few rounds and for few bytes. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, toUtf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { RANGE_IDS_MAX, RANGES_MAX } from '../../core/limits.ts';
import { encodeFrame, NO_TAG } from '../../federation/message.ts';
import {
  checkApart,
  noteOf,
  partsOf,
  type RangeId,
  type RangeNote,
  reconcile,
} from '../../federation/ranges.ts';

const ranges = suite('federation/ranges');

const idOf = (i: number): RangeId => toHex(sha256(toUtf8(`id ${i}`)));
const idsOf = (numbers: Iterable<number>): readonly RangeId[] =>
  [...new Set(numbers)].map(idOf).sort();
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Two sides talk until neither has more to say; each takes what it is given or told to ask for. */
function talk(here: readonly RangeId[], there: readonly RangeId[]) {
  const sides = [new Set(here), new Set(there)] as const;
  const listOf = (side: ReadonlySet<RangeId>) => [...side].sort();
  let notes: readonly RangeNote[] = [noteOf(listOf(sides[0]))];
  let rounds = 0;
  let sizeBytes = 0;
  for (; notes.length > 0; rounds++) {
    checkApart(notes);
    sizeBytes += encodeFrame({ kind: 'ranges', tag: NO_TAG, notes }).length;
    const isThere = rounds % 2 === 0;
    const [mine, theirs] = isThere ? [sides[1], sides[0]] : sides;
    const found = reconcile(listOf(mine), notes);
    for (const id of found.lacking) mine.add(id);
    for (const id of found.surplus) theirs.add(id);
    notes = found.notes;
  }
  return { here: listOf(sides[0]), there: listOf(sides[1]), rounds, sizeBytes };
}

ranges('of equal sets end with one note', () => {
  for (const count of [0, 1, 100]) {
    const ids = idsOf(upTo(count));
    const { rounds, sizeBytes } = talk(ids, ids);
    assert.equal([rounds, sizeBytes], [1, 37]);
  }
});

ranges('of any two sets end in the union on both sides', () => {
  const set = fc.array(fc.nat(600), { maxLength: 300 });
  fc.assert(
    fc.property(set, set, (a, b) => {
      const { here, there, rounds } = talk(idsOf(a), idsOf(b));
      assert.equal(here, idsOf([...a, ...b]));
      assert.equal(there, here);
      assert.ok(rounds <= 6);
    }),
    { numRuns: 50 },
  );
});

ranges('cost little where one of ten thousand differs', () => {
  const { here, rounds, sizeBytes } = talk(idsOf(upTo(10_000)), idsOf(upTo(9_999)));
  assert.is(here.length, 10_000);
  assert.ok(rounds <= 6 && sizeBytes < 2_500, `${rounds} rounds, ${sizeBytes} bytes`);
});

ranges('end where one side has nothing', () => {
  const ids = idsOf(upTo(1_000));
  assert.equal(talk([], ids).here, ids);
  assert.equal(talk(ids, []).there, ids);
});

ranges('that are more than fit into a frame resume with the next comparison', () => {
  const many = idsOf(upTo(16_000));
  let held = idsOf(upTo(8_000));
  let comparisons = 0;
  for (; held.length < many.length; comparisons++) held = talk(held, many).here;
  assert.equal(held, many);
  assert.ok(comparisons > 1, 'it took more than one');
  const notes = partsOf(many).flatMap(({ prefix }) => partsOf(many, prefix));
  assert.is(reconcile(idsOf(upTo(8_000)), notes).notes.length, RANGES_MAX);
});

ranges('whose ids were ground to begin alike end all the same', () => {
  const alike = upTo(RANGE_IDS_MAX + 5).map(
    (i) => 'a'.repeat(62) + i.toString(16).padStart(2, '0'),
  );
  assert.equal(talk(alike, alike.slice(1)).there, alike);
  assert.equal(talk([], alike).here, alike);
});

ranges('that a liar states at random cost one answer, and nothing is taken for granted', () => {
  const ids = idsOf(upTo(100));
  const lie: RangeNote = { kind: 'sum', prefix: '', sum: '00'.repeat(16) };
  const { notes, lacking, surplus } = reconcile(ids, [lie]);
  assert.equal([notes.length, lacking, surplus], [16, [], []]);
  const claimed = idOf(1_000_000);
  const claim: RangeNote = { kind: 'ids', prefix: claimed.slice(0, 6), ids: [claimed] };
  assert.equal(reconcile(ids, [claim]), { notes: [], lacking: [claimed], surplus: [] });
});

ranges.run();
