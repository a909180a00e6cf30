/** `holdfast time`: what date this machine goes by, and a person's word where it knows none. */

import type { TimeStatus } from '../control/views.ts';
import { parseRfc3339 } from '../text/rfc3339.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { factsText, jsonText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast time show [OPTIONS]
       holdfast time set RFC3339 [--yes] [OPTIONS]
       holdfast time confirm [--yes] [OPTIONS]

After a boot, or when its clock jumps, a machine does not know what time it is.
Until it does, it renews and serves what it has, at best at SURVIVAL, and an
authority signs nothing. It asks the nodes of its own domain by itself; where
there is none, look at a watch that you trust.

  show             the date it goes by, and what that rests on
  set RFC3339      it is this time now, such as 2026-11-21T05:50:58Z; the clock
                   of the machine is not gone by until the next boot
  confirm          the clock of this machine is right
  --yes            do not ask

A date below what is known to have passed is refused. Your word is recorded, and
shown beside everything this machine says until a node that knows better
answers.
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'time',
  summary: 'show what date this machine goes by, and tell it where unknown',
  usage: USAGE,
  run: (context) => runAction(context, { show, set, confirm }),
};

const TELL_OPTIONS = { ...CLIENT_OPTIONS, yes: { type: 'boolean', default: false } } as const;

async function show(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, CLIENT_OPTIONS);
  const status = await withDaemon(context, values, (daemon) => daemon.call('time.show', {}));
  context.write(values.json ? jsonText(status) : timeText(status));
  return EXIT_DONE;
}

function set(context: CommandContext): Promise<number> {
  const { operands } = parseLine(context.args, TELL_OPTIONS, ['RFC3339']);
  const [at = ''] = operands;
  if (parseRfc3339(at) === undefined) {
    throw new UsageError(`${JSON.stringify(at)} is no time such as 2026-11-21T05:50:58Z`);
  }
  return tell(context, { at });
}

function confirm(context: CommandContext): Promise<number> {
  parseLine(context.args, TELL_OPTIONS);
  return tell(context, {});
}

async function tell(context: CommandContext, said: { readonly at?: string }): Promise<number> {
  const { values } = parseLine(context.args, TELL_OPTIONS, ['[RFC3339]']);
  const before = await withDaemon(context, values, (daemon) => daemon.call('time.show', {}));
  if (!values.yes && !(await isMeant(context, said.at ?? before.wall))) {
    context.complain('nothing was changed');
    return EXIT_FAILED;
  }
  const status = await withDaemon(context, values, (daemon) => daemon.call('time.tell', said));
  context.write(values.json ? jsonText(status) : timeText(status));
  return EXIT_DONE;
}

/** Shows the date, and has it confirmed. Throws `UsageError` where nobody can be asked. */
async function isMeant({ ask, complain }: CommandContext, at: string): Promise<boolean> {
  if (ask === undefined) throw new UsageError('nobody sits here to be asked: say --yes');
  complain(`This machine will hold that it is ${at} now. What it signs rests on your word.`);
  return (
    (await ask('Compare it with a watch that you trust, and type right to go on: ')) === 'right'
  );
}

/** What a date rests on, in words. */
const BASES: Readonly<Record<TimeStatus['basis'], string>> = {
  wall: 'the clock of this machine',
  'beacon-key': 'the answer of the authority',
  quorum: 'the answers of nodes of the domain',
  operator: 'the word of a person',
};
const DOUBTS: Readonly<Record<string, string>> = {
  start: 'this is another boot',
  jump: 'the clock jumped',
  store: 'nothing can be stored',
  late: 'the answer took too long',
};

function timeText({ known, basis, doubts, clock, wall }: TimeStatus): string {
  const why = doubts.map((doubt) => DOUBTS[doubt] ?? doubt).join(', ');
  const isRough = doubts.join() === 'late';
  const unknown = isRough ? 'known roughly: nothing is signed' : 'unknown: at best SURVIVAL';
  return factsText([
    ['time', known ? 'known' : unknown],
    ['now', clock],
    ['rests on', BASES[basis]],
    ...(wall.slice(0, 16) === clock.slice(0, 16) ? [] : [['clock says', wall] as const]),
    ...(why === '' ? [] : [['because', why] as const]),
    ...(known
      ? []
      : [['to mend it', 'link a node that knows, or: holdfast time confirm'] as const]),
  ]);
}
