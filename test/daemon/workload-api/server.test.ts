/** The Workload API over real sockets, with callers that the test decides. */

import { readdir, stat, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../../core/bytes.ts';
import { Failure } from '../../../core/failure.ts';
import { Refusal } from '../../../core/refusal.ts';
import { MINUTE_MS, unixMs } from '../../../core/time.ts';
import { hostProcesses } from '../../../daemon/host/process-facts.ts';
import { authoritySource } from '../../../daemon/identity/authority-source.ts';
import { IdentityDirectory } from '../../../daemon/identity/directory.ts';
import { verifyX509Svid } from '../../../daemon/identity/x509-verify.ts';
import { openWorkloadClient } from '../../../daemon/workload-api/client.ts';
import { createWorkloadServer } from '../../../daemon/workload-api/server.ts';
import { Slots } from '../../../daemon/workload-api/slots.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryLog } from '../../fakes/memory-log.ts';
import { temporaryFolder } from '../../folder.ts';
import { AWAY, HOME, testTrust } from '../identity/trust.ts';
import { refused } from '../refused.ts';
import { call, STATUS, serve, settle } from './rig.ts';

const servers = suite('daemon/workload-api/server');

const TOO_OLD = new Refusal('tier-insufficient', { tier: 'SURVIVAL' });
servers('gives a caller its identity, which verifies', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const { svids, federatedBundles } = await s.client.fetchX509Svids();
  const [svid] = svids;
  assert.is(svid?.spiffeId, s.web.spiffeId);
  assert.is(svid?.hint, 'internal');
  const roots = new Map([[HOME, svid?.bundleDer ?? []]]);
  const verified = verifyX509Svid(svid?.certificatesDer ?? [], roots, s.clock.now().wall);
  assert.is(verified.spiffeId, s.web.spiffeId);
  assert.equal(federatedBundles.get(AWAY)?.map(toHex), [toHex(s.trust.awayRoot)]);
});

servers(
  'refuses a call without the security header, with another value, or with it twice',
  async () => {
    await using folder = await temporaryFolder();
    await using s = await serve(folder);
    const path = '/SpiffeWorkloadAPI/FetchX509SVID';
    for (const value of [undefined, 'TRUE', 'false', ['true', 'true']]) {
      const headers = value === undefined ? {} : { 'workload.spiffe.io': value };
      const { status, message } = await call(s.socketPath, path, headers);
      assert.is(status, STATUS.invalidArgument);
      assert.is(message.split(':')[0], 'workload-header');
      assert.match(message, /send the header/);
    }
    assert.is(s.log.events.length, 4);
  },
);

servers('answers Unimplemented to the other calls, and to those that do not exist', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const names = ['FetchWITSVID', 'FetchWITBundles', 'Nothing'];
  for (const name of names) {
    const headers = { 'workload.spiffe.io': 'true' };
    const { status } = await call(s.socketPath, `/SpiffeWorkloadAPI/${name}`, headers);
    assert.is(status, STATUS.unimplemented, name);
  }
});

servers('denies a caller that no entry matches, and says what would mend it', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  s.processes.caller = { pid: 1, uid: 7, gid: 7 };
  const refusal = await refused(() => s.client.fetchX509Svids(), 'workload-no-identity');
  assert.match(String(refusal.details.told), /unix:uid:7/);
  const path = '/SpiffeWorkloadAPI/FetchX509Bundles';
  const { status } = await call(s.socketPath, path, { 'workload.spiffe.io': 'true' });
  assert.is(status, STATUS.permissionDenied);
});

servers(
  'does not know a caller that is gone, and is unavailable to one whose evidence is too old',
  async () => {
    await using folder = await temporaryFolder();
    await using s = await serve(folder);
    const path = '/SpiffeWorkloadAPI/FetchX509SVID';
    const headers = { 'workload.spiffe.io': 'true' };
    s.update([s.web], { issueUntil: TOO_OLD });
    const tooOld = await call(s.socketPath, path, headers);
    assert.is(tooOld.status, STATUS.unavailable);
    assert.match(tooOld.message, /^tier-insufficient: .*tier SURVIVAL.*; restore a path/);
    s.processes.startTime = undefined;
    assert.is((await call(s.socketPath, path, headers)).status, STATUS.unauthenticated);
  },
);

servers('streams the complete state at each change, and nothing when nothing changed', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const ending = new AbortController();
  const states = s.client.watchX509Svids(ending.signal)[Symbol.asyncIterator]();
  const first = (await states.next()).value;
  s.update([s.web]);
  await settle();
  s.update([s.web], { foreignAuthorities: new Map() });
  const redacted = (await states.next()).value;
  assert.is(redacted?.federatedBundles.size, 0);
  assert.equal(redacted?.svids, first?.svids);
  s.clock.advance(40 * MINUTE_MS);
  const renewed = (await states.next()).value;
  assert.not.equal(renewed?.svids[0]?.certificatesDer, first?.svids[0]?.certificatesDer);
  ending.abort();
  assert.is((await states.next()).done, true);
});

servers('ends a stream with a denial when the entitlement ends', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const states = s.client.watchX509Svids(new AbortController().signal)[Symbol.asyncIterator]();
  await states.next();
  s.update([]);
  await refused(() => states.next(), 'workload-no-identity');
});

servers('ends a stream when the caller has ended, whoever holds its socket now', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const states = s.client.watchX509Svids(new AbortController().signal)[Symbol.asyncIterator]();
  await states.next();
  s.processes.isAlive = false;
  s.update([s.web], { foreignAuthorities: new Map() });
  await refused(() => states.next(), 'workload-gone');
});

servers('closes what it keeps of a caller when the connection ends', async () => {
  await using folder = await temporaryFolder();
  const s = await serve(folder);
  await s.client.fetchX509Svids();
  assert.is(s.processes.open, 1);
  await s[Symbol.asyncDispose]();
  assert.is(s.processes.open, 0);
  assert.equal(await readdir(folder.path), []);
});

servers('ends streams with a word of its own when it ends', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const states = s.client.watchX509Svids(new AbortController().signal)[Symbol.asyncIterator]();
  await states.next();
  const ended = refused(() => states.next(), 'workload-ending');
  await s.close();
  await ended;
});

servers('lives through any authority and any path', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  const headers = { 'workload.spiffe.io': 'true' };
  const path = '/SpiffeWorkloadAPI/FetchX509Bundles';
  const paths = ['//', '*', '/?', '/SpiffeWorkloadAPI/', 'http://[/', '/%00'];
  for (const odd of paths) await call(s.socketPath, odd, headers);
  s.update([]);
  for (const authority of ['tmp%2Fworkload.sock', '[', '%', 'x'.repeat(5_000)]) {
    const { status } = await call(s.socketPath, path, { ...headers, ':authority': authority });
    assert.is(status, STATUS.permissionDenied, authority);
  }
});

servers('lets any local user connect, and replaces the socket of a dead daemon', async () => {
  await using folder = await temporaryFolder();
  await using s = await serve(folder);
  assert.is((await stat(s.socketPath)).mode & 0o777, 0o666);
  await refused(() => serve(folder), 'socket-occupied');
});

servers('refuses a place that holds another file, and a folder that is none', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.file('workload.sock'), 'a letter');
  await refused(() => serve(folder), 'socket-occupied');
  await refused(
    () => serve({ ...folder, file: (name) => folder.file(`workload.sock/${name}`) }),
    'socket-folder',
  );
});

servers('attests real callers by what the kernel says', async () => {
  await using folder = await temporaryFolder();
  const clock = new FakeClock({ wallMs: unixMs(Date.now()) });
  const trust = testTrust(clock.now().wall);
  const selectors = [`unix:uid:${process.getuid?.()}`, `unix:path:${process.execPath}`];
  const me = trust.entry('me', { selectors });
  const directory = new IdentityDirectory({
    ...{ clock, random: trust.random, source: authoritySource(trust.signers, trust.random) },
    view: trust.view([me]),
  });
  const socketPath = folder.file('workload.sock');
  const options = { socketPath, directory, processes: hostProcesses, log: new MemoryLog() };
  const server = await createWorkloadServer(options);
  const before = (await readdir('/proc/self/fd')).length;
  for (let i = 0; i < 5; i++) {
    const client = openWorkloadClient({ kind: 'unix', path: socketPath });
    assert.is((await client.fetchX509Svids()).svids[0]?.spiffeId, me.spiffeId);
    client.close();
  }
  await settle();
  assert.is((await readdir('/proc/self/fd')).length, before);
  directory.close();
  await server.close();
});

servers('is out of reach where no daemon listens', async () => {
  await using folder = await temporaryFolder();
  const client = openWorkloadClient({ kind: 'unix', path: folder.file('nobody.sock') });
  try {
    await client.fetchX509Svids();
    assert.unreachable();
  } catch (error) {
    assert.is(error instanceof Failure && error.code, 'daemon-unreachable');
  }
  client.close();
});

servers('gives one user no more places than its share', async () => {
  const slots = new Slots({ inAll: 3, perUid: 2 });
  const first = slots.take(1000);
  slots.take(1000);
  await refused(() => slots.take(1000), 'workload-streams');
  slots.take(7);
  await refused(() => slots.take(8), 'workload-streams');
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  slots.take(8);
  await refused(() => slots.take(9), 'workload-streams');
});

servers.run();
