/** What a caller shows as selectors, and that a caller which changes half-way shows nothing. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { digestOf } from '../../../core/digest.ts';
import { attestWorkload } from '../../../daemon/attestation/workload-attestor.ts';
import { FakeProcesses } from '../../fakes/fake-processes.ts';
import { refused } from '../refused.ts';

const attestor = suite('daemon/attestation/workload-attestor');

const DIGEST = digestOf(new Uint8Array(1));
const attest = (processes: FakeProcesses, reading: 'name-only' | 'hashed' = 'hashed') =>
  attestWorkload(processes.peerOf(), processes, reading);

function processes(change: Partial<FakeProcesses> = {}): FakeProcesses {
  return Object.assign(new FakeProcesses(), { digest: DIGEST }, change);
}

attestor('shows the user, the group, the path and the contents', async () => {
  assert.equal(await attest(processes()), [
    'unix:uid:1000',
    'unix:gid:1000',
    'unix:path:/usr/bin/web',
    `unix:sha256:${DIGEST}`,
  ]);
});

attestor('does not read the executable unless an entry asks', async () => {
  const machine = processes();
  assert.is((await attest(machine, 'name-only')).length, 3);
  assert.is(machine.hashed, 0);
});

attestor('leaves out what could not be read', async () => {
  const selectors = await attest(processes({ path: undefined, digest: undefined }));
  assert.equal(selectors, ['unix:uid:1000', 'unix:gid:1000']);
});

attestor('leaves out a path with two spellings', async () => {
  assert.is((await attest(processes({ path: '/usr/bin/\ufffd' }), 'name-only')).length, 2);
});

attestor('refuses a caller that ended before or while it was read', async () => {
  await refused(() => attest(processes({ startTime: undefined })), 'workload-gone');
  await refused(() => attest(processes({ isAlive: false })), 'workload-gone');
  const dying = processes();
  dying.afterPath = () => {
    dying.isAlive = false;
  };
  await refused(() => attest(dying), 'workload-gone');
});

attestor('refuses a caller whose number another process has taken', async () => {
  const machine = processes();
  machine.afterPath = () => {
    machine.startTime = '78';
  };
  await refused(() => attest(machine), 'workload-gone');
});

attestor('shows nothing of a program that was replaced while it was read', async () => {
  const machine = processes();
  machine.afterPath = () => {
    machine.path = '/usr/bin/other';
  };
  assert.equal(await attest(machine), ['unix:uid:1000', 'unix:gid:1000']);
});

attestor.run();
