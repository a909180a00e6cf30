/** Screens as pictures: the words, in their places and colours, and nothing that is left out. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { svgOf } from './svg.ts';

const svg = suite('tui/svg');

svg('draws words where they stand, in the colours of the scheme', () => {
  const text = svgOf('a \u001b[32m<b>\u001b[39m\n\u001b[7m c \u001b[0m', 10, 'dark');
  assert.match(text, /<text x="12" y="25"[^>]*>a <\/text>/);
  assert.match(text, /<text x="28" y="25"[^>]*fill="#56d364"[^>]*>&lt;b&gt;<\/text>/);
  assert.match(text, /<rect x="12" y="29" width="24"[^>]*><text [^>]*fill="#0d1117"[^>]*> c </);
});

svg('refuses what it would have to leave out', () => {
  assert.throws(() => svgOf('\u001b[48;5;9mx', 10, 'light'));
  assert.throws(() => svgOf('\u001b]0;title\u0007x', 10, 'light'));
});

svg.run();
