/** The rules of dialling and keeping, and the small bounded things that guard a process. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  BAN_MS,
  GOSSIP_BURST,
  GOSSIP_RATE_PER_S,
  REDIAL_MS_MAX,
  REDIAL_MS_MIN,
  SYNC_BURST,
  WANT_TIMEOUT_MS,
} from '../../../core/limits.ts';
import { bootMs, MINUTE_MS } from '../../../core/time.ts';
import { BANS_MAX, Bans } from '../../../daemon/network/bans.ts';
import { Budgets } from '../../../daemon/network/budgets.ts';
import {
  redialDelayMs,
  replaces,
  SLOW_FACTOR,
  YIELD_MS,
} from '../../../daemon/network/link-policy.ts';
import { QUIET_KEYS_MAX, QuietLog } from '../../../daemon/network/quiet-log.ts';
import { TokenBucket } from '../../../daemon/network/token-bucket.ts';
import type { LogFields, Random } from '../../../daemon/ports.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

const policy = suite('daemon/network/link-policy');

const least: Random = { bytes: (count) => new Uint8Array(count) };
const most: Random = { bytes: (count) => new Uint8Array(count).fill(0xff) };
const unknown = { self: 'a', peer: null, isSlow: false };

policy('redials with full jitter below a cap that doubles and then stays', () => {
  for (let failures = 0; failures < 100; failures++) {
    const cap = Math.min(REDIAL_MS_MAX, REDIAL_MS_MIN * 2 ** failures);
    assert.is(redialDelayMs(unknown, failures, least), 0);
    assert.is(redialDelayMs(unknown, failures, most), cap - 1);
  }
});

policy('gives a slow link more time between two dials', () => {
  const slow = { ...unknown, isSlow: true };
  assert.is(redialDelayMs(slow, 0, most), REDIAL_MS_MIN - 1);
  assert.is(redialDelayMs(slow, 99, most), SLOW_FACTOR * REDIAL_MS_MAX - 1);
});

policy('lets the lower id dial first, once', () => {
  const [low, high] = ['a', 'b'] as const;
  assert.is(redialDelayMs({ self: low, peer: high, isSlow: false }, 0, least), 0);
  assert.is(redialDelayMs({ self: high, peer: low, isSlow: false }, 0, least), YIELD_MS);
  assert.is(redialDelayMs({ self: high, peer: low, isSlow: false }, 1, least), 0);
});

policy('prefers the connection that the lower id dialled, on both sides', () => {
  const [low, high] = [
    { self: 'a', peer: 'b' },
    { self: 'b', peer: 'a' },
  ];
  assert.ok(replaces(low, 'inbound', 'outbound'));
  assert.ok(replaces(high, 'outbound', 'inbound'));
  assert.not(replaces(low, 'outbound', 'inbound'));
  assert.not(replaces(high, 'inbound', 'outbound'));
});

policy('prefers the newer of two that one side dialled', () => {
  for (const self of ['a', 'c']) {
    assert.ok(replaces({ self, peer: 'b' }, 'inbound', 'inbound'));
    assert.ok(replaces({ self, peer: 'b' }, 'outbound', 'outbound'));
  }
});

policy('a bucket gives its burst, then its rate, and never more than its burst', () => {
  const bucket = new TokenBucket({ ratePerS: 2, burst: 3 });
  const taken = () => [bucket.take(), bucket.take(), bucket.take(), bucket.take()];
  assert.equal(taken(), [true, true, true, false]);
  bucket.refill(499);
  assert.not(bucket.take());
  bucket.refill(1);
  assert.ok(bucket.take());
  assert.not(bucket.isFull);
  bucket.refill(60_000);
  assert.ok(bucket.isFull);
  assert.equal(taken(), [true, true, true, false]);
});

policy('a budget of one peer and one kind is nobody else’s', () => {
  const budgets = new Budgets();
  for (let i = 0; i < GOSSIP_BURST; i++) assert.ok(budgets.spend('a', 'gossip'));
  assert.not(budgets.spend('a', 'gossip'));
  assert.ok(budgets.spend('a', 'sync'));
  assert.ok(budgets.spend('b', 'gossip'));
});

policy('a budget is not touched by what was asked for, as long as an answer may take', () => {
  const budgets = new Budgets();
  budgets.expect('a', 2);
  for (let i = 0; i < SYNC_BURST + 2; i++) assert.ok(budgets.spend('a', 'sync'));
  assert.not(budgets.spend('a', 'sync'));
  budgets.expect('b', 1);
  budgets.refill(WANT_TIMEOUT_MS - 1);
  assert.is(budgets.size, 2);
  budgets.refill(1);
  assert.is(budgets.size, 0);
});

policy('a budget is forgotten when nothing is owed, and not before', () => {
  const budgets = new Budgets();
  for (let i = 0; i < SYNC_BURST; i++) budgets.spend('a', 'sync');
  budgets.spend('b', 'gossip');
  budgets.refill(1_000 / GOSSIP_RATE_PER_S);
  assert.is(budgets.size, 1);
  assert.ok(budgets.spend('a', 'sync'));
  assert.not(budgets.spend('a', 'sync'));
  budgets.refill(MINUTE_MS);
  assert.is(budgets.size, 0);
});

policy('a ban ends by itself, at its millisecond', () => {
  const bans = new Bans();
  bans.add('a', bootMs(5));
  assert.ok(bans.has('a', bootMs(5 + BAN_MS - 1)));
  assert.not(bans.has('b', bootMs(5)));
  assert.not(bans.has('a', bootMs(5 + BAN_MS)));
  assert.not(bans.has('a', bootMs(5)));
});

policy('of too many bans the oldest goes', () => {
  const bans = new Bans();
  for (let i = 0; i <= BANS_MAX; i++) bans.add(`peer ${i}`, bootMs(i));
  assert.not(bans.has('peer 0', bootMs(0)));
  assert.ok(bans.has('peer 1', bootMs(0)));
});

function listen() {
  const clock = new FakeClock();
  const lines: LogFields[] = [];
  const log = new QuietLog(clock, {
    info: () => undefined,
    warn: (_event, fields = {}) => lines.push(fields),
  });
  return { clock, lines, log };
}

policy('one peer writes one line a minute, and the rest is counted', () => {
  const { clock, lines, log } = listen();
  for (let i = 0; i < 5; i++) log.warn('link.slow', 'a', { peer: 'a' });
  log.warn('link.slow', 'b', { peer: 'b' });
  clock.advance(MINUTE_MS);
  log.warn('link.slow', 'a', { peer: 'a' });
  assert.equal(
    lines.map(({ peer, repeated }) => [peer, repeated]),
    [
      ['a', 0],
      ['b', 0],
      ['a', 4],
    ],
  );
});

policy('names of strangers do not pile up in the log’s memory', () => {
  const { lines, log } = listen();
  for (let i = 0; i < QUIET_KEYS_MAX + 1; i++) log.warn('link.slow', `peer ${i}`, {});
  log.warn('link.slow', 'peer 0', {}); // forgotten, so it may speak again
  assert.is(lines.length, QUIET_KEYS_MAX + 2);
});

policy.run();
