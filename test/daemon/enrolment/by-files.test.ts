/**
 * Enrolment by files, between real daemons: request, challenge, answer, grant and install, each on
 * its machine; with a chip and without, over restarts of both, and what each step refuses.
 *
 * Timeout: 480 s
 */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Status } from '../../../daemon/control/views.ts';
import { decodeMessageFile, encodeMessageFile } from '../../../daemon/enrolment/message.ts';
import { TPM_CC } from '../../../firmware/tpm-constants.ts';
import { CuttingSocket } from '../../cutting-socket.ts';
import { DaemonProcess } from '../../daemon-process.ts';
import { ENDORSING_PROGRAMS, startEndorsed, trustFile } from '../../endorsed-swtpm.ts';
import { missingPrograms } from '../../installed.ts';
import { skip } from '../../skip.ts';
import type { Swtpm } from '../../swtpm.ts';
import { holdfast, type Outcome } from '../commands/rig.ts';
import { auditOf, BRISK, controlling, type, withDaemons } from '../live.ts';

const files = suite('daemon/enrolment/by-files');

const DOMAIN = 'blue.example';
const MEMBER = `${BRISK}[node]\nrole = "member"\n`;

/** An authority and a machine that is to be its node. */
class Pair {
  readonly authority: DaemonProcess;
  readonly box: DaemonProcess;

  constructor(of: { readonly authority?: string; readonly box?: string } = {}) {
    this.authority = new DaemonProcess(
      DOMAIN,
      `${BRISK}[tpm]\nuse = "never"\n${of.authority ?? ''}`,
    );
    this.box = new DaemonProcess(DOMAIN, `${MEMBER}${of.box ?? '[tpm]\nuse = "never"\n'}`);
  }

  async start(): Promise<void> {
    await Promise.all([this.authority.start(), this.box.start()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.authority.remove(), this.box.remove()]);
  }

  at(name: string): string {
    return join(this.authority.folder, name);
  }

  onBox(...args: readonly string[]): Promise<Outcome> {
    return type(this.box, 'enroll', ...args);
  }

  onAuthority(...args: readonly string[]): Promise<Outcome> {
    return type(this.authority, 'enroll', ...args);
  }

  async fingerprint(): Promise<string> {
    return (await statusOf(this.authority)).fingerprint;
  }

  /** From request to answer. */
  async answered(...wish: readonly string[]): Promise<void> {
    done(await this.onBox('request', this.at('request'), ...wish));
    done(await this.onAuthority('challenge', this.at('request'), this.at('challenge')));
    const pinned = ['--fingerprint', await this.fingerprint()];
    done(await this.onBox('answer', this.at('challenge'), this.at('answer'), ...pinned));
  }

  async enrolled(...wish: readonly string[]): Promise<void> {
    await this.answered(...wish);
    done(await this.onAuthority('grant', this.at('answer'), this.at('grant'), '--approve'));
    done(await this.onBox('install', this.at('grant')));
  }
}

async function withPair(
  body: (pair: Pair) => Promise<void>,
  of: ConstructorParameters<typeof Pair>[0] = {},
): Promise<void> {
  await using pair = new Pair(of);
  await pair.start();
  await body(pair);
}

function statusOf(daemon: DaemonProcess): Promise<Status> {
  return controlling(daemon, (control) => control.call('status', {}));
}

function done({ code, err }: Outcome): void {
  assert.is(code, 0, err);
}

function refusedWith(code: string, outcome: Outcome): void {
  assert.is(outcome.code, 1, outcome.out);
  assert.match(outcome.err, new RegExp(`^holdfast: ${code}:`), outcome.err);
}

const lastOf = (daemon: DaemonProcess, event: string) =>
  auditOf(daemon).findLast((entry) => entry.event === event)?.fields;

files('make a machine a node, which then holds what its domain says', async () => {
  await withPair(async (pair) => {
    await pair.enrolled('--group', 'gate');
    const { node, fingerprint, domains, assurance } = await statusOf(pair.box);
    assert.is(fingerprint, await pair.fingerprint());
    assert.equal(
      [node.lease?.group, node.lease?.kind, node.lease?.trouble],
      ['gate', 'slices', ''],
    );
    assert.equal([assurance, domains[0]?.tier], ['software', 'FRESH']);
    const { nodes, applications } = await controlling(pair.authority, (control) =>
      control.call('enroll.list', {}),
    );
    assert.equal([nodes[0]?.node, nodes[0]?.group, applications.length], [node.id, 'gate', 0]);
    assert.is(lastOf(pair.authority, 'enrolment.granted')?.right, 'person');
    assert.is(lastOf(pair.box, 'enrolment.installed')?.assurance, 'software');
    await pair.box.kill('SIGKILL');
    await pair.box.start();
    assert.equal((await statusOf(pair.box)).node, node);
  });
});

files('grant nothing to a stranger before a person approved it', async () => {
  await withPair(async (pair) => {
    await pair.answered();
    const grant = ['grant', pair.at('answer'), pair.at('grant')];
    refusedWith('enrol-unapproved', await pair.onAuthority(...grant));
    const { node } = await statusOf(pair.box);
    refusedWith('enrol-unknown', await pair.onAuthority('approve', node.id.slice(0, 7)));
    done(await pair.onAuthority('approve', node.id.slice(0, 8)));
    done(await pair.onAuthority(...grant));
    refusedWith('enrol-unknown', await pair.onAuthority(...grant));
    done(await pair.onBox('install', pair.at('grant')));
  });
});

files('go on where they were after either side restarted', async () => {
  await withPair(async (pair) => {
    const restart = async (daemon: DaemonProcess): Promise<void> => {
      await daemon.kill('SIGKILL');
      await daemon.start();
    };
    done(await pair.onBox('request', pair.at('request')));
    await restart(pair.box);
    done(await pair.onAuthority('challenge', pair.at('request'), pair.at('challenge')));
    await restart(pair.authority);
    const pinned = ['--fingerprint', await pair.fingerprint()];
    done(await pair.onBox('answer', pair.at('challenge'), pair.at('answer'), ...pinned));
    await restart(pair.box);
    done(await pair.onAuthority('grant', pair.at('answer'), pair.at('grant'), '--approve'));
    await restart(pair.authority);
    done(await pair.onBox('install', pair.at('grant')));
  });
});

files('renew a lease without a person, and refuse it to a revoked node', async () => {
  await withPair(async (pair) => {
    await pair.enrolled();
    const { node } = await statusOf(pair.box);
    done(await pair.onBox('request', pair.at('request')));
    done(await pair.onAuthority('challenge', pair.at('request'), pair.at('challenge')));
    done(await pair.onBox('answer', pair.at('challenge'), pair.at('answer')));
    done(await pair.onAuthority('grant', pair.at('answer'), pair.at('grant')));
    done(await pair.onBox('install', pair.at('grant')));
    assert.is(lastOf(pair.authority, 'enrolment.granted')?.right, 'renewal');
    // Another group is another wish: a person has to say so.
    await pair.answered('--group', 'other');
    const grant = ['grant', pair.at('answer'), pair.at('grant')];
    refusedWith('enrol-unapproved', await pair.onAuthority(...grant));
    done(await type(pair.authority, 'revoke', 'node', node.id, '--yes'));
    refusedWith('lease-revoked', await pair.onAuthority(...grant, '--approve'));
    done(await pair.onBox('request', pair.at('request')));
    const challenge = ['challenge', pair.at('request'), pair.at('challenge')];
    refusedWith('lease-revoked', await pair.onAuthority(...challenge));
  });
});

files('supply a node of slices that has no link, once it knows its entries', async () => {
  await withPair(async (pair) => {
    await pair.enrolled();
    const uid = `unix:uid:${process.getuid?.()}`;
    const create = ['--spiffe-id', `spiffe://${DOMAIN}/web`, '--selector', uid];
    done(await type(pair.authority, 'entry', 'create', ...create));
    const fetch = ['svid', 'fetch', '--workload-socket', pair.box.workloadSocket];
    // One round brings the entry, the next one leaves for it.
    await pair.enrolled();
    assert.match((await type(pair.box, ...fetch)).err, /slice-absent/);
    await pair.enrolled();
    await pair.box.kill('SIGKILL');
    await pair.box.start();
    const served = await type(pair.box, ...fetch);
    done(served);
    assert.match(served.out, /spiffe:\/\/blue\.example\/web/);
  });
});

files('are refused where they do not belong, or not to this step', async () => {
  await withPair(async (pair) => {
    const [request, challenge] = [pair.at('request'), pair.at('challenge')];
    refusedWith('not-member', await pair.onAuthority('request', request));
    refusedWith('not-authority', await pair.onBox('list'));
    writeFileSync(request, 'nothing of the kind\n');
    refusedWith('envelope-malformed', await pair.onAuthority('challenge', request, challenge));
    done(await pair.onBox('request', request));
    refusedWith('document-type', await pair.onBox('answer', request, pair.at('answer')));
    done(await pair.onAuthority('challenge', request, challenge));
    const first = readFileSync(challenge, 'utf8');
    refusedWith('enrol-fingerprint', await pair.onBox('answer', challenge, pair.at('answer')));
    const strange = ['--fingerprint', 'ab'.repeat(32)];
    const answer = ['answer', challenge, pair.at('answer')];
    refusedWith('root-conflict', await pair.onBox(...answer, ...strange));
    refusedWith('enrol-unknown', await pair.onBox('install', challenge));
    // Asked anew: what was asked before is over.
    done(await pair.onBox('request', request));
    const pinned = ['--fingerprint', await pair.fingerprint()];
    refusedWith('enrol-challenge', await pair.onBox(...answer, ...pinned));
    done(await pair.onAuthority('challenge', request, challenge));
    done(await pair.onBox(...answer, ...pinned));
    done(await pair.onAuthority('grant', pair.at('answer'), pair.at('grant'), '--approve'));
    const whole = decodeMessageFile(readFileSync(pair.at('grant'), 'utf8'));
    const bent = whole.slice();
    bent[bent.length - 5] = (bent.at(-5) ?? 0) ^ 1;
    writeFileSync(pair.at('bent'), encodeMessageFile(bent.subarray(0, -1)));
    refusedWith('truncated', await pair.onBox('install', pair.at('bent')));
    done(await pair.onBox('install', pair.at('grant')));
    assert.ok(first.length > 0);
  });
});

files('for another domain are refused on both sides', async () => {
  await withDaemons(['red.example'], async (stranger: DaemonProcess) => {
    await withPair(async (pair) => {
      done(await pair.onBox('request', pair.at('request')));
      const challenge = ['challenge', pair.at('request'), pair.at('challenge')];
      refusedWith('domain-mismatch', await type(stranger, 'enroll', ...challenge));
    });
  });
});

/** A test with a chip that its maker endorsed, and an authority that trusts the maker. */
function onChip(
  sentence: string,
  body: (pair: Pair, chip: Swtpm) => Promise<void>,
  programs: readonly string[] = [],
): void {
  const missing = missingPrograms([...ENDORSING_PROGRAMS, ...programs]);
  if (missing !== null) return skip(`daemon/enrolment/by-files › ${sentence}`, missing);
  files(sentence, async () => {
    const { chip, maker } = await startEndorsed();
    await using _chip = chip;
    const roots = await trustFile(maker, chip.folder.file('roots.pem'));
    const authority = `[enrolment]\nek_roots = "${roots}"\n`;
    const box = `[tpm]\nuse = "required"\naddress = "swtpm:unix:${chip.socketPath}"\n`;
    await withPair((pair) => body(pair, chip), { authority, box });
  });
}

onChip('let a machine with a chip earn what the chip is worth', async (pair) => {
  await pair.enrolled();
  const { node, assurance } = await statusOf(pair.box);
  assert.equal([assurance, node.lease?.assurance], ['vtpm', 'vtpm']);
  await pair.enrolled();
  assert.is(lastOf(pair.authority, 'enrolment.granted')?.right, 'renewal');
});

onChip(
  'answer nothing while the chip vanishes, and the same challenge once it is back',
  async (pair, chip) => {
    await using between = await CuttingSocket.open(chip.folder.file('cut'), chip.socketPath);
    await pair.box.kill('SIGTERM');
    pair.box.configure(
      `${MEMBER}[tpm]\nuse = "required"\naddress = "swtpm:unix:${between.path}"\n`,
    );
    await pair.box.start();
    done(await pair.onBox('request', pair.at('request')));
    done(await pair.onAuthority('challenge', pair.at('request'), pair.at('challenge')));
    const pinned = ['--fingerprint', await pair.fingerprint()];
    const answer = ['answer', pair.at('challenge'), pair.at('answer'), ...pinned];
    between.cutAt = TPM_CC.ActivateCredential;
    refusedWith('tpm-unreachable', await pair.onBox(...answer));
    assert.ok(between.cuts > 0);
    between.cutAt = null;
    done(await pair.onBox(...answer));
    done(await pair.onAuthority('grant', pair.at('answer'), pair.at('grant'), '--approve'));
    done(await pair.onBox('install', pair.at('grant')));
    assert.is((await statusOf(pair.box)).node.lease?.assurance, 'vtpm');
  },
);

onChip(
  'work while others have locked the chip: nothing of ours is under the lock',
  async (pair, chip) => {
    await pair.box.kill('SIGTERM');
    lock(chip);
    await pair.box.start();
    await pair.enrolled();
    assert.is((await statusOf(pair.box)).node.lease?.assurance, 'vtpm');
    const where = ['--tpm', `swtpm:unix:${chip.socketPath}`];
    await pair.box.kill('SIGTERM');
    const { out } = await holdfast(['tpm', 'status', ...where], pair.authority.folder);
    assert.match(out, /^lockout +locked until \d{4}-\d\d-\d\dT.+ at the latest/m);
  },
  ['tpm2_dictionarylockout'],
);

/** Guesses a password that is not exempt from the lock until the chip locks. */
function lock({ socketPath, folder }: Swtpm): void {
  const tool = (program: string, ...words: readonly string[]) =>
    spawnSync(program, words, {
      ...{ cwd: folder.path, timeout: 20_000, encoding: 'utf8' },
      env: { ...process.env, TPM2TOOLS_TCTI: `swtpm:path=${socketPath}` },
    }).status;
  const limits = ['--max-tries', '2', '--recovery-time', '600', '--lockout-recovery-time', '1000'];
  assert.is(tool('tpm2_dictionarylockout', '--setup-parameters', ...limits), 0);
  const nv = '0x1800042';
  const attributes = ['-p', 'secret', '-a', 'authread|authwrite'];
  assert.is(tool('tpm2_nvdefine', '-C', 'o', '-s', '8', ...attributes, nv), 0);
  writeFileSync(folder.file('guess'), 'x');
  for (let guess = 0; guess < 3; guess++) tool('tpm2_nvwrite', '-P', 'wrong', '-i', 'guess', nv);
}

onChip('report a chip that was restored from a copy', async (pair, chip) => {
  await pair.box.kill('SIGTERM');
  const copy = await chip.copy();
  // Two boots that the copy knows nothing of; whoever restores it makes one of them.
  for (let boot = 0; boot < 2; boot++) await chip.restart();
  await pair.box.start();
  await pair.enrolled();
  await pair.box.kill('SIGTERM');
  await chip.restore(copy);
  await pair.box.start();
  await pair.answered();
  const grant = ['grant', pair.at('answer'), pair.at('grant')];
  refusedWith('marks-regressed', await pair.onAuthority(...grant));
  const { alarms } = await statusOf(pair.authority);
  assert.equal(
    alarms.map(({ code }) => code),
    ['chip-regressed'],
  );
  assert.match(
    String(lastOf(pair.authority, 'alarm.chip-regressed')?.mark),
    /^(resetCount|clock|counter)$/,
  );
  // A person looked, and takes the chip as it is.
  const { node } = await statusOf(pair.box);
  done(await pair.onAuthority('approve', node.id, '--forget-marks'));
  done(await pair.onAuthority(...grant));
});

files.run();
