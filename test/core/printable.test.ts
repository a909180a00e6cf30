/** Text from outside, made safe to show: every character that could do harm. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { printable, printableJson } from '../../core/printable.ts';

const text = suite('core/printable');

text('shows ordinary text of any script as it is', () => {
  for (const plain of ['', 'home.example', 'naïve — ok', '日本語', '😀', 'a"b\\c']) {
    assert.is(printable(plain), plain);
  }
});

text('escapes every control character of the first 256', () => {
  for (let code = 0; code < 256; code++) {
    const isControl = code < 0x20 || (code >= 0x7f && code <= 0x9f);
    const shown = printable(String.fromCharCode(code));
    assert.is(shown, isControl ? `\\u{${code.toString(16)}}` : String.fromCharCode(code));
  }
});

text('escapes what turns text around, hides in it or is half a character', () => {
  for (const code of [0x200b, 0x200f, 0x2028, 0x202a, 0x202e, 0x2066, 0x2069, 0xfeff, 0xd83d]) {
    assert.is(printable(`a${String.fromCharCode(code)}b`), `a\\u{${code.toString(16)}}b`);
  }
});

text('keeps JSON the same value, and its own line feeds', () => {
  const value = { hint: 'a\u009b\u202e\u007f\nb' };
  const json = printableJson(JSON.stringify(value, undefined, 2));
  assert.equal(JSON.parse(json), value);
  assert.is(json.split('\n').length, 3);
  assert.not(/[\u007f-\u009f\u202e]/.test(json));
});

text.run();
