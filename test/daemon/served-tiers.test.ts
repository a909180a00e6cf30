/**
 * What a workload gets of a partner, by how old the partner's evidence is: in FRESH and DEGRADED
 * its bundle, in SURVIVAL only where the relation says so, in EXPIRED nothing.
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { JsonObject } from '../../core/canonical.ts';
import { MINUTE_MS } from '../../core/time.ts';
import { openWorkloadClient } from '../../daemon/workload-api/client.ts';
import type { DaemonProcess } from '../daemon-process.ts';
import { forgeBundle, forgeManifest, pinOf } from '../federation/forge.ts';
import { controlling, eventually, fileBeside, type, withDaemons } from './live.ts';
import { PARTNER, partnerBeacon, partnerFile } from './partner.ts';

const served = suite('daemon/served-tiers');

const LIMITS = {
  freshForMs: MINUTE_MS,
  degradedForMs: 2 * MINUTE_MS,
  survivalForMs: 3 * MINUTE_MS,
};

/** Domains whose bundle the Workload API of this daemon hands out to us. */
async function foreignBundles(daemon: DaemonProcess): Promise<readonly string[]> {
  const client = openWorkloadClient({ kind: 'unix', path: daemon.workloadSocket });
  try {
    return [...(await client.fetchX509Svids()).federatedBundles.keys()];
  } finally {
    client.close();
  }
}

/** A file of the partner with a usable bundle, of evidence that is `ageMs` old. */
async function fileAged(daemon: DaemonProcess, epoch: number, ageMs: number): Promise<string> {
  // A real authority, though not the partner's: nobody speaks TLS here.
  const { out } = await type(daemon, 'bundle', 'export', '--format', 'spiffe');
  const { keys } = JSON.parse(out) as { keys: JsonObject[] };
  const bundle = forgeBundle(1, { keys });
  const manifest = forgeManifest(1, { bundle: pinOf(bundle) });
  const issuedAt = Date.now() - ageMs;
  const { bytes } = partnerBeacon({ epoch, issuedAt, manifest, members: { limits: LIMITS } });
  return partnerFile({ beacon: bytes, manifest, bundle });
}

/** Relates to the partner with evidence that old; the tier, and what workloads then get. */
async function relateAged(
  daemon: DaemonProcess,
  epoch: number,
  ageMs: number,
  ...options: readonly string[]
) {
  const path = fileBeside(daemon, 'partner.bundle', await fileAged(daemon, epoch, ageMs));
  const added = await type(daemon, 'federation', 'add', path, ...options, '--json');
  assert.is(added.code, 0, added.err);
  const bundles = await foreignBundles(daemon);
  await type(daemon, 'federation', 'remove', PARTNER);
  assert.equal(await foreignBundles(daemon), [], 'nothing of a former partner');
  return { tier: JSON.parse(added.out).tier, bundles };
}

served('by the tier of the partner, and by what the relation grants', async () => {
  await withDaemons(['home.example'], async (daemon: DaemonProcess) => {
    const selectors = [`unix:uid:${process.getuid?.()}`];
    const web = { spiffeId: 'spiffe://home.example/web', selectors, federatesWith: [PARTNER] };
    await controlling(daemon, (control) => control.call('entry.create', web));
    await eventually('our own SVID', async () =>
      (await foreignBundles(daemon)).length === 0 ? true : undefined,
    );
    const [old, aged, young] = [3.5 * MINUTE_MS, 2.4 * MINUTE_MS, 1.4 * MINUTE_MS];
    for (const [epoch, ageMs, options, tier, bundles] of [
      [100, old, ['--survival'], 'EXPIRED', []],
      [101, aged, [], 'SURVIVAL', []],
      [102, aged - 1, ['--survival'], 'SURVIVAL', [PARTNER]],
      [103, young, [], 'DEGRADED', [PARTNER]],
      [104, 0, [], 'FRESH', [PARTNER]],
    ] as const) {
      const seen = await relateAged(daemon, epoch, ageMs, ...options);
      assert.equal(seen, { tier, bundles }, `epoch ${epoch}`);
    }
  });
});

served.run();
