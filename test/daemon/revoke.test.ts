/** Revoking at running daemons: what the commands do, what workloads get, what partners refuse. */

import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toBase64 } from '../../core/bytes.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { unixMs } from '../../core/time.ts';
import { encodePem } from '../../daemon/identity/pem.ts';
import { decodeCrl, revokedByLists } from '../../daemon/identity/x509-crl.ts';
import { verifyX509Svid } from '../../daemon/identity/x509-verify.ts';
import { type FetchedIdentities, openWorkloadClient } from '../../daemon/workload-api/client.ts';
import { type DaemonProcess, relate } from '../daemon-process.ts';
import { auditOf, controlling, eventually, fileBeside, type, withDaemons } from './live.ts';

const revoke = suite('daemon/revoke');
const ME = [`unix:uid:${process.getuid?.()}`];

async function identities(daemon: DaemonProcess): Promise<FetchedIdentities> {
  const client = openWorkloadClient({ kind: 'unix', path: daemon.workloadSocket });
  try {
    return await client.fetchX509Svids();
  } finally {
    client.close();
  }
}

async function enter(daemon: DaemonProcess, name: string, federatesWith: readonly string[] = []) {
  const spiffeId = `spiffe://${daemon.domain}/${name}`;
  const entry = { spiffeId, selectors: ME, federatesWith };
  await controlling(daemon, (control) => control.call('entry.create', entry));
  return spiffeId;
}

function serialOf(answer: FetchedIdentities): string {
  return new X509Certificate(answer.svids[0]?.certificatesDer[0] ?? '').serialNumber.toLowerCase();
}

function crlPem(der: Uint8Array): string {
  const body = toBase64(der).match(/.{1,64}/g) ?? [];
  return ['-----BEGIN X509 CRL-----', ...body, '-----END X509 CRL-----', ''].join('\n');
}

function openssl(daemon: DaemonProcess, ...args: readonly string[]): string {
  try {
    return execFileSync('openssl', args, { cwd: daemon.folder, stdio: 'pipe' }).toString();
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr);
  }
}

revoke('an SVID: replaced at once, and listed in a CRL that openssl takes', async () => {
  await withDaemons(['home.example'], async (daemon) => {
    await enter(daemon, 'web');
    const before = await identities(daemon);
    assert.equal(before.crls, []);
    const serial = serialOf(before);
    const done = await type(
      daemon,
      'revoke',
      'svid',
      serial,
      '--reason',
      'lost',
      '--yes',
      '--json',
    );
    assert.is(done.code, 0, done.err);
    const after = await eventually('another SVID and a CRL', async () => {
      const now = await identities(daemon);
      return now.crls.length > 0 && serialOf(now) !== serial ? now : undefined;
    });
    const [crl = new Uint8Array()] = after.crls;
    assert.equal(decodeCrl(crl).serials, [serial]);
    const root = encodePem('CERTIFICATE', after.svids[0]?.bundleDer[0] ?? new Uint8Array());
    fileBeside(daemon, 'root.pem', root);
    fileBeside(daemon, 'crl.pem', crlPem(crl));
    for (const [name, { svids }] of Object.entries({ before, after })) {
      const leaf = svids[0]?.certificatesDer[0] ?? new Uint8Array();
      fileBeside(daemon, `${name}.pem`, encodePem('CERTIFICATE', leaf));
    }
    const read = ['crl', '-in', 'crl.pem', '-CAfile', 'root.pem', '-verify', '-noout', '-text'];
    assert.match(openssl(daemon, ...read), /CRL Number/);
    const check = ['verify', '-crl_check', '-CAfile', 'root.pem', '-CRLfile', 'crl.pem'];
    assert.match(openssl(daemon, ...check, 'after.pem'), /after.pem: OK/);
    assert.match(openssl(daemon, ...check, 'before.pem'), /certificate revoked/);
    const entry = auditOf(daemon).find(({ event }) => event === 'revoked');
    assert.is(entry?.fields.reason, 'lost');
    await daemon.kill('SIGTERM');
    await daemon.start();
    const listed = JSON.parse((await type(daemon, 'revoke', 'list', '--json')).out);
    assert.is(listed.revocations[0].target, serial);
    const kept = await eventually('SVIDs after the restart', () =>
      identities(daemon).catch(() => undefined),
    );
    assert.equal(decodeCrl(kept.crls[0] ?? crl).serials, [serial]);
  });
});

revoke('an identity: a partner refuses what is out, and takes what comes anew', async () => {
  await withDaemons(['red.example', 'blue.example'], async (red, blue) => {
    await relate(red, blue);
    const id = await enter(red, 'web');
    await enter(blue, 'shop', ['red.example']);
    const before = await identities(red);
    const judge = async (shown: FetchedIdentities) => {
      const { federatedBundles, crls } = await identities(blue);
      const chain = shown.svids[0]?.certificatesDer ?? [];
      const revoked = revokedByLists(crls, federatedBundles);
      const verdict = refusalOf(() =>
        verifyX509Svid(chain, federatedBundles, unixMs(Date.now()), revoked),
      );
      return verdict instanceof Refusal ? verdict.code : verdict.spiffeId;
    };
    await eventually('red’s SVID taken by blue', async () =>
      (await judge(before).catch(() => '')) === id ? true : undefined,
    );
    const done = await type(red, 'revoke', 'identity', id, '--yes', '--json');
    assert.is(done.code, 0, done.err);
    assert.equal(
      JSON.parse(done.out)
        .revoked.map((one: { kind: string }) => one.kind)
        .sort(),
      ['identity', 'svid'],
    );
    await eventually('blue refuses it', async () =>
      (await judge(before)) === 'svid-revoked' ? true : undefined,
    );
    const after = await identities(red);
    assert.is.not(serialOf(after), serialOf(before));
    assert.is(await judge(after), id);
    const listed = await type(blue, 'revoke', 'list', '--trust-domain', 'red.example', '--json');
    assert.is(JSON.parse(listed.out).revocations.length, 2);
  });
});

revoke('a node: its partner ends the link and admits it no more', async () => {
  await withDaemons(['red.example', 'blue.example'], async (red, blue) => {
    await relate(red, blue);
    const peers = async (daemon: DaemonProcess) =>
      (await controlling(daemon, (control) => control.call('status', {}))).peers;
    const node = await eventually('a link', async () => (await peers(blue))[0]?.node);
    const done = await type(red, 'revoke', 'node', node, '--yes');
    assert.is(done.code, 0, done.err);
    await eventually('the link to end', async () =>
      (await peers(blue)).length === 0 ? true : undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    assert.equal(await peers(blue), []);
  });
});

revoke('an authority: another one signs, and nothing of the old one is left', async () => {
  await withDaemons(['home.example'], async (daemon) => {
    await enter(daemon, 'web');
    const before = await identities(daemon);
    const roll = () => controlling(daemon, (control) => control.call('authority.show', {}));
    const old = (await roll()).authorities.find(({ use }) => use === 'x509');
    const done = await type(daemon, 'revoke', 'authority', old?.id ?? '', '--yes');
    assert.is(done.code, 0, done.err);
    assert.not.ok((await roll()).authorities.some(({ id }) => id === old?.id));
    const after = await identities(daemon);
    assert.is(after.svids[0]?.bundleDer.length, 1);
    assert.is.not(serialOf(after), serialOf(before));
  });
});

revoke('what has no name here is refused, and nobody is asked without a terminal', async () => {
  await withDaemons(['home.example'], async (daemon) => {
    const ask = async (...args: readonly string[]) => type(daemon, 'revoke', ...args);
    assert.is((await ask('svid', '0a')).code, 2);
    assert.match((await ask('svid', 'no-serial', '--yes')).err, /revocation-target/);
    assert.match(
      (await ask('identity', 'spiffe://x.example/a', '--yes')).err,
      /revocation-foreign/,
    );
    const nothing = await ask('list');
    assert.is(nothing.out, 'nothing is revoked\n');
  });
});

revoke.run();
