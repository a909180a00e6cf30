/**
 * The coalition of README.md, typed as it stands there, command by command. Two things differ: the
 * clone is made ready already, and the ports are free ones. Timeout: 180 s.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from './daemon/live.ts';
import { type TemporaryFolder, temporaryFolder } from './folder.ts';
import { ROOT } from './root.ts';

const readme = suite('readme');

/** What may be typed from a fresh clone to two federated domains. */
const COMMANDS_MAX = 10;

/** The commands of one section, a line each, as a shell would read them. */
function commandsOf(heading: string): readonly string[] {
  const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const section = text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
  return section
    .replaceAll(/ \\\n +/g, ' ')
    .split('\n')
    .filter((line) => line.startsWith('    '))
    .map((line) => line.trim());
}

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return String(typeof address === 'object' ? address?.port : '');
}

/** `npx holdfast` of the clone, without npm's own second. */
const SHELL = `npx() { shift; node ${join(ROOT, 'bin/holdfast.mjs')} "$@"; }; `;

/** A person at a shell in an empty folder; what is left running is ended with the person. */
class Shell implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #daemons: ChildProcess[] = [];

  constructor(folder: TemporaryFolder) {
    this.#folder = folder;
  }

  /** Types a command; of one that goes on behind the prompt, nothing is awaited. */
  type(command: string): string {
    const options = {
      cwd: this.#folder.path,
      env: { PATH: process.env.PATH, HOME: this.#folder.path, LC_ALL: 'C.UTF-8' },
    } as const;
    if (command.endsWith('&')) {
      const line = `${SHELL}${command.slice(0, -1)}`;
      this.#daemons.push(spawn('bash', ['-c', line], { ...options, detached: true }));
      return '';
    }
    const { stdout, stderr, status } = spawnSync('bash', ['-c', SHELL + command], options);
    assert.is(status, 0, `${command}\n${stderr}`);
    return String(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { pid } of this.#daemons) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    await Promise.all(
      this.#daemons.map((each) => new Promise((resolve) => each.once('exit', resolve))),
    );
  }
}

readme('leads from a fresh clone to two federated domains in ten commands', async () => {
  const commands = commandsOf('A coalition in five minutes');
  assert.ok(commands.length > 0 && commands.length <= COMMANDS_MAX, `${commands.length} commands`);
  const [ready, ...rest] = commands;
  assert.ok(existsSync(join(ROOT, (ready ?? '').replace('sh ', ''))));
  await using folder = await temporaryFolder();
  await using shell = new Shell(folder);
  const ports = { 7001: await freePort(), 7002: await freePort() };
  const typed = rest.map((line) =>
    line.replaceAll('7001', ports[7001]).replaceAll('7002', ports[7002]),
  );
  for (const command of typed) {
    if (!command.endsWith('&')) {
      const sockets = ['blue.sock', 'red.sock', 'blue-w.sock'].map((name) => folder.file(name));
      await eventually('both daemons', () => sockets.every(existsSync) || undefined, 60_000);
    }
    shell.type(command);
  }
  const last = typed.at(-1) ?? '';
  await eventually(
    'both are FRESH',
    () => {
      const out = shell.type(last);
      return /blue\.example +own +FRESH/.test(out) && /red\.example +partner +FRESH/.test(out)
        ? out
        : undefined;
    },
    60_000,
  );
  assert.ok(existsSync(folder.file('blue-svid')));
});

readme.run();
