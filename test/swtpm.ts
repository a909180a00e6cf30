/**
 * A real swtpm for a test file: its own process, its own state, on a Unix socket in a temporary
 * folder; killed by its id at the end.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'uvu';
import { hostRandom } from '../daemon/host/random.ts';
import { openSwtpm } from '../daemon/host/swtpm-socket.ts';
import { Tpm } from '../firmware/tpm.ts';
import type { TpmTransport } from '../firmware/transport.ts';
import { type TemporaryFolder, temporaryFolder } from './folder.ts';
import { missingPrograms } from './installed.ts';
import { skip } from './skip.ts';

/** Where swtpm keeps what survives it. */
const STATE = 'tpm2-00.permall';
const START_MS_MAX = 5_000;

/**
 * Registers tests that share one swtpm, or skips each by name where a program is not installed.
 * swtpm serves one client at a time, so each test opens the connection it wants and closes it.
 */
export function onSwtpm(
  tests: Test,
  suiteName: string,
  programs: readonly string[] = [],
): (sentence: string, body: (chip: Swtpm) => Promise<void>) => void {
  const missing = missingPrograms(['swtpm', ...programs]);
  if (missing !== null) return (sentence) => skip(`${suiteName} › ${sentence}`, missing);
  let chip: Swtpm | undefined;
  tests.before(async () => {
    chip = await Swtpm.start();
  });
  tests.after(async () => {
    await chip?.[Symbol.asyncDispose]();
  });
  return (sentence, body) => {
    tests(sentence, async () => {
      if (chip === undefined) throw new Error('swtpm was not started');
      await body(chip);
    });
  };
}

/** One running swtpm. */
export class Swtpm {
  readonly folder: TemporaryFolder;
  #process: ChildProcess;

  private constructor(folder: TemporaryFolder, child: ChildProcess) {
    this.folder = folder;
    this.#process = child;
  }

  /** Starts swtpm on fresh state, or on what lies in `folder`. */
  static async start(folder?: TemporaryFolder): Promise<Swtpm> {
    const place = folder ?? (await temporaryFolder());
    return new Swtpm(place, await launch(place));
  }

  get socketPath(): string {
    return this.folder.file('sock');
  }

  connect(): Promise<TpmTransport> {
    return openSwtpm({ kind: 'unix', path: this.socketPath });
  }

  /** A TPM over a connection of its own, or over `transport`. */
  async open(transport?: TpmTransport): Promise<Tpm> {
    return tpmOver(transport ?? (await this.connect()));
  }

  /** Cuts the power. The state stays as it was last written. */
  async cut(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  /** Powers up again on the same state. */
  async restart(): Promise<void> {
    await this.cut();
    this.#process = await launch(this.folder);
  }

  /** Its state as it was last written, as whoever has the disk can keep it. */
  copy(): Promise<Uint8Array> {
    return readFile(this.folder.file(STATE));
  }

  /** Cuts the power, puts a copy back, and powers up again: the chip cannot see it. */
  async restore(copy: Uint8Array): Promise<void> {
    await this.cut();
    await writeFile(this.folder.file(STATE), copy);
    this.#process = await launch(this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
    await this.folder[Symbol.asyncDispose]();
  }
}

/** A TPM over any transport, with the host's randomness and real waiting. */
export function tpmOver(transport: TpmTransport): Tpm {
  return new Tpm({
    transport,
    random: hostRandom,
    sleep: async (delayMs) => {
      await sleep(delayMs);
    },
  });
}

async function launch(folder: TemporaryFolder): Promise<ChildProcess> {
  const path = folder.file('sock');
  await rm(path, { force: true });
  await rm(`${path}.ctrl`, { force: true });
  const child = spawn(
    'swtpm',
    [
      ...['socket', '--tpm2', '--tpmstate', `dir=${folder.file('.')}`],
      ...['--server', `type=unixio,path=${path},mode=0600`],
      ...['--ctrl', `type=unixio,path=${path}.ctrl,mode=0600`],
      ...['--flags', 'not-need-init,startup-clear'],
    ],
    { stdio: 'ignore' },
  );
  for (let waitedMs = 0; !isListening(path); waitedMs += 5) {
    if (waitedMs > START_MS_MAX || child.exitCode !== null) throw new Error('swtpm did not start');
    await sleep(5);
  }
  return child;
}

/**
 * Whether connections to a socket are accepted: its name is there a moment before. Asked of the
 * kernel, since swtpm would take a connection for a client (Linux net/unix/af_unix.c).
 */
function isListening(path: string): boolean {
  const sockets = readFileSync('/proc/net/unix', 'utf8').split('\n');
  const flags = sockets.find((line) => line.endsWith(` ${path}`))?.split(' ')[3] ?? '0';
  return (Number.parseInt(flags, 16) & ACCEPTS_CONNECTIONS) !== 0;
}

const ACCEPTS_CONNECTIONS = 0x1_0000;
