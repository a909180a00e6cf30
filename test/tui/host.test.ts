/** What the environment says of a terminal, and what is written to one. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shortened, terminalOf } from '../../tui/host.ts';

const host = suite('tui/host');

host('takes the first locale that is set', () => {
  assert.is(terminalOf({ LC_ALL: 'C', LANG: 'en_GB.UTF-8' }).utf8, false);
  assert.is(terminalOf({ LC_ALL: '', LC_CTYPE: 'C.utf8' }).utf8, true);
  assert.is(terminalOf({}).utf8, false);
});

host('leaves colours out for any NO_COLOR but an empty one', () => {
  assert.is(terminalOf({ NO_COLOR: '0' }).color, false);
  assert.is(terminalOf({ NO_COLOR: '' }).color, true);
});

host('knows terminals that cannot place a cursor', () => {
  assert.is(terminalOf({ TERM: 'vt100' }).canPlace, true);
  assert.is(terminalOf({ TERM: 'dumb' }).canPlace, false);
  assert.is(terminalOf({}).canPlace, false);
});

host('begins the other screen at its first cell, whatever was typed ahead', () => {
  assert.is(shortened('\u001b[?1049h tabs'), '\u001b[?1049h\u001b[H tabs');
  assert.is(shortened('\u001b[E\u001b[E\u001b[Ea'), '\u001b[3Ea');
});

host.run();
