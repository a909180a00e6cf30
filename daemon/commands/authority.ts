/** `holdfast authority`: what signs identities here, and how one authority follows another. */

import type { KeyType, SigningAuthority } from '../control/views.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { factsText, jsonText, tableText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast authority show [OPTIONS]
       holdfast authority prepare [--use USE] [--key-type TYPE] [OPTIONS]
       holdfast authority activate ID [OPTIONS]
       holdfast authority taint ID [OPTIONS]
       holdfast authority revoke ID [OPTIONS]
       holdfast authority confirm [--yes] [OPTIONS]

An authority is prepared and published, then active, then old; each follows the
last by schedule. To replace one at once: prepare the next, wait until partners
have the new bundle, activate it, taint the old one so that all it signed is
issued anew, and revoke it to take it out of the bundle.

An authority that starts asks its partners and nodes for the newest documents of
its own domain before it signs anything: its disk may be an old copy. Where
nobody answers after a boot it waits. confirm says that its disk is the newest
there is.

  --yes                   do not ask
  --use USE               x509 for certificates (the default), or jwt for tokens
  --key-type TYPE         ec-p256 (the default) or ml-dsa-65
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'authority',
  summary: 'show what signs identities, and replace it',
  usage: USAGE,
  run: (context) =>
    runAction(context, {
      show,
      prepare,
      activate: (action) => change(action, 'authority.activate', 'activated'),
      taint: (action) => change(action, 'authority.taint', 'tainted'),
      revoke: (action) => change(action, 'authority.revoke', 'revoked'),
      confirm,
    }),
};

async function show(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, CLIENT_OPTIONS);
  const shown = await withDaemon(context, values, (daemon) => daemon.call('authority.show', {}));
  context.write(values.json ? jsonText(shown) : listText(shown.authorities));
  return EXIT_DONE;
}

async function confirm(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, {
    ...CLIENT_OPTIONS,
    yes: { type: 'boolean', default: false },
  });
  if (!values.yes && !(await isNewest(context))) {
    context.complain('nothing was changed');
    return EXIT_FAILED;
  }
  const done = await withDaemon(context, values, (daemon) => daemon.call('authority.confirm', {}));
  context.write(values.json ? jsonText(done) : 'this authority signs again\n');
  return EXIT_DONE;
}

/** Says what rests on it, and has it typed. Throws `UsageError` where nobody can be asked. */
async function isNewest({ ask, complain }: CommandContext): Promise<boolean> {
  if (ask === undefined) throw new UsageError('nobody sits here to be asked: say --yes');
  complain('If this disk was put back, what was published since is lost to everybody.');
  return (await ask('Type newest to go on: ')).trim() === 'newest';
}

async function prepare(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, {
    ...CLIENT_OPTIONS,
    use: { type: 'string' },
    'key-type': { type: 'string' },
  });
  const use = oneOf('--use', ['x509', 'jwt'] as const, values.use ?? 'x509');
  const keyTypes: readonly KeyType[] = ['ec-p256', 'ml-dsa-65'];
  const keyType = oneOf('--key-type', keyTypes, values['key-type'] ?? 'ec-p256');
  const prepared = await withDaemon(context, values, (daemon) =>
    daemon.call('authority.prepare', { use, keyType }),
  );
  context.write(values.json ? jsonText(prepared) : changedText('prepared', prepared));
  return EXIT_DONE;
}

async function change(
  context: CommandContext,
  method: 'authority.activate' | 'authority.taint' | 'authority.revoke',
  word: string,
): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['ID']);
  const [id = ''] = operands;
  const changed = await withDaemon(context, values, (daemon) => daemon.call(method, { id }));
  context.write(values.json ? jsonText(changed) : changedText(word, changed));
  return EXIT_DONE;
}

function oneOf<T extends string>(option: string, choices: readonly T[], text: string): T {
  const choice = choices.find((each) => each === text);
  if (choice === undefined) throw new UsageError(`${option} takes ${choices.join(' or ')}`);
  return choice;
}

function changedText(word: string, { id, use, keyType, notAfter }: SigningAuthority): string {
  return factsText([
    [word, id],
    ['signs', use === 'x509' ? 'certificates' : 'tokens'],
    ['key', keyType],
    ['until', notAfter],
  ]);
}

function listText(authorities: readonly SigningAuthority[]): string {
  return tableText(
    ['ID', 'USE', 'KEY', 'STATE', 'UNTIL'],
    authorities.map(({ id, use, keyType, state, tainted, notAfter }) => [
      id,
      use,
      keyType,
      tainted ? `${state}, tainted` : state,
      notAfter,
    ]),
  );
}
