/** Who is asked for what, and what becomes of those who offer it and do not give it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEBTOR_WANTS_MAX, DEBTS_MAX, WANTS_OPEN_MAX } from '../../core/limits.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { bootMs } from '../../core/time.ts';
import { type OpenWant, WantBook } from '../../federation/want-book.ts';

const wants = suite('federation/want-book');

const want = (named: Partial<OpenWant> = {}): OpenWant => ({
  ...{ domain: parseTrustDomain('blue.example'), what: 'beacon', argument: 'aa', peer: 'mallory' },
  ...{ until: bootMs(10), tried: new Set() },
  ...named,
});

wants('are asked of one peer, until it is overdue or it came', () => {
  const book = new WantBook();
  book.ask(want());
  assert.not.ok(book.isFree(want({ peer: 'alice' })));
  assert.is(book.dueAt(), 10);
  assert.equal(book.overdue(bootMs(9)), []);
  assert.ok(book.settle(want({ peer: 'alice' })));
  assert.ok(book.isFree(want()));
  assert.not.ok(book.settle(want()));
  assert.is(book.dueAt(), Number.POSITIVE_INFINITY);
});

wants('of two domains are two, though both name a version', () => {
  const book = new WantBook();
  const root = { what: 'root', argument: '02' } as const;
  book.ask(want(root));
  assert.ok(book.isFree(want({ ...root, domain: parseTrustDomain('red.example') })));
});

wants('that were offered and not given are owed, and then free for others at once', () => {
  const book = new WantBook();
  book.ask(want());
  assert.equal(
    book.overdue(bootMs(10)).map(({ peer }) => peer),
    ['mallory'],
  );
  assert.ok(book.owes('mallory'));
  book.ask(want({ argument: 'bb', until: bootMs(20) }));
  assert.not.ok(book.isFree(want({ argument: 'bb' })));
  assert.ok(book.isFree(want({ argument: 'bb', peer: 'alice' })));
  book.ask(want({ argument: 'bb', peer: 'alice', until: bootMs(20) }));
  assert.is(book.roomFor('mallory'), WANTS_OPEN_MAX);
});

wants('that were given make good for one that was not', () => {
  const book = new WantBook();
  book.ask(want());
  book.overdue(bootMs(10));
  book.ask(want({ argument: 'bb', until: bootMs(20) }));
  book.settle(want({ argument: 'bb' }));
  assert.not.ok(book.owes('mallory'));
});

wants('that were asked on a guess are owed by nobody', () => {
  const book = new WantBook();
  book.ask(want({ what: 'document' }));
  assert.is(book.overdue(bootMs(10)).length, 1);
  assert.not.ok(book.owes('mallory'));
});

wants('are bounded for each peer, and more so for one that never keeps its word', () => {
  const book = new WantBook();
  for (let i = 0; i < DEBTS_MAX; i++) book.ask(want({ argument: `${i}` }));
  assert.is(book.roomFor('mallory'), WANTS_OPEN_MAX - DEBTS_MAX);
  assert.is(book.roomFor('mallory', DEBTS_MAX), 0);
  book.overdue(bootMs(10));
  assert.is(book.roomFor('mallory'), DEBTOR_WANTS_MAX);
  assert.is(book.roomFor('alice'), WANTS_OPEN_MAX);
  book.down('mallory');
  assert.is(book.roomFor('mallory'), WANTS_OPEN_MAX);
});

wants.run();
