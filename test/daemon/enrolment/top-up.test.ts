/** When a member asks for more, and when it leaves its authority alone. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../../core/failure.ts';
import { ISSUING_RETRY_MS } from '../../../core/limits.ts';
import { addMs, DAY_MS } from '../../../core/time.ts';
import type { HeldIssuing } from '../../../daemon/enrolment/held-issuing.ts';
import { TopUp } from '../../../daemon/enrolment/top-up.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryLog } from '../../fakes/memory-log.ts';
import { HOME, NODE } from '../identity/captured.ts';

const topUp = suite('daemon/enrolment/top-up');

/** A member that lacks `lacking` pieces, each granted by one answer that is not empty. */
function open(lacking: number) {
  const clock = new FakeClock();
  const state = { lacking, asked: 0, granted: 0, isReachable: true, isGenerous: true };
  const until = addMs(clock.now().wall, DAY_MS);
  const terms = { domain: HOME, node: NODE, kind: 'slices', group: 'default' } as const;
  const issuing = {
    lacks: () => state.lacking > 0,
    requestMore: () => Uint8Array.of(state.lacking),
    install: async (_terms: unknown, granted: Uint8Array) => {
      state.lacking -= granted.length;
    },
  } as unknown as HeldIssuing;
  const topped = new TopUp({
    ...{ clock, issuing, log: new MemoryLog() },
    terms: () => ({ ...terms, assurance: 'software', notAfter: until }),
    until: () => until,
    ask: async () => {
      state.asked += 1;
      if (!state.isReachable) throw new Failure('peer-unreachable', 'cut off');
      return new Uint8Array(state.isGenerous ? 1 : 0);
    },
    onGranted: () => {
      state.granted += 1;
    },
  });
  return { clock, state, topped };
}

async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

topUp('asks until it holds all that could be had, one request at a time', async () => {
  const { clock, state, topped } = open(3);
  topped.look();
  topped.look();
  await settled();
  assert.equal([state.asked, state.granted, state.lacking], [3, 3, 0]);
  topped.look();
  assert.is(state.asked, 3);
  assert.is(clock.waiting, 0);
});

topUp('tries again by itself while nobody answers, and no sooner', async () => {
  const { clock, state, topped } = open(1);
  state.isReachable = false;
  topped.look();
  await settled();
  topped.look();
  assert.is(state.asked, 1);
  clock.advance(ISSUING_RETRY_MS - 1);
  assert.is(state.asked, 1);
  state.isReachable = true;
  clock.advance(1);
  await settled();
  assert.equal([state.asked, state.lacking], [2, 0]);
});

topUp('does not ask the same again and again of an authority that gives nothing', async () => {
  const { clock, state, topped } = open(1);
  state.isGenerous = false;
  topped.look();
  await settled();
  assert.is(state.asked, 1);
  await topped.close();
  clock.advance(ISSUING_RETRY_MS);
  assert.is(state.asked, 1);
});

topUp.run();
