/** What the doctor makes of what a daemon says, and of a machine without one. */

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Status } from '../../../daemon/control/views.ts';
import { type DaemonFacts, daemonFindings } from '../../../daemon/doctor/daemon-checks.ts';
import { shellWord } from '../../../daemon/doctor/finding.ts';
import { clockFinding, runtimeFinding } from '../../../daemon/doctor/host-checks.ts';
import { AUTHORITY, RELATION, STATUS } from '../../fakes/fake-daemon.ts';
import { fileBeside, type as typed, withDaemons } from '../live.ts';

const findings = suite('daemon/doctor/findings');

const NOW = Date.UTC(2026, 0, 1);
const FACTS: DaemonFacts = {
  status: { ...STATUS, domains: STATUS.domains.slice(0, 1) },
  relations: [RELATION],
  authorities: [AUTHORITY],
};

const faultsOf = (
  facts: Partial<DaemonFacts>,
  wallMs = NOW,
  trustDomain = STATUS.domain,
): readonly string[] =>
  daemonFindings(
    { ...FACTS, ...facts },
    { wallMs, trustDomain },
    { start: 'holdfast start', client: '' },
  )
    .filter(({ state }) => state !== 'ok')
    .map(({ state, check, mend }) => `${state} ${check}${mend === '' ? ' without a mend' : ''}`);

const withStatus = (change: Partial<Status>): readonly string[] =>
  faultsOf({ status: { ...FACTS.status, ...change } });

findings('are none about a daemon that is well', () => {
  assert.equal(faultsOf({}), []);
});

findings('name what a daemon says of itself', () => {
  assert.equal(withStatus({ version: '0.0.9' }), ['note version']);
  assert.equal(withStatus({ timeKnown: false }), ['fault time']);
  assert.equal(withStatus({ domains: STATUS.domains }), ['fault domain']);
  assert.equal(withStatus({ peers: [] }), ['fault link']);
  const alarm = {
    id: 1,
    at: '2026-01-01T00:00:00.000Z',
    code: 'equivocation',
    domain: 'blue.example',
    detail: 'epoch 7',
  };
  assert.equal(withStatus({ alarms: [alarm] }), ['fault alarm']);
});

findings('say where settings of another daemon were looked at', () => {
  assert.equal(faultsOf({}, NOW, 'blue.example'), ['note settings']);
});

findings('tell a link that is down from a partner who comes by courier', () => {
  const relations = [{ ...RELATION, peers: [] }];
  assert.equal(faultsOf({ relations, status: { ...FACTS.status, peers: [] } }), []);
});

findings('warn of an expiry, and tell of one that is past', () => {
  const end = Date.parse(AUTHORITY.notAfter);
  assert.equal(faultsOf({}, end - 8 * 86_400_000), []);
  assert.equal(faultsOf({}, end - 6 * 86_400_000), ['note expiry']);
  assert.equal(faultsOf({}, end), ['fault expiry']);
});

findings('tell what a member is missing', () => {
  const { node } = FACTS.status;
  const lease = {
    ...{ group: 'default', kind: 'slices', assurance: 'software', trouble: 'lease-revoked' },
    ...{ issuedAt: '2026-01-01T00:00:00.000Z', notAfter: '2026-01-02T00:00:00.000Z' },
  };
  assert.equal(withStatus({ authority: false, node: { ...node, lease: null } }), ['fault lease']);
  assert.equal(withStatus({ authority: false, node: { ...node, lease } }), ['fault lease']);
  const well = { ...lease, trouble: '' };
  assert.equal(withStatus({ authority: false, node: { ...node, lease: well } }), []);
});

findings('name paths as a shell reads them', () => {
  assert.is(shellWord('/run/holdfast/control.sock'), '/run/holdfast/control.sock');
  assert.is(shellWord("/tmp/it's here"), `'/tmp/it'\\''s here'`);
});

findings('judge the clock and the runtime', () => {
  assert.is(clockFinding(Date.UTC(1970, 0, 1)).state, 'fault');
  assert.is(clockFinding(NOW).state, 'ok');
  assert.is(runtimeFinding('v20.9.0').state, 'fault');
  assert.is(runtimeFinding('v26.10.0').state, 'ok');
});

findings('tell a daemon that is gone from one whose socket is elsewhere', () =>
  withDaemons(['blue.example'], async (blue) => {
    const state = join(blue.folder, 'state');
    const config = fileBeside(blue, 'other.toml', '');
    const line = ['doctor', '--config', config, '--state', state];
    const elsewhere = await typed(blue, ...line, '--control-socket', '/nowhere/control.sock');
    assert.is(elsewhere.code, 1);
    assert.match(elsewhere.out, /FAULT +lock +process \d+ holds the state/);
    assert.match(elsewhere.out, /control +holdfast start/);
    await blue.kill('SIGKILL');
    const gone = await typed(blue, ...line);
    assert.match(gone.out, /OK +lock +no process holds the state/);
    assert.match(gone.out, /FAULT +control +nobody answers at /);
    await rm(blue.controlSocket);
    await mkdir(blue.controlSocket);
    assert.match((await typed(blue, ...line)).out, /FAULT +control .* is no socket/);
  }),
);

findings.run();
