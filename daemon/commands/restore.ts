/** `holdfast restore`: a backup into an empty state folder. */

import { resolve } from 'node:path';
import { BACKUP_BYTES_MAX } from '../../core/limits.ts';
import { openBackup } from '../backup/backup-file.ts';
import { chipHeldKeys } from '../backup/snapshot.ts';
import { openClock } from '../host/clock.ts';
import { readBounded } from '../host/files.ts';
import { chipHeldFacts } from './backup.ts';
import { type Command, type CommandContext, EXIT_DONE, parseLine } from './command.ts';
import { passphraseFrom } from './passphrase.ts';
import { factsText, jsonText } from './print.ts';
import { CLIENT_OPTIONS, loadSettings } from './settings.ts';

const USAGE = `\
Usage: holdfast restore FILE [--state FOLDER] [--config FILE]
                [--passphrase-file FILE] [--json]

Puts a backup back, into a state folder that is absent or empty; run it as the
user of the daemon, and start the daemon after it. Its first start counts as one
of a state that is rolled back: nothing in it has an age until new evidence and
a date come (holdfast time confirm, after a look at a watch), and an authority
asks others what it published since before it signs anything (holdfast authority
confirm, where there is nobody to ask). Never restore a state that still runs
somewhere else.

  --state FOLDER          folder of the state
  --config FILE           configuration that names it
  --passphrase-file FILE  0600, or - for standard input; else the terminal is
                          asked
  --json                  print facts for machines
`;

export const command: Command = {
  name: 'restore',
  summary: 'put a backup back into an empty state folder',
  usage: USAGE,
  run: restore,
};

async function restore(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    {
      json: CLIENT_OPTIONS.json,
      state: { type: 'string' },
      config: { type: 'string' },
      'passphrase-file': { type: 'string' },
    },
    ['FILE'],
  );
  const { statePath } = await loadSettings(
    { config: values.config, state: values.state },
    context.environment,
  );
  const { checkVacant, restoreFolder } = await import('../backup/stopped-state.ts');
  await checkVacant(statePath);
  const file = await readBounded(resolve(operands[0] ?? ''), BACKUP_BYTES_MAX);
  const ask = passphraseFrom(context, values['passphrase-file'], 'Passphrase of the backup: ');
  const opened = await openBackup(file, ask);
  const chipHeld = chipHeldKeys(await restoreFolder(statePath, opened, openClock()));
  const facts = { state: statePath, digest: opened.digest, chipHeld };
  context.write(
    values.json
      ? jsonText(facts)
      : factsText([
          ['state', statePath],
          ['backup', opened.digest],
          ...chipHeldFacts(chipHeld),
          ['next', 'start the daemon, look at a watch, and: holdfast time confirm'],
        ]),
  );
  return EXIT_DONE;
}
