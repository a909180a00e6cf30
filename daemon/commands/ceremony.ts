/** `holdfast ceremony`: what waits at an authority for the word or the signature of a person. */

import { resolve } from 'node:path';
import { fromUtf8, toUtf8 } from '../../core/bytes.ts';
import { BUNDLE_FILE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { runtimeSuite } from '../../core/runtime-suite.ts';
import { decodeProposal, encodeProposal, signProposal } from '../../federation/proposal.ts';
import { openPersonKey } from '../ceremony/person-key.ts';
import type { ResultOf } from '../control/calls.ts';
import type { ControlClient } from '../control/client.ts';
import type { CeremonyView } from '../control/views.ts';
import { readBounded, replaceFile } from '../host/files.ts';
import { ceremoniesText, ceremonyText, signatureFacts } from './ceremony-print.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { isTaken, outcomesText } from './import-print.ts';
import { passphraseFrom } from './passphrase.ts';
import { factsText, jsonText } from './print.ts';
import { proposalText } from './proposal.ts';
import { isMeant } from './references-approve.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast ceremony list [OPTIONS]
       holdfast ceremony show ID [--file FILE] [OPTIONS]
       holdfast ceremony offer FILE [OPTIONS]
       holdfast ceremony sign ID --key KEY-FILE [--passphrase-file FILE] [--yes]
                [OPTIONS]
       holdfast ceremony approve ID [--yes] [OPTIONS]
       holdfast ceremony refuse ID [--reason TEXT] [--yes] [OPTIONS]

What waits at an authority for people: proposals of a Root, of revocations or of
an override, which take the signatures of keys that people hold; machines that
ask to be enrolled, boots that references offer brought, and partners that ask
to be honoured, which take a yes. The window shows the same and does the same:
holdfast tui, view 7.

offer brings a proposal, as root propose or revoke propose wrote it, or a copy
that was signed elsewhere. sign shows what it changes, signs it with a key of
yours, and offers it again. The signature that completes a proposal publishes it
at once. refuse ends it, for good. ID is what list prints, or the start of it.

  --file FILE             write the proposal, to be signed where no network is
  --passphrase-file FILE  0600, or - for standard input; else the terminal is
                          asked
  --reason TEXT           for the audit log
  --yes                   do not ask
${CLIENT_USAGE}`;

const SUITE = runtimeSuite();
const YES = { yes: { type: 'boolean', default: false } } as const;

export const command: Command = {
  name: 'ceremony',
  summary: 'what waits for people: sign it, approve it, refuse it',
  usage: USAGE,
  run: (context) => runAction(context, { list, show, offer, sign, approve, refuse }),
};

async function list(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, CLIENT_OPTIONS);
  const all = await withDaemon(context, values, (daemon) => daemon.call('ceremony.list', {}));
  context.write(values.json ? jsonText(all) : ceremoniesText(all.ceremonies));
  return EXIT_DONE;
}

async function show(context: CommandContext): Promise<number> {
  const options = { ...CLIENT_OPTIONS, file: { type: 'string' } } as const;
  const { values, operands } = parseLine(context.args, options, ['ID']);
  return withDaemon(context, values, async (daemon) => {
    const found = await find(daemon, operands[0] ?? '');
    if (values.file !== undefined) {
      const { text } = await daemon.call('ceremony.file', { id: found.id });
      await replaceFile(resolve(values.file), toUtf8(text), 0o644);
    }
    context.write(values.json ? jsonText(found) : ceremonyText(found));
    return EXIT_DONE;
  });
}

async function offer(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['FILE']);
  const text = fromUtf8(await readBounded(resolve(operands[0] ?? ''), BUNDLE_FILE_BYTES_MAX));
  return withDaemon(context, values, async (daemon) =>
    offered(context, values, await daemon.call('ceremony.offer', { text })),
  );
}

async function sign(context: CommandContext): Promise<number> {
  const options = {
    ...CLIENT_OPTIONS,
    ...YES,
    key: { type: 'string' },
    'passphrase-file': { type: 'string' },
  } as const;
  const { values, operands } = parseLine(context.args, options, ['ID']);
  const { key, yes } = values;
  if (key === undefined) throw new UsageError('--key is missing');
  return withDaemon(context, values, async (daemon) => {
    const { text } = await daemon.call('ceremony.file', { id: operands[0] ?? '' });
    const proposal = decodeProposal(SUITE, toUtf8(text));
    for (const line of proposalText(proposal).trimEnd().split('\n')) context.complain(line);
    if (!yes && !(await isMeant(context, 'sign'))) return unmoved(context);
    const ask = passphraseFrom(context, values['passphrase-file'], 'Passphrase of the key: ');
    const signer = await openPersonKey(SUITE, resolve(key), ask);
    const signed = encodeProposal(proposal.belief, signProposal(proposal, signer));
    return offered(context, values, await daemon.call('ceremony.offer', { text: signed }));
  });
}

async function approve(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, { ...CLIENT_OPTIONS, ...YES }, ['ID']);
  return withDaemon(context, values, async (daemon) => {
    const found = await find(daemon, operands[0] ?? '');
    if (!values.yes && !(await isMeantOf(context, found, 'approve'))) return unmoved(context);
    const { id } = await daemon.call('ceremony.approve', { id: found.id });
    context.write(values.json ? jsonText({ id }) : factsText([['approved', id]]));
    return EXIT_DONE;
  });
}

async function refuse(context: CommandContext): Promise<number> {
  const options = { ...CLIENT_OPTIONS, ...YES, reason: { type: 'string', default: '' } } as const;
  const { values, operands } = parseLine(context.args, options, ['ID']);
  return withDaemon(context, values, async (daemon) => {
    const found = await find(daemon, operands[0] ?? '');
    if (!values.yes && !(await isMeantOf(context, found, 'refuse'))) return unmoved(context);
    const { reason } = values;
    const { id } = await daemon.call('ceremony.refuse', { id: found.id, reason });
    context.write(values.json ? jsonText({ id }) : factsText([['refused', id]]));
    return EXIT_DONE;
  });
}

/** The one ceremony whose id begins so. Refuses `ceremony-unknown`. */
async function find(daemon: ControlClient, id: string): Promise<CeremonyView> {
  const { ceremonies } = await daemon.call('ceremony.list', {});
  const found = ceremonies.filter((each) => each.id.startsWith(id));
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Refusal('ceremony-unknown', { id, found: found.length });
  }
  return only;
}

async function isMeantOf(
  context: CommandContext,
  ceremony: CeremonyView,
  word: string,
): Promise<boolean> {
  for (const line of ceremonyText(ceremony).trimEnd().split('\n')) context.complain(line);
  return await isMeant(context, word);
}

function unmoved(context: CommandContext): number {
  context.complain('nothing was done');
  return EXIT_FAILED;
}

function offered(
  context: CommandContext,
  { json }: { readonly json?: boolean },
  result: ResultOf<'ceremony.offer'>,
): number {
  const { ceremony, documents } = result;
  const said =
    documents.length === 0
      ? factsText([['waits', ceremony.id], ...signatureFacts(ceremony)])
      : `complete\n${outcomesText(documents)}`;
  context.write(json ? jsonText(result) : said);
  return documents.every(isTaken) ? EXIT_DONE : EXIT_FAILED;
}
