/**
 * A member whose keys lie in a chip, linked to its authority: it earns `measured-boot`, signs by a
 * key that never leaves the chip, and loses that when its boot is withdrawn, by gossip alone.
 *
 * Timeout: 480 s
 */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DaemonProcess } from '../../daemon-process.ts';
import { ENDORSING_PROGRAMS, startEndorsed } from '../../endorsed-swtpm.ts';
import { missingPrograms } from '../../installed.ts';
import { skip } from '../../skip.ts';
import { auditOf, BRISK, controlling, eventually, type } from '../live.ts';

const members = suite('daemon/enrolment/chip-member');

const DOMAIN = 'blue.example';
const WAIT_MS = 60_000;

async function done(daemon: DaemonProcess, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await type(daemon, ...args);
  assert.is(code, 0, `${args.join(' ')}: ${err}`);
  return out;
}

const statusOf = (daemon: DaemonProcess) =>
  controlling(daemon, (control) => control.call('status', {}));

const fetchSvid = (box: DaemonProcess) =>
  type(box, 'svid', 'fetch', '--workload-socket', box.workloadSocket, '--json');

/** Lets nodes sign for their whole group: the next Root, by the one root key there is. */
async function allowKindDomain(authority: DaemonProcess): Promise<void> {
  const [root, key] = ['next.root', 'state/keys/root.key'].map((name) =>
    join(authority.folder, name),
  ) as [string, string];
  await done(authority, 'root', 'propose', root, '--lease-kinds', 'slices,domain');
  await done(authority, 'root', 'sign', root, '--key', key, '--yes');
  await done(authority, 'root', 'publish', root);
}

/** Approves what the box boots, and lists its chip as if it were hardware. */
async function approveBoot(authority: DaemonProcess, box: DaemonProcess, tpm: string) {
  const at = (name: string): string => join(authority.folder, name);
  const chip = JSON.parse(await done(box, 'tpm', 'status', '--tpm', tpm, '--json'));
  writeFileSync(at('allowed'), `${chip.certificates[0].endorsement} tpm as if it were hardware\n`);
  await done(box, 'attest', 'quote', at('evidence'), '--tpm', tpm);
  await done(box, 'references', 'learn', at('evidence'), at('states'), '--name', 'edge 12');
  await done(authority, 'references', 'approve', at('states'), '--yes');
}

async function withBoth(
  body: (authority: DaemonProcess, box: DaemonProcess) => Promise<void>,
): Promise<void> {
  const { chip } = await startEndorsed();
  await using _chip = chip;
  const tpm = `swtpm:unix:${chip.socketPath}`;
  const authority = new DaemonProcess(DOMAIN, BRISK);
  const allowed = join(authority.folder, 'allowed');
  authority.configure(`${BRISK}[enrolment]\nek_allowed = ${JSON.stringify(allowed)}\n`);
  writeFileSync(allowed, '');
  const use = `[tpm]\nuse = "required"\naddress = "${tpm}"\n`;
  const box = new DaemonProcess(DOMAIN, `${BRISK}[node]\nrole = "member"\n${use}`);
  try {
    await authority.start();
    await approveBoot(authority, box, tpm);
    await box.start();
    await body(authority, box);
  } finally {
    await Promise.all([authority.remove(), box.remove()]);
  }
}

function test(sentence: string, body: Parameters<typeof withBoth>[0]): void {
  const missing = missingPrograms(ENDORSING_PROGRAMS);
  if (missing !== null) skip(`daemon/enrolment/chip-member › ${sentence}`, missing);
  else members(sentence, () => withBoth(body));
}

test('signs by its chip, until its boot is withdrawn', async (authority, box) => {
  await allowKindDomain(authority);
  const uid = `unix:uid:${process.getuid?.()}`;
  const entry = ['--spiffe-id', `spiffe://${DOMAIN}/web`, '--selector', uid];
  await done(authority, 'entry', 'create', ...entry);
  const { listen, fingerprint } = await statusOf(authority);
  const asked = [listen[0] ?? '', '--fingerprint', fingerprint, '--kind', 'domain'];
  await done(box, 'enroll', 'join', ...asked);
  const adopted = () => auditOf(box).filter(({ event }) => event === 'references.adopted').length;
  // Its keys move to the approver of the domain: its issuing key is another one from then on.
  await eventually('another approver', () => adopted() > 0 || undefined, WAIT_MS);
  const resident = join(box.folder, 'state/keys/issuing.resident');
  await eventually('its key', () => existsSync(resident) || undefined, WAIT_MS);
  const served = await eventually(
    'an SVID',
    async () => {
      const { code, out } = await fetchSvid(box);
      return code === 0 ? out : undefined;
    },
    WAIT_MS,
  );
  assert.match(served, /spiffe:\/\/blue\.example\/web/);
  const { assurance, keys, node } = await statusOf(box);
  assert.equal(
    [assurance, node.lease?.assurance, node.lease?.kind, keys.custody],
    ['measured-boot', 'measured-boot', 'domain', 'chip'],
  );
  assert.not.ok(existsSync(join(box.folder, 'state/keys/issuing.key')));

  const before = adopted();
  await done(authority, 'references', 'withdraw', 'edge 12', '--yes');
  await eventually('the withdrawal', () => adopted() > before || undefined, WAIT_MS);
  await box.kill('SIGTERM');
  const { code, said } = await box.startInVain();
  assert.is(code, 1);
  assert.match(said, /boot-unapproved/);
});

members.run();
