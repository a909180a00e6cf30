/** A daemon asked to end and started again: what it is, what it knows, and how old that is. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HOUR_MS } from '../../core/time.ts';
import { verifyAudit } from '../../daemon/audit/audit-verify.ts';
import type { DomainStatus, Status } from '../../daemon/control/views.ts';
import { openWorkloadClient } from '../../daemon/workload-api/client.ts';
import { type DaemonProcess, relate } from '../daemon-process.ts';
import { auditOf, controlling, eventually, fileBeside, type, withDaemons } from './live.ts';
import { PARTNER, partnerBeacon, partnerFile } from './partner.ts';

const restarts = suite('daemon/restart');

const END_MS_MAX = 5_000;
const HOME = 'home.example';

async function statusOf(daemon: DaemonProcess): Promise<Status> {
  return await controlling(daemon, (control) => control.call('status', {}));
}

function domainIn(status: Status, name: string): DomainStatus {
  const found = status.domains.find(({ domain }) => domain === name);
  assert.ok(found, name);
  return found;
}

/** Not a number where nothing bounds it, so that no comparison holds. */
function ageOf({ ageMs }: DomainStatus): number {
  return ageMs ?? Number.NaN;
}

/** Ends the daemon with a signal that asks, and starts it again. */
async function restart(daemon: DaemonProcess): Promise<void> {
  await daemon.kill('SIGTERM');
  await daemon.start();
}

restarts('keep domain, keys, entries and partners', async () => {
  await withDaemons([HOME], async (daemon: DaemonProcess) => {
    const file = fileBeside(daemon, 'partner.bundle', partnerFile());
    const peer = '/ip4/127.0.0.1/tcp/9';
    await type(daemon, 'federation', 'add', file, '--peer', peer);
    const line = ['--spiffe-id', `spiffe://${HOME}/web`, '--selector', 'unix:uid:0'];
    await type(daemon, 'entry', 'create', ...line, '--federates-with', PARTNER);
    const before = await statusOf(daemon);
    const listed = (await type(daemon, 'entry', 'list', '--json')).out;
    const bundle = (await type(daemon, 'bundle', 'show', '--json')).out;
    const relations = (await type(daemon, 'federation', 'list', '--json')).out;

    await restart(daemon);
    const after = await statusOf(daemon);
    assert.is(after.domain, HOME);
    assert.is(after.fingerprint, before.fingerprint);
    assert.is(after.entries, 1);
    assert.is((await type(daemon, 'entry', 'list', '--json')).out, listed);
    const { authorities } = JSON.parse((await type(daemon, 'bundle', 'show', '--json')).out);
    assert.equal(authorities, JSON.parse(bundle).authorities);
    const related = JSON.parse((await type(daemon, 'federation', 'list', '--json')).out);
    assert.equal(related.relations[0].peers, [peer]);
    assert.is(related.relations[0].fingerprint, JSON.parse(relations).relations[0].fingerprint);
    assert.is(domainIn(after, PARTNER).beacon, domainIn(before, PARTNER).beacon);
    assert.ok(after.startedAt > before.startedAt);
    assert.is((await verifyAudit(daemon.auditLog)).tornBytes, 0);
  });
});

restarts('keep the age of a partner continuous', async () => {
  await withDaemons([HOME], async (daemon: DaemonProcess) => {
    const beacon = partnerBeacon({ issuedAt: Date.now() - HOUR_MS }).bytes;
    const file = fileBeside(daemon, 'old.bundle', partnerFile({ beacon }));
    assert.is((await type(daemon, 'federation', 'add', file)).code, 0);
    const before = domainIn(await statusOf(daemon), PARTNER);
    const asked = Date.now();
    assert.ok(ageOf(before) >= HOUR_MS, `${before.ageMs} ms`);
    assert.is(before.tier, 'EXPIRED');
    await restart(daemon);
    const after = domainIn(await statusOf(daemon), PARTNER);
    const grownMs = ageOf(after) - ageOf(before);
    const passedMs = Date.now() - asked;
    assert.ok(grownMs >= 0 && grownMs <= passedMs + 1_000, `${grownMs} of ${passedMs} ms`);
    assert.equal([after.tier, after.epoch], ['EXPIRED', before.epoch]);
  });
});

restarts('raise the own epoch, and tell it to a linked partner', async () => {
  await withDaemons(['blue.example', 'red.example'], async (blue, red) => {
    await relate(blue, red);
    const epochOf = async (): Promise<bigint> =>
      BigInt(domainIn(await statusOf(red), 'blue.example').epoch);
    const before = await epochOf();
    await restart(blue);
    // Blue listens on another port now; it is told to dial instead.
    const { listen } = await statusOf(red);
    const file = fileBeside(blue, 'red.bundle', (await type(red, 'bundle', 'export')).out);
    await type(blue, 'federation', 'remove', 'red.example');
    await type(blue, 'federation', 'add', file, '--peer', listen[0] ?? '');
    await eventually('a later epoch of blue at red', async () => {
      return (await epochOf()) > before ? true : undefined;
    });
    const fresh = async () =>
      domainIn(await statusOf(red), 'blue.example').tier === 'FRESH' ? true : undefined;
    await eventually('blue fresh at red', fresh);
  });
});

restarts('begin with an end within five seconds, whoever is connected', async () => {
  await withDaemons([HOME], async (daemon: DaemonProcess) => {
    const uid = process.getuid?.() ?? 0;
    const line = ['--spiffe-id', `spiffe://${HOME}/web`, '--selector', `unix:uid:${uid}`];
    await type(daemon, 'entry', 'create', ...line);
    const control = await daemon.control();
    await control.subscribe(() => undefined);
    const workload = openWorkloadClient({ kind: 'unix', path: daemon.workloadSocket });
    const ending = new AbortController();
    const stream = workload.watchX509Svids(ending.signal)[Symbol.asyncIterator]();
    assert.is((await stream.next()).value?.svids.length, 1);

    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const asked = performance.now();
      await daemon.kill(signal);
      const tookMs = performance.now() - asked;
      assert.ok(tookMs < END_MS_MAX, `${signal} took ${tookMs} ms`);
      assert.is(daemon.process.exitCode, 0);
      assert.is(auditOf(daemon).at(-1)?.event, 'daemon.stopped');
      await daemon.start();
    }
    ending.abort();
    workload.close();
    await control.close();
  });
});

restarts('show at a glance what runs', async () => {
  await withDaemons([HOME], async (daemon: DaemonProcess) => {
    const status = await statusOf(daemon);
    assert.match(status.fingerprint, /^[0-9a-f]{64}$/);
    assert.match(status.startedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.match(status.listen[0] ?? '', /^\/ip4\/127\.0\.0\.1\/tcp\/[1-9]\d*\/p2p\/12D3/);
    const { domain, assurance, authority, rootThreshold, timeKnown, antiRollback } = status;
    assert.equal(
      { domain, assurance, authority, rootThreshold, timeKnown, antiRollback },
      {
        ...{ domain: HOME, assurance: 'software', authority: true, rootThreshold: '1 of 1' },
        ...{ timeKnown: true, antiRollback: 'software' },
      },
    );
    assert.equal(
      { ...status.sockets },
      {
        control: daemon.controlSocket,
        workload: daemon.workloadSocket,
      },
    );
    assert.equal([status.peers, status.alarms, status.entries], [[], [], 0]);
    const own = domainIn(status, HOME);
    assert.equal([own.own, own.relation, own.tier, own.mend], [true, 'own', 'FRESH', '']);
    assert.is(own.nextCliff?.tier, 'DEGRADED');
    assert.ok(Math.abs((own.nextCliff?.inMs ?? 0) + ageOf(own) - own.limits.freshForMs) < 5);
    assert.match(own.beacon, /^[0-9a-f]{64}$/);
  });
});

restarts.run();
