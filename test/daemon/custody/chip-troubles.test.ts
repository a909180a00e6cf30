/**
 * Timeout: 480 s
 *
 * A chip that is full, locked or littered, as a daemon meets it at its start: a code and a sentence
 * each, and keys that stay where they are.
 */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import { Failure } from '../../../core/failure.ts';
import { type NodeCustody, openCustody } from '../../../daemon/custody/open-custody.ts';
import { openClock } from '../../../daemon/host/clock.ts';
import { hostRandom } from '../../../daemon/host/random.ts';
import { createKeyFile } from '../../../daemon/store/key-file.ts';
import { attest } from '../../../daemon/tpm/attester.ts';
import { createPrimary, hierarchyEntity } from '../../../firmware/tpm-keys.ts';
import { defineCounter } from '../../../firmware/tpm-nv.ts';
import { SRK_P256 } from '../../../firmware/tpm-templates.ts';
import { MemoryLog } from '../../fakes/memory-log.ts';
import { type TemporaryFolder, temporaryFolder } from '../../folder.ts';
import { missingPrograms } from '../../installed.ts';
import { skip } from '../../skip.ts';
import { Swtpm, tpmOver } from '../../swtpm.ts';
import { failed } from '../../trouble.ts';

const troubles = suite('daemon/custody/chip-troubles');

const OWNER = hierarchyEntity('owner');
const SECRET = toUtf8('a seed');
const FOREIGN_KEY = 0x8101_0005;
const LOCK_SECONDS = 600;

interface Machine {
  readonly chip: Swtpm;
  readonly folder: TemporaryFolder;
  readonly log: MemoryLog;
  open(use: 'auto' | 'required'): Promise<NodeCustody>;
}

function test(
  sentence: string,
  programs: readonly string[],
  body: (machine: Machine) => Promise<void>,
): void {
  const missing = missingPrograms(['swtpm', ...programs]);
  if (missing !== null) return skip(`daemon/custody/chip-troubles › ${sentence}`, missing);
  troubles(sentence, async () => {
    await using chip = await Swtpm.start();
    await using folder = await temporaryFolder();
    const log = new MemoryLog();
    const tpmAddress = { kind: 'swtpm', socket: { kind: 'unix', path: chip.socketPath } } as const;
    const open = (tpmUse: 'auto' | 'required'): Promise<NodeCustody> =>
      openCustody({
        config: { tpmUse, tpmAddress, tpmEventLog: null },
        ...{ log, clock: openClock(), random: hostRandom, folder: folder.file('keys') },
      });
    await createKeyFile({ folder: folder.file('keys'), name: 'node' }, SECRET);
    await body({ chip, folder, log, open });
  });
}

test('a chip without room in NV leaves the keys in files, and says so', [], async (machine) => {
  {
    await using tpm = await machine.chip.open();
    await failed(async () => {
      for (let handle = 0x0180_0100; ; handle++) await defineCounter(tpm, OWNER, handle);
    }, 'tpm-nv-full');
  }
  await failed(() => machine.open('required'), 'tpm-nv-full');
  await using custody = await machine.open('auto');
  assert.is(custody.chip, null);
  assert.equal(await custody.keys.load('node'), SECRET);
  assert.ok(machine.log.events.some(({ fields }) => fields.code === 'tpm-nv-full'));
});

test('a chip that others littered is swept, and used', [], async (machine) => {
  const killed = await machine.chip.connect();
  await tpmOver(killed)
    .hold(async (held) => {
      for (let i = 0; i < 3; i++) await createPrimary(held, OWNER, SRK_P256);
      await killed.close(); // what is loaded stays, as after kill -9
    })
    .catch((error: unknown) => assert.instance(error, Failure));
  await using custody = await machine.open('required');
  assert.equal(await custody.keys.load('node'), SECRET);
});

const TOOLS = ['tpm2_dictionarylockout', 'tpm2_createak'];
test('a locked chip opens our keys, and says until when of others', TOOLS, async (machine) => {
  lock(machine);
  await using custody = await machine.open('required');
  assert.equal(await custody.keys.load('node'), SECRET);
  assert.ok(custody.chip);
  const { device } = custody.chip;
  const foreign = () =>
    device.use('attestation', (tpm) =>
      attest(tpm, {
        challenge: { nonce: new Uint8Array(16), epoch: new Uint8Array(0) },
        ...{ bank: undefined, pcrs: [0], keyHandle: FOREIGN_KEY, intermediates: [] },
        ...{
          endorsement: 'none',
          logs: { event: undefined, userspace: undefined, ima: undefined },
        },
      }),
    );
  const { message } = await failed(foreign, 'tpm-lockout');
  assert.match(message, /locked until 2.+Z at the latest/);
});

/** As a guesser would, beside a foreign key that is not exempt. */
function lock({ chip }: Machine): void {
  const run = (program: string, words: readonly string[]) => {
    const env = { ...process.env, TPM2TOOLS_TCTI: `swtpm:path=${chip.socketPath}` };
    const { path: cwd } = chip.folder;
    return spawnSync(program, words, { cwd, env, timeout: 20_000, encoding: 'utf8' });
  };
  const tool = (program: string, ...words: readonly string[]): void => {
    const { status, stderr } = run(program, words);
    assert.is(status, 0, `${program} ${words.join(' ')}: ${stderr}`);
  };
  tool('tpm2_createek', '-c', 'ek.ctx', '-G', 'ecc', '-u', 'ek.pub');
  tool('tpm2_flushcontext', '-t');
  tool('tpm2_createak', '-C', 'ek.ctx', '-c', 'ak.ctx', '-G', 'ecc', '-g', 'sha256', '-s', 'ecdsa');
  tool('tpm2_flushcontext', '-t');
  tool('tpm2_evictcontrol', '-c', 'ak.ctx', '0x81010005');
  const times = ['--recovery-time', String(LOCK_SECONDS), '--lockout-recovery-time', '1000'];
  tool('tpm2_dictionarylockout', '--setup-parameters', '--max-tries', '2', ...times);
  const access = ['-p', 'secret', '-a', 'authread|authwrite'];
  tool('tpm2_nvdefine', '-C', 'o', '-s', '8', ...access, '0x1800042');
  writeFileSync(chip.folder.file('guess'), 'x');
  for (let guess = 0; guess < 3; guess++) {
    run('tpm2_nvwrite', ['-P', 'wrong', '-i', 'guess', '0x1800042']);
  }
}

troubles.run();
