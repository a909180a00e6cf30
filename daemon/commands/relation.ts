/** `holdfast relation`: what this domain honours of a partner, reviewed, narrowed, withdrawn. */

import { resolve } from 'node:path';
import { fromUtf8 } from '../../core/bytes.ts';
import { BUNDLE_FILE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { isDialAddress } from '../address.ts';
import type { ControlClient } from '../control/client.ts';
import type { RelationTermsView, RelationView } from '../control/protocol.ts';
import { openClock } from '../host/clock.ts';
import { readBounded } from '../host/files.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { aloudText } from './fingerprint-print.ts';
import type { BundleFacts } from './inspect-bundle.ts';
import { factsText, jsonText, tableText } from './print.ts';
import {
  TERMS_OPTIONS,
  TERMS_USAGE,
  type TermsValues,
  termsFrom,
  termsRows,
} from './relation-terms.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast relation review FILE [TERMS] [OPTIONS]
       holdfast relation accept FILE [TERMS] [--peer ADDRESS…] [--yes] [OPTIONS]
       holdfast relation narrow DOMAIN TERMS [--yes] [OPTIONS]
       holdfast relation withdraw DOMAIN [--yes] [OPTIONS]
       holdfast relation list [OPTIONS]
       holdfast relation show DOMAIN [OPTIONS]

A relation is this domain's own signed statement about a partner: one way, and never
passed on. It says whose identities are honoured, and apart from that whether the
partner's nodes may link to ours. FILE is the partner's bundle file. Review shows
the words to compare aloud with a person of that domain, and what would change;
accept shows the same and asks for a typed yes. Of a partner there is, accept takes
terms that grant more too; narrow only takes away, in every tier and at once.

  --peer ADDRESS          a node of the partner, such as
                          /dns4/node.blue.example/tcp/7717; may be repeated
  --yes                   without asking
${TERMS_USAGE}${CLIENT_USAGE}`;

export const command: Command = {
  name: 'relation',
  summary: 'what is honoured of a partner: reviewed, accepted, narrowed, withdrawn',
  usage: USAGE,
  run: (context) => runAction(context, { review, accept, narrow, withdraw, list, show }),
};

/** What a relation to nobody yet would grant, but for what is said: nothing of itself. */
const NOTHING_YET: RelationTermsView = {
  scope: [],
  minAssurance: 'software',
  limits: null,
  survivalForeign: false,
  peering: false,
  serveBundle: true,
  notAfter: '',
};

const ACCEPT_OPTIONS = {
  ...CLIENT_OPTIONS,
  ...TERMS_OPTIONS,
  peer: { type: 'string', multiple: true },
} as const;

interface Review {
  readonly facts: BundleFacts;
  readonly from: RelationTermsView | null;
  readonly to: RelationTermsView;
}

async function review(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, ACCEPT_OPTIONS, ['FILE']);
  const { facts, from, to } = await withDaemon(context, values, async (daemon) =>
    reviewOf(daemon, await readFile(operands), values),
  );
  const seen = { ...facts, from, to };
  context.write(values.json ? jsonText(seen) : reviewText({ facts, from, to }));
  return EXIT_DONE;
}

async function accept(context: CommandContext): Promise<number> {
  const options = { ...ACCEPT_OPTIONS, yes: { type: 'boolean', default: false } } as const;
  const { values, operands } = parseLine(context.args, options, ['FILE']);
  const { peer: peers = [] } = values;
  const wrong = peers.find((address) => !isDialAddress(address));
  if (wrong !== undefined) throw new UsageError(`--peer takes an address, not ${wrong}`);
  return withDaemon(context, values, async (daemon) => {
    const file = await readFile(operands);
    const seen = await reviewOf(daemon, file, values);
    if (seen.from === null && values.scope === undefined) {
      throw new UsageError('--scope is missing: / honours the whole domain, none nobody');
    }
    if (!values.json) context.write(reviewText(seen));
    if (!(await isAgreed(context, values.yes))) return EXIT_FAILED;
    const text = fromUtf8(file);
    const relation = await daemon.call('relation.accept', { text, peers, terms: seen.to });
    context.write(values.json ? jsonText(relation) : doneText('accepted', relation));
    return EXIT_DONE;
  });
}

async function narrow(context: CommandContext): Promise<number> {
  const options = {
    ...{ ...CLIENT_OPTIONS, ...TERMS_OPTIONS },
    yes: { type: 'boolean', default: false },
  } as const;
  const { values, operands } = parseLine(context.args, options, ['DOMAIN']);
  return withDaemon(context, values, async (daemon) => {
    const { domain, terms: from } = await relationTo(daemon, operands[0] ?? '');
    const terms = termsFrom(values, from);
    if (!values.json) context.write(changeText(from, terms));
    if (!(await isAgreed(context, values.yes))) return EXIT_FAILED;
    const relation = await daemon.call('relation.narrow', { domain, terms });
    context.write(values.json ? jsonText(relation) : doneText('narrowed', relation));
    return EXIT_DONE;
  });
}

async function withdraw(context: CommandContext): Promise<number> {
  const options = { ...CLIENT_OPTIONS, yes: { type: 'boolean', default: false } } as const;
  const { values, operands } = parseLine(context.args, options, ['DOMAIN']);
  return withDaemon(context, values, async (daemon) => {
    const { domain, terms } = await relationTo(daemon, operands[0] ?? '');
    if (!values.json) context.write(changeText(terms, null));
    if (!(await isAgreed(context, values.yes))) return EXIT_FAILED;
    const withdrawn = await daemon.call('relation.withdraw', { domain });
    const facts = [
      ['withdrawn', withdrawn.domain],
      ['epoch', withdrawn.epoch],
    ] as const;
    context.write(values.json ? jsonText(withdrawn) : factsText(facts));
    return EXIT_DONE;
  });
}

async function list(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, CLIENT_OPTIONS);
  const relations = await withDaemon(context, values, relationsOf);
  context.write(values.json ? jsonText({ relations }) : listText(relations));
  return EXIT_DONE;
}

async function show(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['DOMAIN']);
  const relation = await withDaemon(context, values, (daemon) =>
    relationTo(daemon, operands[0] ?? ''),
  );
  context.write(values.json ? jsonText(relation) : doneText('partner', relation));
  return EXIT_DONE;
}

function readFile(operands: readonly string[]): Promise<Uint8Array> {
  return readBounded(resolve(operands[0] ?? ''), BUNDLE_FILE_BYTES_MAX);
}

/** What a file says of itself, and what accepting it under these terms would change. */
async function reviewOf(
  daemon: ControlClient,
  file: Uint8Array,
  values: TermsValues,
): Promise<Review> {
  const { inspectBundle } = await import('./inspect-bundle.ts');
  const facts = inspectBundle(file, openClock().now());
  const held = (await relationsOf(daemon)).find(({ domain }) => domain === facts.domain);
  const from = held?.terms ?? null;
  return { facts, from, to: termsFrom(values, from ?? NOTHING_YET) };
}

/** Partners that sign; what an endpoint shows has no terms. */
async function relationsOf(daemon: ControlClient): Promise<readonly RelationView[]> {
  const { relations } = await daemon.call('federation.list', {});
  return relations.filter(({ kind }) => kind === 'holdfast');
}

async function relationTo(daemon: ControlClient, name: string): Promise<RelationView> {
  const found = (await relationsOf(daemon)).find(({ domain }) => domain === name);
  if (found === undefined) throw new Refusal('relation-unknown', { domain: name.slice(0, 255) });
  return found;
}

async function isAgreed(context: CommandContext, isSaid: boolean): Promise<boolean> {
  if (isSaid) return true;
  if (context.ask === undefined) throw new UsageError('nobody can be asked here; add --yes');
  if ((await context.ask('Is that what you want? Type yes: ')).trim() === 'yes') return true;
  context.complain('holdfast: nothing was changed');
  return false;
}

function reviewText({ facts, from, to }: Review): string {
  const current = facts.epoch === '' ? 'never' : `epoch ${facts.epoch}, as of ${facts.asOf}`;
  return `${aloudText(facts)}${factsText([['current', current]])}\n${changeText(from, to)}`;
}

function changeText(from: RelationTermsView | null, to: RelationTermsView | null): string {
  return tableText(['GRANTS', 'NOW', 'THEN'], termsRows(from, to));
}

function doneText(what: string, { domain, fingerprint, tier, peers, terms }: RelationView): string {
  return factsText([
    [what, domain],
    ['fingerprint', fingerprint],
    ['tier', tier],
    ['peers', peers.join(' ') || 'none: carry its bundle files here'],
    ...termsRows(null, terms).map(([grant, , words]) => [grant, words] as const),
  ]);
}

function listText(relations: readonly RelationView[]): string {
  if (relations.length === 0) return 'no relations; holdfast relation accept makes one\n';
  return tableText(
    ['DOMAIN', 'TIER', 'IDENTITIES', 'OF MACHINES', 'LINKS', 'BUNDLE', 'UNTIL'],
    relations.map(({ domain, tier, terms }) => {
      const [scope = '', machines = '', links = '', bundle = ''] = termsRows(null, terms).map(
        ([, , words]) => words,
      );
      return [domain, tier, scope, machines, links, bundle, terms.notAfter || 'withdrawn'];
    }),
  );
}
