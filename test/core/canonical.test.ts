/** The strict JSON reader and the canonical writer: what `JSON.parse` forgives is refused here. */

import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bug } from '../../core/assert.ts';
import { concat, fromHex, fromUtf8, toUtf8 } from '../../core/bytes.ts';
import {
  canonicalText,
  encodeCanonical,
  isObject,
  type Json,
  parseCanonical,
  parseJson,
  parseWideJson,
} from '../../core/canonical.ts';
import { DOCUMENT_BYTES_MAX, JSON_DEPTH_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { refuses } from '../refused.ts';

const canonical = suite('core/canonical');

const parse = (text: string): Json => parseJson(toUtf8(text));
const isBug = (error: unknown): boolean => error instanceof Bug;

/** Values that I-JSON carries exactly: no lone surrogate, no integer past 2^53, no -0. */
const number = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .filter((value) => !Object.is(value, -0))
  .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value));
const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('__proto__', 'constructor', 'toString', '', '1', '10', '2'),
);
const { value: anyValue } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, false),
    number,
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .array(fc.tuple(name, tie('value')), { maxLength: 5 })
      .map((members) => bare(members) as Json),
  ),
}));

/** An object as the reader makes it: without a prototype. */
function bare(members: readonly (readonly [string, Json])[]): Json {
  const object: Record<string, Json> = Object.create(null);
  for (const [key, value] of members) object[key] = value;
  return object;
}

canonical('reads back whatever it wrote', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const bytes = encodeCanonical(value);
      const again = parseCanonical(bytes);
      assert.is(canonicalText(again), fromUtf8(bytes));
      assert.equal(JSON.stringify(sorted(again)), JSON.stringify(sorted(value)));
    }),
    { numRuns: 2000 },
  );
});

canonical('reads what the lenient reader of the runtime reads', () => {
  fc.assert(
    fc.property(anyValue, fc.constantFrom(0, 1, 3), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      assert.is(JSON.stringify(parse(text)), JSON.stringify(JSON.parse(text)));
    }),
  );
});

canonical('takes no text that the lenient reader refuses, and throws nothing but refusals', () => {
  const soup = fc.array(
    fc.constantFrom(...'{}[],:"\\u0019aefnrtl-+. \n', '\u0000', 'é', '"a"', 'null', '1e5'),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(soup, (parts) => {
      const text = parts.join('');
      const value = refusalOf(() => parse(text));
      if (value instanceof Refusal) return;
      assert.is(JSON.stringify(value), JSON.stringify(JSON.parse(text)), text);
    }),
    { numRuns: 5000 },
  );
});

canonical('refuses a duplicate member, however it is spelled', () => {
  const texts = ['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '{"":1,"":2}', '{"b":{"a":1,"a":2}}'];
  const inherited = ['{"__proto__":1,"__proto__":2}', '{"toString":1,"toString":2}'];
  for (const text of [...texts, ...inherited, '[{"a":{}, "b":0, "a":{}}]']) {
    refuses('json-duplicate-key', () => parse(text), text);
  }
});

canonical('takes __proto__ for an ordinary name', () => {
  const value = parse('{"__proto__":{"admin":true},"constructor":1}');
  assert.ok(isObject(value));
  assert.equal(Object.keys(value), ['__proto__', 'constructor']);
  assert.is('admin' in value, false);
  assert.is('toString' in value, false);
  assert.is(canonicalText(value), '{"__proto__":{"admin":true},"constructor":1}');
});

canonical('refuses half a character, as a value and as a name', () => {
  for (const half of ['\\ud800', '\\udc00', '\\ud800x', '\\udc00\\ud800', 'x\\udbff']) {
    refuses('json-lone-surrogate', () => parse(`"${half}"`), half);
    refuses('json-lone-surrogate', () => parse(`{"${half}":1}`), half);
  }
  assert.is(parse('"\\ud83d\\ude00"'), '😀');
  refuses('bad-encoding', () => parseJson(fromHex('22eda08022')));
});

canonical('takes the depth limit and refuses one more', () => {
  const nested = (depth: number, open: string, close: string): string =>
    open.repeat(depth) + (open === '[' ? '' : '0') + close.repeat(depth);
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    parse(nested(JSON_DEPTH_MAX, open, close));
    refuses('json-too-deep', () => parse(nested(JSON_DEPTH_MAX + 1, open, close)), open);
  }
});

canonical('refuses a million nested arrays at once', () => {
  const started = performance.now();
  refuses('json-too-deep', () => parse('['.repeat(1_000_000)));
  refuses('json-too-deep', () => parse('{"a":'.repeat(200_000)));
  assert.ok(performance.now() - started < 500);
});

canonical('takes integers up to 2^53 − 1 and refuses what lies beyond', () => {
  for (const text of ['9007199254740991', '-9007199254740991', '9007199254740991.0', '0', '-0']) {
    assert.is(parse(text), Number(text));
  }
  const beyond = ['9007199254740992', '9007199254740993', '-9007199254740992'];
  for (const text of [...beyond, '9007199254740993.0', '123456789012345678901234567890']) {
    refuses('json-number', () => parse(text), text);
  }
});

canonical('takes measurements with an exponent, unless they are no number', () => {
  assert.is(parse('1E30'), 1e30);
  assert.is(parse('2e-3'), 0.002);
  for (const text of ['1e400', '-1e400', '1'.repeat(400)]) {
    refuses('json-number', () => parse(text), text);
  }
});

canonical('refuses numbers that JSON does not spell', () => {
  for (const text of ['01', '+1', '.5', '1.', '-', '1e', '1e+', '0x1', 'NaN', 'Infinity', '--1']) {
    refuses('json-syntax', () => parse(text), text);
  }
});

canonical('refuses texts that are no JSON', () => {
  const texts = ['', ' ', '[', ']', '[1,]', '[,1]', '[1 2]', '{', '{"a"}', '{"a":}', '{a:1}'];
  const more = ['{"a":1,}', "'a'", 'tru', 'nulll', '1 1', '[]]', '{}{}', '"', '"\\', '"\\x"'];
  const escapes = ['"\\u12"', '"\\u12g4"', '"\\U0041"', '"\n"', '"\u0000"', '\u00a01', '\ufeff1'];
  for (const text of [...texts, ...more, ...escapes, '//\n1', '[1}', '{"a":1]']) {
    refuses('json-syntax', () => parse(text), JSON.stringify(text));
  }
});

canonical('takes a text of the size limit and refuses one byte more', () => {
  const text = (size: number): Uint8Array => toUtf8(`"${'a'.repeat(size - 2)}"`);
  parseJson(text(DOCUMENT_BYTES_MAX));
  refuses('too-large', () => parseJson(text(DOCUMENT_BYTES_MAX + 1)));
  refuses('too-large', () => parseJson(toUtf8('[1]'), 2));
});

canonical('refuses every other spelling of a canonical text', () => {
  assert.equal(encodeCanonical(parseCanonical(toUtf8('{"a":[1,"é"],"b":{}}'))).length, 21);
  const spellings = [
    ' 1',
    '1 ',
    '[1, 2]',
    '{"b":1,"a":2}',
    '1.0',
    '1e2',
    '-0',
    '"\\/"',
    '"\\u0041"',
  ];
  for (const text of [...spellings, '0.10', '1E30', '"\\u000a"', '"\\u00e9"', '{"a": 1}']) {
    refuses('not-canonical', () => parseCanonical(toUtf8(text)), text);
  }
});

canonical('sorts members by UTF-16 code unit', () => {
  const members = { '\ufb33': 1, '😀': 2, ö: 3, '€': 4, '1': 5, '\r': 6, '10': 7, '2': 8 };
  const expected = '{"\\r":6,"1":5,"10":7,"2":8,"ö":3,"€":4,"😀":2,"\ufb33":1}';
  assert.is(canonicalText(members), expected);
});

canonical('takes what has no canonical form for a bug', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '\ud800', { '\udc00': 1 }]) {
    assert.throws(() => encodeCanonical(value), isBug);
  }
});

canonical('refuses bytes that are not UTF-8 anywhere in the text', () => {
  refuses('bad-encoding', () => parseJson(concat(toUtf8('{"a":"'), fromHex('ff'), toUtf8('"}'))));
});

canonical('tells objects from arrays and null', () => {
  assert.equal(
    [{}, [], null, undefined, 1, ''].map((value) => isObject(value as Json)),
    [true, false, false, false, false, false],
  );
});

canonical('hands out wide integers as text where a standard counts that far', () => {
  const wide = (text: string): Json => parseWideJson(toUtf8(text));
  assert.equal(wide('[9007199254740991,9007199254740993,-9007199254740993]'), [
    9_007_199_254_740_991,
    '9007199254740993',
    '-9007199254740993',
  ]);
  assert.is(wide('1e20'), 1e20);
  refuses('json-number', () => wide('1e999'));
  refuses('json-number', () => wide('9007199254740993.0'));
  refuses('json-duplicate-key', () => wide('{"a":1,"a":2}'));
  refuses('too-large', () => parseWideJson(toUtf8('[1]'), 2));
});

canonical.run();

function sorted(value: Json): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.keys(value)
    .sort()
    .map((key) => [key, sorted(value[key] ?? null)]);
}
