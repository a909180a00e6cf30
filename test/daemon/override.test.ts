/**
 * An override at a running daemon: a partner is cut off and too old to be served, two people permit
 * it for some seconds, its bundle is served again, and not beyond the end they signed.
 */

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../../core/canonical.ts';
import { MINUTE_MS } from '../../core/time.ts';
import { openWorkloadClient } from '../../daemon/workload-api/client.ts';
import type { DaemonProcess } from '../daemon-process.ts';
import { forgeBundle, forgeManifest, pinOf } from '../federation/forge.ts';
import { auditOf, controlling, eventually, fileBeside, type, withDaemons } from './live.ts';
import { PARTNER, partnerBeacon, partnerFile } from './partner.ts';

const overrides = suite('daemon/override');

const LIMITS = {
  freshForMs: MINUTE_MS,
  degradedForMs: 2 * MINUTE_MS,
  survivalForMs: 3 * MINUTE_MS,
};

/** Types a command that has to succeed; its standard output. */
async function done(daemon: DaemonProcess, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await type(daemon, ...args);
  assert.is(code, 0, `${args.slice(0, 2).join(' ')}: ${err}`);
  return out;
}

/** Domains whose bundle the Workload API of this daemon hands out to us. */
async function foreignBundles(daemon: DaemonProcess): Promise<readonly string[]> {
  const client = openWorkloadClient({ kind: 'unix', path: daemon.workloadSocket });
  try {
    return [...(await client.fetchX509Svids()).federatedBundles.keys()];
  } finally {
    client.close();
  }
}

/** Relates to a partner whose last word is from before its survivalFor. */
async function relateExpired(daemon: DaemonProcess): Promise<void> {
  const { keys } = JSON.parse(await done(daemon, 'bundle', 'export', '--format', 'spiffe'));
  const bundle = forgeBundle(1, { keys: keys as JsonObject[] });
  const manifest = forgeManifest(1, { bundle: pinOf(bundle) });
  const issuedAt = Date.now() - 3.5 * MINUTE_MS;
  const { bytes } = partnerBeacon({ issuedAt, manifest, members: { limits: LIMITS } });
  const file = partnerFile({ beacon: bytes, manifest, bundle });
  await done(daemon, 'federation', 'add', fileBeside(daemon, 'partner.bundle', file));
}

/** Ann and Bob make a key each, and Root names both as people who may override. */
async function nameTwoPeople(daemon: DaemonProcess, at: (name: string) => string): Promise<void> {
  for (const person of ['ann', 'bob']) {
    await done(daemon, 'root', 'key', 'create', at(person), '--no-passphrase');
  }
  const people = [
    '--add-override',
    `Ann=${at('ann.pub')}`,
    '--add-override',
    `Bob=${at('bob.pub')}`,
  ];
  await done(daemon, 'root', 'propose', at('root'), ...people);
  await done(daemon, 'root', 'sign', at('root'), '--key', at('state/keys/root.key'), '--yes');
  await done(daemon, 'root', 'publish', at('root'));
}

overrides('by two people serve a partner that is cut off, and end when they said', async () => {
  await withDaemons(['home.example'], async (daemon: DaemonProcess) => {
    const at = (name: string): string => join(daemon.folder, name);
    const selectors = [`unix:uid:${process.getuid?.()}`];
    const web = { spiffeId: 'spiffe://home.example/web', selectors, federatesWith: [PARTNER] };
    await controlling(daemon, (control) => control.call('entry.create', web));
    await nameTwoPeople(daemon, at);
    await relateExpired(daemon);
    assert.equal(await foreignBundles(daemon), [], 'what is too old is not served');

    const file = at('cut');
    const terms = ['--action', 'serve-foreign', '--about', PARTNER, '--tier', 'EXPIRED'];
    const rest = ['--for', '20s', '--reason', 'the mast is down', '--key', at('ann')];
    await done(daemon, 'override', 'propose', file, ...terms, ...rest);
    const codeOf = async (...args: readonly string[]) =>
      /^holdfast: ([a-z-]+)/m.exec((await type(daemon, ...args)).err)?.[1];
    assert.is(await codeOf('override', 'publish', file), 'threshold-unmet');
    const sign = ['override', 'sign', file, '--yes', '--key'];
    assert.is(await codeOf(...sign, at('ann')), 'signer-duplicate');
    assert.is(await codeOf(...sign, at('state/keys/root.key')), 'signer-unknown');
    await done(daemon, ...sign, at('bob'));
    assert.equal(await foreignBundles(daemon), [], 'a signature alone permits nothing');
    await done(daemon, 'override', 'publish', file);

    assert.equal(await foreignBundles(daemon), [PARTNER]);
    const { overrides: listed } = JSON.parse(await done(daemon, 'override', 'list', '--json'));
    assert.equal(listed[0].people, ['Ann', 'Bob']);
    const { domains, alarms } = await controlling(daemon, (control) => control.call('status', {}));
    const partner = domains.find(({ domain }) => domain === PARTNER);
    assert.is(partner?.tier, 'EXPIRED', 'the tier is what it is');
    assert.is(partner?.overrides.length, 1);
    assert.ok(alarms.some(({ code }) => code === 'override'));
    assert.match(await done(daemon, 'status'), /serve-foreign overridden until/);

    await eventually(
      'the end of the override',
      async () => ((await foreignBundles(daemon)).length === 0 ? true : undefined),
      60_000,
    );
    assert.is(await codeOf('override', 'publish', file), undefined);
    const events = auditOf(daemon).map(({ event }) => event);
    assert.ok(events.includes('override.admitted') && events.includes('override.ended'));
    assert.equal(await foreignBundles(daemon), [], 'one time and no other');
  });
});

overrides('are taken back by one of the two', async () => {
  await withDaemons(['home.example'], async (daemon: DaemonProcess) => {
    const at = (name: string): string => join(daemon.folder, name);
    await nameTwoPeople(daemon, at);
    const terms = ['--action', 'renew', '--tier', 'EXPIRED', '--for', '1h', '--reason', 'a drill'];
    await done(daemon, 'override', 'propose', at('cut'), ...terms, '--key', at('bob'));
    await done(daemon, 'override', 'sign', at('cut'), '--key', at('ann'), '--yes');
    await done(daemon, 'override', 'publish', at('cut'));
    const listed = async () =>
      JSON.parse(await done(daemon, 'override', 'list', '--json')).overrides;
    const [{ id }] = await listed();
    await daemon.kill('SIGTERM');
    await daemon.start();
    assert.is((await listed())[0].id, id, 'it outlives the process');
    await done(daemon, 'override', 'withdraw', id, '--key', at('ann'));
    assert.equal(await listed(), []);
    const again = await type(daemon, 'override', 'publish', at('cut'));
    assert.match(again.out, /held already/);
    assert.equal(await listed(), []);
  });
});

overrides.run();
