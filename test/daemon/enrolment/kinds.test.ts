/**
 * Members with an intermediate, between real daemons: a Root that allows the kind, a member that
 * signs for its workloads while it is cut off, and who accepts what it signed.
 *
 * Timeout: 480 s
 */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodePem } from '../../../daemon/identity/pem.ts';
import { parseBundle, verifyX509 } from '../../../daemon/spiffe.ts';
import { type FetchedIdentities, openWorkloadClient } from '../../../daemon/workload-api/client.ts';
import { DaemonProcess } from '../../daemon-process.ts';
import { refuses } from '../../refused.ts';
import { BRISK, controlling, eventually, fileBeside, type } from '../live.ts';

const kinds = suite('daemon/enrolment/kinds');

const DOMAIN = 'blue.example';
const GROUP = 'cell7';
const CELL = `${GROUP}.${DOMAIN}`;
const MEMBER = `${BRISK}[node]\nrole = "member"\n`;
const SELECTOR = ['--selector', `unix:uid:${process.getuid?.() ?? 0}`];

async function done(daemon: DaemonProcess, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await type(daemon, ...args);
  assert.is(code, 0, `${args.slice(0, 2).join(' ')}: ${err}`);
  return out;
}

const statusOf = (daemon: DaemonProcess) =>
  controlling(daemon, (control) => control.call('status', {}));

/** An authority whose Root allows every kind, and a member of one of them, linked to it. */
async function withMember(
  kind: 'cell' | 'domain',
  body: (authority: DaemonProcess, box: DaemonProcess) => Promise<void>,
): Promise<void> {
  const authority = new DaemonProcess(DOMAIN, BRISK);
  const box = new DaemonProcess(DOMAIN, MEMBER);
  try {
    await authority.start();
    const { listen } = await statusOf(authority);
    box.configure(`${MEMBER}[network]\npeers = ${JSON.stringify(listen)}\n`);
    await box.start();
    const refused = await enrol(authority, box, kind);
    assert.match(refused, /lease-kind/);
    await allowKinds(authority);
    assert.is(await enrol(authority, box, kind), '');
    await body(authority, box);
  } finally {
    await Promise.all([authority.remove(), box.remove()]);
  }
}

/** The ceremony of the next Root, at the machine that founded the domain. */
async function allowKinds(authority: DaemonProcess): Promise<void> {
  const file = join(authority.folder, 'kinds.proposal');
  const root = join(authority.folder, 'state/keys/root.key');
  await done(authority, 'root', 'propose', file, '--lease-kinds', 'slices,cell,domain');
  await done(authority, 'root', 'sign', file, '--key', root, '--yes');
  await done(authority, 'root', 'publish', file);
}

/** Enrols by files; what the authority says against it, or nothing. */
async function enrol(authority: DaemonProcess, box: DaemonProcess, kind: string): Promise<string> {
  const at = (name: string) => join(authority.folder, name);
  const { fingerprint } = await statusOf(authority);
  await done(box, 'enroll', 'request', at('request'), '--group', GROUP, '--kind', kind);
  await done(authority, 'enroll', 'challenge', at('request'), at('challenge'));
  const pinned = ['--fingerprint', fingerprint];
  await done(box, 'enroll', 'answer', at('challenge'), at('answer'), ...pinned);
  const granted = ['enroll', 'grant', at('answer'), at('grant'), '--approve'];
  const { code, err } = await type(authority, ...granted);
  if (code !== 0) return err;
  await done(box, 'enroll', 'install', at('grant'));
  return '';
}

const create = (authority: DaemonProcess, id: string, ...more: readonly string[]) =>
  done(authority, 'entry', 'create', '--spiffe-id', id, ...SELECTOR, '--group', GROUP, ...more);

/** What the workload gets once it gets that many identities. */
async function identitiesOf(box: DaemonProcess, count: number): Promise<FetchedIdentities> {
  return eventually(
    `${count} identities`,
    async () => {
      const client = openWorkloadClient({ kind: 'unix', path: box.workloadSocket });
      try {
        const found = await client.fetchX509Svids().catch(() => undefined);
        return found?.svids.length === count ? found : undefined;
      } finally {
        client.close();
      }
    },
    60_000,
  );
}

/** What `openssl verify` says of a chain below a root. */
function openssl(box: DaemonProcess, chain: readonly Uint8Array[], root: Uint8Array): string {
  const [leaf = new Uint8Array(), ...above] = chain;
  const pem = (name: string, ders: readonly Uint8Array[]) =>
    fileBeside(box, name, ders.map((der) => encodePem('CERTIFICATE', der)).join(''));
  const files = ['-CAfile', pem('root.pem', [root]), '-untrusted', pem('above.pem', above)];
  const args = ['verify', '-purpose', 'sslserver', ...files, pem('leaf.pem', [leaf])];
  return execFileSync('openssl', args, { stdio: 'pipe' }).toString();
}

kinds('of a whole domain signs below its own intermediate, cut off too', async () => {
  await withMember('domain', async (authority, box) => {
    await create(authority, `spiffe://${DOMAIN}/web`);
    await identitiesOf(box, 1);
    const bundle = parseBundle(await done(authority, 'bundle', 'export', '--format', 'spiffe'));
    await create(authority, `spiffe://${DOMAIN}/late`);
    await identitiesOf(box, 2);
    await authority.kill('SIGKILL');
    await box.kill('SIGKILL');
    await box.start();
    const { svids } = await identitiesOf(box, 2);
    for (const { certificatesDer, bundleDer, spiffeId } of svids) {
      assert.is(certificatesDer.length, 2);
      const [root = new Uint8Array()] = bundleDer;
      assert.match(openssl(box, certificatesDer, root), /leaf\.pem: OK/);
      const verdict = verifyX509(certificatesDer, new Map([[DOMAIN, bundle]]), Date.now());
      assert.equal([verdict.spiffeId, verdict.trustDomain], [spiffeId, DOMAIN]);
    }
  });
});

kinds('of a cell signs in the trust domain of the cell, and nowhere else', async () => {
  await withMember('cell', async (authority, box) => {
    await create(authority, `spiffe://${CELL}/web`);
    const { svids, federatedBundles } = await identitiesOf(box, 1);
    const [svid] = svids;
    assert.is(svid?.spiffeId, `spiffe://${CELL}/web`);
    const [root = new Uint8Array()] = svid?.bundleDer ?? [];
    const chain = svid?.certificatesDer ?? [];
    assert.match(openssl(box, chain, root), /leaf\.pem: OK/);
    const text = await done(authority, 'bundle', 'export', '--format', 'spiffe');
    const trusting = new Map([[DOMAIN, parseBundle(text, { vouchesForCells: true })]]);
    assert.is(verifyX509(chain, trusting, Date.now()).trustDomain, CELL);
    const strict = new Map([[DOMAIN, parseBundle(text)]]);
    refuses('svid-untrusted', () => verifyX509(chain, strict, Date.now()));
    // It can judge those of its domain beside it, and itself by the name of its cell.
    assert.equal([...federatedBundles.keys()].sort(), [DOMAIN, CELL].sort());
    // What is of the domain itself, it does not sign.
    await create(authority, `spiffe://${DOMAIN}/db`);
    await eventually('the other entry', async () =>
      (await statusOf(box)).entries === 2 ? true : undefined,
    );
    assert.is((await identitiesOf(box, 1)).svids[0]?.spiffeId, `spiffe://${CELL}/web`);
  });
});

kinds.run();
