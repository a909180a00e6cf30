/** Real processes on real sockets: who the kernel says they are, and that their end is seen. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { copyFile, truncate } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { digestOf } from '../../../core/digest.ts';
import { WORKLOAD_BINARY_BYTES_MAX } from '../../../core/limits.ts';
import { hostProcesses } from '../../../daemon/host/process-facts.ts';
import { temporaryFolder } from '../../folder.ts';
import { skip } from '../../skip.ts';

const processes = suite('daemon/host/processes');

const CONNECT_AND_WAIT = `
  const socket = require('node:net').connect(process.argv[1]);
  socket.on('error', () => process.exit(1));
`;

const descriptorOf = (socket: Socket): number =>
  (socket as unknown as { _handle: { fd: number } })._handle.fd;
/** How many processes we hold pinned. The listing's own descriptor has gone by then. */
const pinned = (): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('pidfd');
    } catch {
      return false;
    }
  }).length;

processes('names the process that connected, and sees it end', async () => {
  await using folder = await temporaryFolder();
  const server = createServer().listen(folder.file('s'));
  await once(server, 'listening');
  const child = spawn(process.execPath, ['-e', CONNECT_AND_WAIT, folder.file('s')]);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const peer = hostProcesses.peerOf(descriptorOf(socket));
  assert.equal(
    [peer.pid, peer.uid, peer.gid],
    [child.pid, process.getuid?.() ?? -1, process.getgid?.() ?? -1],
  );
  assert.is(peer.isAlive(), true);
  assert.ok(pinned() <= 1);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.is(peer.isAlive(), false);
  peer.close();
  peer.close();
  assert.is(pinned(), 0);
  socket.destroy();
  server.close();
});

processes('takes no process for gone because a signal came while it was asked', async () => {
  await using folder = await temporaryFolder();
  const server = createServer().listen(folder.file('s'));
  await once(server, 'listening');
  const child = spawn(process.execPath, ['-e', CONNECT_AND_WAIT, folder.file('s')]);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const peer = hostProcesses.peerOf(descriptorOf(socket));
  let signals = 0;
  process.on('SIGUSR2', () => {
    signals += 1;
  });
  const storm = spawn('sh', ['-c', `while kill -USR2 ${process.pid}; do :; done`]);
  let refusals = 0;
  for (let round = 0; round < 40; round++) {
    for (let asked = 0; asked < 10_000; asked++) if (!peer.isAlive()) refusals += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  storm.kill('SIGKILL');
  await once(storm, 'exit');
  process.removeAllListeners('SIGUSR2');
  assert.ok(signals > 0);
  assert.is(refusals, 0);
  child.kill('SIGKILL');
  await once(child, 'exit');
  peer.close();
  socket.destroy();
  server.close();
});

processes('refuses to name a process that ended before it was asked about', async () => {
  await using folder = await temporaryFolder();
  const server = createServer({ pauseOnConnect: true }).listen(folder.file('s'));
  await once(server, 'listening');
  const child = spawn(process.execPath, ['-e', CONNECT_AND_WAIT, folder.file('s')]);
  const [socket] = (await once(server, 'connection')) as [Socket];
  child.kill('SIGKILL');
  await once(child, 'exit');
  let isNamedAlive = false;
  try {
    const peer = hostProcesses.peerOf(descriptorOf(socket));
    isNamedAlive = peer.isAlive() && (await hostProcesses.startTimeOf(peer.pid)) !== undefined;
    peer.close();
  } catch (error) {
    assert.is((error as { code?: string }).code, 'workload-gone');
  }
  assert.is(isNamedAlive, false);
  socket.destroy();
  server.close();
});

processes('reads the start time behind a name with parentheses', async () => {
  const before = process.title;
  process.title = 'a) b (c';
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)?.split(' ');
  assert.is(await hostProcesses.startTimeOf(process.pid), fields?.[19]);
  process.title = before;
});

processes('reads path and contents of an executable', async () => {
  const path = readlinkSync('/proc/self/exe');
  assert.is(await hostProcesses.executablePathOf(process.pid), path);
  const digest = await hostProcesses.executableDigestOf(process.pid);
  assert.is(digest, digestOf(new Uint8Array(readFileSync(path))));
});

processes('reads no executable beyond the limit', async () => {
  await using folder = await temporaryFolder();
  const path = folder.file('sleep');
  await copyFile('/bin/sleep', path);
  await truncate(path, WORKLOAD_BINARY_BYTES_MAX + 1); // a hole, which takes no room
  const child = spawn(path, ['60']);
  await once(child, 'spawn');
  const pid = child.pid ?? -1;
  assert.is(await hostProcesses.executableDigestOf(pid), undefined);
  assert.is(await hostProcesses.executablePathOf(pid), path);
  child.kill('SIGKILL');
  await once(child, 'exit');
});

processes('reads groups and cgroup as the kernel lists them', async () => {
  const egid = process.getegid?.() ?? -1;
  const groups = (await hostProcesses.groupIdsOf(process.pid)) ?? [];
  // The kernel lists the supplementary ones; Node adds the effective one where it is missing.
  assert.equal(new Set([...groups, egid]), new Set([...(process.getgroups?.() ?? []), egid]));
  const unified = /^0::(\/.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  assert.is(await hostProcesses.cgroupPathOf(process.pid), unified);
});

const APART = ['--user', '--map-root-user', '--mount'];
const isApartPossible = spawnSync('unshare', [...APART, 'true']).status === 0;
const apart = 'believes no path from a mount namespace that is not ours';
if (!isApartPossible) skip(`daemon/host/processes › ${apart}`, 'no namespaces for users here');
else {
  processes(apart, async () => {
    const child = spawn('unshare', [...APART, 'sleep', '60']);
    await once(child, 'spawn');
    const pid = child.pid ?? -1;
    for (let tries = 0; !readlinkSync(`/proc/${pid}/exe`).endsWith('/sleep'); tries++) {
      assert.ok(tries < 500, 'unshare runs what it was given');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.is(await hostProcesses.executablePathOf(pid), undefined);
    assert.ok((await hostProcesses.executableDigestOf(pid)) !== undefined);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
}

processes('knows nothing of a process that is not there', async () => {
  const noPid = 2 ** 22 + 1;
  assert.is(await hostProcesses.startTimeOf(noPid), undefined);
  assert.is(await hostProcesses.executablePathOf(noPid), undefined);
  assert.is(await hostProcesses.executableDigestOf(noPid), undefined);
});

processes.run();
