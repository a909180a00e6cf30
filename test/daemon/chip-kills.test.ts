/**
 * Timeout: 1800 s
 *
 * The chip and the daemon are killed in turns, at moments that nobody chose, while keys are bound,
 * opened, used and counted. Each time nothing hangs, no key is lost, no number falls, and no kill
 * counts as a guess. HOLDFAST_CHIP_KILLS says how often.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Failure } from '../../core/failure.ts';
import { Chip } from '../../daemon/custody/chip.ts';
import { ChipCustody } from '../../daemon/custody/chip-custody.ts';
import { openClock } from '../../daemon/host/clock.ts';
import { hostRandom } from '../../daemon/host/random.ts';
import { createKeyFile } from '../../daemon/store/key-file.ts';
import { findLogs } from '../../daemon/tpm/measurement-logs.ts';
import { getHandles, getLockoutState } from '../../firmware/tpm-state.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { SeededRandom } from '../fakes/seeded-random.ts';
import { temporaryFolder } from '../folder.ts';
import { missingPrograms } from '../installed.ts';
import { skip } from '../skip.ts';
import { Swtpm } from '../swtpm.ts';
import { BRISK, controlling } from './live.ts';

const kills = suite('daemon/chip-kills');

const TIMES = Number.parseInt(process.env.HOLDFAST_CHIP_KILLS ?? '8', 10);
const CUTS = 10 * TIMES;
/** From before the chip is opened to some signatures later. */
const CHIP_LIFE_MS_MAX = 60;
/** From before the state is opened to a daemon that serves. */
const DAEMON_LIFE_MS_MAX = 1_500;

/** A moment up to `limitMs`, the same in each run. */
function moments(seed: string): (limitMs: number) => number {
  const random = new SeededRandom(seed);
  return (limitMs) => (limitMs * (random.bytes(1)[0] ?? 0)) / 256;
}

async function checkChip(chip: Swtpm): Promise<void> {
  await using tpm = await chip.open();
  assert.is((await getLockoutState(tpm)).failures, 0);
}

async function cutTheChip(): Promise<void> {
  await using chip = await Swtpm.start();
  await using folder = await temporaryFolder();
  const [keys, moment] = [folder.file('keys'), moments('cuts')];
  const secret = hostRandom.bytes(64);
  await createKeyFile({ folder: keys, name: 'node' }, secret);
  const address = { kind: 'swtpm', socket: { kind: 'unix', path: chip.socketPath } } as const;
  const named = { event: undefined, userspace: undefined, ima: undefined };
  const options = { folder: keys, random: hostRandom, logs: findLogs(named, address) };
  let interrupted = 0;
  for (let cut = 0; cut < CUTS; cut++) {
    await using device = new Chip(address, openClock());
    let working = true;
    const work = async (): Promise<void> => {
      const custody = await ChipCustody.open({ ...options, chip: device });
      const issuing = await custody.issuingKey('issuing');
      while (working) await issuing.sign(secret);
    };
    const ended = work().catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      interrupted += 1;
    });
    await sleep(moment(CHIP_LIFE_MS_MAX));
    await chip.cut();
    await sleep(1);
    working = false;
    await ended;
    await chip.restart();
    await checkChip(chip);
  }
  await using device = new Chip(address, openClock());
  const custody = await ChipCustody.open({ ...options, chip: device });
  assert.equal(await custody.keys.load('node'), secret);
  await (await custody.issuingKey('issuing')).sign(secret);
  await device.use('issuing', async (tpm) => {
    assert.equal(await getHandles(tpm, 'transient'), []);
    assert.equal(await getHandles(tpm, 'hmacSession'), []);
  });
  assert.ok(interrupted > CUTS / 4, `only ${interrupted} cuts fell into a command`);
}

async function killInTurns(): Promise<void> {
  await using chip = await Swtpm.start();
  const tpm = `[tpm]\nuse = "required"\naddress = "swtpm:unix:${chip.socketPath}"\n`;
  const daemon = new DaemonProcess('blue.example', BRISK + tpm);
  const moment = moments('kills');
  try {
    await daemon.start();
    const fingerprint = await fingerprintOf(daemon);
    for (let kill = 0; kill < TIMES; kill++) {
      await daemon.kill('SIGKILL');
      daemon.spawn();
      await sleep(moment(DAEMON_LIFE_MS_MAX));
      if (kill % 2 === 0) {
        // The chip alone: a daemon that starts ends by itself, one that runs goes on.
        await chip.restart();
        await sleep(moment(DAEMON_LIFE_MS_MAX));
      }
    }
    await daemon.kill('SIGKILL');
    await checkChip(chip);
    await daemon.start();
    assert.is(await fingerprintOf(daemon), fingerprint);
  } finally {
    await daemon.remove();
  }
}

function fingerprintOf(daemon: DaemonProcess): Promise<string> {
  return controlling(daemon, async (control) => {
    const { fingerprint, antiRollback, keys } = await control.call('status', {});
    assert.is(antiRollback, 'proven');
    assert.is(keys.custody, 'chip');
    return fingerprint;
  });
}

function test(sentence: string, body: () => Promise<void>): void {
  const missing = missingPrograms(['swtpm']);
  if (missing === null) kills(sentence, body);
  else skip(`daemon/chip-kills › ${sentence}`, missing);
}

test('cuts of the chip lose no key and lock nobody out', cutTheChip);
test('kills of daemon and chip leave one that starts, with the same keys', killInTurns);

kills.run();
