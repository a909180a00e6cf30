/**
 * `npm run test:boot`: a node from its first measured boot to an update of its image, in an
 * emulated machine without a network.
 *
 * The guest is the daemon as it ships, in a unified kernel image, on a chip of its own; its
 * authority is a daemon on this side, and files are carried between the two. The chip is an swtpm:
 * so that it can earn more than `vtpm`, its endorsement key is listed as if it were hardware. It
 * takes some minutes and wants an emulator, so it is no part of `npm test`.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../core/bytes.ts';
import { hostRandom } from '../../daemon/host/random.ts';
import { holdfast, type Outcome } from '../daemon/commands/rig.ts';
import { endorse, type MakerFiles, trustFile } from '../endorsed-swtpm.ts';
import { type TemporaryFolder, temporaryFolder } from '../folder.ts';
import { skip } from '../skip.ts';
import {
  carryIn,
  DOMAIN,
  enrolInside,
  inside,
  Outside,
  startInside,
  startInVain,
  stopInside,
} from './box.ts';
import { buildDisk, buildImage, buildStateDisk, signImage } from './image.ts';
import { buildInitramfs } from './initramfs.ts';
import { Machine } from './machine.ts';
import { findRequirements } from './requirements.ts';

const boot = suite('boot/run');
const requirements = findRequirements();

const COMMAND_LINE = 'console=ttyS0 quiet panic=-1 holdfast.image=a';
const WORKLOAD = `spiffe://${DOMAIN}/web`;
const ONE_BYTE_LATER = 'console=ttyS0 quiet panic=-1 holdfast.image=b';

let folder: TemporaryFolder;
let maker: MakerFiles;
let roots: string;
let outside: Outside | undefined;
const disks = { golden: '', changed: '', signed: '', state: '' };
const images = { changed: '' };

if ('kernel' in requirements) {
  const { kernel } = requirements;
  boot.before(async () => {
    folder = await temporaryFolder();
    maker = await endorse(folder);
    roots = await trustFile(maker, folder.file('roots.pem'));
    const initramfs = folder.file('initramfs');
    await writeFile(initramfs, buildInitramfs());
    const parts = { kernel, initramfs };
    const golden = buildImage(folder, 'golden', { ...parts, commandLine: COMMAND_LINE });
    images.changed = buildImage(folder, 'changed', { ...parts, commandLine: ONE_BYTE_LATER });
    disks.golden = buildDisk(golden);
    disks.changed = buildDisk(images.changed);
    disks.state = buildStateDisk(folder);
    disks.signed = buildDisk(signImage(folder, golden));
  });
  boot.after(async () => {
    await outside?.[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
}

function test(sentence: string, body: () => Promise<void>): void {
  if ('kernel' in requirements) boot(sentence, timed(sentence, body));
  else skip(`boot/run › ${sentence}`, requirements.missing);
}

function timed(sentence: string, body: () => Promise<void>): () => Promise<void> {
  return async () => {
    const started = performance.now();
    try {
      await body();
    } finally {
      console.log(`took: ${((performance.now() - started) / 1000).toFixed(1)} s, ${sentence}`);
    }
  };
}

/** Runs a command line on this side, in which `@name` is a file of the run. */
function here(line: string): Promise<Outcome> {
  const words = line.split(' ').map((word) => word.replace(/^@/, `${folder.file('.')}/`));
  return holdfast(words, folder.path);
}

/** Has the guest quote over a fresh nonce into the file `name`; the nonce. */
async function quoteInside(machine: Machine, name: string): Promise<string> {
  const nonce = toHex(hostRandom.bytes(16));
  const { code, output } = await machine.run(`holdfast attest quote --nonce ${nonce}`);
  assert.is(code, 0, output);
  await writeFile(folder.file(name), output);
  return nonce;
}

function judge(
  evidence: string,
  nonce: string,
  references: string,
  trust = `--ek-roots ${roots}`,
): Promise<Outcome> {
  return here(`attest verify @${evidence} --nonce ${nonce} ${trust} --references @${references}`);
}

/** What the boot would earn a machine whose chip a person allowed as hardware. */
async function earnedAsHardware(evidence: string, nonce: string): Promise<string | undefined> {
  const { out } = await judge(evidence, nonce, 'references', '--ek-allow @allowed');
  return /^would earn +([a-z-]+),/m.exec(out)?.[1];
}

function start(disk: string, secureBoot = false): Promise<Machine> {
  return Machine.boot({ folder, disk, stateDisk: disks.state, secureBoot });
}

function authority(): Outside {
  if (outside === undefined) throw new Error('the first boot came to nothing');
  return outside;
}

/** What a workload of the guest is given, as whoever holds the domain's bundle sees it. */
async function servedInside(machine: Machine): Promise<string> {
  await inside(machine, 'holdfast svid fetch --write /tmp/svid');
  return authority().verify(await inside(machine, 'cat /tmp/svid/svid.pem'));
}

test('a machine enrols by files as measured-boot, once its first boot is approved', async () => {
  await using machine = await start(disks.golden);
  const chip = JSON.parse(await inside(machine, 'holdfast tpm status --json'));
  assert.equal([chip.tpm, chip.grade, chip.lockout.lockedUntil], ['/dev/tpmrm0', 'vtpm', null]);
  assert.is(chip.certificates.length, 2);
  const shown = await inside(machine, 'holdfast attest show');
  assert.match(shown, /^Secure Boot +off/m);
  assert.match(shown, /^explained +0-9 11-15$/m);
  const { endorsement } = chip.certificates[0];
  await writeFile(folder.file('allowed'), `${endorsement} tpm as if it were hardware\n`);
  const nonce = await quoteInside(machine, 'first');
  const learnt = `references learn @first @references --name golden --nonce ${nonce}`;
  const { code, err } = await here(learnt);
  assert.equal([code, err], [0, '']);
  outside = await Outside.start(folder.file('allowed'));
  await outside.type('references', 'approve', folder.file('references'), '--yes');
  const entry = ['--spiffe-id', WORKLOAD, '--selector', 'unix:uid:0'];
  await outside.type('entry', 'create', ...entry);
  assert.match(await startInside(machine), /keys bound to the TPM/);
  await enrolInside(machine, outside);
  await enrolInside(machine, outside); // knows its entries now, and asks for leaves of them
  const { nodes } = JSON.parse(await outside.type('enroll', 'list', '--json'));
  assert.is(nodes[0].assurance, 'measured-boot');
  assert.is(await servedInside(machine), WORKLOAD);
  await stopInside(machine);
});

test('it boots again without a network, is still approved, and issues', async () => {
  await using machine = await start(disks.golden);
  const nonce = await quoteInside(machine, 'second');
  const { code, out, err } = await judge('second', nonce, 'references');
  assert.is(code, 0, err);
  assert.match(out, /^boot +approved, as golden$/m);
  assert.match(out, /^would earn +vtpm, /m);
  assert.match(out, /^IMA +1 file covered/m);
  assert.is(await earnedAsHardware('second', nonce), 'measured-boot');
  const replayed = await judge('first', nonce, 'references');
  assert.match(replayed.err, /^holdfast: attest-nonce: /);
  await startInside(machine);
  const status = JSON.parse(await inside(machine, 'holdfast status --json'));
  assert.equal(
    [status.assurance, status.node.lease.trouble, status.keys.custody, status.antiRollback],
    ['measured-boot', '', 'chip', 'proven'],
  );
  assert.equal([status.keys.boot, status.peers], ['golden', []]);
  assert.is(await servedInside(machine), WORKLOAD);
  await stopInside(machine);
});

test('an image changed by one byte issues nothing until it is approved', async () => {
  await using machine = await start(disks.changed);
  const nonce = await quoteInside(machine, 'third');
  const { code, out, err } = await judge('third', nonce, 'references');
  assert.is(code, 1);
  assert.match(err, /^holdfast: appraisal-mismatch: .+where PCR 4, event \d+ \(EV_EFI_BOOT_SERV/);
  assert.match(out, /PCR 11, event \d+ \(EV_IPL\): expected [0-9a-f]{64}, got [0-9a-f]{64}$/m);
  assert.is(await earnedAsHardware('third', nonce), 'tpm');
  const explained = await here('attest explain @third --references @references');
  const [, event, got = ''] = /PCR 11, event (\d+) .+ got ([0-9a-f]{16})/.exec(out) ?? [];
  assert.match(
    explained.out,
    new RegExp(`^11 +${event} +EV_IPL +digest +${got} +\\.cmdline$`, 'm'),
  );
  const said = await startInVain(machine);
  assert.match(said, /boot-unapproved: .+PCR 4, event \d+ \(EV_EFI_BOOT_SERVICES_APPLICATION\)/);
  assert.is.not((await machine.run('holdfast svid fetch')).code, 0);
  // Approved by the image alone: whoever approves has not seen it boot.
  const next = ['--uki', images.changed, '--name', 'next', '--like', 'golden', '--yes'];
  await authority().type('references', 'approve', ...next);
  await authority().type('references', 'export', authority().at('boots'));
  await carryIn(machine, authority(), 'boots', 'holdfast references install /tmp/boots');
  await startInside(machine);
  assert.is(await servedInside(machine), WORKLOAD);
  await stopInside(machine);
});

test('Secure Boot on and off are told apart', async () => {
  await using machine = await start(disks.signed, true);
  const nonce = await quoteInside(machine, 'secure');
  const unlearnt = await judge('secure', nonce, 'references');
  assert.match(unlearnt.err, /^holdfast: appraisal-mismatch: /);
  assert.match(unlearnt.out, /PCR 7, event \d+ \(EV_EFI_VARIABLE_DRIVER_CONFIG\): expected/);
  assert.match(unlearnt.out, /^Secure Boot +on$/m);
  const learnt = `references learn @secure @secure-references --name signed --nonce ${nonce}`;
  assert.match((await here(learnt)).out, /^Secure Boot +has to be on$/m);
  assert.is((await judge('secure', nonce, 'secure-references')).code, 0);
  assert.match(await startInVain(machine), /boot-unapproved: .+PCR \d, event \d+/);
  const json = await here('attest explain @first --references @secure-references --json');
  const { appraisal, secureBoot } = JSON.parse(json.out);
  assert.is(secureBoot.state, 'off');
  const words = appraisal.differences.map(({ where, got }: Difference) => `${where}: ${got}`);
  assert.ok(words.includes('Secure Boot: off'), words.join('\n'));
});

interface Difference {
  readonly where: string;
  readonly got: string;
}

test('the marks of the chip rise from boot to boot', async () => {
  const resets: number[] = [];
  for (const name of ['first', 'second', 'third', 'secure']) {
    const { out } = await here(`attest explain @${name} --json`);
    resets.push(JSON.parse(out).clock.resetCount);
    assert.ok((await readFile(folder.file(name), 'utf8')).startsWith('-----BEGIN HOLDFAST'));
  }
  assert.ok(
    resets.every((count, i) => i === 0 || count > (resets[i - 1] ?? 0)),
    resets.join(),
  );
});

boot.run();
