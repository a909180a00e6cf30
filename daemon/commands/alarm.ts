/** `holdfast alarm`: what a person has to hear of, until a person has seen to it. */

import type { AlarmStatus } from '../control/views.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  parseCount,
  parseLine,
  runAction,
} from './command.ts';
import { jsonText, tableText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast alarm list [OPTIONS]
       holdfast alarm clear ID [OPTIONS]

An alarm is what the protocol calls impossible, or what a person has to hear of:
a forked beacon, a chip that fell back, a date that cannot be. It is shown until
it is cleared, over restarts too. Clearing one mends nothing: it says that you
have seen to it. The audit log keeps both. holdfast explain tells what a code
means.
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'alarm',
  summary: 'show what somebody has to see to, and say that you did',
  usage: USAGE,
  run: (context) => runAction(context, { list, clear }),
};

async function list(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, CLIENT_OPTIONS);
  const { alarms } = await withDaemon(context, values, (daemon) => daemon.call('status', {}));
  context.write(values.json ? jsonText({ alarms }) : alarmsText(alarms) || 'no alarm\n');
  return EXIT_DONE;
}

async function clear(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['ID']);
  const id = parseCount(operands[0] ?? '', 'ID', Number.MAX_SAFE_INTEGER);
  const cleared = await withDaemon(context, values, (daemon) => daemon.call('alarm.clear', { id }));
  context.write(values.json ? jsonText(cleared) : `cleared ${cleared.code} of ${cleared.at}\n`);
  return EXIT_DONE;
}

/** A row for each alarm; empty where there is none. */
export function alarmsText(alarms: readonly AlarmStatus[]): string {
  if (alarms.length === 0) return '';
  return tableText(
    ['ALARM', 'SINCE', 'CODE', 'DOMAIN', 'WHAT'],
    alarms.map(({ id, at, code, domain, detail }) => [String(id), at, code, domain, detail]),
  );
}
