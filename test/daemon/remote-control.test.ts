/** Commands over a network: who gets in, as what, and who does not. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseTrustDomain, spiffeId } from '../../core/spiffe-id.ts';
import { addMs, HOUR_MS, unixMs } from '../../core/time.ts';
import { connectOverNetwork } from '../../daemon/control/network-client.ts';
import { encodePem } from '../../daemon/identity/pem.ts';
import { createX509Authority, openX509Authority } from '../../daemon/identity/x509-authority.ts';
import { issueX509Svid } from '../../daemon/identity/x509-svid.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { failed, refused } from '../trouble.ts';
import { holdfast } from './commands/rig.ts';
import { auditOf, BRISK, controlling, eventually, type } from './live.ts';

const remote = suite('daemon/remote-control');

const HOST = '127.0.0.1';
const BLUE = parseTrustDomain('blue.example');
const OPS = 'spiffe://blue.example/ops';
const random = new SeededRandom('remote');

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const at = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (at === null || typeof at === 'string') throw new Error('no port');
  return at.port;
}

/** A daemon that answers over the network, where `OPS` is an operator. */
async function withDaemon(body: (daemon: DaemonProcess, port: number) => Promise<void>) {
  const port = await freePort();
  const door = `[control]\nlisten = "/ip4/${HOST}/tcp/${port}"\n`;
  const daemon = new DaemonProcess(BLUE, `${BRISK}${door}[roles]\noperator = ["${OPS}"]\n`);
  try {
    await daemon.start();
    await body(daemon, port);
  } finally {
    await daemon.remove();
  }
}

/** Gives this process an identity at the daemon, and writes its SVID to a folder. */
async function svidFolder(daemon: DaemonProcess, id: string): Promise<string> {
  const folder = join(daemon.folder, id.split('/').at(-1) ?? '');
  const selectors = [`unix:uid:${process.getuid?.()}`];
  const entry = await controlling(daemon, (control) =>
    control.call('entry.create', { spiffeId: id, selectors }),
  );
  await eventually('the SVID', async () => {
    const socket = ['--workload-socket', daemon.workloadSocket];
    const { code } = await type(daemon, 'svid', 'fetch', ...socket, '--write', folder);
    return code === 0 ? true : undefined;
  });
  await controlling(daemon, (control) => control.call('entry.delete', { id: entry.id }));
  return folder;
}

/** A folder with an SVID that another authority of the same name signed, and our own bundle. */
function forgedFolder(daemon: DaemonProcess, path: string): string {
  const now = unixMs(Date.now());
  const authority = openX509Authority(BLUE, createX509Authority(BLUE, now, random));
  const order = { spiffeId: spiffeId(BLUE, path), now, notAfter: addMs(now, HOUR_MS) };
  const svid = issueX509Svid(authority, order, random);
  const folder = join(daemon.folder, 'forged');
  mkdirSync(folder);
  const chain = svid.certificatesDer.map((der) => encodePem('CERTIFICATE', der)).join('');
  const key = encodePem('PRIVATE KEY', svid.privateKeyPkcs8);
  writeFileSync(join(folder, 'svid.pem'), chain);
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 });
  return folder;
}

const at = (port: number, folder: string) =>
  connectOverNetwork({ host: HOST, port, svidFolder: folder, now: unixMs(Date.now()) });

remote('lets an SVID in as what the configuration says, and writes down who it was', () =>
  withDaemon(async (daemon, port) => {
    const folder = await svidFolder(daemon, OPS);
    const address = `/ip4/${HOST}/tcp/${port}`;
    const far = ['--control', address, '--svid', folder];
    const who = await holdfast([...far, 'whoami', '--json'], daemon.folder);
    assert.equal(JSON.parse(who.out), { name: OPS, uid: null, role: 'operator', from: HOST });
    const web = ['--spiffe-id', 'spiffe://blue.example/web', '--selector', 'unix:uid:7'];
    assert.is((await holdfast([...far, 'entry', 'create', ...web], daemon.folder)).code, 0);
    const { fields } = auditOf(daemon).findLast(({ event }) => event === 'entry.created') ?? {};
    assert.is(fields?.who, OPS);
    assert.is(fields?.from, HOST);
    assert.is(fields?.uid, undefined);
    const key = await holdfast([...far, 'root', 'key', 'make', 'beacon', 'b'], daemon.folder);
    assert.match(key.err, 'role-insufficient');
  }),
);

remote('turns away an SVID without a role, and one of another authority', () =>
  withDaemon(async (daemon, port) => {
    const other = await svidFolder(daemon, 'spiffe://blue.example/other');
    await refused(() => at(port, other), 'role-insufficient');
    const forged = forgedFolder(daemon, '/ops');
    const { text } = await controlling(daemon, (control) =>
      control.call('bundle.export', { format: 'spiffe' }),
    );
    const roots = JSON.parse(text).keys.flatMap(({ x5c = [] }: { x5c?: string[] }) => x5c);
    const bundle = roots.map((der: string) =>
      encodePem('CERTIFICATE', new Uint8Array(Buffer.from(der, 'base64'))),
    );
    writeFileSync(join(forged, 'bundle.pem'), bundle.join(''));
    await refused(() => at(port, forged), 'role-insufficient');
    await eventually('both to be written down', () => {
      const codes = auditOf(daemon).map(({ fields }) => fields.code);
      const isBoth = codes.includes('role-insufficient') && codes.includes('svid-untrusted');
      return isBoth ? true : undefined;
    });
  }),
);

remote('asks anew at each call: what is revoked ends in the midst of a connection', () =>
  withDaemon(async (daemon, port) => {
    const client = await at(port, await svidFolder(daemon, OPS));
    assert.is((await client.call('whoami', {})).name, OPS);
    await controlling(daemon, (control) =>
      control.call('revoke', { kind: 'identity', target: OPS, reason: 'a test' }),
    );
    const error = await client.call('status', {}).catch((thrown: unknown) => thrown);
    assert.is(error instanceof Error && 'code' in error && error.code, 'svid-revoked');
    await client.close();
  }),
);

remote('asks nothing of a daemon that is not the one of our domain', () =>
  withDaemon(async (daemon) => {
    const folder = await svidFolder(daemon, OPS);
    const forged = forgedFolder(daemon, '/holdfast/control');

    const shown = (name: string) => readFileSync(join(forged, name));
    let heard = '';
    const thief = createTlsServer({ cert: shown('svid.pem'), key: shown('key.pem') }, (socket) => {
      socket
        .on('error', () => undefined)
        .on('data', (bytes) => {
          heard += String(bytes);
        });
    });
    await new Promise<void>((resolve) => thief.listen(0, HOST, resolve));
    const bound = thief.address();
    const port = bound === null || typeof bound === 'string' ? 0 : bound.port;
    const refusal = await refused(() => at(port, folder), 'endpoint-identity');
    assert.is(refusal.details.why, 'svid-untrusted');
    assert.is(heard, '');
    await new Promise((resolve) => thief.close(resolve));
    await failed(() => at(port, folder), 'daemon-unreachable');
  }),
);

remote('is nowhere unless configured', async () => {
  const { code, err } = await holdfast(['--control', 'x'], '/nonexistent');
  assert.is(code, 2);
  assert.match(err, '--control ADDRESS --svid FOLDER');
});

remote.run();
