/**
 * What `holdfast root`, `holdfast revoke` and `holdfast override` do with a proposal: show it, sign
 * it, merge copies, publish it (PROTOCOL §2.7). Only publishing needs a daemon.
 */

import { resolve } from 'node:path';
import { toUtf8 } from '../../core/bytes.ts';
import { BUNDLE_FILE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { runtimeSuite } from '../../core/runtime-suite.ts';
import type { Instant } from '../../core/time.ts';
import { encodeBlock } from '../../federation/armour.ts';
import type { Belief } from '../../federation/belief.ts';
import type { DocumentType } from '../../federation/envelope.ts';
import {
  decodeProposal,
  encodeProposal,
  lackingOf,
  mergeProposals,
  type Proposal,
  signProposal,
} from '../../federation/proposal.ts';
import { openPersonKey } from '../ceremony/person-key.ts';
import { proposalChanges, proposalDate, proposalTitle } from '../ceremony/proposal-words.ts';
import { readBounded, replaceFile } from '../host/files.ts';
import { type CommandContext, EXIT_DONE, EXIT_FAILED, parseLine, UsageError } from './command.ts';
import { isTaken, outcomesText } from './import-print.ts';
import { believeFile } from './inspect-bundle.ts';
import { passphraseFrom } from './passphrase.ts';
import { factsText, jsonText } from './print.ts';
import { CLIENT_OPTIONS, withDaemon } from './settings.ts';

const SUITE = runtimeSuite();

/** The actions of a command whose proposals are documents of `type`. */
export function proposalActions(type: DocumentType) {
  return {
    show: (context: CommandContext) => show(context, type),
    sign: (context: CommandContext) => sign(context, type),
    merge: (context: CommandContext) => merge(context, type),
    publish: (context: CommandContext) => publish(context, type),
  };
}

/** What a proposal is made upon: the domain as the file `from` or else the daemon shows it. */
export async function believedUpon(
  context: CommandContext,
  values: { readonly from?: string | undefined; readonly 'control-socket'?: string | undefined },
  now: Instant,
): Promise<Belief> {
  const { from } = values;
  if (from !== undefined) {
    return believeFile(await readBounded(resolve(from), BUNDLE_FILE_BYTES_MAX), now);
  }
  const { text } = await withDaemon(context, values, (daemon) =>
    daemon.call('bundle.export', { format: 'holdfast' }),
  );
  return believeFile(toUtf8(text), now);
}

/** Writes a proposal to a file and prints what it is. */
export async function saveProposal(
  context: CommandContext,
  { file, text }: { readonly file: string; readonly text: string },
  { json }: { readonly json?: boolean | undefined },
): Promise<number> {
  const path = resolve(file);
  await replaceFile(path, toUtf8(text), 0o644);
  const proposal = decodeProposal(SUITE, toUtf8(text));
  context.write(json ? jsonText({ path, ...facts(proposal) }) : proposalText(proposal));
  return EXIT_DONE;
}

async function show(context: CommandContext, type: DocumentType): Promise<number> {
  const { values, operands } = parseLine(context.args, { json: CLIENT_OPTIONS.json }, ['FILE']);
  const proposal = await load(operands[0] ?? '', type);
  context.write(values.json ? jsonText(facts(proposal)) : proposalText(proposal));
  return EXIT_DONE;
}

async function sign(context: CommandContext, type: DocumentType): Promise<number> {
  const options = {
    key: { type: 'string' },
    'passphrase-file': { type: 'string' },
    yes: { type: 'boolean', default: false },
  } as const;
  const { values, operands } = parseLine(context.args, options, ['FILE']);
  if (values.key === undefined) throw new UsageError('--key is missing');
  const path = resolve(operands[0] ?? '');
  const proposal = await load(path, type);
  for (const line of proposalText(proposal).trimEnd().split('\n')) context.complain(line);
  if (!values.yes && !(await isMeant(context))) {
    context.complain('nothing was signed');
    return EXIT_FAILED;
  }
  const ask = passphraseFrom(context, values['passphrase-file'], 'Passphrase of the key: ');
  const signer = await openPersonKey(SUITE, resolve(values.key), ask);
  await replaceWith(path, proposal, signProposal(proposal, signer));
  context.write(`signed with ${signer.keyId}\n`);
  return EXIT_DONE;
}

async function merge(context: CommandContext, type: DocumentType): Promise<number> {
  const { operands } = parseLine(context.args, {}, ['FILE', 'OTHER']);
  const path = resolve(operands[0] ?? '');
  const one = await load(path, type);
  const other = await load(operands[1] ?? '', type);
  await replaceWith(path, one, mergeProposals(one, other));
  context.write(proposalText(await load(path, type)));
  return EXIT_DONE;
}

async function publish(context: CommandContext, type: DocumentType): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['FILE']);
  const proposal = await load(operands[0] ?? '', type);
  const [lacking] = lackingOf(proposal);
  if (lacking !== undefined) {
    const { name: of, role, signed } = lacking;
    throw new Refusal('threshold-unmet', { of, expected: role.threshold, got: signed.length });
  }
  const text = encodeBlock(type, proposal.envelope.bytes);
  const { documents } = await withDaemon(context, values, (daemon) =>
    daemon.call('bundle.import', { text }),
  );
  context.write(values.json ? jsonText({ documents }) : outcomesText(documents));
  return documents.every(isTaken) ? EXIT_DONE : EXIT_FAILED;
}

/** Has the act typed. Throws `UsageError` where nobody can be asked. */
async function isMeant({ ask }: CommandContext): Promise<boolean> {
  if (ask === undefined) throw new UsageError('a signature binds: say --yes');
  return (await ask('Type sign to go on: ')).trim() === 'sign';
}

async function load(file: string, type: DocumentType): Promise<Proposal> {
  const bytes = await readBounded(resolve(file), BUNDLE_FILE_BYTES_MAX);
  const proposal = decodeProposal(SUITE, bytes);
  const got = proposal.envelope.type;
  if (got !== type) throw new Refusal('document-type', { expected: type, got });
  return proposal;
}

async function replaceWith(path: string, of: Proposal, envelope: Uint8Array): Promise<void> {
  await replaceFile(path, toUtf8(encodeProposal(of.belief, envelope)), 0o644);
}

interface ProposalFacts {
  readonly domain: string;
  /** Digest of the first Root: what the domain is known by. */
  readonly firstRoot: string;
  /** Digest of the newest Root that the proposal is made upon. */
  readonly heldRoot: string;
  readonly heldVersion: string;
  /** Digest of what is proposed: what signers compare before they sign. */
  readonly proposal: string;
  readonly dated: string;
  readonly changes: readonly string[];
  readonly signatures: readonly string[];
}

function facts(proposal: Proposal): ProposalFacts {
  const { belief, held, envelope, quorums } = proposal;
  return {
    domain: belief.domain,
    firstRoot: belief.firstRoot,
    heldRoot: belief.roots.at(-1)?.digest ?? '',
    heldVersion: String(held.version),
    proposal: envelope.digest,
    dated: proposalDate(proposal),
    changes: proposalChanges(proposal),
    signatures: quorums.map(
      ({ name, role, signed }) => `${signed.length} of ${role.threshold} ${name}`,
    ),
  };
}

/** Everything that a signer is shown. */
export function proposalText(proposal: Proposal): string {
  const told = facts(proposal);
  const head = factsText([
    ['domain', told.domain],
    ['first Root', told.firstRoot],
    ['upon', `Root ${told.heldVersion}, ${told.heldRoot}`],
    ['proposed', `${proposalTitle(proposal)}, ${told.proposal}`],
    ...told.signatures.map((line) => ['signed', line] as const),
  ]);
  const changes = told.changes.map((line) => `  ${line}\n`).join('');
  return `${head}what it changes:\n${changes || '  nothing\n'}`;
}
