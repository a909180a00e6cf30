/** `holdfast qr`: what a camera carries over where no cable and no stick may go. */

import { toBase64Url, toUtf8 } from '../../core/bytes.ts';
import { decodeBlocks } from '../../federation/armour.ts';
import { decodeTick, STOP_INDEX } from '../../federation/tick.ts';
import { fingerprintLink } from '../text/fingerprint-words.ts';
import { qrText } from '../text/qr-code.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseLine,
  runAction,
} from './command.ts';
import { jsonText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';
import { tickLink } from './tick.ts';

const USAGE = `\
Usage: holdfast qr tick [--domain NAME] [OPTIONS]
       holdfast qr stop [--domain NAME] [OPTIONS]
       holdfast qr fingerprint [--domain NAME] [OPTIONS]

Draws a QR code, and beneath it the text that a scanner reads: the newest tick
or the stop of a domain, for holdfast tick import, or its fingerprint. NO_COLOR
leaves the colours of the terminal as they are.

  --domain NAME           a partner's, instead of this domain's own
  --ascii                 draw with # and spaces
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'qr',
  summary: 'show ticks, stops and fingerprints as QR codes',
  usage: USAGE,
  run: (context) =>
    runAction(context, {
      tick: (rest) => showTick(rest, 'tick'),
      stop: (rest) => showTick(rest, 'stop'),
      fingerprint: showFingerprint,
    }),
};

const OPTIONS = {
  ...CLIENT_OPTIONS,
  domain: { type: 'string' },
  ascii: { type: 'boolean', default: false },
} as const;

async function showTick(context: CommandContext, what: 'tick' | 'stop'): Promise<number> {
  const { values } = parseLine(context.args, OPTIONS);
  const { text } = await withDaemon(context, values, (daemon) =>
    daemon.call('bundle.export', { ...domainOf(values), format: 'holdfast' }),
  );
  const bytes = decodeBlocks(toUtf8(text)).find(({ label }) => label === 'tick')?.bytes;
  const isStop = bytes !== undefined && decodeTick(bytes).index === STOP_INDEX;
  if (bytes === undefined || isStop !== (what === 'stop')) {
    context.complain(`holdfast: no ${what} of that domain is in force now`);
    return EXIT_FAILED;
  }
  return shown(context, values, tickLink(toBase64Url(bytes)));
}

async function showFingerprint(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, OPTIONS);
  const { fingerprint } = await withDaemon(context, values, (daemon) =>
    daemon.call('bundle.show', domainOf(values)),
  );
  return shown(context, values, fingerprintLink(fingerprint));
}

function domainOf({ domain }: { readonly domain?: string | undefined }): { domain?: string } {
  return domain === undefined ? {} : { domain };
}

function shown(
  { environment, write }: CommandContext,
  { ascii, json }: { readonly ascii: boolean; readonly json?: boolean | undefined },
  text: string,
): number {
  if (json) {
    write(jsonText({ text }));
    return EXIT_DONE;
  }
  write(qrText(text, { unicode: !ascii, color: environment.color && !ascii }));
  write(`${text}\n`);
  return EXIT_DONE;
}
