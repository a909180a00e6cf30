/** `holdfast tpm status` on a real swtpm, and a chip in trouble: locked, full, gone. */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openTpm } from '../../../daemon/host/open-tpm.ts';
import { attest as attestOver, QUOTED_PCRS } from '../../../daemon/tpm/attester.ts';
import { GENERATION_COUNTER } from '../../../daemon/tpm/nv-counters.ts';
import { createPrimary, hierarchyEntity } from '../../../firmware/tpm-keys.ts';
import {
  defineCounter,
  incrementCounter,
  readNvPublic,
  undefineNv,
} from '../../../firmware/tpm-nv.ts';
import { getHandles } from '../../../firmware/tpm-state.ts';
import { SRK_P256 } from '../../../firmware/tpm-templates.ts';
import { ENDORSING_PROGRAMS } from '../../endorsed-swtpm.ts';
import { missingPrograms } from '../../installed.ts';
import { skip } from '../../skip.ts';
import { tpmOver } from '../../swtpm.ts';
import { failed } from '../../trouble.ts';
import { MeasuredChip, NONCE } from './measured-chip.ts';

const status = suite('daemon/tpm/status');
const missing = missingPrograms([...ENDORSING_PROGRAMS, 'tpm2_dictionarylockout']);

const OWNER = hierarchyEntity('owner');
const RECOVERY_S = 600;

let machine: MeasuredChip;
if (missing === null) {
  status.before.each(async () => {
    machine = await MeasuredChip.start();
  });
  status.after.each(() => machine[Symbol.asyncDispose]());
}

function test(sentence: string, body: () => Promise<void>): void {
  if (missing === null) status(sentence, body);
  else skip(`daemon/tpm/status › ${sentence}`, missing);
}

async function statusView() {
  const { code, out, err } = await machine.run(`tpm status --tpm ${machine.where} --json`);
  assert.is(code, 0, err);
  return JSON.parse(out);
}

test('names the chip, its banks and its certificates', async () => {
  const { code, out } = await machine.run(`tpm status --tpm ${machine.where}`);
  assert.is(code, 0);
  assert.match(out, /^maker +IBM SW {3}TPM \(TPM 2\.0, revision 1\.\d\d\)$/m);
  assert.match(out, /^grade +vtpm: /m);
  assert.match(out, /^banks +sha1 0-23; sha256 0-23; sha384 0-23$/m);
  assert.match(out, /^lockout +not locked$/m);
  assert.match(out, /^certificate +eccP384: id:00001014 swtpm .+, key [0-9a-f]{64}$/m);
  const view = await statusView();
  assert.is(view.lockout.lockedUntil, null);
  assert.equal(
    view.certificates.map(({ kind }: { kind: string }) => kind),
    ['eccP384', 'rsa2048'],
  );
  assert.is(view.properties['0x00000105'], '0x49424d00');
});

test('shows counters, that of our state by its name, and leaves passworded ones alone', async () => {
  {
    await using tpm = await machine.chip.open();
    await incrementCounter(tpm, await defineCounter(tpm, OWNER, GENERATION_COUNTER));
    await defineCounter(tpm, OWNER, 0x0180_0001, 'password', Uint8Array.of(1));
  }
  const [hidden, own] = (await statusView()).counters;
  assert.equal(hidden, { handle: '0x01800001', value: null, isGeneration: false });
  assert.equal(own.isGeneration, true);
  assert.is((await statusView()).lockout.failures, 0);
  await machine.quote('evidence');
  const line = `attest verify @evidence --nonce ${NONCE} --ek-roots @roots.pem --json`;
  assert.is(JSON.parse((await machine.run(line)).out).generation, own.value);
});

test('says until when a chip is locked; what is ours goes on working', async () => {
  lock();
  const before = Date.now();
  const { lockout } = await statusView();
  assert.is(lockout.isLockedOut, true);
  const untilMs = Date.parse(lockout.lockedUntil) - before;
  assert.ok(untilMs >= RECOVERY_S * 1000 && untilMs < (RECOVERY_S + 60) * 1000, String(untilMs));
  const text = await machine.run(`tpm status --tpm ${machine.where}`);
  assert.match(text.out, /^lockout +locked until \d{4}-\d\d-\d\dT.+ at the latest/m);
  await machine.quote('evidence');
  const foreign = await machine.run(`attest quote @x --tpm ${machine.where} --key 0x81010005`);
  assert.is(foreign.code, 1);
  assert.match(
    foreign.err,
    /^holdfast: tpm-lockout: .+: locked until 2.+Z at the latest, .+\n {2}mend: /,
  );
  tool('tpm2_dictionarylockout', ['--clear-lockout']);
  assert.is((await statusView()).lockout.lockedUntil, null);
});

test('tells a chip without places by its code, and sweeps out what the dead left', async () => {
  const killed = await machine.chip.connect();
  await tpmOver(killed).hold(async (held) => {
    for (let i = 0; i < 3; i++) await createPrimary(held, OWNER, SRK_P256);
    await killed.close(); // what is loaded stays, as after kill -9
  });
  {
    await using full = await machine.chip.open();
    await failed(() => attestOver(full, REQUEST), 'tpm-full');
    assert.is((await getHandles(full, 'transient')).length, 3);
  }
  await machine.quote('evidence');
  await using after = await machine.chip.open();
  assert.equal(await getHandles(after, 'transient'), []);
  assert.equal(await getHandles(after, 'hmacSession'), []);
});

test('tells full NV memory by its code, and has lost nothing by it', async () => {
  {
    await using tpm = await machine.chip.open();
    const fill = async (): Promise<void> => {
      for (let handle = 0x0180_0100; ; handle++) await defineCounter(tpm, OWNER, handle);
    };
    const failure = await failed(fill, 'tpm-nv-full');
    assert.match(failure.message, 'NV_SPACE');
    const [first = 0] = (await getHandles(tpm, 'nv')).filter((handle) => handle >= 0x0180_0100);
    assert.ok((await attestOver(tpm, REQUEST)).endorsementCertificate !== null);
    await undefineNv(tpm, OWNER, await readNvPublic(tpm, first));
    await defineCounter(tpm, OWNER, GENERATION_COUNTER);
  }
  assert.is((await statusView()).counters.at(-1).isGeneration, true);
});

test('fails, and leaves nobody waiting, when the chip vanishes under a command', async () => {
  const showing = (async () => {
    for (;;) {
      const outcome = await machine.run(`attest show --tpm ${machine.where}`);
      if (outcome.code !== 0) return outcome;
    }
  })();
  await machine.run('references show @none'); // a moment in which the command begins
  await machine.chip.cut();
  const { code, err } = await showing;
  assert.is(code, 1);
  assert.match(err, /^holdfast: tpm-unreachable: .+\n {2}mend: .+--tpm names another\n$/);
  await machine.chip.restart();
  await machine.quote('evidence');
});

test('fails where there is no chip', async () => {
  for (const where of ['@none', 'swtpm:unix:@none', 'swtpm:tcp:127.0.0.1:1']) {
    const { code, err } = await machine.run(`tpm status --tpm ${where}`);
    assert.is(code, 1);
    assert.match(err, /^holdfast: tpm-unreachable: /);
  }
  await writeFile(machine.file('no-chip'), '');
  const address = { kind: 'device', path: machine.file('no-chip') } as const;
  await using tpm = await openTpm(address);
  await failed(() => getHandles(tpm, 'nv'), 'tpm-unreachable');
});

/** Puts the chip into lockout as a guesser would, beside a foreign key that is not exempt. */
function lock(): void {
  tool('tpm2_createek', ['-c', 'ek.ctx', '-G', 'ecc', '-u', 'ek.pub']);
  tool('tpm2_flushcontext', ['-t']);
  const key = ['-G', 'ecc', '-g', 'sha256', '-s', 'ecdsa'];
  tool('tpm2_createak', ['-C', 'ek.ctx', '-c', 'ak.ctx', ...key]);
  tool('tpm2_flushcontext', ['-t']);
  tool('tpm2_evictcontrol', ['-c', 'ak.ctx', '0x81010005']);
  tool('tpm2_dictionarylockout', [
    ...['--setup-parameters', '--max-tries', '2'],
    ...['--recovery-time', String(RECOVERY_S), '--lockout-recovery-time', '1000'],
  ]);
  tool('tpm2_nvdefine', ['-C', 'o', '-s', '8', '-p', 'secret', '-a', 'authread|authwrite', NV]);
  writeFileSync(machine.file('guess'), 'x');
  for (let guess = 0; guess < 3; guess++) run('tpm2_nvwrite', ['-P', 'wrong', '-i', 'guess', NV]);
}

const NV = '0x1800042';

function tool(program: string, words: readonly string[]): void {
  const { status: code, stderr } = run(program, words);
  assert.is(code, 0, `${program} ${words.join(' ')}: ${stderr}`);
}

function run(program: string, words: readonly string[]) {
  const env = { ...process.env, TPM2TOOLS_TCTI: `swtpm:path=${machine.chip.socketPath}` };
  const { path: cwd } = machine.chip.folder;
  return spawnSync(program, words, { cwd, env, timeout: 20_000, encoding: 'utf8' });
}

const REQUEST = {
  challenge: { nonce: new Uint8Array(16), epoch: new Uint8Array(0) },
  bank: undefined,
  pcrs: QUOTED_PCRS,
  keyHandle: undefined,
  endorsement: 'shown',
  intermediates: [],
  logs: { event: undefined, userspace: undefined, ima: undefined },
} as const;

status.run();
