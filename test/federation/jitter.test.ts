/** Moments that nobody foretells, and that a run with the same dice repeats (PROTOCOL §6.9). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { DOMAIN_BUDGET_MIB, SYNC_INTERVAL_MS, TICK_BATCH_MS } from '../../core/limits.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { bootMs } from '../../core/time.ts';
import { DomainLedger } from '../../federation/domain-ledger.ts';
import { Exchange } from '../../federation/exchange.ts';
import { Jitter } from '../../federation/jitter.ts';
import { settled } from './climber.ts';

const jitter = suite('federation/jitter');

const OWN = parseTrustDomain('blue.example');
const seedOf = (name: string) => sha256(toUtf8(name));

jitter('lies within its bounds, spread over them, and is the same for the same dice', () => {
  const [one, again, other] = ['a', 'a', 'b'].map((name) => new Jitter(seedOf(name)));
  assert.ok(one && again && other);
  const drawn = Array.from({ length: 1_000 }, () => one.between(10, 20));
  assert.equal(
    drawn,
    Array.from({ length: 1_000 }, () => again.between(10, 20)),
  );
  assert.not.equal(drawn[0], other.between(10, 20));
  assert.ok(drawn.every((number) => number >= 10 && number < 20));
  for (let part = 0; part < 10; part++) {
    const count = drawn.filter((number) => Math.floor(number) === 10 + part).length;
    assert.ok(count > 50 && count < 150, `${count} of 1000 in a tenth`);
  }
});

/** When a node with these dice compares first with one peer, and says ticks to a slow one. */
function momentsOf(name: string) {
  const { belief } = settled();
  const own = { domain: OWN, groups: 'every' } as const;
  const exchange = new Exchange(own, () => [belief], {
    domains: new DomainLedger(OWN, () => DOMAIN_BUDGET_MIB),
    jitter: new Jitter(seedOf(name)),
  });
  const linked = {
    peer: 'peer',
    domain: belief.domain,
    groups: 'none',
    binding: seedOf('link'),
  } as const;
  exchange.up({ ...linked, isSlow: true }, bootMs(0));
  const link = exchange.links.of('peer');
  assert.ok(link);
  exchange.telling.noteTicks(link, [belief], bootMs(0));
  return { compareAt: link.compareAt, tickAt: link.tickAt };
}

jitter('of the dice alone decides when a node compares, and when it says ticks', () => {
  const moments = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(momentsOf);
  assert.is(new Set(moments.map(({ compareAt }) => compareAt)).size, moments.length);
  assert.equal(momentsOf('a'), moments[0]);
  for (const { compareAt, tickAt } of moments) {
    assert.ok(compareAt >= 0.9 * SYNC_INTERVAL_MS && compareAt <= 1.1 * SYNC_INTERVAL_MS);
    assert.ok(tickAt === null || (tickAt >= 0.8 * TICK_BATCH_MS && tickAt <= TICK_BATCH_MS));
  }
});

jitter.run();
