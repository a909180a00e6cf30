/**
 * Epochs that contradict what a live daemon holds, carried to it as files: rolled back, numbered
 * ahead of time, repeated with other content, dated in the future. The keys are the partner's own,
 * so whatever is refused here is refused although every signature verifies.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AuditEntryView, DomainStatus, Status } from '../../daemon/control/views.ts';
import { encodeBlock } from '../../federation/armour.ts';
import type { DaemonProcess } from '../daemon-process.ts';
import type { BeaconPlan } from '../federation/forge.ts';
import { auditOf, controlling, fileBeside, type, withDaemons } from './live.ts';
import { PARTNER, partnerBeacon, partnerFile } from './partner.ts';

const epochs = suite('daemon/bad-epochs');

/** Runs `body` with a daemon that holds epoch 100 of its partner. */
function withPartner(body: (daemon: DaemonProcess) => Promise<void>): Promise<void> {
  return withDaemons(['home.example'], async (daemon: DaemonProcess) => {
    const path = fileBeside(daemon, 'partner.bundle', partnerFile());
    assert.is((await type(daemon, 'federation', 'add', path)).code, 0);
    await body(daemon);
  });
}

/** Carries a beacon to the daemon; what the command said of it, and its exit code. */
async function carry(daemon: DaemonProcess, plan: BeaconPlan) {
  const text = encodeBlock('beacon', partnerBeacon(plan).bytes);
  const path = fileBeside(daemon, 'beacon.bundle', text);
  const { code, out } = await type(daemon, 'bundle', 'import', path, '--json');
  return { code, outcome: JSON.parse(out).documents[0].outcome as string };
}

async function statusOf(daemon: DaemonProcess): Promise<Status> {
  return await controlling(daemon, (control) => control.call('status', {}));
}

async function partnerAt(daemon: DaemonProcess): Promise<DomainStatus> {
  const { domains } = await statusOf(daemon);
  const partner = domains.find(({ domain }) => domain === PARTNER);
  assert.ok(partner);
  return partner;
}

function audited(daemon: DaemonProcess, event: string): readonly AuditEntryView[] {
  return auditOf(daemon).filter((entry) => entry.event === event);
}

epochs('below the one held are refused, counted and audited in aggregate', async () => {
  await withPartner(async (daemon) => {
    const before = await partnerAt(daemon);
    for (let epoch = 90; epoch < 100; epoch++) {
      const carried = await carry(daemon, { epoch });
      assert.equal(carried, { code: 1, outcome: 'epoch-rolled-back' });
    }
    const after = await partnerAt(daemon);
    assert.equal([after.epoch, after.beacon], [before.epoch, before.beacon]);
    const refusals = audited(daemon, 'refused');
    assert.is(refusals.length, 1, 'ten of a kind are one line until a minute has passed');
    assert.equal(refusals[0]?.fields, { code: 'epoch-rolled-back', held: '100', got: '90' });
  });
});

epochs('numbered ahead of time are refused, and the honest next one is taken', async () => {
  await withPartner(async (daemon) => {
    const ahead = await carry(daemon, { epoch: 2 ** 40 });
    assert.equal(ahead, { code: 1, outcome: 'epoch-ahead' });
    assert.is((await partnerAt(daemon)).epoch, '100');
    assert.is(audited(daemon, 'refused')[0]?.fields.code, 'epoch-ahead');
    assert.equal((await statusOf(daemon)).alarms, []);
    assert.equal(await carry(daemon, { epoch: 101 }), { code: 0, outcome: 'admitted' });
    assert.is((await partnerAt(daemon)).epoch, '101');
  });
});

epochs('repeated with other content raise an alarm, and the content held stays', async () => {
  await withPartner(async (daemon) => {
    const before = await partnerAt(daemon);
    const repeated = await carry(daemon, { epoch: 100, seed: 'another' });
    assert.equal(repeated, { code: 1, outcome: 'epoch-repeated' });

    const { alarms } = await statusOf(daemon);
    assert.equal(
      alarms.map(({ code, domain }) => ({ code, domain })),
      [{ code: 'equivocation', domain: PARTNER }],
    );
    assert.match((await type(daemon, 'status')).out, / equivocation +blue\.example +.*epoch 100/m);
    for (const event of ['beacon.equivocation', 'alarm.equivocation']) {
      assert.is(audited(daemon, event).length, 1, event);
      assert.is(audited(daemon, event)[0]?.fields.epoch, '100');
    }
    assert.is((await partnerAt(daemon)).beacon, before.beacon);

    const next = await carry(daemon, { epoch: 101 });
    assert.equal(next, { code: 1, outcome: 'key-revoked' }, 'the key counts no more');
    const nextRank = await carry(daemon, { epoch: 101, rank: 1 });
    assert.equal(nextRank, { code: 0, outcome: 'admitted' }, 'the next key goes on');

    await daemon.kill('SIGTERM');
    await daemon.start();
    const again = await carry(daemon, { epoch: 102 });
    assert.is(again.outcome, 'epoch-rolled-back', 'a restart forgives nothing');
  });
});

epochs('dated in our future are held, cap the tier and raise an alarm', async () => {
  await withPartner(async (daemon) => {
    const future = await carry(daemon, { epoch: 101, issuedAt: Date.now() + 60_000 });
    assert.equal(future, { code: 1, outcome: 'evidence-held' });
    const { alarms, timeKnown } = await statusOf(daemon);
    assert.is(timeKnown, false);
    assert.equal(
      alarms.map(({ code }) => code),
      ['clock-or-key'],
    );
    const { epoch, tier, timeUnknown, mend } = await partnerAt(daemon);
    assert.equal({ epoch, timeUnknown }, { epoch: '100', timeUnknown: true });
    assert.ok(tier !== 'FRESH' && tier !== 'DEGRADED', tier);
    assert.match(mend, 'check the clock');
    assert.is(audited(daemon, 'beacon.held').length, 1);
  });
});

epochs.run();
