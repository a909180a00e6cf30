/** What a daemon stands on, with a clock of the test: how long a restored state is known as one. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { GENERATION_STEP_MS } from '../../core/limits.ts';
import { defaultConfig } from '../../daemon/config/config.ts';
import { openGround } from '../../daemon/ground.ts';
import { environmentOf } from '../../daemon/host/environment.ts';
import { hostRandom } from '../../daemon/host/random.ts';
import { RECORDS } from '../../daemon/store/key-space.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { FakeProcesses } from '../fakes/fake-processes.ts';
import { MemoryLog } from '../fakes/memory-log.ts';
import { temporaryFolder } from '../folder.ts';

const ground = suite('daemon/ground');

ground(
  'takes a restored state for rolled back until it ran for as long as a generation',
  async () => {
    await using folder = await temporaryFolder();
    const usual = defaultConfig(environmentOf({}, 1_000, folder.path).paths);
    const config = { ...usual, statePath: folder.file('state'), tpmUse: 'never' } as const;
    /** One start that lasts; `isMarked` as after a restore. */
    const start = async (lastsMs: number, isMarked = false): Promise<string> => {
      await using opening = new AsyncDisposableStack();
      const clock = new FakeClock();
      const { continuity, store } = await openGround(
        config,
        {
          ...{ clock, random: hostRandom, log: new MemoryLog(), processes: new FakeProcesses() },
          localPeerOf: async () => assert.unreachable() as never,
          groupIdOf: async () => undefined,
          isClockSynchronised: () => false,
          openNetwork: () => assert.unreachable() as never,
        },
        opening,
      );
      if (isMarked) await store.write([{ key: RECORDS.restored, value: toUtf8('0'.repeat(64)) }]);
      clock.advance(lastsMs);
      return continuity;
    };
    assert.is(await start(0, true), 'software');
    assert.is(await start(GENERATION_STEP_MS - 1), 'rolled-back');
    assert.is(await start(GENERATION_STEP_MS), 'rolled-back');
    assert.is(await start(0), 'software');
  },
);

ground.run();
