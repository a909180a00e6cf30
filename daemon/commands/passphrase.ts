/** How commands are told a passphrase: from a file or at the terminal, never on the line. */

import { resolve } from 'node:path';
import { fromUtf8 } from '../../core/bytes.ts';
import { PASSPHRASE_BYTES_MAX } from '../../core/limits.ts';
import type { AskPassphrase } from '../ceremony/person-key.ts';
import { readPrivate } from '../host/files.ts';
import { readInput } from '../host/terminal.ts';
import { type CommandContext, UsageError } from './command.ts';

/**
 * The passphrase from the file that was named, `-` for standard input, else from the terminal.
 * Throws `UsageError`.
 */
export function passphraseFrom(
  { askSecret }: CommandContext,
  file: string | undefined,
  question: string,
): AskPassphrase {
  return async () => {
    if (file !== undefined) {
      const bytes =
        file === '-'
          ? await readInput(PASSPHRASE_BYTES_MAX)
          : await readPrivate(resolve(file), PASSPHRASE_BYTES_MAX);
      const text = fromUtf8(bytes);
      return text.replace(/\r?\n$/, '');
    }
    if (askSecret === undefined) throw new UsageError('say --passphrase-file');
    return await askSecret(question);
  };
}

/** A passphrase that is asked for has to be typed twice; nobody can recover one. */
export async function newPassphrase(
  context: CommandContext,
  file: string | undefined,
  question: string,
): Promise<string> {
  const passphrase = await passphraseFrom(context, file, question)();
  const isSame =
    file !== undefined || (await passphraseFrom(context, file, 'Once more: ')()) === passphrase;
  if (passphrase === '' || !isSame) throw new UsageError('no passphrase, or two different ones');
  return passphrase;
}
