/** Keys as ink reads them, alone, pasted, and run together by a slow line. */

import type { Key } from 'ink';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Press, pressesOf } from '../../tui/keys.ts';

const keys = suite('tui/keys');

const read = (input: string, key: Partial<Key> = {}, isPrompting = false): readonly Press[] => [
  ...pressesOf(input, key as Key, () => isPrompting),
];

keys('have names', () => {
  assert.equal(read('', { upArrow: true }), [{ kind: 'move', by: -1, unit: 'row' }]);
  assert.equal(read('', { tab: true, shift: true }), [{ kind: 'next-view', by: -1 }]);
  assert.equal(read('c', { ctrl: true }), [{ kind: 'interrupt' }]);
  assert.equal(read('d', { ctrl: true }), []);
});

keys('are letters in an open line, and moves elsewhere', () => {
  assert.equal(read('j'), [{ kind: 'move', by: 1, unit: 'row' }]);
  assert.equal(read('j', {}, true), [{ kind: 'text', text: 'j' }]);
});

keys('that are pasted come one by one, without control characters', () => {
  assert.equal(read('a\u0007b\r'), [
    { kind: 'text', text: 'a' },
    { kind: 'text', text: 'b' },
    { kind: 'enter' },
  ]);
});

keys('that follow an Escape too fast are that Escape and a key', () => {
  assert.equal(read('3', { meta: true }), [{ kind: 'escape' }, { kind: 'text', text: '3' }]);
});

keys.run();
