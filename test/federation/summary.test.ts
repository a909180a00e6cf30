/** Summaries, and what follows from comparing two of them (PROTOCOL §6.1). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { digestOf } from '../../core/digest.ts';
import type { SummaryRow } from '../../federation/message.ts';
import { SharedRows } from '../../federation/shared-rows.ts';
import { isAhead, missing, type Reading, rowOf, wantsFrom } from '../../federation/summary.ts';
import { STOP_INDEX } from '../../federation/tick.ts';
import { Climber, settled } from './climber.ts';
import { CONTENTS, forgeBeacon, forgeContents, forgeRoot } from './forge.ts';

const summaries = suite('federation/summary');

const FOREIGN: Reading = {
  tag: 'ab'.repeat(16),
  isGuest: false,
  isSparse: false,
  isOwnNode: false,
  groups: 'none',
};
const OWN: Reading = { ...FOREIGN, isOwnNode: true, groups: 'every' };
const OTHER = digestOf(new Uint8Array());

const row = (node: Climber, changes: Partial<SummaryRow> = {}): SummaryRow => ({
  ...rowOf(node.belief, FOREIGN),
  ...changes,
});
const wanted = (node: Climber, theirs: SummaryRow): readonly string[] =>
  wantsFrom(node.belief, theirs, FOREIGN).map(({ what }) => what);

summaries('say what is held, and zeros of what is not', () => {
  const bare = row(new Climber().take(forgeRoot()));
  assert.is(bare.rootVersion, 1n);
  assert.is(bare.beacon, '0'.repeat(64));
  const node = settled().wait(2_000).take(forgeBeacon().tick(2));
  assert.is(row(node).epoch, 1n);
  assert.is(row(node).tick, 2);
  assert.is(row(node.take(forgeBeacon().stop)).tick, STOP_INDEX);
});

summaries('that are equal leave nothing to ask or to tell', () => {
  const node = settled();
  assert.equal(wanted(node, row(node)), []);
  assert.not.ok(isAhead(node.belief, row(node), OWN));
});

summaries('ask for the next Root before all else', () => {
  const node = settled();
  const theirs = row(node, { rootVersion: 5n, epoch: 9n, beacon: OTHER });
  const [want] = wantsFrom(node.belief, theirs, FOREIGN);
  assert.is(want?.what, 'root');
  assert.is(want?.argument, '2'.padStart(64, '0'));
  assert.is(wanted(node, theirs).length, 1);
});

summaries('ask for a newer beacon, for an equal one of other content, and for no older one', () => {
  const node = settled().take(forgeBeacon({ epoch: 2 }).bytes);
  assert.ok(wanted(node, row(node, { epoch: 3n, beacon: OTHER })).includes('beacon'));
  assert.ok(wanted(node, row(node, { epoch: 2n, beacon: OTHER })).includes('beacon'));
  assert.ok(wanted(node, row(node, { rank: 1, epoch: 1n, beacon: OTHER })).includes('beacon'));
  assert.not.ok(wanted(node, row(node, { epoch: 1n, beacon: OTHER })).includes('beacon'));
});

summaries('ask for a higher tick and for a stop', () => {
  const node = settled().wait(5_000).take(forgeBeacon().tick(3));
  assert.equal(wanted(node, row(node, { tick: 4 })), ['tick']);
  assert.equal(wanted(node, row(node, { tick: STOP_INDEX })), ['tick']);
  assert.equal(wanted(node, row(node, { tick: 2 })), []);
  assert.ok(isAhead(node.belief, row(node, { tick: 2 }), OWN));
  assert.not.ok(isAhead(node.belief, row(node, { tick: 4 }), OWN));
});

summaries('know who is ahead by Root, by beacon and by having one at all', () => {
  const node = settled().take(forgeRoot({ version: 2 }));
  assert.ok(isAhead(node.belief, row(node, { rootVersion: 1n }), OWN));
  assert.not.ok(isAhead(node.belief, row(node, { rootVersion: 3n }), OWN));
  assert.ok(isAhead(node.belief, row(node, { beacon: '0'.repeat(64) as typeof OTHER }), OWN));
  assert.ok(isAhead(node.belief, row(node, { epoch: 0n, beacon: OTHER }), OWN));
  assert.not.ok(isAhead(node.belief, row(node, { epoch: 2n, beacon: OTHER }), OWN));
});

summaries('find the manifest missing first, then what it pins and we may read', () => {
  const node = new Climber().take(forgeRoot());
  const gaps = (reading: typeof FOREIGN): readonly string[] =>
    missing(node.belief, reading).map(({ what }) => what);
  assert.equal(gaps(OWN), []);
  node.take(forgeBeacon().bytes);
  assert.equal(gaps(OWN), ['manifest']);
  node.take(CONTENTS.manifest);
  assert.equal(gaps(FOREIGN), ['document']);
  assert.equal(gaps(OWN), ['document', 'document']);
  node.take(CONTENTS.bundle);
  assert.equal(gaps(FOREIGN), []);
  assert.equal(gaps(OWN), ['document']);
});

summaries('differ by the contents that their reader may know of, and by no others', () => {
  const whole = settled();
  const { manifest, bundle } = CONTENTS;
  const part = new Climber().take(forgeRoot(), forgeBeacon().bytes, manifest, bundle);
  assert.is(rowOf(part.belief, FOREIGN).contents, rowOf(whole.belief, FOREIGN).contents);
  assert.is.not(rowOf(part.belief, OWN).contents, rowOf(whole.belief, OWN).contents);
  const next = forgeContents(2);
  const ahead = settled().take(forgeBeacon({ epoch: 2, manifest: next.manifest }).bytes);
  assert.is.not(rowOf(ahead.belief, FOREIGN).contents, rowOf(whole.belief, FOREIGN).contents);
});

summaries('have one digest in whatever order, and another once anything changed', () => {
  const { belief } = settled();
  const a = { belief, reading: FOREIGN };
  const b = { belief, reading: { ...FOREIGN, tag: 'cd'.repeat(16) } };
  const digest = (...shared: readonly (typeof a)[]): string => new SharedRows().digest(shared);
  assert.is(digest(a, b), digest(b, a));
  assert.is.not(digest(a), digest(a, b));
  const later = { ...a, belief: settled().wait(2_000).take(forgeBeacon().tick(2)).belief };
  const rows = new SharedRows();
  assert.is(rows.digest([a, b]), digest(a, b));
  assert.is(rows.digest([later, b]), digest(later, b));
  assert.is.not(digest(later, b), digest(a, b));
  assert.is(rows.digest([b]), digest(b));
  assert.is(rows.digest([{ ...a, reading: OWN }]), digest({ ...a, reading: OWN }));
});

summaries.run();
