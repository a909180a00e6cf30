/** `svid watch` as a process beside a real daemon: rotation, restart, withdrawal, signals. */

import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DaemonProcess } from '../../daemon-process.ts';
import { ROOT } from '../../root.ts';
import { holdfast } from './rig.ts';

const watch = suite('daemon/commands/svid-watch');

const LAUNCHER = join(ROOT, 'bin/holdfast.mjs');
const FAST = '[limits]\nmin_epoch = "10ms"\n';
const SPIFFE_ID = 'spiffe://home.example/web';

/** A daemon with one entry for whoever runs this test, and a watcher beside it. */
class Rig {
  readonly daemon = new DaemonProcess('home.example', FAST);
  readonly target = join(this.daemon.folder, 'svid');
  readonly hooked = join(this.daemon.folder, 'hooked');
  said = '';
  entryId = '';
  #watcher: ChildProcess | null = null;

  async open(...more: readonly string[]): Promise<void> {
    await this.daemon.start();
    const control = await this.daemon.control();
    const selectors = [`unix:uid:${process.getuid?.()}`];
    this.entryId = (await control.call('entry.create', { spiffeId: SPIFFE_ID, selectors })).id;
    await control.close();
    const socket = ['--workload-socket', this.daemon.workloadSocket];
    const args = [LAUNCHER, 'svid', 'watch', '--write', this.target, ...socket, ...more];
    this.#watcher = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe'] });
    this.#watcher.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.said += text;
    });
  }

  get watcher(): ChildProcess {
    assert.ok(this.#watcher);
    return this.#watcher;
  }

  async leaf(): Promise<X509Certificate> {
    return new X509Certificate(await readFile(join(this.target, 'svid.pem')));
  }

  /** How often the hook has run. */
  async runs(): Promise<number> {
    return (await readFile(this.hooked, 'utf8').catch(() => '')).split('\n').length - 1;
  }

  async until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
    for (let tries = 0; !(await isSo()); tries++) {
      if (tries > 400) throw new Error(`waited for ${what}; it said: ${this.said}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Ends the watcher as a service manager would, and returns its exit code. */
  async end(): Promise<number | null> {
    const ended = once(this.watcher, 'exit');
    this.watcher.kill('SIGTERM');
    return (await ended)[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const watcher = this.#watcher;
    if (watcher !== null && watcher.exitCode === null) watcher.kill('SIGKILL');
    await this.daemon.remove();
  }
}

watch('writes files, and writes them anew when the identity changes', async () => {
  await using rig = new Rig();
  await rig.open('--exec', `echo x >> ${rig.hooked}`);
  await rig.until('the hook', async () => (await rig.runs()) === 1);
  const first = await rig.leaf();
  assert.is(first.subjectAltName, `URI:${SPIFFE_ID}`);
  assert.is((await stat(join(rig.target, 'key.pem'))).mode & 0o777, 0o600);
  const control = await rig.daemon.control();
  await control.call('entry.update', { id: rig.entryId, x509SvidTtlMs: 600_000 });
  await control.close();
  await rig.until('the hook again', async () => (await rig.runs()) === 2);
  const second = await rig.leaf();
  assert.not.equal(second.serialNumber, first.serialNumber);
  assert.ok(second.validToDate < first.validToDate);
  assert.is(await rig.end(), 0);
});

watch('outlives a daemon that is killed, and follows the next one', async () => {
  await using rig = new Rig();
  await rig.open('--exec', `echo x >> ${rig.hooked}`);
  await rig.until('the hook', async () => (await rig.runs()) === 1);
  const first = await rig.leaf();
  await rig.daemon.kill('SIGKILL');
  await rig.until('trouble to be told', () => rig.said.includes('daemon-unreachable'));
  assert.is((await rig.leaf()).serialNumber, first.serialNumber);
  await rig.daemon.start();
  await rig.until('the hook again', async () => (await rig.runs()) === 2);
  assert.not.equal((await rig.leaf()).serialNumber, first.serialNumber);
  assert.is(await rig.end(), 0);
});

watch('takes the files away when the identity is withdrawn, and brings them back', async () => {
  await using rig = new Rig();
  await rig.open('--exec', `echo x >> ${rig.hooked}`);
  await rig.until('the hook', async () => (await rig.runs()) === 1);
  const control = await rig.daemon.control();
  await control.call('entry.delete', { id: rig.entryId });
  await rig.until('the hook again', async () => (await rig.runs()) === 2);
  assert.equal(await readdir(rig.target), ['federated']);
  const selectors = [`unix:uid:${process.getuid?.()}`];
  await control.call('entry.create', { spiffeId: SPIFFE_ID, selectors });
  await control.close();
  await rig.until('the files', async () => (await rig.runs()) === 3);
  assert.is((await rig.leaf()).subjectAltName, `URI:${SPIFFE_ID}`);
});

watch('signals the process that a file names', async () => {
  await using rig = new Rig();
  const pidFile = join(rig.daemon.folder, 'pid');
  const script = `trap 'echo x >> ${rig.hooked}' HUP; while :; do sleep 0.05; done`;
  const target = spawn('/bin/sh', ['-c', script], { stdio: 'ignore' });
  try {
    await writeFile(pidFile, `${target.pid}\n`);
    await rig.open('--signal', 'SIGHUP', '--pid-file', pidFile);
    await rig.until('the signal', async () => (await rig.runs()) === 1);
  } finally {
    target.kill('SIGKILL');
  }
});

watch('says so when a hook fails, and ends a command that would go on', async () => {
  await using rig = new Rig();
  await rig.open('--exec', 'exit 3', '--signal', 'SIGHUP', '--pid-file', '/nonexistent');
  await rig.until('the failure', () => rig.said.includes('the command ended with 3: exit 3'));
  assert.match(rig.said, /SIGHUP could not be sent: .*\/nonexistent/);
  assert.is(await rig.end(), 0);
  await using slow = new Rig();
  await slow.open('--exec', `echo x >> ${slow.hooked}; sleep 600`);
  await slow.until('the command', async () => (await slow.runs()) === 1);
  assert.is(await slow.end(), 0);
});

watch('exits 2 for a line that does not say what to do', async () => {
  for (const line of [
    'svid watch',
    'svid watch --write out --signal SIGHUP',
    'svid watch --write out --pid-file pid',
    'svid watch --write out --signal HUP --pid-file pid',
  ]) {
    assert.is((await holdfast(line.split(' '), '/nonexistent')).code, 2, line);
  }
});

watch.run();
