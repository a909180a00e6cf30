/** Group commit: order, grouping, and whom a failed flush concerns. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GroupCommit } from '../../../daemon/store/group-commit.ts';

const groupCommit = suite('daemon/store/group-commit');

groupCommit('joins what waits into one flush and keeps the order', async () => {
  const groups: (readonly number[])[] = [];
  const commit = new GroupCommit<number>(async (group) => {
    groups.push(group);
    await Promise.resolve();
  });
  await Promise.all([1, 2, 3].map((item) => commit.add(item)));
  await commit.add(4);
  assert.equal(groups, [[1, 2, 3], [4]]);
});

groupCommit('leaves what is too much for one group to the next', async () => {
  const groups: (readonly number[])[] = [];
  const commit = new GroupCommit<number>(async (group) => void groups.push(group), 2);
  const added = [1, 2, 3].map((item) => commit.add(item));
  assert.is(commit.waiting, 3);
  await Promise.all(added);
  assert.is(commit.waiting, 0);
  assert.equal(groups, [[1, 2], [3]]);
});

groupCommit('acknowledges nothing before its own flush has ended', async () => {
  const events: string[] = [];
  const commit = new GroupCommit<string>(async (group) => {
    await new Promise((resolve) => setImmediate(resolve));
    events.push(`flushed ${group.join(' ')}`);
  });
  const first = commit.add('a').then(() => events.push('a'));
  await Promise.resolve();
  await Promise.resolve();
  const second = commit.add('b').then(() => events.push('b'));
  await Promise.all([first, second]);
  assert.equal(events, ['flushed a', 'a', 'flushed b', 'b']);
});

groupCommit('tells a failure to its own group, and goes on', async () => {
  let broken = true;
  const commit = new GroupCommit<number>(async () => {
    if (broken) throw new Error('disk');
  });
  const outcomes = await Promise.allSettled([commit.add(1), commit.add(2)]);
  assert.equal(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  broken = false;
  await commit.add(3);
  await commit.idle();
});

groupCommit.run();
