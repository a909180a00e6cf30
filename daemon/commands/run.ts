/** `holdfast run`: the daemon, as a service starts it. */

import { type Command, type CommandContext, EXIT_DONE, parseLine } from './command.ts';
import { loadSettings, SETTING_OPTIONS, SETTING_USAGE } from './settings.ts';

const USAGE = `\
Usage: holdfast run [OPTIONS]

Runs the daemon in the foreground until SIGTERM or SIGINT; SIGHUP has it read
its configuration anew. The first start founds the trust domain: its keys and
its Root are made in the state folder. Logs go to standard error.

${SETTING_USAGE}`;

export const command: Command = { name: 'run', summary: 'run the daemon', usage: USAGE, run };

async function run({ args, environment }: CommandContext): Promise<number> {
  const { values } = parseLine(args, SETTING_OPTIONS);
  const { serve } = await import('./serve.ts'); // so that --help does not pay for a network
  await serve(
    () => loadSettings(values, environment),
    async () => undefined,
  );
  return EXIT_DONE;
}
