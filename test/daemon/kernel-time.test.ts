/** The kernel's word for the date: taken once it vouches, recorded, and no more than a person's. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DAY_MS, MINUTE_MS } from '../../core/time.ts';
import { isClockSynchronised } from '../../daemon/host/kernel-clock.ts';
import { followKernelTime } from '../../daemon/kernel-time.ts';
import { temporaryFolder } from '../folder.ts';
import { driverRig, settle } from './driver-rig.ts';
import { eventually } from './live.ts';

const kernel = suite('daemon/kernel-time');

/** A running writer whose wall clock has just jumped by `jumpMs`. */
async function jumped(jumpMs: number, body: Parameters<typeof follow>[1]): Promise<void> {
  await using folder = await temporaryFolder();
  await using rig = await driverRig(folder);
  await rig.publish();
  rig.clock.setWall(rig.clock.now().wall + jumpMs);
  await rig.driver.input({ kind: 'wake' });
  assert.not(isKnown(rig));
  await follow(rig, body);
}

type Rig = Awaited<ReturnType<typeof driverRig>>;

function isKnown({ node, clock }: Rig): boolean {
  return node.time(clock.now()).isKnown;
}

async function follow(
  rig: Rig,
  body: (rig: Rig, steering: { isSynchronised: boolean }) => Promise<void>,
): Promise<void> {
  const steering = { isSynchronised: false };
  const { clock, driver, audit, log } = rig;
  const leave = followKernelTime({
    ...{ clock, driver, audit, log },
    isSynchronised: () => steering.isSynchronised,
    isKnown: () => isKnown(rig),
  });
  await body(rig, steering);
  leave();
}

kernel('is waited for, taken, and audited as its own', () =>
  jumped(DAY_MS, async (rig, steering) => {
    rig.clock.advance(MINUTE_MS);
    await settle();
    assert.not(isKnown(rig));
    steering.isSynchronised = true;
    rig.clock.advance(MINUTE_MS);
    const told = await eventually('the audit log holds it', async () => {
      const events = (await rig.audit.tail(20)).filter(({ event }) => event === 'time.told');
      return events.length === 0 ? undefined : events;
    });
    assert.ok(isKnown(rig));
    assert.equal(
      told.map(({ fields }) => fields.by),
      ['kernel'],
    );
  }),
);

kernel('is not taken for a date below what is known to have passed', () =>
  jumped(-DAY_MS, async (rig, steering) => {
    steering.isSynchronised = true;
    rig.clock.advance(MINUTE_MS);
    await settle();
    assert.not(isKnown(rig));
    assert.ok(rig.log.events.some(({ fields }) => fields.code === 'time-below-bound'));
  }),
);

kernel('is asked of the kernel itself', () => {
  assert.type(isClockSynchronised(), 'boolean');
});

kernel.run();
