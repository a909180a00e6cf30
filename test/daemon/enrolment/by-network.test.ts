/**
 * Enrolment over the network, between real daemons: a machine joins, a person approves it, it syncs
 * its domain, renews its lease by itself, is cut off and comes back, and is revoked.
 *
 * Timeout: 480 s
 */

import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Status } from '../../../daemon/control/views.ts';
import { DaemonProcess } from '../../daemon-process.ts';
import { ENDORSING_PROGRAMS } from '../../endorsed-swtpm.ts';
import { missingPrograms } from '../../installed.ts';
import { skip } from '../../skip.ts';
import { auditOf, controlling, eventually, type } from '../live.ts';
import { MeasuredChip, NONCE } from '../tpm/measured-chip.ts';

const joins = suite('daemon/enrolment/by-network');

const DOMAIN = 'blue.example';
const UID = process.getuid?.() ?? 0;
const NO_CHIP = '[tpm]\nuse = "never"\n';
const BRISK_LIMITS = '[limits]\nmin_epoch = "10ms"\ntick_period = "1s"\n';
/** Leases end when evidence does, so that a test can see them renewed. */
const SHORT =
  '[limits]\nmin_epoch = "10ms"\ntick_period = "1s"\n' +
  'fresh_for = "5s"\ndegraded_for = "10s"\nsurvival_for = "20s"\n';
const MEMBER = '[node]\nrole = "member"\n';

function statusOf(daemon: DaemonProcess): Promise<Status> {
  return controlling(daemon, (control) => control.call('status', {}));
}

async function withPair(
  body: (authority: DaemonProcess, box: DaemonProcess) => Promise<void>,
  limits = BRISK_LIMITS,
): Promise<void> {
  const authority = new DaemonProcess(DOMAIN, limits + NO_CHIP);
  const box = new DaemonProcess(DOMAIN, limits + NO_CHIP + MEMBER);
  try {
    await Promise.all([authority.start(), box.start()]);
    await body(authority, box);
  } finally {
    await Promise.all([authority.remove(), box.remove()]);
  }
}

/** Joins, and has a person approve it. */
async function join(authority: DaemonProcess, box: DaemonProcess): Promise<string> {
  const { listen, fingerprint } = await statusOf(authority);
  const asked = ['join', listen[0] ?? '', '--fingerprint', fingerprint, '--group', 'gate'];
  const { code, err } = await type(box, 'enroll', ...asked);
  assert.is(code, 0, err);
  const application = await eventually('an application', async () => {
    const { applications } = await controlling(authority, (c) => c.call('enroll.list', {}));
    return applications.find(({ assurance }) => assurance !== '');
  });
  assert.is(application.way, 'network');
  const approved = await type(authority, 'enroll', 'approve', application.node);
  assert.is(approved.code, 0, approved.err);
  await eventually(
    'a lease',
    async () => ((await leaseOf(box)) === null ? undefined : true),
    30_000,
  );
  return application.node;
}

const leaseOf = async (daemon: DaemonProcess) => (await statusOf(daemon)).node.lease;
const isLinked = async (daemon: DaemonProcess) =>
  (await statusOf(daemon)).peers.length > 0 ? true : undefined;

joins('make a machine a node that follows its domain', async () => {
  await withPair(async (authority, box) => {
    const node = await join(authority, box);
    await eventually('a link of two nodes', () => isLinked(authority), 30_000);
    const { fingerprint, domains } = await statusOf(box);
    const { listen, fingerprint: own } = await statusOf(authority);
    assert.is(fingerprint, own);
    assert.is(domains[0]?.own, true);
    const create = ['--spiffe-id', `spiffe://${DOMAIN}/web`, '--selector', 'unix:uid:4711'];
    const first = await type(authority, 'entry', 'create', ...create, '--group', 'gate');
    assert.is(first.code, 0, first.err);
    const other = ['--spiffe-id', `spiffe://${DOMAIN}/db`, '--selector', 'unix:uid:4711'];
    await type(authority, 'entry', 'create', ...other);
    const entries = await eventually('the entry of its group', async () => {
      const held = await controlling(box, (control) => control.call('entry.list', {}));
      return held.entries.length > 0 ? held.entries : undefined;
    });
    assert.equal(
      entries.map(({ spiffeId }) => spiffeId),
      [`spiffe://${DOMAIN}/web`],
    );
    // Cut off, it keeps what it has; the authority comes back, and so does the link.
    await authority.kill('SIGKILL');
    await eventually('the loss of the link', async () =>
      (await isLinked(box)) === undefined ? true : undefined,
    );
    assert.is((await leaseOf(box))?.trouble, '');
    const cut = await statusOf(box);
    assert.is(cut.node.id, node);
    assert.is(cut.entries, 1);
    await restartAt(authority, portOf(listen));
    const late = ['--spiffe-id', `spiffe://${DOMAIN}/late`, '--selector', `unix:uid:${UID}`];
    const created = await type(authority, 'entry', 'create', ...late, '--group', 'gate');
    assert.is(created.code, 0, created.err);
    // It comes over the link that stands again, and so do leaves for it.
    const socket = ['--workload-socket', box.workloadSocket];
    const served = await eventually(
      'the workload of the new entry',
      async () => {
        const { code, out } = await type(box, 'svid', 'fetch', ...socket);
        return code === 0 ? out : undefined;
      },
      60_000,
    );
    assert.match(served, /spiffe:\/\/blue\.example\/late/);
  });
});

joins('renew a lease at half its life, without a person', async () => {
  await withPair(async (authority, box) => {
    await join(authority, box);
    const first = await leaseOf(box);
    const renewed = await eventually(
      'another lease',
      async () => {
        const lease = await leaseOf(box);
        return lease?.issuedAt === first?.issuedAt ? undefined : lease;
      },
      40_000,
    );
    assert.is(renewed?.trouble, '');
    const granted = auditOf(authority).filter(({ event }) => event === 'enrolment.granted');
    assert.equal(granted.map(({ fields }) => fields.right).slice(0, 2), ['person', 'renewal']);
  }, SHORT);
});

joins('go on over a restart of the authority, and end with a revocation', async () => {
  await withPair(async (authority, box) => {
    const { listen, fingerprint } = await statusOf(authority);
    const address = listen[0] ?? '';
    const asked = ['join', address, '--fingerprint', fingerprint];
    assert.is((await type(box, 'enroll', ...asked)).code, 0);
    const node = await eventually('an application', async () => {
      const { applications } = await controlling(authority, (c) => c.call('enroll.list', {}));
      return applications[0]?.node;
    });
    await authority.kill('SIGKILL');
    await restartAt(authority, portOf(listen));
    assert.is((await type(authority, 'enroll', 'approve', node)).code, 0);
    await eventually(
      'a lease',
      async () => ((await leaseOf(box)) === null ? undefined : true),
      60_000,
    );
    await eventually('a link of two nodes', () => isLinked(authority), 30_000);
    const revoked = await type(authority, 'revoke', 'node', node, '--yes');
    assert.is(revoked.code, 0, revoked.err);
    await eventually('the end of the link', async () =>
      (await isLinked(authority)) === undefined ? true : undefined,
    );
    await eventually('the word that it is revoked', () => saysRevoked(box), 30_000);
  });
});

joins('hear of their revocation though they were away when it came', async () => {
  await withPair(async (authority, box) => {
    const node = await join(authority, box);
    await box.kill('SIGKILL');
    const revoked = await type(authority, 'revoke', 'node', node, '--yes');
    assert.is(revoked.code, 0, revoked.err);
    await box.start();
    await eventually('the word that it is revoked', () => saysRevoked(box), 60_000);
    assert.is(await isLinked(authority), undefined);
    const ended = auditOf(box).filter(({ event }) => event === 'lease.out-of-force');
    assert.equal(
      ended.map(({ fields }) => fields.code),
      ['lease-revoked'],
    );
    const { err } = await type(box, 'svid', 'fetch', '--workload-socket', box.workloadSocket);
    assert.match(err, /lease-revoked/);
  });
});

/** A member says by its lease, and on standard error, that it is revoked. */
async function saysRevoked(box: DaemonProcess): Promise<true | undefined> {
  const isSaid = box.said.some((line) => line.includes('lease-revoked'));
  return (await leaseOf(box))?.trouble === 'lease-revoked' && isSaid ? true : undefined;
}

function portOf([address = '']: readonly string[]): string {
  return /\/tcp\/(\d+)/.exec(address)?.[1] ?? '0';
}

const LISTED = 'by a chip on the list need no person, and earn what the approved boot is worth';
const missing = missingPrograms(ENDORSING_PROGRAMS);
if (missing !== null) skip(`daemon/enrolment/by-network › ${LISTED}`, missing);
else {
  joins(LISTED, async () => {
    await using machine = await MeasuredChip.start();
    await machine.quote('golden');
    const nonce = `--nonce ${NONCE}`;
    await machine.run(`references learn @golden @references --name golden ${nonce}`);
    const roots = `--ek-roots ${machine.roots} --json`;
    const { out } = await machine.run(`attest verify @golden ${nonce} ${roots}`);
    const { endorsement } = JSON.parse(out).chip;
    writeFileSync(machine.file('allowed'), `${endorsement} tpm compared on the console\n`);
    await withPair(async (authority, box) => {
      await authority.kill('SIGTERM');
      const trusted = `[enrolment]\nek_allowed = "${machine.file('allowed')}"\n`;
      authority.configure(BRISK_LIMITS + NO_CHIP + trusted);
      await authority.start();
      await box.kill('SIGTERM');
      const chip = `[tpm]\nuse = "required"\naddress = "${machine.where}"\n`;
      const log = `event_log = "${machine.file('log')}"\n`;
      box.configure(BRISK_LIMITS + chip + log + MEMBER);
      await box.start();
      const approve = ['references', 'approve', machine.file('references'), '--yes'];
      const approved = await type(authority, ...approve);
      assert.is(approved.code, 0, approved.err);
      const { listen, fingerprint } = await statusOf(authority);
      const asked = ['join', listen[0] ?? '', '--fingerprint', fingerprint];
      assert.is((await type(box, 'enroll', ...asked)).code, 0);
      const lease = await eventually(
        'a lease',
        async () => (await leaseOf(box)) ?? undefined,
        60_000,
      );
      assert.is(lease.assurance, 'measured-boot');
      const granted = auditOf(authority).find(({ event }) => event === 'enrolment.granted');
      assert.is(granted?.fields.right, 'list');
    }, BRISK_LIMITS);
  });
}

joins('answer nobody who is pinned to another domain', async () => {
  await withPair(async (authority, box) => {
    const { listen } = await statusOf(authority);
    const asked = ['join', listen[0] ?? '', '--fingerprint', 'ab'.repeat(32)];
    assert.is((await type(box, 'enroll', ...asked)).code, 0);
    await eventually('its refusal', async () => {
      const said = box.said.find((line) => line.includes('root-conflict'));
      return said === undefined ? undefined : true;
    });
    assert.is(await leaseOf(box), null);
  });
});

/** Starts a daemon again, at the port where it was. */
async function restartAt(daemon: DaemonProcess, port: string): Promise<void> {
  const child = daemon.spawn(['--listen', `/ip4/127.0.0.1/tcp/${port}`]);
  child.stderr?.resume();
  await eventually('the daemon', () => statusOf(daemon).catch(() => undefined), 60_000);
}

joins.run();
