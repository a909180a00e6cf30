/** Readings that are made once: one for each thing, and none of what was refused. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readOnce } from '../../core/read-once.ts';
import { Refusal } from '../../core/refusal.ts';
import { refuses } from '../refused.ts';

const reading = suite('core/read-once');

reading('reads a thing once, and another that equals it for itself', () => {
  let times = 0;
  const read = readOnce((bytes: Uint8Array) => ({ length: bytes.length, times: ++times }));
  const bytes = Uint8Array.of(1, 2);
  const first = read(bytes);
  assert.is(read(bytes), first);
  assert.equal(read(Uint8Array.of(1, 2)), { length: 2, times: 2 });
});

reading('refuses what it refused before', () => {
  let times = 0;
  const read = readOnce((): never => {
    times += 1;
    throw new Refusal('document-malformed');
  });
  const bytes = new Uint8Array();
  refuses('document-malformed', () => read(bytes));
  refuses('document-malformed', () => read(bytes));
  assert.is(times, 2);
});

reading.run();
