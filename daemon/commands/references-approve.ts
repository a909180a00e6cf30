/** The actions of `holdfast references` that a running daemon does: what its authority signs. */

import { resolve } from 'node:path';
import { fromUtf8, toUtf8 } from '../../core/bytes.ts';
import { UKI_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { encodeState, type ReferenceState } from '../../firmware/references.ts';
import { digestUki } from '../../firmware/uki-file.ts';
import type { ControlClient } from '../control/client.ts';
import type { ReferencesDraft } from '../control/views.ts';
import { type ApprovedBoots, parseApprovedBootsText } from '../custody/approved-boots.ts';
import { readBounded, replaceFile } from '../host/files.ts';
import { encodeReferencesFile, loadReferences } from '../tpm/references-file.ts';
import { draftUkiState } from '../tpm/uki-state.ts';
import { ceremonyText } from './ceremony-print.ts';
import { type CommandContext, EXIT_DONE, EXIT_FAILED, parseLine, UsageError } from './command.ts';
import { factsText, jsonText } from './print.ts';
import { parseStateName, stateText, tellState } from './references-print.ts';
import { CLIENT_OPTIONS, withDaemon } from './settings.ts';

const APPROVE_OPTIONS = {
  ...CLIENT_OPTIONS,
  generation: { type: 'string', default: '0' },
  uki: { type: 'string' },
  name: { type: 'string' },
  like: { type: 'string' },
  yes: { type: 'boolean', default: false },
} as const;

/** Has the authority sign drafted states, or the successor of an approved one. */
export async function approve(context: CommandContext): Promise<number> {
  return withDraft(context, 'approve', async (daemon, draft, values) =>
    shown(context, values, await daemon.call('references.approve', draft)),
  );
}

/** Has them wait at the authority until a person approves them. */
export async function offer(context: CommandContext): Promise<number> {
  return withDraft(context, 'offer', async (daemon, draft, { json }) => {
    const ceremony = await daemon.call('references.offer', draft);
    context.write(json ? jsonText(ceremony) : ceremonyText(ceremony));
    return EXIT_DONE;
  });
}

/** Reads what is to be approved, shows it, and has a word typed. */
async function withDraft(
  context: CommandContext,
  word: 'approve' | 'offer',
  use: (
    daemon: ControlClient,
    draft: ReferencesDraft,
    values: { readonly json?: boolean },
  ) => Promise<number>,
): Promise<number> {
  const { values, operands } = parseLine(context.args, APPROVE_OPTIONS, ['[FILE]']);
  const [file] = operands;
  if ((file === undefined) === (values.uki === undefined)) {
    throw new UsageError('name a FILE of drafted states, or an image with --uki');
  }
  return withDaemon(context, values, async (daemon) => {
    const states =
      file === undefined
        ? [await draftSuccessor(daemon, values)]
        : await loadReferences(resolve(file));
    for (const state of states) tellState(context, state);
    if (file === undefined && states.some(({ secureBoot }) => secureBoot === 'any')) {
      context.complain(
        'without Secure Boot or PCR 4 another loader could measure what this image does',
      );
    }
    if (!values.yes && !(await isMeant(context, word))) {
      context.complain(word === 'offer' ? 'nothing was offered' : 'nothing was approved');
      return EXIT_FAILED;
    }
    const text = fromUtf8(encodeReferencesFile(states));
    return use(daemon, { text, generation: values.generation }, values);
  });
}

/** Takes a state back, in every chip that hears of it. */
export async function withdraw(context: CommandContext): Promise<number> {
  const options = { ...CLIENT_OPTIONS, yes: { type: 'boolean', default: false } } as const;
  const { values, operands } = parseLine(context.args, options, ['NAME']);
  const [name = ''] = operands;
  context.complain(
    `${JSON.stringify(name)}: no chip that hears of it opens keys after such a boot`,
  );
  if (!values.yes && !(await isMeant(context, 'withdraw'))) {
    context.complain('nothing was withdrawn');
    return EXIT_FAILED;
  }
  return withDaemon(context, values, async (daemon) =>
    shown(context, values, await daemon.call('references.withdraw', { name })),
  );
}

/** Prints what a file drafts, or what the domain approves. */
export async function show(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['[FILE]']);
  const [file] = operands;
  if (file === undefined) {
    return withDaemon(context, values, async (daemon) =>
      shown(context, values, await daemon.call('references.show', {})),
    );
  }
  const states = await loadReferences(resolve(file));
  if (values.json) context.write(jsonText({ states: states.map(encodeState) }));
  else context.write(states.map(stateText).join('\n') || 'nothing is approved\n');
  return EXIT_DONE;
}

/** Writes what the domain approves, for a node that no network reaches. */
export async function exportApproved(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['FILE']);
  const path = resolve(operands[0] ?? '');
  return withDaemon(context, values, async (daemon) => {
    const { text } = await daemon.call('references.show', {});
    if (text === '') throw new Refusal('reference-unknown', { why: 'nothing is approved' });
    await replaceFile(path, toUtf8(text), 0o644);
    context.write(values.json ? jsonText({ path }) : factsText([['exported', path]]));
    return EXIT_DONE;
  });
}

/** Has a word typed. Throws `UsageError` where nobody can be asked. */
export async function isMeant({ ask }: CommandContext, word: string): Promise<boolean> {
  if (ask === undefined) throw new UsageError('nobody can be asked here: say --yes');
  return (await ask(`Type ${word} to go on: `)).trim() === word;
}

async function draftSuccessor(
  daemon: ControlClient,
  values: { readonly uki?: string; readonly name?: string; readonly like?: string },
): Promise<ReferenceState> {
  const name = parseStateName(values.name);
  const { text } = await daemon.call('references.show', {});
  const states = text === '' ? [] : parseApprovedBootsText(toUtf8(text)).states;
  const like = states.find((state) => state.name === values.like);
  if (like === undefined) throw new Refusal('reference-unknown', { name: values.like ?? 'none' });
  const image = await readBounded(resolve(values.uki ?? ''), UKI_BYTES_MAX);
  return draftUkiState(like, digestUki(image, like.bank), name);
}

function shown(
  context: CommandContext,
  { json }: { readonly json?: boolean },
  { text }: { readonly text: string },
): number {
  if (json) context.write(text === '' ? jsonText({ states: [] }) : text);
  else context.write(text === '' ? 'nothing is approved\n' : approvedText(text));
  return EXIT_DONE;
}

function approvedText(text: string): string {
  const { boots, states }: ApprovedBoots = parseApprovedBootsText(toUtf8(text));
  const facts = factsText([
    ['generation', String(boots.generation)],
    ['approvals', String(boots.approvals.length)],
  ]);
  return [facts, ...states.map(stateText)].join('\n');
}
