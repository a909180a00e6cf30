/** What each peer has cost: budgets of its own, strikes for what is provably wrong. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  GOSSIP_BURST,
  STRIKES_MAX,
  SYNC_BURST,
  TICK_STEPS_PER_MIN,
  WANTS_OPEN_MAX,
} from '../../core/limits.ts';
import { REFUSALS, Refusal, type RefusalCode } from '../../core/refusal.ts';
import { bootMs } from '../../core/time.ts';
import { PeerLedger } from '../../federation/peer-ledger.ts';
import { refuses } from '../refused.ts';

const ledgers = suite('federation/peer-ledger');

const T0 = bootMs(0);

ledgers('charge gossip and sync apart, and each peer for itself', () => {
  const ledger = new PeerLedger();
  for (let i = 0; i < GOSSIP_BURST; i++) ledger.charge('a', 'gossip', T0);
  refuses('peer-budget', () => ledger.charge('a', 'gossip', T0));
  for (let i = 0; i < SYNC_BURST; i++) ledger.charge('a', 'sync', T0);
  refuses('peer-budget', () => ledger.charge('a', 'sync', T0));
  ledger.charge('b', 'gossip', T0);
  ledger.charge('a', 'gossip', bootMs(50));
});

ledgers('charge nothing for what was asked for', () => {
  const ledger = new PeerLedger();
  ledger.expect('a', 2, T0);
  for (let i = 0; i < SYNC_BURST + 2; i++) ledger.charge('a', 'sync', T0);
  refuses('peer-budget', () => ledger.charge('a', 'sync', T0));
});

ledgers('expect no more frames than may be asked for', () => {
  const ledger = new PeerLedger();
  ledger.expect('a', 10 * WANTS_OPEN_MAX, T0);
  for (let i = 0; i < SYNC_BURST + WANTS_OPEN_MAX; i++) ledger.charge('a', 'sync', T0);
  refuses('peer-budget', () => ledger.charge('a', 'sync', T0));
});

ledgers('allow so much hashing a minute', () => {
  const ledger = new PeerLedger();
  ledger.steps('a', T0).spend(TICK_STEPS_PER_MIN);
  refuses('tick-budget', () => ledger.steps('a', T0).spend(1));
  ledger.steps('b', T0).spend(1);
  ledger.steps('a', bootMs(60_000)).spend(TICK_STEPS_PER_MIN);
});

ledgers('strike for what is provably wrong, and for nothing that is late', () => {
  for (const code of Object.keys(REFUSALS) as RefusalCode[]) {
    const ledger = new PeerLedger();
    const strikes = Array.from({ length: STRIKES_MAX }, () =>
      ledger.strike('a', new Refusal(code), T0),
    );
    const isWrong = REFUSALS[code].judgement === 'reject';
    assert.equal(strikes, [false, false, isWrong], code);
  }
});

ledgers('take a place once for each link, whatever was on its way by then', () => {
  const ledger = new PeerLedger();
  const wrong = () => ledger.strike('a', new Refusal('frame-malformed'), T0);
  assert.equal(Array.from({ length: 5 }, wrong), [false, false, true, false, false]);
  ledger.arrived('a');
  assert.equal([wrong(), wrong()], [true, false]);
});

ledgers('remember a bounded number of peers, and forget the oldest', () => {
  const ledger = new PeerLedger();
  for (let i = 0; i < GOSSIP_BURST; i++) ledger.charge('first', 'gossip', T0);
  for (let i = 0; i < 1_023; i++) ledger.charge(`peer-${i}`, 'gossip', T0);
  refuses('peer-budget', () => ledger.charge('first', 'gossip', T0));
  ledger.charge('one-more', 'gossip', T0);
  ledger.charge('first', 'gossip', T0);
});

ledgers.run();
