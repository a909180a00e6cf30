/** Token buckets: what they hold, and how they fill (PROTOCOL §6.2). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bootMs } from '../../core/time.ts';
import { Bucket } from '../../federation/budget.ts';

const buckets = suite('federation/budget');

const RATE = { perSecond: 10, burst: 5 };

buckets('give what they hold and no more', () => {
  const bucket = new Bucket(RATE, bootMs(0));
  assert.ok(bucket.spend(5, bootMs(0)));
  assert.not.ok(bucket.spend(1, bootMs(0)));
});

buckets('fill with boot time', () => {
  const bucket = new Bucket(RATE, bootMs(0));
  bucket.spend(5, bootMs(0));
  assert.not.ok(bucket.spend(1, bootMs(99)));
  assert.ok(bucket.spend(1, bootMs(100)));
});

buckets('hold no more than a burst, however long nobody came', () => {
  const bucket = new Bucket(RATE, bootMs(0));
  assert.not.ok(bucket.spend(6, bootMs(1_000_000)));
  assert.ok(bucket.spend(5, bootMs(1_000_000)));
});

buckets('lose nothing by a spend that did not fit', () => {
  const bucket = new Bucket(RATE, bootMs(0));
  assert.not.ok(bucket.spend(50, bootMs(0)));
  assert.ok(bucket.spend(5, bootMs(0)));
});

buckets('gain nothing by a clock that goes back', () => {
  const bucket = new Bucket(RATE, bootMs(1_000));
  bucket.spend(5, bootMs(1_000));
  assert.not.ok(bucket.spend(1, bootMs(0)));
  assert.not.ok(bucket.spend(1, bootMs(50)));
});

buckets.run();
