/**
 * An emulated machine with firmware and a TPM, driven over its second serial port.
 *
 * The processor is emulated as well, so that a boot needs no rights and no hardware. The chip is
 * an swtpm whose state outlives the machine, as a chip outlives a reboot. There is no network: what
 * comes and goes, goes through the serial port, as by the hand of a person.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TemporaryFolder } from '../folder.ts';
import { FILES } from './requirements.ts';

const BOOT_MS_MAX = 150_000;
const COMMAND_MS_MAX = 90_000;
/** What a line over the serial port carries: its driver drops what nobody reads in time. */
const PIECE_BYTES = 1_500;
const READY = '== ready ==';
const EXIT = /^== exit (\d+) ==$/;

/** What one command of the guest came to. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Which machine to start. */
export interface MachineInput {
  /** Holds the state of the chip, and the files of this run. */
  readonly folder: TemporaryFolder;
  readonly disk: string;
  /** A file system that outlives the machine; mounted at `/var/lib`. */
  readonly stateDisk: string;
  /** Whether the firmware was given keys. Without them the same firmware boots anything. */
  readonly secureBoot: boolean;
}

/** One boot. */
export class Machine implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #chip: ChildProcess;
  readonly #emulator: ChildProcess;
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(
    folder: TemporaryFolder,
    chip: ChildProcess,
    emulator: ChildProcess,
    socket: Socket,
  ) {
    this.#folder = folder;
    this.#chip = chip;
    this.#emulator = emulator;
    this.#socket = socket;
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  /** Boots, and resolves once the guest takes commands. */
  static async boot(input: MachineInput): Promise<Machine> {
    const { folder } = input;
    for (const name of ['chip', 'serial']) rmSync(folder.file(name), { force: true });
    const chip = spawn('swtpm', [
      ...['socket', '--tpm2', '--tpmstate', `dir=${folder.file('.')}`],
      ...['--ctrl', `type=unixio,path=${folder.file('chip')}`],
    ]);
    await appears(folder.file('chip'), chip);
    const emulator = spawn('qemu-system-x86_64', emulatorWords(input), { stdio: 'ignore' });
    await appears(folder.file('serial'), emulator);
    const socket = await connectSoon(folder.file('serial'));
    const machine = new Machine(folder, chip, emulator, socket);
    await machine.#until((line) => line === READY, BOOT_MS_MAX);
    return machine;
  }

  /** Runs one shell command in the guest. */
  async run(command: string): Promise<Ended> {
    this.#socket.write(`${command}\n`);
    const { lines, last } = await this.#until((line) => EXIT.test(line), COMMAND_MS_MAX);
    const code = Number.parseInt(EXIT.exec(last)?.[1] ?? '', 10);
    return { code, output: lines.map((line) => `${line}\n`).join('') };
  }

  /** Writes a file of the guest, as a person with a stick would bring it. */
  async put(path: string, contents: Uint8Array): Promise<void> {
    await this.run(`: > ${path}`);
    for (let at = 0; at < contents.length; at += PIECE_BYTES) {
      const piece = Buffer.from(contents.subarray(at, at + PIECE_BYTES)).toString('base64');
      const { code, output } = await this.run(`printf %s ${piece} | base64 -d >> ${path}`);
      if (code !== 0) throw new Error(output);
    }
  }

  /** Turns the machine off, in an orderly way if the guest still listens. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = [this.#emulator, this.#chip].map(async (child) => {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    this.#socket.write('sync; poweroff -f\n');
    await Promise.race([ended[0], sleep(5_000)]);
    this.#emulator.kill('SIGKILL');
    await Promise.race([ended[1], sleep(2_000)]);
    this.#chip.kill('SIGKILL');
    this.#socket.destroy();
    await Promise.all(ended);
  }

  async #until(
    isLast: (line: string) => boolean,
    limitMs: number,
  ): Promise<{ readonly lines: readonly string[]; readonly last: string }> {
    const lines: string[] = [];
    const limit = new AbortController();
    const late = sleep(limitMs, 'late' as const, { signal: limit.signal });
    late.catch(() => undefined);
    try {
      for (;;) {
        const next = await Promise.race([this.#lines.next(), late]);
        if (next === 'late' || next.done === true) throw new Error(this.#complaint(lines));
        if (isLast(next.value)) return { lines, last: next.value };
        lines.push(next.value);
      }
    } finally {
      limit.abort();
    }
  }

  #complaint(lines: readonly string[]): string {
    const kernel = readFileSync(this.#folder.file('console'), 'latin1').slice(-2_000);
    return `the guest fell silent after:\n${lines.slice(-20).join('\n')}\n${kernel}`;
  }
}

/** Waits for a socket that `child` is to make. */
async function appears(path: string, child: ChildProcess): Promise<void> {
  while (!existsSync(path)) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended: ${child.exitCode}`);
    await sleep(10);
  }
}

/** Between its name and its readiness a socket refuses connections for a moment. */
async function connectSoon(path: string): Promise<Socket> {
  for (let attempt = 0; ; attempt++) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (attempt === 20) throw error;
      await sleep(50);
    }
  }
}

function emulatorWords({ folder, disk, stateDisk, secureBoot }: MachineInput): readonly string[] {
  const variables = folder.file('variables.fd');
  copyFileSync(secureBoot ? FILES.secureVariables : FILES.variables, variables);
  return [
    ...['-machine', 'q35,accel=tcg,smm=on', '-cpu', 'max', '-smp', '2', '-m', '2048'],
    ...['-global', 'driver=cfi.pflash01,property=secure,value=on'],
    ...['-global', 'ICH9-LPC.disable_s3=1'],
    ...['-nodefaults', '-display', 'none', '-no-reboot'],
    ...['-drive', `if=pflash,format=raw,readonly=on,file=${FILES.firmware}`],
    ...['-drive', `if=pflash,format=raw,file=${variables}`],
    ...['-drive', `format=raw,file=${disk}`],
    ...['-drive', `if=none,id=state,format=raw,file=${stateDisk}`],
    ...['-device', 'nvme,drive=state,serial=state'],
    ...['-chardev', `socket,id=chip,path=${folder.file('chip')}`],
    ...['-tpmdev', 'emulator,id=tpm,chardev=chip', '-device', 'tpm-crb,tpmdev=tpm'],
    ...['-serial', `file:${folder.file('console')}`],
    ...['-serial', `unix:${folder.file('serial')},server=on,wait=off`],
  ];
}
