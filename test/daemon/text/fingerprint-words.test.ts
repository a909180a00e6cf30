/** Fingerprints as words: the same 256 bits, and a wrong word is noticed. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, toUtf8 } from '../../../core/bytes.ts';
import { sha256 } from '../../../core/digest.ts';
import {
  fingerprintLink,
  parseFingerprint,
  wordLines,
  wordsOf,
} from '../../../daemon/text/fingerprint-words.ts';
import { refuses } from '../../refused.ts';

const words = suite('daemon/text/fingerprint-words');

const FINGERPRINT = toHex(sha256(toUtf8('blue')));

words('are the 24 of BIP-39, as its first and last vectors of 256 bits have them', () => {
  assert.is(wordsOf('00'.repeat(32)).join(' '), `${'abandon '.repeat(23)}art`);
  assert.is(wordsOf('ff'.repeat(32)).join(' '), `${'zoo '.repeat(23)}vote`);
});

words('say the same as hex, in any case and over several lines', () => {
  const lines = wordLines(FINGERPRINT);
  assert.is(lines.length, 4);
  for (const text of [
    FINGERPRINT,
    FINGERPRINT.toUpperCase(),
    lines.join('\n'),
    ` ${lines.join('  ').toUpperCase()}\n`,
    fingerprintLink(FINGERPRINT),
  ]) {
    assert.is(parseFingerprint(text), FINGERPRINT);
  }
});

words('of which one is missing, changed, strange or in another place are refused', () => {
  const spoken = wordsOf(FINGERPRINT);
  const swapped = [spoken[1], spoken[0], ...spoken.slice(2)];
  for (const wrong of [
    spoken.slice(1),
    [...spoken, 'abandon'],
    [...spoken.slice(0, -1), 'holdfast'],
    swapped,
    spoken.slice(0, 12),
  ]) {
    refuses('enrol-fingerprint', () => parseFingerprint(wrong.join(' ')));
  }
  for (const text of ['', 'ab', `${FINGERPRINT}00`, `holdfast:tick:${FINGERPRINT}`]) {
    refuses('enrol-fingerprint', () => parseFingerprint(text), text);
  }
});

words.run();
