/**
 * Timeout: 480 s
 *
 * Keys under the policy of a chip: bound to it once, opened by an approved boot alone, moved out of
 * files and lost by no crash in between, withdrawn and approved anew by a statement.
 */

import { createPublicKey, verify } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, copyFile, cp, rm, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import { hashOf } from '../../../core/ciphers.ts';
import { readApprovalCounter } from '../../../daemon/custody/approval-counter.ts';
import { type ApprovedBoots, approvedBootsPath } from '../../../daemon/custody/approved-boots.ts';
import { type Approver, drawApprover, openApprover } from '../../../daemon/custody/approver.ts';
import { Chip } from '../../../daemon/custody/chip.ts';
import { ChipCustody } from '../../../daemon/custody/chip-custody.ts';
import { openClock } from '../../../daemon/host/clock.ts';
import { hostRandom } from '../../../daemon/host/random.ts';
import type { Random } from '../../../daemon/ports.ts';
import { createKeyFile } from '../../../daemon/store/key-file.ts';
import { findLogs } from '../../../daemon/tpm/measurement-logs.ts';
import { extendPcr } from '../../../firmware/tpm-pcr.ts';
import { bootOf } from '../../fakes/soft-chip.ts';
import { SOUND_BOOT } from '../../firmware/sound-boot.ts';
import { type TemporaryFolder, temporaryFolder } from '../../folder.ts';
import { missingPrograms } from '../../installed.ts';
import { skip } from '../../skip.ts';
import { Swtpm } from '../../swtpm.ts';
import { failed, refused } from '../../trouble.ts';

const custody = suite('daemon/custody/chip-custody');

const SECRET = toUtf8('a seed of thirty-two bytes, or so');

/** A machine: its chip, its folder of keys, and the log of its boot. */
class Machine implements AsyncDisposable {
  readonly chip: Swtpm;
  readonly folder: TemporaryFolder;
  readonly keys: string;

  private constructor(chip: Swtpm, folder: TemporaryFolder) {
    this.chip = chip;
    this.folder = folder;
    this.keys = folder.file('keys');
  }

  static async start(): Promise<Machine> {
    const machine = new Machine(await Swtpm.start(), await temporaryFolder());
    await machine.boot(SOUND_BOOT);
    return machine;
  }

  /** Power off and on, and measures what it boots. */
  async boot(measurements: typeof SOUND_BOOT): Promise<void> {
    await this.chip.restart();
    await writeFile(this.folder.file('log'), bootOf('sha256', measurements).eventLog);
    await using tpm = await this.chip.open();
    for (const { pcr, bytes } of measurements) {
      await extendPcr(tpm, pcr, [{ bank: 'sha256', digest: hashOf('sha256', bytes) }]);
    }
  }

  /** Opens its keys, and closes the chip behind it. */
  async open<T>(use: (keys: ChipCustody) => Promise<T>, random: Random = hostRandom): Promise<T> {
    const address = {
      kind: 'swtpm',
      socket: { kind: 'unix', path: this.chip.socketPath },
    } as const;
    await using chip = new Chip(address, openClock());
    const named = { event: this.folder.file('log'), userspace: undefined, ima: undefined };
    const logs = findLogs(named, address);
    const options = { folder: this.keys, chip, random, logs };
    return await use(await ChipCustody.open(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.chip[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

class Death extends Error {}

function isDeath(error: unknown): true {
  if (!(error instanceof Death)) throw error;
  return true;
}

/** Randomness of a machine that dies at its draw number `last`; every step of ours begins so. */
function dyingAfter(last: number): Random {
  let left = last;
  return {
    bytes: (count) => {
      if (left-- <= 0) throw new Death();
      return hostRandom.bytes(count);
    },
  };
}

/** The sound boot with another program in the place of the one that PCR 4 measured. */
const TAMPERED = SOUND_BOOT.map((each) =>
  each.pcr === 4
    ? { ...each, bytes: toUtf8('another program'), shown: toUtf8('another program') }
    : each,
);

/** The approvals of `approved` signed by another approver, at another generation. */
function signedBy(approver: Approver, approved: ApprovedBoots, generation: bigint): ApprovedBoots {
  const { boots, states } = approved;
  const approvals = boots.approvals.map((each) => approver.approve({ ...each, generation }));
  return { states, boots: { approver: approver.point, generation, approvals } };
}

function test(sentence: string, body: (machine: Machine) => Promise<void>): void {
  const missing = missingPrograms(['swtpm']);
  if (missing !== null) return skip(`daemon/custody/chip-custody › ${sentence}`, missing);
  custody(sentence, async () => {
    await using machine = await Machine.start();
    await body(machine);
  });
}

test('moves key files under the chip, and gives them back after a restart', async (machine) => {
  await createKeyFile({ folder: machine.keys, name: 'node' }, SECRET);
  await machine.open(async (keys) => {
    assert.ok(keys.isNew);
    assert.equal(keys.migrated, ['node']);
    assert.equal(await keys.keys.load('node'), SECRET);
  });
  assert.not(readdirSync(machine.keys).some((name) => name.endsWith('.key')));
  await machine.boot(SOUND_BOOT);
  await machine.open(async (keys) => {
    assert.not(keys.isNew);
    assert.is(keys.boot, 'first boot');
    assert.equal(await keys.keys.load('node'), SECRET);
    await failed(() => keys.keys.create('node', SECRET), 'file-unwritable');
  });
});

test('goes on where a crash left a key twice, and destroys what it left half-made', async (machine) => {
  await createKeyFile({ folder: machine.keys, name: 'node' }, SECRET);
  await copyFile(`${machine.keys}/node.key`, machine.folder.file('copy'));
  await machine.open(async () => undefined);
  await copyFile(machine.folder.file('copy'), `${machine.keys}/node.key`);
  await copyFile(machine.folder.file('copy'), `${machine.keys}/root.key.new`);
  await machine.open(async (keys) => {
    assert.equal(keys.migrated, ['node']);
    assert.equal(await keys.keys.load('node'), SECRET);
  });
  assert.not(existsSync(`${machine.keys}/node.key`));
  assert.not(existsSync(`${machine.keys}/root.key.new`));
});

test('loses no key to a death between any two steps of the first use', async (machine) => {
  const names = ['beacon-0', 'documents', 'node', 'root', 'transport'];
  const plain = machine.folder.file('plain');
  for (const name of names)
    await createKeyFile({ folder: plain, name }, toUtf8(`${SECRET} ${name}`));
  let deaths = 0;
  for (let last = 0; ; last++) {
    await rm(machine.keys, { recursive: true, force: true });
    await cp(plain, machine.keys, { recursive: true });
    await chmod(machine.keys, 0o700);
    const died = await machine.open(async () => false, dyingAfter(last)).catch(isDeath);
    deaths += died ? 1 : 0;
    await machine.open(async ({ keys }) => {
      for (const name of names) assert.equal(await keys.load(name), toUtf8(`${SECRET} ${name}`));
    });
    assert.not(readdirSync(machine.keys).some((name) => name.endsWith('.key')));
    if (!died) break;
  }
  assert.ok(deaths > names.length, `${deaths} deaths`);
});

test('refuses two keys of one name, and keeps both', async (machine) => {
  await createKeyFile({ folder: machine.keys, name: 'node' }, SECRET);
  await machine.open(async () => undefined);
  await createKeyFile({ folder: machine.keys, name: 'node' }, toUtf8('another'));
  await refused(() => machine.open(async () => undefined), 'state-corrupt');
  assert.ok(existsSync(`${machine.keys}/node.key`));
  assert.ok(existsSync(`${machine.keys}/node.sealed`));
});

test('refuses a tampered boot, and names the PCR and the event', async (machine) => {
  await machine.open(async () => undefined);
  await machine.boot(TAMPERED);
  const refusal = await refused(() => machine.open(async () => undefined), 'boot-unapproved');
  assert.match(String(refusal.details.difference), 'PCR 4, event');
  assert.is(refusal.details.state, 'first boot');
  await machine.boot(SOUND_BOOT);
  await machine.open(async () => undefined);
});

test('opens nothing with a copy of the keys on another chip', async (machine) => {
  await machine.open(async () => undefined);
  await using other = await Machine.start();
  await other.open(async () => undefined); // so that it has counters
  for (const name of readdirSync(machine.keys)) {
    await copyFile(`${machine.keys}/${name}`, `${other.keys}/${name}`);
  }
  await refused(() => other.open(async () => undefined), 'chip-replaced');
});

test('refuses a file of another name, or with any byte changed', async (machine) => {
  await machine.open(async (keys) => {
    await keys.keys.create('node', SECRET);
    await copyFile(`${machine.keys}/node.sealed`, `${machine.keys}/root.sealed`);
    await refused(() => keys.keys.load('root'), 'key-malformed');
  });
});

test('signs by a key that never leaves the chip, and not after a tampered boot', async (machine) => {
  const message = toUtf8('a certificate to be');
  const spki = await machine.open(async (keys) => {
    const issuing = await keys.issuingKey('issuing');
    const key = createPublicKey({ key: Buffer.from(issuing.spki), format: 'der', type: 'spki' });
    for (let i = 0; i < 16; i++) {
      assert.ok(verify('sha256', message, key, await issuing.sign(message)));
    }
    return issuing.spki;
  });
  await machine.boot(SOUND_BOOT);
  await machine.open(async (keys) => {
    const issuing = await keys.issuingKey('issuing');
    assert.equal(issuing.spki, spki);
    await machine.boot(TAMPERED); // behind the back of a process that goes on
    await refused(() => issuing.sign(message), 'boot-unapproved');
  });
});

test('withdraws an approval in the chip, whatever file is brought back', async (machine) => {
  const path = await machine.open(async (keys) => {
    const approver = openApprover(await keys.keys.load('approver'));
    const { boots } = keys.approved;
    await copyFile(approvedBootsPath(machine.keys, approver.point), machine.folder.file('old'));
    const states = keys.approved.states;
    const generation = boots.generation + 3n;
    await keys.adopt({ states, boots: { ...boots, generation, approvals: [] } });
    return approvedBootsPath(machine.keys, approver.point);
  });
  await refused(() => machine.open(async () => undefined), 'boot-unapproved');
  await copyFile(machine.folder.file('old'), path);
  const refusal = await refused(() => machine.open(async () => undefined), 'boot-unapproved');
  assert.is(refusal.details.reason, 'withdrawn');
});

test('approves a boot anew at a higher generation', async (machine) => {
  await machine.open(async (keys) => {
    const approver = openApprover(await keys.keys.load('approver'));
    await keys.adopt(signedBy(approver, keys.approved, keys.approved.boots.generation + 3n));
  });
  await machine.open(async (keys) => assert.is(keys.boot, 'first boot'));
});

test('obeys another approver once that one approves this boot, and not before', async (machine) => {
  await machine.open(async (keys) => {
    await keys.keys.create('node', SECRET);
    const domain = openApprover(drawApprover());
    const nothing = {
      states: [],
      boots: { approver: domain.point, generation: 1n, approvals: [] },
    };
    await refused(() => keys.adopt(nothing), 'boot-unapproved');
    const before = await keys.issuingKey('issuing');
    await keys.adopt(signedBy(domain, keys.approved, keys.approved.boots.generation + 1n));
    const after = await keys.issuingKey('issuing');
    assert.not.equal(after.spki, before.spki, 'the policy of a key names its approver for good');
  });
  assert.is(readdirSync(machine.keys).filter((name) => name.startsWith('approved')).length, 1);
  await machine.open(async (keys) => assert.equal(await keys.keys.load('node'), SECRET));
});

test('refuses a withdrawal that would wear the counter out', async (machine) => {
  await machine.open(async (keys) => {
    const approver = openApprover(await keys.keys.load('approver'));
    const far = signedBy(approver, keys.approved, 1_000_000n);
    await refused(() => keys.adopt(far), 'approval-distant');
  });
  await using tpm = await machine.chip.open();
  assert.ok((await readApprovalCounter(tpm)).value < 1_000n);
});

custody.run();
