/** What a caller shows as selectors, and that a caller which changes half-way shows nothing. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import { digestOf } from '../../../core/digest.ts';
import { cgroupPathIn, containerIn, unitIn } from '../../../daemon/attestation/cgroup.ts';
import { attestWorkload } from '../../../daemon/attestation/workload-attestor.ts';
import { FakeProcesses } from '../../fakes/fake-processes.ts';
import { refused } from '../refused.ts';

const attestor = suite('daemon/attestation/workload-attestor');

const ID = '0123456789abcdef'.repeat(4);
const DIGEST = digestOf(new Uint8Array(1));
const ALL = { sha256: true, container: true };
const NOTHING_COSTLY = { sha256: false, container: false };
const attest = (processes: FakeProcesses, asked = ALL) =>
  attestWorkload(processes.peerOf(), processes, asked);

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
  assert.is((await attest(machine, NOTHING_COSTLY)).length, 3);
  assert.is(machine.hashed, 0);
});

attestor('leaves out what could not be read', async () => {
  const selectors = await attest(processes({ path: undefined, digest: undefined }));
  assert.equal(selectors, ['unix:uid:1000', 'unix:gid:1000']);
});

attestor('leaves out a path with two spellings', async () => {
  assert.is((await attest(processes({ path: '/usr/bin/\ufffd' }), NOTHING_COSTLY)).length, 2);
});

attestor('shows names and all groups, and leaves out those without a name', async () => {
  const machine = processes({ path: undefined, digest: undefined, groupIds: [27, 998] });
  machine.userNames.set(1000, 'web');
  machine.groupNames.set(1000, 'web').set(998, 'docker');
  assert.equal(await attest(machine), [
    'unix:uid:1000',
    'unix:gid:1000',
    'unix:user:web',
    'unix:group:web',
    'unix:supplementary_gid:27',
    'unix:supplementary_gid:998',
    'unix:supplementary_group:docker',
  ]);
});

attestor('shows the unit and the container of a caller', async () => {
  const cgroupPath = `/system.slice/docker-${ID}.scope/inner`;
  const machine = processes({ path: undefined, digest: undefined, cgroupPath });
  machine.unitFiles.set(`docker-${ID}.scope`, `/run/systemd/transient/docker-${ID}.scope`);
  const config = { Image: 'web:1', Labels: { role: 'web', odd: 7 }, Env: ['A=b', 'no'] };
  machine.containers.set(ID, toUtf8(JSON.stringify({ Id: ID, Config: config })));
  assert.equal((await attest(machine)).slice(2), [
    `cgroup:path:${cgroupPath}`,
    `systemd:id:docker-${ID}.scope`,
    `systemd:fragment_path:/run/systemd/transient/docker-${ID}.scope`,
    'docker:label:role:web',
    'docker:env:A=b',
    'docker:image_id:web:1',
  ]);
  assert.is((await attest(machine, NOTHING_COSTLY)).length, 5);
});

attestor('takes nothing from an engine that speaks of another container, or no JSON', async () => {
  const machine = processes({ path: undefined, digest: undefined });
  machine.cgroupPath = `/system.slice/docker-${ID}.scope`;
  for (const told of ['', '[]', '{"Id":"other","Config":{"Image":"x"}}', `{"Id":"${ID}"}`]) {
    machine.containers.set(ID, toUtf8(told));
    assert.is((await attest(machine)).length, 4, told);
  }
});

attestor('does not believe a place that a user could have made', () => {
  const made = `/user.slice/user-1000.slice/user@1000.service/docker-${ID}.scope`;
  assert.is(containerIn(made), undefined);
  assert.is(unitIn(made), 'user@1000.service');
  assert.is(unitIn('/system.slice/web.service/docker.service'), 'web.service');
  assert.is(unitIn('/system.slice'), undefined);
  assert.is(unitIn('/elsewhere/web.service'), undefined);
  assert.is(unitIn('/'), undefined);
  assert.equal(containerIn(`/machine.slice/libpod-${ID}.scope/container`), {
    engine: 'podman',
    id: ID,
  });
  assert.is(
    cgroupPathIn('1:name=systemd:/a\n0::/system.slice/web.service\n'),
    '/system.slice/web.service',
  );
  assert.is(cgroupPathIn('0::/../../other\n'), undefined);
  assert.is(cgroupPathIn('1:name=systemd:/a\n'), undefined);
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
