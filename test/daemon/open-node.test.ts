/** A state machine over records that nobody but this machine wrote. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { openNode } from '../../daemon/open-node.ts';
import { Coalition, keysOf, SUITE } from '../fakes/coalition.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { NO_DICE } from '../fakes/seeded-random.ts';
import { refuses } from '../refused.ts';

const opening = suite('daemon/open-node');

opening('is refused where a record says nothing, by what mends the state of this machine', () => {
  const blue = new Coalition().add({ name: 'blue' });
  const clock = new FakeClock();
  const openOver = (records: ReadonlyMap<string, Uint8Array>) =>
    openNode({
      ...{ own: blue.domain, suite: SUITE, records, bootId: clock.bootId, now: clock.now() },
      ...{ continuity: 'software', limits: null, dice: NO_DICE },
      ...{ node: keysOf('blue').node, authority: null },
    });
  assert.is(openOver(blue.records).viewOf(blue.domain, clock.now())?.rootVersion, 1n);
  for (const key of blue.records.keys()) {
    if (!/root|beacon/.test(key)) continue;
    refuses('state-corrupt', () => openOver(new Map([...blue.records, [key, toUtf8('{}')]])), key);
  }
});

opening.run();
