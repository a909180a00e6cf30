/** `holdfast enroll`: makes a machine a node of a domain, by files that a person carries. */

import { resolve } from 'node:path';
import { fromUtf8, toUtf8 } from '../../core/bytes.ts';
import { BUNDLE_FILE_BYTES_MAX } from '../../core/limits.ts';
import type { Method, ParamsOf, ResultOf } from '../control/calls.ts';
import type { EnrolMessage, EnrolWish } from '../control/views.ts';
import { challengeFingerprint } from '../enrolment/fingerprint.ts';
import { decodeMessageFile, nodeOf } from '../enrolment/message.ts';
import { readBounded, replaceFile } from '../host/files.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { approve, list, refuse } from './enroll-desk.ts';
import { comparedText } from './fingerprint-print.ts';
import { factsText, jsonText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';
import { leaseText } from './status.ts';

const USAGE = `\
Usage: holdfast enroll join ADDRESS --fingerprint HEX [--group NAME]
                [--kind KIND] [OPTIONS]
       holdfast enroll request FILE [--group NAME] [--kind KIND] [OPTIONS]
       holdfast enroll challenge REQUEST FILE [OPTIONS]
       holdfast enroll answer CHALLENGE FILE [--fingerprint HEX] [OPTIONS]
       holdfast enroll grant ANSWER FILE [--approve] [OPTIONS]
       holdfast enroll install GRANT [OPTIONS]
       holdfast enroll list [OPTIONS]
       holdfast enroll approve ID [--forget-marks] [OPTIONS]
       holdfast enroll refuse ID [OPTIONS]

Makes the daemon of a machine, started with --role member, a node of its domain.
By network: join, on that machine; it goes on asking, and renews its lease by
itself. By files: request, answer and install run on that machine, challenge and
grant on an authority; each writes FILE, which a person carries to the next
step. A machine is granted nothing before a person approved it, or its
endorsement key stands on the authority's list. A renewal goes the same way and
needs nobody.

  --group NAME            whose entries it serves (default)
  --kind KIND             slices, cell or domain, as Root allows (slices)
  --fingerprint TEXT      the domain, as a person of it says, in hex or in
                          words; without it the one in CHALLENGE is shown, and
                          you are asked
  --approve               approve the machine of ANSWER first
  --forget-marks          its chip was cleared or restored, and a person knows
                          why
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'enroll',
  summary: 'make a machine a node of a domain',
  usage: USAGE,
  run: (context) =>
    runAction(context, { join, request, challenge, answer, grant, install, list, approve, refuse }),
};

const KINDS = ['slices', 'cell', 'domain'] as const;
const WISH_OPTIONS = {
  ...CLIENT_OPTIONS,
  group: { type: 'string', default: 'default' },
  kind: { type: 'string', default: 'slices' },
} as const;

function wishOf(values: { readonly group: string; readonly kind: string }): EnrolWish {
  const kind = KINDS.find((known) => known === values.kind);
  if (kind === undefined) throw new UsageError(`--kind takes ${KINDS.join(', ')}`);
  return { group: values.group, kind };
}

async function join(context: CommandContext): Promise<number> {
  const options = { ...WISH_OPTIONS, fingerprint: { type: 'string' } } as const;
  const { values, operands } = parseLine(context.args, options, ['ADDRESS']);
  const [address = ''] = operands;
  const { fingerprint } = values;
  if (fingerprint === undefined) throw new UsageError('--fingerprint is missing');
  const asked = { ...wishOf(values), address, fingerprint };
  const { node, trouble } = await calling(context, values, 'enroll.join', asked);
  const facts = [
    ['node', node.id],
    ['joining', address],
    ['lease', leaseText(node)],
    ['next', `a person approves it there: holdfast enroll approve ${node.id.slice(0, 16)}`],
  ] as const;
  context.write(values.json ? jsonText({ node, trouble }) : factsText(facts));
  return EXIT_DONE;
}

async function request(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, WISH_OPTIONS, ['FILE']);
  const made = await calling(context, values, 'enroll.request', wishOf(values));
  const next = 'carry it to an authority: holdfast enroll challenge';
  return written(context, values, { made, file: operands[0], next });
}

async function challenge(context: CommandContext): Promise<number> {
  const operands = ['REQUEST', 'FILE'];
  const line = parseLine(context.args, CLIENT_OPTIONS, operands);
  const text = await textOf(line.operands[0]);
  const made = await calling(context, line.values, 'enroll.challenge', { text });
  const next = 'carry it back to the machine: holdfast enroll answer';
  return written(context, line.values, { made, file: line.operands[1], next });
}

async function answer(context: CommandContext): Promise<number> {
  const options = { ...CLIENT_OPTIONS, fingerprint: { type: 'string' } } as const;
  const { values, operands } = parseLine(context.args, options, ['CHALLENGE', 'FILE']);
  const text = await textOf(operands[0]);
  const fingerprint = values.fingerprint ?? (await compared(context, text));
  if (fingerprint === null) return EXIT_FAILED;
  const params = { text, ...(fingerprint === undefined ? {} : { fingerprint }) };
  const made = await calling(context, values, 'enroll.answer', params);
  const next = 'carry it to the authority: holdfast enroll grant';
  return written(context, values, { made, file: operands[1], next });
}

async function grant(context: CommandContext): Promise<number> {
  const options = { ...CLIENT_OPTIONS, approve: { type: 'boolean', default: false } } as const;
  const { values, operands } = parseLine(context.args, options, ['ANSWER', 'FILE']);
  const text = await textOf(operands[0]);
  const made = await withDaemon(context, values, async (daemon) => {
    if (values.approve) {
      const node = nodeOf(decodeMessageFile(text));
      await daemon.call('enroll.approve', { node });
    }
    return daemon.call('enroll.grant', { text });
  });
  const next = 'carry it back to the machine: holdfast enroll install';
  return written(context, values, { made, file: operands[1], next });
}

async function install(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['GRANT']);
  const text = await textOf(operands[0]);
  const node = await calling(context, values, 'enroll.install', { text });
  const facts = [
    ['node', node.id],
    ['spiffe id', node.spiffeId],
    ['lease', leaseText(node)],
    ['assurance', node.lease?.assurance ?? 'none'],
  ] as const;
  context.write(values.json ? jsonText(node) : factsText(facts));
  return EXIT_DONE;
}

/**
 * The fingerprint in a challenge, once a person compared it; undefined where nobody can be asked,
 * for a domain that the daemon knows already, and null where the person said no.
 */
async function compared(context: CommandContext, text: string): Promise<string | null | undefined> {
  if (context.ask === undefined) return undefined;
  const fingerprint = challengeFingerprint(text);
  const reply = await context.ask(
    `The domain shows the fingerprint\n\n${comparedText(fingerprint)}\nDoes a person of it say the same? [y/N] `,
  );
  if (/^y(?:es)?$/i.test(reply.trim())) return fingerprint;
  context.complain('holdfast: not compared, so nothing was answered');
  return null;
}

interface Written {
  readonly made: EnrolMessage;
  readonly file: string | undefined;
  readonly next: string;
}

async function written(
  context: CommandContext,
  values: { readonly json?: boolean | undefined },
  { made, file = '', next }: Written,
): Promise<number> {
  const path = resolve(file);
  await replaceFile(path, toUtf8(made.text), 0o600);
  const { node } = made;
  const facts = [
    ['node', node],
    ['written', path],
    ['next', next],
  ] as const;
  context.write(values.json ? jsonText({ node, file: path }) : factsText(facts));
  return EXIT_DONE;
}

async function textOf(path = ''): Promise<string> {
  return fromUtf8(await readBounded(resolve(path), BUNDLE_FILE_BYTES_MAX));
}

function calling<M extends Method>(
  context: CommandContext,
  values: { readonly 'control-socket'?: string | undefined },
  method: M,
  params: ParamsOf<M>,
): Promise<ResultOf<M>> {
  return withDaemon(context, values, (daemon) => daemon.call(method, params));
}
