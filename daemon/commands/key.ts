/** `holdfast key`: keys that may leave this machine, and the copy that belongs into a safe. */

import { resolve } from 'node:path';
import { type Command, type CommandContext, EXIT_DONE, parseLine, runAction } from './command.ts';
import { factsText, jsonText, tableText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast key list [OPTIONS]
       holdfast key copy NAME FOLDER [OPTIONS]
       holdfast key move NAME FOLDER [OPTIONS]

Keys that a running daemon does not need may, and should, leave its machine:
root, beacon-1, revocation-0 and revocation-1. They become key files of 0600
that any machine reads, also where a chip sealed them: keep them apart, and the
folder private. move destroys what lay here. Of approver, which approves boots,
a copy belongs into a safe: it is the way back after a boot that nobody
approved. To put a key back, lay its file into the folder of keys and start the
daemon again.

${CLIENT_USAGE}`;

export const command: Command = {
  name: 'key',
  summary: 'take keys that may leave this machine along',
  usage: USAGE,
  run: (context) =>
    runAction(context, {
      list,
      copy: (inner) => take(inner, 'key.copy'),
      move: (inner) => take(inner, 'key.move'),
    }),
};

async function list(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, CLIENT_OPTIONS);
  const { keys } = await withDaemon(context, values, (daemon) => daemon.call('key.list', {}));
  const rows = keys.map(({ name, movable }) => [name, movable ? 'move it off' : 'copy it']);
  context.write(values.json ? jsonText({ keys }) : tableText(['KEY', 'ADVICE'], rows));
  return EXIT_DONE;
}

async function take(context: CommandContext, method: 'key.copy' | 'key.move'): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['NAME', 'FOLDER']);
  const [name = '', folder = ''] = operands;
  const taken = await withDaemon(context, values, (daemon) =>
    daemon.call(method, { name, folder: resolve(folder) }),
  );
  context.write(values.json ? jsonText(taken) : factsText([[taken.name, taken.path]]));
  return EXIT_DONE;
}
