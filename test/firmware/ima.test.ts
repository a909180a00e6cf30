/** IMA lists: how far a quote covers them, and what a bank without its own hash is worth. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, toUtf8 } from '../../core/bytes.ts';
import { hashOf } from '../../core/ciphers.ts';
import { decodeImaLog, replayIma } from '../../firmware/ima.ts';
import { type BelievedPcrs, believePcrs, extendPcr } from '../../firmware/pcrs.ts';
import { refuses } from '../refused.ts';
import { skip } from '../skip.ts';
import { knownLogs, VECTORS_ABSENT, vector } from './vectors.ts';

const ima = suite('firmware/ima');

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

const field = (bytes: Uint8Array): Uint8Array => concat(u32(bytes.length), bytes);

function template(path: string): Uint8Array {
  const digest = concat(toUtf8('sha256:\0'), hashOf('sha256', toUtf8(path)));
  return concat(field(digest), field(toUtf8(`${path}\0`)));
}

function entry(path: string, sha1 = hashOf('sha1', template(path))): Uint8Array {
  return concat(u32(10), sha1, field(toUtf8('ima-ng')), field(template(path)));
}

function believed(value: Uint8Array): BelievedPcrs {
  return believePcrs({ bank: 'sha256', values: new Map([[10, value]]) }, [10]);
}

const ZERO = new Uint8Array(32);
const extended = (from: Uint8Array, path: string): Uint8Array =>
  extendPcr('sha256', from, hashOf('sha256', template(path)));

ima('list longer than the quote is believed as far as the quote goes', () => {
  const list = decodeImaLog(concat(entry('/a'), entry('/b'), entry('/c')));
  const { count, files } = replayIma(believed(extended(extended(ZERO, '/a'), '/b')), list);
  assert.is(count, 2);
  assert.equal(
    files.map(({ path }) => path),
    ['/a', '/b'],
  );
});

ima('list that never reaches the quote is refused', () => {
  const list = decodeImaLog(entry('/a'));
  refuses('ima-replay', () => replayIma(believed(extended(ZERO, '/b')), list));
  refuses('quote-selection', () => replayIma(believed(ZERO), list, 11));
});

ima('violation is extended as ones, counted, and believed to be nothing', () => {
  const list = decodeImaLog(entry('/a', new Uint8Array(20)));
  const value = extendPcr('sha256', ZERO, new Uint8Array(32).fill(0xff));
  const { violations, files } = replayIma(believed(value), list);
  assert.is(violations, 1);
  assert.equal(files, []);
});

ima('list of the legacy template is refused', () => {
  const legacy = concat(u32(10), new Uint8Array(20), field(toUtf8('ima')), new Uint8Array(30));
  refuses('log-malformed', () => decodeImaLog(legacy));
});

ima('list cut anywhere is refused', () => {
  const bytes = entry('/a');
  for (let length = 1; length < bytes.length; length++) {
    refuses('log-malformed', () => decodeImaLog(bytes.subarray(0, length)));
  }
});

if (VECTORS_ABSENT !== null) {
  skip('firmware/ima › lists of real kernels', VECTORS_ABSENT);
} else {
  const boots = knownLogs().filter(({ file }) => file.startsWith('qemu'));
  for (const { file, bank, pcrs: values } of boots) {
    ima(`list of ${file} leads to PCR 10 in ${bank}`, () => {
      const folder = file.split('/')[0] ?? '';
      const list = decodeImaLog(vector(`${folder}/ima_binary_runtime_measurements`));
      const replay = replayIma(believePcrs({ bank, values }, [10]), list);
      assert.is(replay.count, 1);
      const own = bank === 'sha256'; // the kernel could not allocate sha384
      assert.is(replay.hashing, own ? 'bank' : 'padded-sha1');
      assert.equal(
        replay.files.map(({ path }) => path),
        own ? ['boot_aggregate'] : [],
      );
    });
  }
}

ima.run();
