/** The service unit: what systemd thinks of its sandbox, and that it names what there is. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../folder.ts';
import { missingPrograms } from '../installed.ts';
import { ROOT } from '../root.ts';
import { skip } from '../skip.ts';

const packaging = suite('packaging/unit');

const UNIT = join(ROOT, 'packaging/holdfast.service');
const EXPOSURE_MAX = 2.0;

const missing = missingPrograms(['systemd-analyze']);
const scored = 'systemd finds the service exposed by no more than 2.0';
if (missing !== null) skip(`packaging/unit › ${scored}`, missing);
else {
  packaging(scored, () => {
    const args = ['security', '--offline=true', '--no-pager', UNIT];
    const { stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    const [, exposure = ''] = /Overall exposure level .*: ([0-9.]+) /.exec(stdout) ?? [];
    assert.ok(Number.parseFloat(exposure) <= EXPOSURE_MAX, exposure);
  });
}

packaging('the unit starts the daemon that the package holds', () => {
  const unit = readFileSync(UNIT, 'utf8');
  const [, start = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
  const [, program = ''] = /\/usr\/lib\/holdfast\/(bin\/[a-z]+\.mjs)/.exec(start) ?? [];
  assert.ok(existsSync(join(ROOT, program)), program);
  assert.match(readFileSync(join(ROOT, 'bin/package.sh'), 'utf8'), /runtime\/node/);
  assert.match(unit, /^Type=notify$/m);
});

packaging('the unit gives the daemon the flags and variables that the launcher would', () => {
  const unit = readFileSync(UNIT, 'utf8');
  const launcher = readFileSync(join(ROOT, 'bin/launch.mjs'), 'utf8');
  const [, flags = ''] = /^const DAEMON_FLAGS = \[(.*)\];$/m.exec(launcher) ?? [];
  const [, variables = ''] = /^const DAEMON_VARIABLES = \{ (.*) \};$/m.exec(launcher) ?? [];
  const [, start = ''] = /^ExecStart=\S+ (--.*) \S+\.mjs/m.exec(unit) ?? [];
  const [, environment = ''] = /^Environment=(MALLOC.*)$/m.exec(unit) ?? [];
  assert.is(start, flags.replaceAll(/[',]/g, ''));
  assert.is(environment, variables.replaceAll(/[',]/g, '').replaceAll(': ', '='));
});

packaging('an upgrade puts the state aside for root alone, and keeps the newest', async () => {
  await using folder = await temporaryFolder();
  const script = readFileSync(join(ROOT, 'packaging/preinst'), 'utf8');
  // The same script, with its folders and its service manager out of the way.
  const moved = script
    .replaceAll('/var/lib/', `${folder.path}/`)
    .replaceAll('/run/systemd/system', folder.file('absent'));
  const upgrade = (from: string) => spawnSync('sh', ['-c', moved, 'preinst', 'upgrade', from]);
  mkdirSync(folder.file('holdfast/store'), { recursive: true });
  writeFileSync(folder.file('holdfast/root.key'), 'a key');
  for (const version of ['0.1.0', '0.2.0']) assert.is(upgrade(version).status, 0);
  const aside = folder.file('holdfast-before');
  assert.equal(readdirSync(aside), ['0.2.0.tar']);
  assert.is(statSync(aside).mode & 0o777, 0o700);
  assert.is(statSync(join(aside, '0.2.0.tar')).mode & 0o777, 0o600);
  const listed = spawnSync('tar', ['-tf', join(aside, '0.2.0.tar')], { encoding: 'utf8' });
  assert.match(listed.stdout, /root\.key/);
  assert.is(script.includes('/var/backups/'), false);
});

packaging.run();
