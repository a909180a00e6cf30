/**
 * `npm run test:package`: the Debian package on a clean Debian, without a network.
 *
 * Builds the package and a minimal root of Debian, installs the one into the other in a network
 * namespace that holds nothing, and runs the service as its unit would: the same account, command
 * line and notifications. What no stand-in shows is the sandbox, which needs systemd itself; its
 * score is held by test/packaging/unit. It takes two to five minutes, so it is no part of
 * `npm test`.
 *
 * Timeout: 900 s
 */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { controlling, type, withDaemons } from '../daemon/live.ts';
import type { DaemonProcess } from '../daemon-process.ts';
import { type TemporaryFolder, temporaryFolder } from '../folder.ts';
import { missingPrograms } from '../installed.ts';
import { ROOT } from '../root.ts';
import { skip } from '../skip.ts';
import { ServiceStandIn } from './service.ts';

const packaged = suite('package/run');
const missing =
  process.getuid?.() === 0
    ? missingPrograms(['debootstrap', 'dpkg-deb', 'unshare', 'chroot', 'setpriv'])
    : 'not root';

/** The domain whose authority runs outside the box. */
const DOMAIN = 'blue.example';
const ROOT_IN_THE_BOX = ['--spiffe-id', `spiffe://${DOMAIN}/root`, '--selector', 'unix:uid:0'];

let folder: TemporaryFolder;
let box: string;
let deb: string;

if (missing === null) {
  packaged.before(async () => {
    folder = await temporaryFolder();
    box = folder.file('box');
    const built = run('sh', ['bin/package.sh', folder.path], { PACKAGE_COMPRESSION: 'gzip' });
    deb = built.trim().split('\n').at(-1) ?? '';
    run('debootstrap', ['--variant=minbase', 'stable', box]);
    run('mount', ['-t', 'proc', 'proc', join(box, 'proc')]);
    cpSync(deb, join(box, 'root', basename(deb)));
  });
  packaged.after(async () => {
    spawnSync('umount', [join(box, 'proc')]); // is not mounted where the root was not made
    rmSync(box, { recursive: true, force: true });
    await folder[Symbol.asyncDispose]();
  });
}

function test(sentence: string, body: () => Promise<void>): void {
  if (missing === null) packaged(sentence, body);
  else skip(`package/run › ${sentence}`, missing);
}

function run(program: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): string {
  const env = { ...process.env, ...more };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: ROOT, env, encoding: 'utf8' });
  assert.is(status, 0, `${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Runs a shell line inside the box, without a network. */
function inside(line: string): string {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' };
  const args = ['--net', 'chroot', box, 'sh', '-ec', line];
  const { status, stdout, stderr } = spawnSync('unshare', args, { env, encoding: 'utf8' });
  assert.is(status, 0, `${line}: ${stdout}${stderr}`);
  return stdout;
}

test('the same sources make the same package', async () => {
  const again = folder.file('again');
  run('sh', ['bin/package.sh', again], { PACKAGE_COMPRESSION: 'gzip' });
  assert.ok(readFileSync(deb).equals(readFileSync(join(again, basename(deb)))));
});

test('installs without a network, and waits for its domain to get a name', async () => {
  const said = inside(`dpkg --install /root/${basename(deb)}`);
  assert.match(said, /name your trust domain in \/etc\/holdfast\/config\.toml/);
  assert.match(inside('holdfast --version'), /^holdfast \d/);
  assert.match(inside('stat -c "%U %a" /var/lib/holdfast'), /^holdfast 700$/m);
  inside('zcat /usr/share/man/man1/holdfast.1.gz | grep -q "holdfast"');
});

test('serves under its own account, issues, and stops within five seconds', async () => {
  inside('sed -i "s/^#trust_domain.*/trust_domain = \\"box.example\\"/" /etc/holdfast/config.toml');
  await using service = await ServiceStandIn.start(box);
  assert.match(service.command('status'), /box\.example/);
  const spiffeId = 'spiffe://box.example/root';
  service.command(`entry create --spiffe-id ${spiffeId} --selector unix:uid:0`);
  assert.match(service.command('svid fetch'), /spiffe:\/\/box\.example\/root/);
  const { code, tookMs } = await service.stop();
  assert.is(code, 0);
  assert.ok(tookMs < 5_000, `took ${tookMs} ms`);
});

test('an upgrade keeps the domain, and puts its state aside first', async () => {
  const before = inside('ls /var/lib/holdfast/keys | sha256sum');
  const newer = upgradeOf(deb);
  inside(`dpkg --install /root/${basename(newer)}`);
  assert.is(inside('ls /var/lib/holdfast/keys | sha256sum'), before);
  assert.match(inside('stat -c "%a" /var/lib/holdfast-before/*.tar'), /^600$/m);
  await using service = await ServiceStandIn.start(box);
  assert.match(service.command('svid fetch'), /spiffe:\/\/box\.example\/root/);
});

test('a downgrade keeps it too', async () => {
  inside(`dpkg --install /root/${basename(deb)}`);
  await using service = await ServiceStandIn.start(box);
  assert.match(service.command('status'), /box\.example/);
});

test('a purge leaves the keys to people', async () => {
  inside('dpkg --purge holdfast');
  inside('test ! -e /usr/lib/holdfast/bin && test -d /var/lib/holdfast/keys');
});

test('becomes a node of another domain by files that a person carries', async () => {
  inside(`rm -rf /var/lib/holdfast && dpkg --install /root/${basename(deb)}`);
  inside(`cat >>/etc/holdfast/config.toml <<'END'\n[node]\nrole = "member"\nEND`);
  inside(`sed -i 's/^#trust_domain.*/trust_domain = "${DOMAIN}"/' /etc/holdfast/config.toml`);
  await withDaemons([DOMAIN], async (authority) => {
    await done(authority, 'entry', 'create', '--group', 'gate', ...ROOT_IN_THE_BOX);
    await using service = await ServiceStandIn.start(box);
    await enrol(authority, service);
    assert.match(service.command('status'), /gate/);
    await enrol(authority, service); // the second time brings leaves for the entries of the first
    assert.match(service.command('svid fetch'), /spiffe:\/\/blue\.example\/root/);
  });
});

/** One round of files between the machine in the box, which has no network, and its authority. */
async function enrol(authority: DaemonProcess, service: ServiceStandIn): Promise<void> {
  const { fingerprint } = await controlling(authority, (control) => control.call('status', {}));
  const carried = (name: string): string => join(box, 'srv', name);
  service.command('enroll request /srv/request --group gate');
  await done(authority, 'enroll', 'challenge', carried('request'), carried('challenge'));
  service.command(`enroll answer /srv/challenge /srv/answer --fingerprint ${fingerprint}`);
  await done(authority, 'enroll', 'grant', carried('answer'), carried('grant'), '--approve');
  service.command('enroll install /srv/grant');
}

async function done(daemon: DaemonProcess, ...args: readonly string[]): Promise<void> {
  const { code, err } = await type(daemon, ...args);
  assert.is(code, 0, err);
}

/** The same package under the next version, inside the box. */
function upgradeOf(path: string): string {
  const tree = folder.file('newer');
  mkdirSync(tree);
  run('dpkg-deb', ['--raw-extract', path, tree]);
  const control = join(tree, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, '$&+next'));
  const newer = join(box, 'root', 'holdfast-next.deb');
  run('dpkg-deb', ['--root-owner-group', '-Zgzip', '--build', tree, newer]);
  return newer;
}

packaged.run();
