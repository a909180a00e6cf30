/** The DER writer and the strict reader, and the calendar against the one of the language. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../core/bytes.ts';
import { civilTimeOf, momentOf } from '../../core/calendar.ts';
import {
  DerReader,
  decodeBoolean,
  decodeOid,
  decodeTime,
  decodeUnsigned,
  encodeDer,
  encodeOid,
  encodeTime,
  encodeUnsigned,
  TAG,
} from '../../core/der.ts';
import { Refusal } from '../../core/refusal.ts';
import { unixMs } from '../../core/time.ts';

const der = suite('core/der');

const isBadEncoding = (error: unknown): boolean =>
  error instanceof Refusal && error.code === 'bad-encoding';

der('writes each length in its shortest form and reads it back', () => {
  for (const size of [0, 1, 127, 128, 255, 256, 65_535]) {
    const element = encodeDer(TAG.octetString, new Uint8Array(size));
    const reader = new DerReader(element);
    assert.is(reader.expect(TAG.octetString).contents.length, size);
    reader.end();
  }
  assert.is(toHex(encodeDer(TAG.octetString, new Uint8Array(128)).subarray(0, 3)), '048180');
});

der('refuses lengths of any other form', () => {
  for (const hex of ['0480', '048100', '04820001ff', '0484000000017f', '0402ff', '04', '1f0100']) {
    assert.throws(() => new DerReader(fromHex(hex)).next(), isBadEncoding, hex);
  }
});

der('refuses what follows the last element', () => {
  const reader = new DerReader(fromHex('05000500'));
  reader.next();
  assert.throws(() => reader.end(), isBadEncoding);
});

der('writes and reads integers without surplus zeros', () => {
  assert.is(toHex(encodeUnsigned(fromHex('000080'))), '02020080');
  assert.is(toHex(encodeUnsigned(fromHex('00'))), '020100');
  assert.is(toHex(decodeUnsigned(fromHex('0080'))), '80');
  for (const hex of ['', '80', '0001']) {
    assert.throws(() => decodeUnsigned(fromHex(hex)), isBadEncoding, hex);
  }
});

der('reads 00 and ff as booleans, and nothing else', () => {
  assert.is(decodeBoolean(fromHex('ff')), true);
  assert.is(decodeBoolean(fromHex('00')), false);
  for (const hex of ['01', '', 'ffff']) {
    assert.throws(() => decodeBoolean(fromHex(hex)), isBadEncoding, hex);
  }
});

der('keeps object identifiers', () => {
  for (const id of ['1.2.840.10045.4.3.2', '2.5.29.17', '2.999.1', '1.3.101.112']) {
    assert.is(decodeOid(new DerReader(encodeOid(id)).expect(TAG.oid).contents), id);
  }
  for (const hex of ['', '2a80', '2a8001']) {
    assert.throws(() => decodeOid(fromHex(hex)), isBadEncoding, hex);
  }
});

der('writes UTCTime through 2049 and GeneralizedTime from 2050', () => {
  const last = unixMs(Date.UTC(2049, 11, 31, 23, 59, 59));
  const text = (at: number): string => String.fromCharCode(...encodeTime(unixMs(at)).subarray(2));
  assert.is(text(last), '491231235959Z');
  assert.is(text(last + 1000), '20500101000000Z');
  for (const at of [last, last + 1000]) {
    assert.is(decodeTime(new DerReader(encodeTime(unixMs(at))).next()), at);
  }
});

der('refuses times in other spellings and days that do not exist', () => {
  const time = (text: string): void => {
    const contents = Uint8Array.from(text, (character) => character.charCodeAt(0));
    decodeTime(new DerReader(encodeDer(TAG.utcTime, contents)).next());
  };
  time('240229000000Z');
  for (const text of ['230229000000Z', '231301000000Z', '230100000000Z', '230101240000Z']) {
    assert.throws(() => time(text), isBadEncoding, text);
  }
  for (const text of ['2301010000Z', '230101000000+0100', '230101000000', '20230101000000Z']) {
    assert.throws(() => time(text), isBadEncoding, text);
  }
});

der('agrees with the calendar of the language on every day of three centuries', () => {
  for (let at = 0; at < Date.UTC(2270, 0, 1); at += 86_400_000 + 3_661_000) {
    const civil = civilTimeOf(unixMs(at));
    const expected = new Date(at);
    assert.is(civil.year, expected.getUTCFullYear());
    assert.is(civil.month, expected.getUTCMonth() + 1);
    assert.is(civil.day, expected.getUTCDate());
    assert.is(civil.hour, expected.getUTCHours());
    assert.is(momentOf(civil), at);
  }
});

der.run();
