/**
 * `holdfast tui`: the window on a daemon. The window is a program of its own (tui/main); this
 * command finds the daemon's socket and gives its place to it.
 */

import { resolve } from 'node:path';
import { replaceByProgram } from '../host/replace-process.ts';
import { type Command, type CommandContext, parseLine } from './command.ts';
import { controlSocketOf } from './settings.ts';

const USAGE = `\
Usage: holdfast tui [OPTIONS]

Shows the daemon as it lives: what it may still do and until when, every domain
and how old its last proof is, peers, workloads, the audit log as it grows, and
what waits for people: proposals to sign, machines to approve. Keys are shown
where they act; ? shows them all. Nothing is changed before it was shown in
full, and a word was typed.

  --control-socket PATH   the daemon to look at, if not the usual one
  --plain                 no screen: a line for each change, for a screen
                          reader, a file or a terminal that is too small
  --ascii                 no character beyond ASCII; so without a UTF-8 locale
  --night                 dim red, for eyes that are used to the dark

The screen takes 80 x 24 or more. NO_COLOR turns colours off.
`;

const OPTIONS = {
  'control-socket': { type: 'string' },
  plain: { type: 'boolean' },
  ascii: { type: 'boolean' },
  night: { type: 'boolean' },
} as const;

const WINDOW = new URL('../../tui/main.js', import.meta.url);
/**
 * A window lives long and computes little: without the optimizing compilers, also the one for what
 * lays out its lines, and with a small young generation, it is smaller by 20 MB and no slower to a
 * person.
 */
const FLAGS = [
  ...['--max-semi-space-size=1', '--optimize-for-size'],
  ...['--no-opt', '--no-maglev', '--liftoff-only'],
];

export const command: Command = {
  name: 'tui',
  summary: 'watch a daemon live; sign, approve and refuse what waits for you',
  usage: USAGE,
  run,
};

async function run(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, OPTIONS);
  const path = resolve(await controlSocketOf(context, values));
  const chosen = (['plain', 'ascii', 'night'] as const).filter((name) => values[name] === true);
  const args = [`--control-socket=${path}`, ...chosen.map((name) => `--${name}`)];
  return replaceByProgram(WINDOW, FLAGS, args);
}
