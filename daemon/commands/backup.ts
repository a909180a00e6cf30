/** `holdfast backup`: the whole state of a node as one sealed file. */

import { resolve } from 'node:path';
import { concat, fromBase64Url, toBase64Url } from '../../core/bytes.ts';
import { BACKUP_PART_BYTES } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { backupDigest } from '../backup/backup-file.ts';
import { SALT_BYTES, stretchPassphrase } from '../custody/passphrase-key.ts';
import { openClock } from '../host/clock.ts';
import { createFile } from '../host/files.ts';
import { hostRandom } from '../host/random.ts';
import { type Command, type CommandContext, EXIT_DONE, parseLine } from './command.ts';
import { newPassphrase } from './passphrase.ts';
import { factsText, jsonText } from './print.ts';
import {
  CLIENT_OPTIONS,
  CLIENT_USAGE,
  loadSettings,
  type SettingValues,
  withDaemon,
} from './settings.ts';

const USAGE = `\
Usage: holdfast backup FILE [--passphrase-file FILE] [OPTIONS]
       holdfast backup FILE --stopped [--state FOLDER] [--config FILE]

Writes the whole state of the node to FILE, sealed under a passphrase: records,
keys and audit log, as they are at one moment. The daemon goes on meanwhile. The
configuration is not in it. FILE must not stand yet. Keep the digest that is
printed with it.

  --stopped               the daemon does not run: read its folder
  --state FOLDER          folder of the state, with --stopped
  --config FILE           configuration that names it, with --stopped
  --passphrase-file FILE  0600, or - for standard input; else the terminal is
                          asked, twice
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'backup',
  summary: 'write the whole state as one sealed file',
  usage: USAGE,
  run: backUp,
};

const OPTIONS = {
  ...CLIENT_OPTIONS,
  stopped: { type: 'boolean', default: false },
  state: { type: 'string' },
  config: { type: 'string' },
  'passphrase-file': { type: 'string' },
} as const;

async function backUp(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, OPTIONS, ['FILE']);
  const path = resolve(operands[0] ?? '');
  const question = 'Passphrase of the backup: ';
  const passphrase = await newPassphrase(context, values['passphrase-file'], question);
  const salt = hostRandom.bytes(SALT_BYTES);
  const seal = { salt, key: await stretchPassphrase(passphrase, salt) };
  const { file, chipHeld } = values.stopped
    ? await ofFolder(context, values, seal)
    : await ofDaemon(context, values, seal);
  await createFile(path, file, 0o600);
  const facts = { file: path, bytes: file.length, digest: backupDigest(file), chipHeld };
  context.write(
    values.json
      ? jsonText(facts)
      : factsText([
          ['file', path],
          ['bytes', String(file.length)],
          ['digest', facts.digest],
          ...chipHeldFacts(chipHeld),
        ]),
  );
  return EXIT_DONE;
}

/** What a person has to know of keys that a chip keeps. */
export function chipHeldFacts(names: readonly string[]): readonly (readonly [string, string])[] {
  if (names.length === 0) return [];
  return [
    ['held by the chip', names.join(' ')],
    ['', 'they open with the chip of this machine alone; take along what may leave it'],
    ['', 'with holdfast key copy, and where the chip is lost, name new keys: holdfast root'],
  ];
}

type Seal = { readonly salt: Uint8Array; readonly key: Uint8Array };
type Made = { readonly file: Uint8Array; readonly chipHeld: readonly string[] };

async function ofFolder(context: CommandContext, values: SettingValues, seal: Seal): Promise<Made> {
  const { statePath } = await loadSettings(
    { config: values.config, state: values.state },
    context.environment,
  );
  const { backUpFolder } = await import('../backup/stopped-state.ts');
  return await backUpFolder(statePath, seal, { clock: openClock(), random: hostRandom });
}

/** Fetches it piece by piece; one that another backup pushed aside is refused by its digest. */
async function ofDaemon(
  context: CommandContext,
  values: SettingValues,
  { salt, key }: Seal,
): Promise<Made> {
  const params = { salt: toBase64Url(salt), key: toBase64Url(key) };
  return await withDaemon(context, values, async (daemon) => {
    const { digest, bytes, chipHeld } = await daemon.call('backup.begin', params);
    const pieces: Uint8Array[] = [];
    for (let part = 1; (part - 1) * BACKUP_PART_BYTES < bytes; part++) {
      const piece = await daemon.call('backup.part', { digest, part });
      pieces.push(fromBase64Url(piece.bytes));
    }
    const file = concat(...pieces);
    if (backupDigest(file) !== digest) throw new Refusal('backup-malformed', { why: 'digest' });
    return { file, chipHeld };
  });
}
