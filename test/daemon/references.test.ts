/**
 * Timeout: 480 s
 *
 * Boots approved and withdrawn by an authority, as people type it, and what its own chip then does
 * at the next start; the ways back from a refused boot.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../core/bytes.ts';
import { hashOf } from '../../core/ciphers.ts';
import { approvedBootsText } from '../../daemon/custody/approved-boots.ts';
import { drawApprover, openApprover } from '../../daemon/custody/approver.ts';
import { extendPcr } from '../../firmware/tpm-pcr.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { missingPrograms } from '../installed.ts';
import { skip } from '../skip.ts';
import { Swtpm } from '../swtpm.ts';
import { auditOf, BRISK, eventually, fileBeside, type } from './live.ts';

const references = suite('daemon/references');

/** What a loader extends PCR 4 by; nothing for the boot that was first. */
type Loader = 'first' | 'next';
const NEXT = hashOf('sha256', new TextEncoder().encode('the next loader'));

class Machine implements AsyncDisposable {
  readonly chip: Swtpm;
  readonly daemon: DaemonProcess;

  constructor(chip: Swtpm) {
    this.chip = chip;
    const tpm = `[tpm]\nuse = "required"\naddress = "swtpm:unix:${chip.socketPath}"\n`;
    this.daemon = new DaemonProcess('blue.example', BRISK + tpm);
  }

  /** Ends the daemon and powers the machine up again with a loader. */
  async boot(loader: Loader): Promise<void> {
    await this.daemon.kill('SIGTERM');
    await this.chip.restart();
    if (loader === 'first') return;
    await using tpm = await this.chip.open();
    await extendPcr(tpm, 4, [{ bank: 'sha256', digest: NEXT }]);
  }

  get offline(): readonly string[] {
    const { folder } = this.daemon;
    return ['--config', join(folder, 'config.toml'), '--state', join(folder, 'state')];
  }

  async run(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await type(this.daemon, ...args);
    assert.is(code, 0, err);
    return out;
  }

  /** A file that drafts the next boot, made of what `show` says of the first. */
  async draftNext(): Promise<string> {
    const shown = JSON.parse(await this.run('references', 'show', '--json'));
    const [first] = shown.states;
    const before = new Uint8Array(32);
    const pcr4 = toHex(hashOf('sha256', before, NEXT));
    const next = { ...first, name: 'next', events: [], pcrs: { ...first.pcrs, 4: [pcr4] } };
    const text = JSON.stringify({ type: 'references', states: [next] });
    return fileBeside(this.daemon, 'next.json', text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon.remove();
    await this.chip[Symbol.asyncDispose]();
  }
}

function test(sentence: string, body: (machine: Machine) => Promise<void>): void {
  const missing = missingPrograms(['swtpm']);
  if (missing !== null) return skip(`daemon/references › ${sentence}`, missing);
  references(sentence, async () => {
    await using machine = new Machine(await Swtpm.start());
    await machine.daemon.start();
    await body(machine);
  });
}

test('approve the next boot before it comes, and withdraw the one before', async (machine) => {
  const { daemon } = machine;
  await machine.run('references', 'approve', await machine.draftNext(), '--yes');
  const own = await type(daemon, 'references', 'withdraw', 'first boot', '--yes');
  assert.is(own.code, 1);
  assert.match(own.err, 'approval-own');
  await machine.boot('next');
  await daemon.start();
  assert.match(await machine.run('status'), 'boots approved as "next"');
  await machine.run('references', 'withdraw', 'first boot', '--yes');
  await eventually('the chip to hear of it', () =>
    auditOf(daemon).find(({ event }) => event === 'references.adopted'),
  );
  await machine.boot('first');
  const { said } = await daemon.startInVain();
  assert.match(said, 'boot-unapproved');
  await machine.boot('next');
  await daemon.start();
  const gone = await type(daemon, 'references', 'withdraw', 'first boot', '--yes');
  assert.match(gone.err, 'reference-unknown');
});

test('sign for a generation that every chip of the domain can bear', async (machine) => {
  const draft = await machine.draftNext();
  await machine.run('references', 'approve', draft, '--generation', '40', '--yes');
  const shown = JSON.parse(await machine.run('references', 'show', '--json'));
  assert.ok(shown.approvals.every(({ generation }: { generation: string }) => generation === '40'));
  assert.ok(Number(shown.generation) < 40, 'nothing was withdrawn');
  const { code, err } = await type(
    machine.daemon,
    'references',
    'approve',
    draft,
    '--generation',
    'x',
    '--yes',
  );
  assert.is(code, 1);
  assert.match(err, 'control-params');
});

test('ask before anything is signed', async ({ daemon }) => {
  const { code, err } = await type(daemon, 'references', 'withdraw', 'first boot');
  assert.is(code, 2);
  assert.match(err, '--yes');
});

test('let a refused boot be recovered with the approver out of a safe', async (machine) => {
  const { daemon } = machine;
  const safe = join(daemon.folder, 'safe');
  mkdirSync(safe, { mode: 0o700 });
  await machine.run('key', 'copy', 'approver', safe);
  await machine.boot('next');
  assert.match((await daemon.startInVain()).said, 'boot-unapproved');
  await machine.run(
    'references',
    'recover',
    join(safe, 'approver.key'),
    '--yes',
    ...machine.offline,
  );
  await daemon.start();
  assert.match(await machine.run('status'), 'boots approved as "recovered boot"');
  // What the domain publishes does not know this boot, and withdraws nothing.
  await machine.boot('next');
  await daemon.start();
});

test('install what was exported, and nothing of another approver', async (machine) => {
  const { daemon } = machine;
  const exported = join(daemon.folder, 'approved.json');
  await machine.run('references', 'export', exported);
  await machine.run('references', 'install', exported, ...machine.offline);
  const approver = openApprover(drawApprover());
  const boots = { approver: approver.point, generation: 1n, approvals: [] };
  const foreign = join(daemon.folder, 'foreign.json');
  writeFileSync(foreign, approvedBootsText({ boots, states: [] }));
  const { code, err } = await type(daemon, 'references', 'install', foreign, ...machine.offline);
  assert.is(code, 1);
  assert.match(err, 'approval-signature');
});

test('let keys that may leave the machine be moved off it, readable anywhere', async (machine) => {
  const { daemon } = machine;
  const safe = join(daemon.folder, 'safe');
  mkdirSync(safe, { mode: 0o700 });
  await machine.run('key', 'move', 'root', safe);
  assert.match(readFileSync(join(safe, 'root.key'), 'utf8'), 'BEGIN HOLDFAST KEY');
  assert.not.match(await machine.run('key', 'list'), /^root /m);
  assert.match((await type(daemon, 'key', 'move', 'root', safe)).err, 'key-unknown');
  assert.match((await type(daemon, 'key', 'move', 'beacon-0', safe)).err, 'key-unknown');
  await machine.boot('first');
  await daemon.start();
});

references.run();
