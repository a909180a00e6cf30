/**
 * A standby, by real daemons: it follows its domain and writes nothing; headquarters is killed, two
 * people give the standby the word, a partner follows, what headquarters issued stays good, and
 * headquarters comes back to learn that it is deposed. Timeout: 300 s
 */

import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import { parseTrustDomain } from '../../../core/spiffe-id.ts';
import type { DomainStatus, Status } from '../../../daemon/control/views.ts';
import { openWorkloadClient } from '../../../daemon/workload-api/client.ts';
import { decodeBundleFile, decodeFileItem } from '../../../federation/bundle-file.ts';
import { beaconKeyOf, readRoot } from '../../../federation/root.ts';
import { DaemonProcess, relate } from '../../daemon-process.ts';
import { holdfast } from '../commands/rig.ts';
import { BRISK, controlling, eventually, fileBeside, type } from '../live.ts';

const standbys = suite('daemon/authority/standby');

const BLUE = 'blue.example';
const RED = 'red.example';
const SELECTORS = [`unix:uid:${process.getuid?.()}`];
const LONG_MS = 60_000;

const statusOf = (daemon: DaemonProcess): Promise<Status> =>
  controlling(daemon, (control) => control.call('status', {}));

async function blueAt(daemon: DaemonProcess): Promise<DomainStatus | undefined> {
  return (await statusOf(daemon)).domains.find(({ domain }) => domain === BLUE);
}

/** Types a command that has to succeed; its standard output. */
async function done(daemon: DaemonProcess, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await type(daemon, ...args);
  assert.is(code, 0, `${args.slice(0, 2).join(' ')}: ${err}`);
  return out;
}

/** What a workload has at this daemon: its leaf, and the roots of blue. */
async function workloadAt(daemon: DaemonProcess) {
  const client = openWorkloadClient({ kind: 'unix', path: daemon.workloadSocket });
  try {
    const { svids, federatedBundles } = await client.fetchX509Svids();
    const [svid] = svids;
    const roots = federatedBundles.get(parseTrustDomain(BLUE)) ?? svid?.bundleDer ?? [];
    return { leaf: svid?.certificatesDer[0], roots };
  } finally {
    client.close();
  }
}

function isSignedByOneOf(leaf: Uint8Array | undefined, roots: readonly Uint8Array[]): boolean {
  if (leaf === undefined) return false;
  const certificate = new X509Certificate(leaf);
  return roots.some((root) => certificate.verify(new X509Certificate(root).publicKey));
}

/** Makes the folder of the standby, and has the people of the domain name its keys. */
async function setUp(
  headquarters: DaemonProcess,
  standby: DaemonProcess,
  ...changes: readonly string[]
): Promise<void> {
  const bundle = fileBeside(standby, 'blue.bundle', await done(headquarters, 'bundle', 'export'));
  const { fingerprint, listen } = await statusOf(headquarters);
  const state = ['--state', join(standby.folder, 'state'), '--trust-domain', BLUE];
  const create = ['standby', 'create', bundle, standby.folder, ...state, '--fingerprint'];
  const wrong = await holdfast([...create, 'ab'.repeat(32)], standby.folder);
  assert.match(wrong.err, /root-conflict/);
  const made = await holdfast([...create, fingerprint], standby.folder);
  assert.is(made.code, 0, made.err);
  assert.match((await holdfast([...create, fingerprint], standby.folder)).err, 'standby-founded');
  standby.configure(`${BRISK}[network]\npeers = ["${listen[0]}"]\n`);
  await standby.start();
  const at = (name: string): string => join(standby.folder, name);
  const named = ['--standby', at('beacon.pub'), '--add-documents', at('documents.pub')];
  await nextRoot(headquarters, ...named, ...changes);
}

/** Proposes, signs and publishes the next Root at headquarters. */
async function nextRoot(headquarters: DaemonProcess, ...changes: readonly string[]): Promise<void> {
  const file = join(headquarters.folder, 'next');
  await done(headquarters, 'root', 'propose', file, ...changes);
  const key = join(headquarters.folder, 'state/keys/root.key');
  await done(headquarters, 'root', 'sign', file, '--key', key, '--yes');
  await done(headquarters, 'root', 'publish', file);
}

standbys('take over, and leave what was issued as good as it was', async () => {
  const headquarters = new DaemonProcess(BLUE, BRISK);
  const standby = new DaemonProcess(BLUE, BRISK);
  const red = new DaemonProcess(RED, BRISK);
  try {
    await Promise.all([headquarters.start(), red.start()]);
    await relate(headquarters, red);
    const entry = { spiffeId: `spiffe://${BLUE}/web`, selectors: SELECTORS };
    await controlling(headquarters, (control) => control.call('entry.create', entry));
    const away = { spiffeId: `spiffe://${RED}/web`, selectors: SELECTORS, federatesWith: [BLUE] };
    await controlling(red, (control) => control.call('entry.create', away));
    const before = await eventually('the SVID of headquarters', async () => {
      const held = await workloadAt(headquarters).catch(() => undefined);
      return held?.leaf === undefined ? undefined : held;
    });
    await setUp(headquarters, standby);
    await eventually(
      'the standby follows',
      async () => {
        const { entries, writes } = await statusOf(standby);
        const isFresh = (await blueAt(standby))?.tier === 'FRESH';
        return entries === 1 && isFresh && !writes ? true : undefined;
      },
      LONG_MS,
    );
    const refused = await type(standby, 'entry', 'delete', 'e-0000000000000000');
    assert.is.not(refused.code, 0);
    const { listen } = await statusOf(standby);
    const redFile = fileBeside(red, 'blue.bundle', await done(headquarters, 'bundle', 'export'));
    await done(red, 'federation', 'remove', BLUE);
    await done(red, 'federation', 'add', redFile, '--peer', listen[0] ?? '');
    await eventually(
      'red hears of blue by the standby',
      async () => {
        return (await blueAt(red))?.tier === 'FRESH' ? true : undefined;
      },
      LONG_MS,
    );

    await headquarters.kill('SIGKILL');
    await takeOver(headquarters, standby);
    const epoch = await eventually(
      'the standby writes, and red follows',
      async () => {
        const { writes } = await statusOf(standby);
        const at = await blueAt(red);
        return writes && at?.tier === 'FRESH' && at.rootVersion === '2' ? at.epoch : undefined;
      },
      LONG_MS,
    );
    const later = { spiffeId: `spiffe://${BLUE}/later`, selectors: ['unix:uid:4711'] };
    await controlling(standby, (control) => control.call('entry.create', later));
    const roots = await eventually(
      'both authorities in the bundle at red',
      async () => {
        const held = await workloadAt(red);
        return held.roots.length === 2 ? held.roots : undefined;
      },
      LONG_MS,
    );
    assert.ok(isSignedByOneOf(before.leaf, roots), 'what headquarters issued stays good');
    const own = await workloadAt(standby);
    assert.ok(isSignedByOneOf(own.leaf, roots), 'a workload goes on at the standby');
    assert.ok(!isSignedByOneOf(own.leaf, before.roots), 'by an authority of its own');

    headquarters.configure(`${BRISK}[network]\npeers = ["${listen[0]}"]\n`);
    await headquarters.start();
    await eventually(
      'headquarters learns that it is deposed',
      async () => {
        const { alarms, writes, entries } = await statusOf(headquarters);
        const isTold = alarms.some(({ code }) => code === 'deposed');
        return isTold && !writes && entries === 2 ? true : undefined;
      },
      LONG_MS,
    );
    assert.match(await done(headquarters, 'status'), /authority whose keys no Root names/);
    assert.ok(BigInt((await blueAt(red))?.epoch ?? 0) > BigInt(epoch) - 1n);
  } finally {
    await Promise.all([headquarters, standby, red].map((daemon) => daemon.remove()));
  }
});

standbys(
  'that answer no more silence a writer that Root ties to them, until they are back',
  async () => {
    const headquarters = new DaemonProcess(BLUE, BRISK);
    const standby = new DaemonProcess(BLUE, BRISK);
    let tries = 0;
    const outcome = async (): Promise<string> => {
      const asked = [
        '--spiffe-id',
        `spiffe://${BLUE}/try-${tries++}`,
        '--selector',
        'unix:uid:4711',
      ];
      const { code, err } = await type(headquarters, 'entry', 'create', ...asked);
      return code === 0 ? 'taken' : (/standby-silent/.exec(err)?.[0] ?? err);
    };
    try {
      await headquarters.start();
      // A key that lies in a safe answers nothing: it must not be the next rank.
      const spare = await keyOfRank(headquarters, 1);
      await setUp(headquarters, standby, '--retire', spare, '--writer-for', '4s');
      await eventually('the standby answers', async () =>
        (await outcome()) === 'taken' ? true : undefined,
      );
      await standby.kill('SIGKILL');
      await eventually('the writer falls silent', async () =>
        (await outcome()) === 'standby-silent' ? true : undefined,
      );
      await eventually('its people are told', async () => {
        const { alarms } = await statusOf(headquarters);
        return alarms.some(({ code }) => code === 'standby-silent') ? true : undefined;
      });
      await standby.start();
      await eventually(
        'the writer goes on',
        async () => ((await outcome()) === 'taken' ? true : undefined),
        LONG_MS,
      );
    } finally {
      await Promise.all([headquarters, standby].map((daemon) => daemon.remove()));
    }
  },
);

/** The id of the beacon key of a rank in the first Root. */
async function keyOfRank(headquarters: DaemonProcess, rank: number): Promise<string> {
  const file = toUtf8(await done(headquarters, 'bundle', 'export'));
  const items = decodeBundleFile(file).map(decodeFileItem);
  const first = items.find((item) => item.kind === 'envelope');
  assert.ok(first?.kind === 'envelope');
  return beaconKeyOf(readRoot(first.envelope), rank)?.keyId ?? '';
}

/** Two people revoke the beacon key of headquarters, by keys that they carry, at the standby. */
async function takeOver(headquarters: DaemonProcess, standby: DaemonProcess): Promise<void> {
  const file = join(standby.folder, 'promote');
  await done(standby, 'standby', 'promote', file);
  const key = (i: number) => join(headquarters.folder, `state/keys/revocation-${i}.key`);
  await done(standby, 'revoke', 'sign', file, '--key', key(0), '--yes');
  assert.match((await type(standby, 'revoke', 'publish', file)).err, /threshold-unmet/);
  await done(standby, 'revoke', 'sign', file, '--key', key(1), '--yes');
  await done(standby, 'revoke', 'publish', file);
}

standbys.run();
