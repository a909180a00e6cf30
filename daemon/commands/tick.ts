/** `holdfast tick`: a tick or stop as a scanner reads it, taken by hand. */

import { fromBase64Url } from '../../core/bytes.ts';
import { encodeBlock } from '../../federation/armour.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseLine,
  runAction,
} from './command.ts';
import { isTaken, outcomesText } from './import-print.ts';
import { jsonText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const LINK = 'holdfast:tick:';

const USAGE = `\
Usage: holdfast tick import TEXT [OPTIONS]

TEXT is what a scanner reads of holdfast qr tick or qr stop: ${LINK}
and 58 characters. A tick says that a beacon held here was still current later;
a stop, that it is withdrawn. It is admitted as if it had come over a link.

${CLIENT_USAGE}`;

export const command: Command = {
  name: 'tick',
  summary: 'take a tick or a stop that was scanned',
  usage: USAGE,
  run: (context) => runAction(context, { import: importTick }),
};

/** What a QR code of a tick says. */
export function tickLink(base64Url: string): string {
  return `${LINK}${base64Url}`;
}

async function importTick(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['TEXT']);
  const given = (operands[0] ?? '').trim();
  const bytes = fromBase64Url(given.startsWith(LINK) ? given.slice(LINK.length) : given);
  const { documents } = await withDaemon(context, values, (daemon) =>
    daemon.call('bundle.import', { text: encodeBlock('tick', bytes) }),
  );
  context.write(values.json ? jsonText({ documents }) : outcomesText(documents));
  return documents.every(isTaken) ? EXIT_DONE : EXIT_FAILED;
}
