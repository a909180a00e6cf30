/** `holdfast whoami`: whom the daemon takes us for, and what that permits. */

import type { CallerView, Role } from '../control/views.ts';
import { type Command, type CommandContext, EXIT_DONE, parseLine } from './command.ts';
import { factsText, jsonText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast whoami [OPTIONS]

Shows whom the daemon takes you for, and what that permits. Roles are given in
its configuration, under [roles]; root and the user it runs as are admins.

${CLIENT_USAGE}`;

export const command: Command = {
  name: 'whoami',
  summary: 'show your role at the daemon',
  usage: USAGE,
  run,
};

/** Each role may do all that those before it may. */
const PERMITS: Readonly<Record<Role, string>> = {
  observer: 'to look at what is held',
  auditor: 'to read who did what, too',
  operator: 'the work of a day: entries, enrolments, files, alarms, signatures',
  admin: 'everything: keys, authorities, partners, revocations',
};

async function run(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, CLIENT_OPTIONS);
  const caller = await withDaemon(context, values, (daemon) => daemon.call('whoami', {}));
  context.write(values.json ? jsonText(caller) : callerText(caller));
  return EXIT_DONE;
}

function callerText({ name, uid, role, from }: CallerView): string {
  return factsText([
    ['you are', uid === null ? name : `${name} (uid ${uid})`],
    ['role', role],
    ['permits', PERMITS[role]],
    ['from', from],
  ]);
}
