/**
 * Timeout: 480 s
 *
 * Daemons that start with a chip, without one, and with one that is gone, locked or not theirs; as
 * whoever typed the command sees it.
 */

import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { extendPcr } from '../../firmware/tpm-pcr.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { missingPrograms } from '../installed.ts';
import { skip } from '../skip.ts';
import { Swtpm } from '../swtpm.ts';
import { auditOf, BRISK, controlling, eventually, type } from './live.ts';

const starts = suite('daemon/tpm-start');

function configOf(chip: Swtpm | null, use: string): string {
  const address = chip === null ? '/nowhere/tpmrm0' : `swtpm:unix:${chip.socketPath}`;
  return `${BRISK}[tpm]\nuse = "${use}"\naddress = "${address}"\n`;
}

/** One machine with a chip: the folder stays, the configuration of a start may differ. */
class Machine implements AsyncDisposable {
  readonly chip: Swtpm;
  readonly daemon: DaemonProcess;

  private constructor(chip: Swtpm) {
    this.chip = chip;
    this.daemon = new DaemonProcess('blue.example', configOf(chip, 'auto'));
  }

  static async make(): Promise<Machine> {
    return new Machine(await Swtpm.start());
  }

  get keys(): string {
    return join(this.daemon.folder, 'state/keys');
  }

  status() {
    return controlling(this.daemon, (control) => control.call('status', {}));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon.remove();
    await this.chip[Symbol.asyncDispose]();
  }
}

function test(sentence: string, body: (machine: Machine) => Promise<void>): void {
  const missing = missingPrograms(['swtpm']);
  if (missing !== null) return skip(`daemon/tpm-start › ${sentence}`, missing);
  starts(sentence, async () => {
    await using machine = await Machine.make();
    await body(machine);
  });
}

test('auto uses a chip that works, says so, and resumes with it', async (machine) => {
  const { daemon, chip, keys } = machine;
  await daemon.start();
  const first = await machine.status();
  const tpm = `swtpm:unix:${chip.socketPath}`;
  assert.equal({ ...first.keys }, { custody: 'chip', tpm, boot: 'first boot' });
  assert.is(first.antiRollback, 'proven');
  assert.not(readdirSync(keys).some((name) => name.endsWith('.key')));
  assert.ok(auditOf(daemon).some(({ event }) => event === 'keys.bound'));
  await daemon.kill('SIGKILL');
  await daemon.start();
  const second = await machine.status();
  assert.is(second.fingerprint, first.fingerprint);
  assert.is(second.antiRollback, 'proven');
});

test('a backup names the keys that the chip holds, and opens with that chip alone', async (machine) => {
  const { daemon } = machine;
  const state = join(daemon.folder, 'state');
  const file = join(daemon.folder, 'blue.backup');
  writeFileSync(join(daemon.folder, 'passphrase'), 'a long night on watch', { mode: 0o600 });
  const given = ['--passphrase-file', join(daemon.folder, 'passphrase')];
  await daemon.start();
  const { out } = await type(daemon, 'backup', file, ...given, '--json');
  const held = (JSON.parse(out) as { chipHeld: readonly string[] }).chipHeld;
  for (const name of ['root', 'beacon-0', 'approver']) assert.ok(held.includes(name), name);
  await daemon.kill('SIGTERM');
  rmSync(state, { recursive: true });
  const restored = await type(daemon, 'restore', file, '--state', state, ...given);
  assert.is(restored.code, 0, restored.err);
  await daemon.start();
  assert.is((await machine.status()).antiRollback, 'rolled-back');
  await daemon.kill('SIGTERM');
  await using another = await Swtpm.start();
  daemon.configure(configOf(another, 'auto'));
  const { code, said } = await daemon.startInVain();
  assert.is(code, 1);
  assert.match(said, 'chip-replaced');
});

test('shows how the machine booted, and where that differs from what is approved', async (machine) => {
  const { daemon, chip } = machine;
  await daemon.start();
  const show = () => controlling(daemon, (control) => control.call('attestation.show', {}));
  const sound = await show();
  assert.equal(
    [sound.verdict, sound.state, sound.differences.length],
    ['approved', 'first boot', 0],
  );
  assert.is(sound.pcrs.length, 16);
  {
    await using tpm = await chip.open();
    await extendPcr(tpm, 4, [{ bank: 'sha256', digest: new Uint8Array(32).fill(7) }]);
  }
  const changed = await show();
  assert.equal([changed.verdict, changed.state], ['unapproved', 'first boot']);
  const [difference] = changed.differences;
  assert.is(difference?.where, 'PCR 4');
  assert.not.equal(difference?.expected, difference?.got);
  const value = (view: typeof sound) => view.pcrs.find(({ pcr }) => pcr === 4)?.value;
  assert.not.equal(value(changed), value(sound));
});

test('--tpm without a chip is a refusal, and auto goes on in files', async ({ daemon }) => {
  daemon.configure(configOf(null, 'auto'));
  const { code, said } = await daemon.startInVain(['--tpm']);
  assert.is(code, 1);
  assert.match(said, 'tpm-required');
  assert.match(said, 'mend:');
  await daemon.start();
  await controlling(daemon, async (control) => {
    const { keys, antiRollback } = await control.call('status', {});
    assert.is(keys.custody, 'files');
    assert.is(antiRollback, 'software');
  });
});

test('a chip that comes later takes over the keys of files, once', async (machine) => {
  const { daemon, chip, keys } = machine;
  daemon.configure(configOf(chip, 'never'));
  await daemon.start();
  const { fingerprint } = await machine.status();
  await daemon.kill('SIGTERM');
  daemon.configure(configOf(chip, 'required'));
  await daemon.start();
  const after = await machine.status();
  assert.is(after.fingerprint, fingerprint);
  assert.is(after.antiRollback, 'software', 'nobody counted before');
  assert.not(readdirSync(keys).some((name) => name.endsWith('.key')));
  assert.ok(auditOf(daemon).some(({ event }) => event === 'keys.sealed'));
});

test('keys that a chip sealed are not done without', async ({ daemon, chip }) => {
  await daemon.start();
  await daemon.kill('SIGTERM');
  daemon.configure(configOf(chip, 'never'));
  assert.match((await daemon.startInVain()).said, 'chip-needed');
  daemon.configure(configOf(null, 'auto'));
  assert.match((await daemon.startInVain()).said, 'tpm-unreachable');
  daemon.configure(configOf(null, 'required'));
  assert.match((await daemon.startInVain()).said, 'tpm-required');
  daemon.configure(configOf(chip, 'auto'));
  await daemon.start();
});

test('a boot that nobody approved ends the start with its difference', async (machine) => {
  const { daemon, chip } = machine;
  await daemon.start();
  await daemon.kill('SIGTERM');
  await chip.restart();
  await using tpm = await chip.open();
  await extendPcr(tpm, 4, [{ bank: 'sha256', digest: new Uint8Array(32).fill(1) }]);
  await tpm.close();
  const { said } = await daemon.startInVain();
  assert.match(said, 'boot-unapproved');
  assert.match(said, 'PCR 4');
  assert.match(said, 'mend:');
  const places = ['--config', join(daemon.folder, 'config.toml')];
  const state = ['--state', join(daemon.folder, 'state')];
  const doctor = await type(daemon, 'doctor', ...places, ...state);
  assert.match(doctor.out, /FAULT +boot +boot-unapproved: .*PCR 4/);
  await chip.restart();
  await daemon.start();
});

test('an older copy of the disk is told, audited, and started all the same', async (machine) => {
  const { daemon } = machine;
  await daemon.start();
  await daemon.kill('SIGTERM');
  const state = join(daemon.folder, 'state');
  const copy = join(daemon.folder, 'copy');
  cpSync(state, copy, { recursive: true });
  await daemon.start();
  await daemon.kill('SIGTERM');
  rmSync(state, { recursive: true });
  cpSync(copy, state, { recursive: true });
  await daemon.start();
  const { antiRollback, alarms } = await machine.status();
  assert.is(antiRollback, 'rolled-back');
  assert.ok(alarms.some(({ code }) => code === 'state-rolled-back'));
  await eventually('the alarm in the audit log', () =>
    auditOf(daemon).find(({ event }) => event === 'alarm.state-rolled-back'),
  );
});

starts.run();
