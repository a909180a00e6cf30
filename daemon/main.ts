/**
 * The command line: finds the command, runs it, and prints what was refused.
 *
 * Commands are loaded one at a time, so that `holdfast status` pays for a socket and not for a
 * network. Exit codes: 0 done, 1 refused or failed, 2 wrongly asked. A bug is not caught: it ends
 * the process with its stack.
 */

import { resolve } from 'node:path';
import { printable } from '../core/printable.ts';
import { VERSION } from '../core/version.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  EXIT_USAGE,
  UsageError,
} from './commands/command.ts';
import { COMMANDS } from './commands/table.ts';
import { troubleLines } from './commands/trouble.ts';
import { type Environment, readEnvironment } from './host/environment.ts';
import { systemCode } from './host/files.ts';
import { terminalAsk, terminalAskSecret } from './host/terminal.ts';
import { nearestName } from './text/nearest-name.ts';

/** Everything of a context but the arguments: what `main` finds outside. */
export type Surroundings = Omit<CommandContext, 'args'>;

/** Runs one command line, without the program's name, and returns the exit code. */
export async function main(
  argv: readonly string[],
  surroundings: Surroundings = hostSurroundings(),
): Promise<number> {
  try {
    const { environment, rest } = withRemote(surroundings.environment, argv);
    const [name, ...args] = rest;
    if (name === '--version') return printed(surroundings, `holdfast ${VERSION}\n`);
    if (name === undefined || isHelp(name)) return printed(surroundings, await overview());
    const command = await findCommand(name);
    if (asksForHelp(args)) return printed(surroundings, command.usage);
    return await command.run({ ...surroundings, environment, args });
  } catch (error) {
    return complain(surroundings, error);
  }
}

/** Takes `--control ADDRESS --svid FOLDER` from before the command. Throws `UsageError`. */
function withRemote(
  environment: Environment,
  argv: readonly string[],
): { readonly environment: Environment; readonly rest: readonly string[] } {
  const [option, address, other, folder, ...rest] = argv;
  if (option !== '--control') return { environment, rest: argv };
  if (address === undefined || other !== '--svid' || folder === undefined) {
    throw new UsageError('say --control ADDRESS --svid FOLDER before the command');
  }
  return {
    environment: { ...environment, remote: { address, svidFolder: resolve(folder) } },
    rest,
  };
}

async function findCommand(name: string): Promise<Command> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load !== undefined) return load();
  const nearest = nearestName(name, Object.keys(COMMANDS));
  throw new UsageError(`no command ${JSON.stringify(name)}; did you mean ${nearest}?`);
}

async function overview(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(10)}  ${summary}\n`);
  return `\
holdfast keeps trust alive at the edge: SPIFFE identities and federation that
survive a cut cable, and always know how stale they are.

Usage: holdfast [--control ADDRESS --svid FOLDER] COMMAND …

${lines.join('')}
  holdfast COMMAND --help tells more; holdfast --version says which this is.
  --control reaches a daemon of another machine, as who the SVID in FOLDER says.
`;
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).some(isHelp);
}

function isHelp(arg: string): boolean {
  return arg === '--help' || arg === '-h';
}

function printed(surroundings: Surroundings, text: string): number {
  surroundings.write(text);
  return EXIT_DONE;
}

function complain(surroundings: Surroundings, error: unknown): number {
  if (error instanceof UsageError) {
    surroundings.complain(printable(`holdfast: usage: ${error.message}`));
    surroundings.complain('  mend: add --help');
    return EXIT_USAGE;
  }
  const lines = troubleLines(error);
  if (lines === undefined) throw error;
  for (const line of lines) surroundings.complain(line);
  return EXIT_FAILED;
}

function hostSurroundings(): Surroundings {
  // Whoever read our output and went away (`| head`) has seen enough.
  process.stdout.on('error', (error) => {
    if (systemCode(error) !== 'EPIPE') throw error;
  });
  const ask = terminalAsk();
  const askSecret = terminalAskSecret();
  return {
    ...(ask === undefined ? {} : { ask }),
    ...(askSecret === undefined ? {} : { askSecret }),
    environment: readEnvironment(),
    write: (text) => void process.stdout.write(text),
    complain: (line) => void process.stderr.write(`${line}\n`),
  };
}
