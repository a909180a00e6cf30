/** Two real daemons that know each other by their bundle endpoints alone, in both profiles. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import type { ControlClient } from '../../daemon/control/client.ts';
import { Workload } from '../../daemon/demo/workload.ts';
import { encodePem } from '../../daemon/identity/pem.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { realClock } from '../fakes/real-clock.ts';
import { CURRENT, webLeaf } from './bundle-endpoint/foreign.ts';
import { forgeRoot } from './identity/forge.ts';
import { codeOf } from './refused.ts';
import { connectApi } from './workload-api/rig.ts';

const federation = suite('daemon/spiffe-federation');

const CONFIG = `\
[bundle_endpoint]
listen = "/ip4/127.0.0.1/tcp/0"
[limits]
min_epoch = "10ms"
`;
const UID = process.getuid?.() ?? 0;
const NAMES = ['red.example', 'blue.example'] as const;

/** A running daemon with a client, and what it publishes. */
interface Side {
  readonly daemon: DaemonProcess;
  readonly control: ControlClient;
  readonly url: string;
}

async function start(daemon: DaemonProcess): Promise<Side> {
  await daemon.start();
  const control = await daemon.control();
  return { daemon, control, url: (await control.call('status', {})).bundleEndpoint };
}

async function withBoth(use: (red: Side, blue: Side) => Promise<void>): Promise<void> {
  const daemons = NAMES.map((name) => new DaemonProcess(name, CONFIG));
  const [first, second] = daemons;
  assert.ok(first !== undefined && second !== undefined);
  try {
    const [red, blue] = await Promise.all([start(first), start(second)]);
    await use(red, blue);
    await Promise.all([red.control.close(), blue.control.close()]);
  } finally {
    for (const daemon of daemons) await daemon.remove();
  }
}

/** `side` comes to know `other` by its endpoint and the bundle a person carried. */
async function add(side: Side, other: Side): Promise<void> {
  const { domain } = other.daemon;
  const { text: bundle } = await other.control.call('bundle.export', { format: 'spiffe' });
  const endpointId = `spiffe://${domain}/bundle-endpoint`;
  const terms = { domain, url: other.url, profile: 'https_spiffe', endpointId } as const;
  await side.control.call('federation.add-spiffe', { ...terms, bundle });
  const { tier } = await side.control.call('federation.refresh', { domain });
  assert.is(tier, 'FRESH');
}

/** A token of `issuer` is judged at `other` by what its endpoint said, and by nothing else. */
async function judgeTokens(issuer: Side, other: Side): Promise<void> {
  const at = connectApi(issuer.daemon.workloadSocket);
  const here = connectApi(other.daemon.workloadSocket);
  try {
    const { svids } = await at.api.fetchJWTSVID({ audience: ['shop'] });
    const { svid = '', spiffeId } = svids[0] ?? {};
    const judged = await here.api.validateJWTSVID({ audience: 'shop', svid });
    assert.is(judged.spiffeId, spiffeId);
    const told = (token: string, audience = 'shop') =>
      here.api.validateJWTSVID({ audience, svid: token }).then(
        () => 'taken',
        (error: unknown) => /jwt-[a-z]+/.exec(String(error))?.[0],
      );
    assert.is(await told(svid, 'bank'), 'jwt-audience');
    assert.is(await told(`${svid.slice(0, -8)}AAAAAAAA`), 'jwt-signature');
    const { domain } = issuer.daemon;
    const of = (await other.control.call('federation.list', {})).relations.find(
      (one) => one.domain === domain,
    );
    assert.is(of?.kind, 'spiffe');
  } finally {
    at.close();
    here.close();
  }
}

async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; !(await isSo()); tries++) {
    if (tries > 200) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

federation(
  'lets workloads of both sides speak, also after one authority follows another',
  async () => {
    await withBoth(async (red, blue) => {
      await add(red, blue);
      await add(blue, red);
      const workloads: Workload[] = [];
      for (const [side, other] of [
        [red, blue],
        [blue, red],
      ] as const) {
        const spiffeId = `spiffe://${side.daemon.domain}/web`;
        const selectors = [`unix:uid:${UID}`];
        const federatesWith = [other.daemon.domain];
        await side.control.call('entry.create', { spiffeId, selectors, federatesWith });
        const workload = new Workload(side.daemon.workloadSocket, realClock);
        workload.follow();
        workloads.push(workload);
      }
      const [atRed, atBlue] = workloads;
      assert.ok(atRed !== undefined && atBlue !== undefined);
      try {
        const redName = parseTrustDomain(red.daemon.domain);
        const { domain } = red.daemon;
        const seen = await blue.control.call('bundle.show', { domain });
        const own = await red.control.call('bundle.show', {});
        assert.equal(
          [seen.tier, seen.authorities[0]?.fingerprint, seen.fingerprint],
          [...['FRESH', own.authorities[0]?.fingerprint, '']],
        );
        const rootsOfRed = () => atBlue.identities?.federatedBundles.get(redName)?.length;
        await until('both bundles', () => rootsOfRed() === 1 && atRed.identities !== null);
        assert.is((await atRed.handshakeFrom(atBlue)).kind, 'spoke');
        await red.control.call('authority.prepare', { use: 'x509', keyType: 'ec-p256' });
        await blue.control.call('federation.refresh', { domain: red.daemon.domain });
        await until('the new authority', () => rootsOfRed() === 2);
        await judgeTokens(red, blue);
        assert.is((await atBlue.handshakeFrom(atRed)).kind, 'spoke');
      } finally {
        for (const workload of workloads) workload.close();
      }
    });
  },
);

federation(
  'remembers its partner over a restart, and tells what the last poll ran into',
  async () => {
    await withBoth(async (red, blue) => {
      await add(red, blue);
      await blue.daemon.kill('SIGKILL');
      const { domain } = blue.daemon;
      const refresh = red.control.call('federation.refresh', { domain });
      assert.is(await codeOf(refresh), 'peer-unreachable');
      await red.control.close();
      await red.daemon.kill('SIGTERM');
      await red.daemon.start();
      const control = await red.daemon.control();
      const { relations } = await control.call('federation.list', {});
      assert.equal(
        relations.map((one) => [one.domain, one.kind, one.tier]),
        [[domain, 'spiffe', 'FRESH']],
      );
      await until('trouble', async () => {
        const [one] = (await control.call('federation.list', {})).relations;
        return one?.endpoint?.trouble === 'peer-unreachable';
      });
      const { domains } = await control.call('status', {});
      assert.match(domains.find((one) => one.domain === domain)?.mend ?? '', /is not reached/);
      await control.call('federation.remove', { domain });
      assert.equal((await control.call('federation.list', {})).relations.length, 0);
      await control.close();
    });
  },
);

federation(
  'by signed documents takes the place of an endpoint, and not the other way',
  async () => {
    await withBoth(async (red, blue) => {
      await add(red, blue);
      const { text } = await blue.control.call('bundle.export', { format: 'holdfast' });
      await red.control.call('federation.add', { text, peers: [] });
      const { relations } = await red.control.call('federation.list', {});
      assert.equal(
        relations.map(({ kind }) => kind),
        ['holdfast'],
      );
      const { domain } = blue.daemon;
      const again = { domain, url: blue.url, profile: 'https_web' } as const;
      const code = await codeOf(red.control.call('federation.add-spiffe', again));
      assert.is(code, 'relation-exists');
      for (const wrong of [
        { ...again, domain: 'other.example', endpointId: 'spiffe://other.example/x' },
        { ...again, domain: 'other.example', profile: 'https_spiffe' },
      ] as const) {
        const refused = red.control.call('federation.add-spiffe', wrong);
        assert.is(await codeOf(refused), 'control-params');
      }
      const http = { ...again, domain: 'other.example', url: 'http://127.0.0.1/' };
      assert.is(await codeOf(red.control.call('federation.add-spiffe', http)), 'endpoint-url');
    });
  },
);

federation('shows a certificate of the Web PKI where told to, and takes one', async () => {
  const daemon = new DaemonProcess('green.example');
  const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(daemon.folder, name));
  assert.ok(cert !== undefined && key !== undefined);
  const roots = join(daemon.folder, 'roots.pem');
  try {
    const root = forgeRoot(parseTrustDomain('pki.example'), CURRENT);
    await writeFile(roots, encodePem('CERTIFICATE', root.der));
    process.env.NODE_EXTRA_CA_CERTS = roots; // what the daemon's runtime counts as Web PKI
    const leaf = webLeaf(root, CURRENT);
    await writeFile(cert, encodePem('CERTIFICATE', leaf.der));
    const pem = leaf.key.export({ format: 'pem', type: 'pkcs8' });
    await writeFile(key, pem, { mode: 0o600 });
    const config = `${CONFIG.replace(
      '[limits]',
      `profile = "https_web"
certificate = "${cert}"
key = "${key}"
[limits]`,
    )}`;
    await writeFile(join(daemon.folder, 'config.toml'), config);
    const { control, url } = await start(daemon);
    const terms = { domain: 'pki.example', url, profile: 'https_web' } as const;
    await control.call('federation.add-spiffe', terms);
    const refreshed = await control.call('federation.refresh', { domain: 'pki.example' });
    assert.equal([refreshed.tier, refreshed.endpoint?.profile], ['FRESH', 'https_web']);
    await control.close();
  } finally {
    delete process.env.NODE_EXTRA_CA_CERTS;
    await daemon.remove();
  }
});

federation.run();
