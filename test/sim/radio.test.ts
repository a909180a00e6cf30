/**
 * A radio that loses frames: where the last tick of a domain was lost, none comes after it that
 * would make up for it (PROTOCOL §6.1).
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HOUR_MS } from '../../core/time.ts';
import { runWorld } from '../../sim/run.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { scenarioNamed } from '../../sim/scenarios/table.ts';

const radio = suite('sim/radio');

/** Three in a line, each a partner of both others, until the first is no more. */
const LAST_WORD: Scenario = {
  ...scenarioNamed('radio'),
  ...{ domains: 3, relations: 'all', lossPpm: 400_000, minutes: 3 * 60, heals: false },
  happenings: [{ at: HOUR_MS, fault: 'process-end', on: ['d00'], forMs: 3 * HOUR_MS, amount: 0 }],
};

radio('carries the last tick of a domain on to whoever it was lost to', () => {
  let lost = 0;
  for (let seed = 1; seed <= 8; seed++) {
    const { world, result } = runWorld({ scenario: LAST_WORD, seed });
    assert.is(result.verdict, 'held', result.why);
    const [silent, next, far] = ['d00', 'd01', 'd02'].map((name) => world.machine(name));
    assert.ok(silent && next?.node && far?.node);
    const [near, beyond] = [next, far].map(
      (machine) => machine.node?.viewOf(silent.domain, machine.clock.now(world.now))?.tick,
    );
    assert.ok(near !== undefined && near > 0, `seed ${seed}`);
    assert.is(beyond, near, `seed ${seed}`);
    const seen = new Map(world.coverage.entries());
    lost += seen.get('network: a frame was lost') ?? 0;
  }
  assert.ok(lost > 100, `${lost} frames lost`);
});

radio.run();
