/** Text and bytes: one spelling each way, every character, both ends of every field. */

import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bug } from '../../core/assert.ts';
import {
  compareBytes,
  concat,
  equalBytes,
  fromBase64,
  fromBase64Url,
  fromHex,
  fromUtf8,
  Reader,
  toBase64,
  toBase64Url,
  toHex,
  toUtf8,
  Writer,
} from '../../core/bytes.ts';
import { refuses } from '../refused.ts';

const bytes = suite('core/bytes');

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CODECS = [
  { name: 'base64', to: toBase64, from: fromBase64, alphabet: `${LETTERS}0123456789+/`, pad: '=' },
  {
    name: 'url',
    to: toBase64Url,
    from: fromBase64Url,
    alphabet: `${LETTERS}0123456789-_`,
    pad: '',
  },
];
const anyBytes = fc.uint8Array({ maxLength: 200 });
const isBug = (error: unknown): boolean => error instanceof Bug;

bytes('takes hex of every byte value, and in lower case only', () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.equal(fromHex(toHex(all)), all);
  for (let code = 0; code < 256; code++) {
    const character = String.fromCharCode(code);
    const spelled = `0${character}`;
    if (/[0-9a-f]/.test(character)) assert.is(toHex(fromHex(spelled)), spelled);
    else refuses('bad-encoding', () => fromHex(spelled), `code ${code}`);
  }
});

bytes('refuses hex of an odd length, and whatever stands around it', () => {
  for (const text of ['0', '000', ' 00', '00 ', '00\n', '0x00', '٠٠']) {
    refuses('bad-encoding', () => fromHex(text), JSON.stringify(text));
  }
  assert.equal(fromHex(''), new Uint8Array());
});

for (const { name, to, from, alphabet, pad } of CODECS) {
  bytes(`reads back every byte string from ${name}`, () => {
    fc.assert(fc.property(anyBytes, (given) => assert.equal(from(to(given)), given)));
  });

  bytes(`agrees with the runtime about ${name}`, () => {
    const kind = name === 'url' ? 'base64url' : 'base64';
    fc.assert(
      fc.property(anyBytes, (given) => {
        assert.is(to(given), Buffer.from(given).toString(kind));
      }),
    );
  });

  bytes(`takes the 64 characters of ${name} and no other`, () => {
    for (let code = 0; code < 300; code++) {
      const character = String.fromCharCode(code);
      const text = `AA${character}A`;
      if (alphabet.includes(character)) assert.is(to(from(text)), text);
      else refuses('bad-encoding', () => from(text), `code ${code}`);
    }
  });

  bytes(`refuses stray bits at the end of ${name}`, () => {
    for (const [i, character] of [...alphabet].entries()) {
      const one = `A${character}${pad.repeat(2)}`;
      const two = `AA${character}${pad}`;
      if (i % 16 === 0) assert.is(to(from(one)), one);
      else refuses('bad-encoding', () => from(one), one);
      if (i % 4 === 0) assert.is(to(from(two)), two);
      else refuses('bad-encoding', () => from(two), two);
    }
  });
}

bytes('refuses base64 with too little or too much padding', () => {
  const wrong = ['A', 'AA', 'AAA', 'AA=', 'A===', 'AAA==', 'AAAA=', 'AAAA==', '=', '==', '===='];
  for (const text of [...wrong, 'AAAA====', 'AA==AAAA', 'A=A=', 'AA==\n', ' AA==']) {
    refuses('bad-encoding', () => fromBase64(text), text);
  }
  assert.equal(fromBase64(''), new Uint8Array());
});

bytes('refuses base64url with padding or of an impossible length', () => {
  for (const text of ['A', 'AA==', 'AAA=', 'AAAAA', 'AA AA', 'AA\n']) {
    refuses('bad-encoding', () => fromBase64Url(text), text);
  }
});

bytes('refuses every malformed UTF-8', () => {
  const wrong = ['80', 'c0af', 'c1bf', 'c3', 'e08080', 'eda080', 'edbfbf', 'f0808080', 'f4908080'];
  for (const hex of [...wrong, 'fe', 'ff', 'e282', 'f09f98']) {
    refuses('bad-encoding', () => fromUtf8(fromHex(hex)), hex);
  }
});

bytes('keeps a byte order mark as a character', () => {
  assert.is(fromUtf8(fromHex('efbbbf41')), '\ufeffA');
});

bytes('takes a lone surrogate in our own text for a bug', () => {
  assert.throws(() => toUtf8('\ud800'), isBug);
  assert.is(fromUtf8(toUtf8('é€😀')), 'é€😀');
});

bytes('compares for equality and for order', () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, (a, b) => {
      assert.is(equalBytes(a, b), toHex(a) === toHex(b));
      const byHex = toHex(a) < toHex(b) ? -1 : toHex(a) > toHex(b) ? 1 : 0;
      assert.is(Math.sign(compareBytes(a, b)), byHex);
    }),
  );
});

bytes('joins in the order given', () => {
  assert.is(toHex(concat(fromHex('01'), new Uint8Array(), fromHex('0203'))), '010203');
  assert.is(concat().length, 0);
});

bytes('writes and reads every width, big-endian', () => {
  const written = new Writer()
    .u8(0xff)
    .u16(0xfffe)
    .u24(0xfffffd)
    .u32(0xfffffffc)
    .u64(0xfffffffffffffffbn)
    .raw(fromHex('aa'))
    .finish();
  assert.is(toHex(written), 'fffffefffffdfffffffcfffffffffffffffbaa');
  const reader = new Reader(written);
  const read = [reader.u8(), reader.u16(), reader.u24(), reader.u32(), reader.u64()];
  assert.equal(read, [0xff, 0xfffe, 0xfffffd, 0xfffffffc, 0xfffffffffffffffbn]);
  assert.is(toHex(reader.take(1)), 'aa');
  assert.is(reader.remaining, 0);
  reader.end();
});

bytes('reads from a view into a larger buffer', () => {
  const reader = new Reader(fromHex('ffff0102ffff').subarray(2, 4));
  assert.is(reader.u16(), 0x0102);
  reader.end();
});

bytes('refuses to read past the end, by any width, and reads nothing then', () => {
  const reads: readonly ((reader: Reader) => unknown)[] = [
    (reader) => reader.u16(),
    (reader) => reader.u24(),
    (reader) => reader.u32(),
    (reader) => reader.u64(),
    (reader) => reader.take(2),
  ];
  for (const read of reads) {
    const reader = new Reader(fromHex('07'));
    refuses('truncated', () => read(reader));
    assert.is(reader.u8(), 7);
    refuses('truncated', () => reader.u8());
  }
});

bytes('refuses bytes after the end', () => {
  refuses('trailing-bytes', () => new Reader(fromHex('00')).end());
});

bytes('takes a number that does not fit its field for a bug', () => {
  const wrong: readonly ((writer: Writer) => unknown)[] = [
    (writer) => writer.u8(256),
    (writer) => writer.u8(-1),
    (writer) => writer.u16(65_536),
    (writer) => writer.u24(2 ** 24),
    (writer) => writer.u32(2 ** 32),
    (writer) => writer.u32(1.5),
    (writer) => writer.u32(Number.NaN),
    (writer) => writer.u64(1n << 64n),
    (writer) => writer.u64(-1n),
  ];
  for (const write of wrong) assert.throws(() => write(new Writer()), isBug);
});

bytes.run();
