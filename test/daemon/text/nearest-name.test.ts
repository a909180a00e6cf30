/** Guesses at typos. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nearestName } from '../../../daemon/text/nearest-name.ts';

const nearest = suite('daemon/text/nearest-name');
const KNOWN = ['status', 'entry', 'svid'];

nearest('finds the name with the fewest edits', () => {
  assert.is(nearestName('statsu', KNOWN), 'status');
  assert.is(nearestName('entries', KNOWN), 'entry');
  assert.is(nearestName('svd', KNOWN), 'svid');
  assert.is(nearestName('status', KNOWN), 'status');
});

nearest('takes the first of several, and none of none', () => {
  assert.is(nearestName('', ['ab', 'cd']), 'ab');
  assert.is(nearestName('x', []), undefined);
});

nearest('bounds its work on an endless typo', () => {
  assert.is(nearestName('s'.repeat(1_000_000), KNOWN), 'status');
});

nearest.run();
