/** What a foreign domain may cost in bytes, and what is kept for taking back (PROTOCOL §6.2). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  DOMAIN_BUDGET_MIB,
  DOMAIN_MOVED_BURST,
  DOMAIN_MOVED_PER_S,
  DOMAIN_NEWS_BURST,
  DOMAIN_NEWS_PER_S,
  DOMAIN_RESERVE_BURST,
} from '../../core/limits.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { bootMs } from '../../core/time.ts';
import { DomainLedger } from '../../federation/domain-ledger.ts';
import { refuses } from '../refused.ts';

const ledgers = suite('federation/domain-ledger');

const [OWN, RED, GREEN] = ['blue.example', 'red.example', 'green.example'].map(parseTrustDomain);
assert.ok(OWN && RED && GREEN);
const T0 = bootMs(1_000);
const positive = (bytes: number) => ({ bytes, isNegative: false });
const negative = (bytes: number) => ({ bytes, isNegative: true });

ledgers('charge each foreign domain for itself, and our own nothing', () => {
  const ledger = new DomainLedger(OWN, () => DOMAIN_BUDGET_MIB);
  ledger.move(RED, positive(DOMAIN_MOVED_BURST), T0);
  refuses('domain-budget', () => ledger.move(RED, positive(1), T0));
  ledger.move(GREEN, positive(DOMAIN_MOVED_BURST), T0);
  ledger.move(OWN, positive(2 * DOMAIN_MOVED_BURST), T0);
  ledger.move(OWN, positive(2 * DOMAIN_MOVED_BURST), T0);
  ledger.move(RED, positive(DOMAIN_MOVED_PER_S), bootMs(T0 + 1_000));
});

ledgers('keep room for what takes something back, which is bounded too', () => {
  const ledger = new DomainLedger(OWN, () => DOMAIN_BUDGET_MIB);
  ledger.move(RED, positive(DOMAIN_MOVED_BURST), T0);
  ledger.move(RED, negative(DOMAIN_RESERVE_BURST), T0);
  refuses('domain-budget', () => ledger.move(RED, negative(1), T0));
  refuses('domain-budget', () => ledger.move(RED, positive(1), T0));
});

ledgers('let a domain owe for what it published, a burst at most', () => {
  const ledger = new DomainLedger(OWN, () => DOMAIN_BUDGET_MIB);
  ledger.learn(RED, DOMAIN_NEWS_BURST - 1, T0);
  ledger.checkNews(RED, T0);
  ledger.learn(RED, 10 * DOMAIN_NEWS_BURST, T0);
  refuses('domain-budget', () => ledger.checkNews(RED, T0));
  assert.equal(ledger.left(RED, T0), { moved: 100, news: 0 });
  const paidMs = (1_000 * DOMAIN_NEWS_BURST) / DOMAIN_NEWS_PER_S;
  assert.not.ok(ledger.mayLearn(RED, bootMs(T0 + paidMs)));
  assert.ok(ledger.mayLearn(RED, bootMs(T0 + paidMs + 1_000)));
  ledger.learn(OWN, 10 * DOMAIN_NEWS_BURST, T0);
  assert.ok(ledger.mayLearn(OWN, T0) && ledger.mayLearn(GREEN, T0));
});

ledgers(
  'give each domain what our relation to it grants, and what takes back as much as ever',
  () => {
    let granted = DOMAIN_BUDGET_MIB / 4;
    const ledger = new DomainLedger(OWN, (domain) =>
      domain === RED ? granted : DOMAIN_BUDGET_MIB,
    );
    const quarter = (bytes: number) => bytes / 4;
    ledger.move(RED, positive(quarter(DOMAIN_MOVED_BURST)), T0);
    refuses('domain-budget', () => ledger.move(RED, positive(1), T0));
    ledger.move(RED, negative(DOMAIN_RESERVE_BURST), T0);
    ledger.move(GREEN, positive(DOMAIN_MOVED_BURST), T0);
    const later = bootMs(T0 + 1_000);
    refuses('domain-budget', () => ledger.move(RED, positive(DOMAIN_MOVED_PER_S), later));
    ledger.move(RED, positive(quarter(DOMAIN_MOVED_PER_S)), later);
    ledger.learn(RED, quarter(DOMAIN_NEWS_BURST), later);
    refuses('domain-budget', () => ledger.checkNews(RED, later));

    granted = DOMAIN_BUDGET_MIB * 2;
    ledger.move(RED, positive(2 * DOMAIN_MOVED_BURST), later);
    ledger.checkNews(RED, later);
    refuses('domain-budget', () => ledger.move(RED, negative(DOMAIN_RESERVE_BURST), later));
  },
);

ledgers.run();
