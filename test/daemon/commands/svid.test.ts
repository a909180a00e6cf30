/** `svid fetch` against a real Workload API on a real socket. */

import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { authoritySource } from '../../../daemon/identity/authority-source.ts';
import { IdentityDirectory } from '../../../daemon/identity/directory.ts';
import { createWorkloadServer } from '../../../daemon/workload-api/server.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeProcesses } from '../../fakes/fake-processes.ts';
import { MemoryLog } from '../../fakes/memory-log.ts';
import { type TemporaryFolder, temporaryFolder } from '../../folder.ts';
import { AWAY, testTrust } from '../identity/trust.ts';
import { holdfast } from './rig.ts';

const svid = suite('daemon/commands/svid');

/** Serves two identities to uid 1000; `caller` is who the kernel says is calling. */
async function serve(folder: TemporaryFolder, caller = { pid: 4242, uid: 1_000, gid: 1_000 }) {
  const clock = new FakeClock();
  const trust = testTrust(clock.now().wall);
  const entries = [
    trust.entry('web', { federatesWith: [AWAY], hint: 'internal' }),
    trust.entry('db'),
  ];
  const directory = new IdentityDirectory({
    clock,
    random: trust.random,
    source: authoritySource(trust.signers, trust.random),
    view: trust.view(entries),
  });
  const processes = new FakeProcesses();
  processes.caller = caller;
  const socketPath = folder.file('workload.sock');
  const server = await createWorkloadServer({
    socketPath,
    directory,
    processes,
    log: new MemoryLog(),
  });
  return {
    variables: { SPIFFE_ENDPOINT_SOCKET: `unix://${socketPath}` },
    socketPath,
    [Symbol.asyncDispose]: async () => {
      directory.close();
      await server.close();
    },
  };
}

svid('prints identities and how long they are valid, and no private key', async () => {
  await using folder = await temporaryFolder();
  await using served = await serve(folder);
  const { code, out, err } = await holdfast(['svid', 'fetch'], folder.path, served.variables);
  assert.is(err, '');
  assert.is(code, 0);
  assert.match(out, /^SPIFFE ID +spiffe:\/\/home\.example\/web$/m);
  assert.match(out, /^SPIFFE ID +spiffe:\/\/home\.example\/db$/m);
  assert.match(out, /^valid until +20\d\d-.*Z$/m);
  assert.match(out, /^hint +internal$/m);
  assert.match(out, new RegExp(`^partners +${AWAY}$`, 'm'));
  assert.not.match(out, 'PRIVATE');
});

svid('--json prints a chain that its bundle issued, and no private key', async () => {
  await using folder = await temporaryFolder();
  await using served = await serve(folder);
  const args = ['svid', 'fetch', '--json', '--workload-socket', served.socketPath];
  const { code, out } = await holdfast(args, folder.path);
  assert.is(code, 0);
  assert.not.match(out, 'PRIVATE');
  const view = JSON.parse(out);
  assert.is(view.svids.length, 2);
  for (const { spiffeId, certificates, bundle } of view.svids) {
    const leaf = new X509Certificate(certificates[0]);
    assert.is(leaf.subjectAltName, `URI:${spiffeId}`);
    assert.ok(leaf.verify(new X509Certificate(bundle[0]).publicKey));
  }
  assert.equal(Object.keys(view.federatedBundles), [AWAY]);
});

svid('--write puts the chosen identity into files, its key for the owner alone', async () => {
  await using folder = await temporaryFolder();
  await using served = await serve(folder);
  const target = folder.file('out');
  const args = ['svid', 'fetch', '--write', target, '--spiffe-id', 'spiffe://home.example/db'];
  const { code, out } = await holdfast(args, folder.path, served.variables);
  assert.is(code, 0);
  assert.not.match(out, 'home.example/web');
  assert.equal((await readdir(target)).sort(), ['bundle.pem', 'federated', 'key.pem', 'svid.pem']);
  assert.is((await stat(`${target}/key.pem`)).mode & 0o777, 0o600);
  const leaf = new X509Certificate(await readFile(`${target}/svid.pem`));
  assert.is(leaf.subjectAltName, 'URI:spiffe://home.example/db');
});

svid('exits 1 for an identity that this caller does not have', async () => {
  await using folder = await temporaryFolder();
  await using served = await serve(folder);
  const args = ['svid', 'fetch', '--spiffe-id', 'spiffe://home.example/other'];
  const { code, err } = await holdfast(args, folder.path, served.variables);
  assert.is(code, 1);
  assert.match(err, /^holdfast: workload-no-identity: /);
});

svid('exits 1 for a caller that no entry matches, and says what makes one', async () => {
  await using folder = await temporaryFolder();
  await using served = await serve(folder, { pid: 4242, uid: 7, gid: 7 });
  const { code, err } = await holdfast(['svid', 'fetch'], folder.path, served.variables);
  assert.is(code, 1);
  assert.match(err, /^holdfast: workload-no-identity: /);
  assert.match(err, 'holdfast entry create');
});

svid('exits 1 where no daemon serves, or the endpoint is none', async () => {
  await using folder = await temporaryFolder();
  const absent = await holdfast(['svid', 'fetch'], folder.path);
  assert.is(absent.code, 1);
  assert.match(absent.err, /^holdfast: daemon-unreachable: /);
  const wrong = { SPIFFE_ENDPOINT_SOCKET: '/run/x.sock' };
  const { code, err } = await holdfast(['svid', 'fetch'], folder.path, wrong);
  assert.is(code, 1);
  assert.match(err, /^holdfast: config-value: /);
});

svid.run();
