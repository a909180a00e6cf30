/** `holdfast relation`: what is honoured of a partner: proposed, reviewed, narrowed, withdrawn. */

import { resolve } from 'node:path';
import { fromUtf8, toUtf8 } from '../../core/bytes.ts';
import { BUNDLE_FILE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { decodeProposalFile } from '../../federation/relation-proposal.ts';
import type { ControlClient } from '../control/client.ts';
import { NOTHING_YET, termsRows } from '../control/terms.ts';
import type { RelationProposalView, RelationTermsView, RelationView } from '../control/views.ts';
import { openClock } from '../host/clock.ts';
import { readBounded, replaceFile } from '../host/files.ts';
import { termsView } from '../relation/terms-view.ts';
import { isDialAddress } from '../text/address.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  EXIT_FAILED,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { aloudText, wordFacts } from './fingerprint-print.ts';
import type { BundleFacts } from './inspect-bundle.ts';
import { factsText, jsonText, tableText } from './print.ts';
import { TERMS_OPTIONS, TERMS_USAGE, type TermsValues, termsFrom } from './relation-terms.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast relation propose DOMAIN [FILE] TERMS [--peer ADDRESS…] [--send]
                [OPTIONS]
       holdfast relation review [FILE] [--from DOMAIN] [TERMS] [OPTIONS]
       holdfast relation accept [FILE] [--from DOMAIN] [TERMS] [--peer ADDRESS…]
                [--yes] [OPTIONS]
       holdfast relation narrow DOMAIN TERMS [--yes] [OPTIONS]
       holdfast relation withdraw DOMAIN [--yes] [OPTIONS]
       holdfast relation list [OPTIONS]
       holdfast relation show DOMAIN [OPTIONS]

A relation is this domain's own signed statement about a partner: one way, and
never passed on. It says whose identities are honoured, and apart from that
whether the partner's nodes may link to ours. Review shows the words to compare
aloud with a person of that domain, and what would change; accept shows the same
and asks for a typed yes. Of a partner there is, accept takes terms that grant
more too; narrow only takes away, in every tier and at once.

FILE is the partner's bundle file, alone or with what it asks for: propose
writes that, to be carried, or sends it over a link to a partner there is.
Whoever accepts grants what was asked, but for the terms said here.

  --from DOMAIN           what that partner proposed over a link, instead of
                          FILE
  --send                  propose over the link to that domain
  --peer ADDRESS          a node of the partner, such as
                          /dns4/node.blue.example/tcp/7717; may be repeated.
                          With propose, a node of ours
  --yes                   without asking
${TERMS_USAGE}${CLIENT_USAGE}`;

export const command: Command = {
  name: 'relation',
  summary: 'propose, accept, narrow, withdraw what is honoured of a partner',
  usage: USAGE,
  run: (context) => runAction(context, { propose, review, accept, narrow, withdraw, list, show }),
};

const ACCEPT_OPTIONS = {
  ...CLIENT_OPTIONS,
  ...TERMS_OPTIONS,
  peer: { type: 'string', multiple: true },
  from: { type: 'string' },
} as const;

/** What accepting would do, and on whose word. */
interface Review {
  readonly domain: string;
  /** What the file says of itself; null for a proposal that came over a link. */
  readonly facts: BundleFacts | null;
  readonly fingerprint: string;
  readonly asked: RelationTermsView | null;
  readonly addresses: readonly string[];
  readonly from: RelationTermsView | null;
  readonly to: RelationTermsView;
}

async function propose(context: CommandContext): Promise<number> {
  const options = {
    ...{ ...CLIENT_OPTIONS, ...TERMS_OPTIONS },
    peer: { type: 'string', multiple: true },
    send: { type: 'boolean', default: false },
  } as const;
  const { values, operands } = parseLine(context.args, options, ['DOMAIN', '[FILE]']);
  const [to = '', path] = operands;
  const { send, peer = [] } = values;
  if (path === undefined && !send) throw new UsageError('FILE is missing, or --send');
  if (values.scope === undefined) {
    throw new UsageError('--scope is missing: / is our whole domain, none nobody of it');
  }
  const asks = termsFrom(values, NOTHING_YET);
  const addresses = addressesIn(peer);
  const { text } = await withDaemon(context, values, (daemon) =>
    daemon.call('relation.propose', { to, asks, addresses, send }),
  );
  if (path !== undefined) await replaceFile(resolve(path), toUtf8(text), 0o644);
  const proposed = { to, asks, file: path === undefined ? '' : resolve(path), sent: send };
  context.write(values.json ? jsonText(proposed) : await proposedText(text, proposed));
  return EXIT_DONE;
}

async function review(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, ACCEPT_OPTIONS, ['[FILE]']);
  const seen = await withDaemon(context, values, async (daemon) =>
    reviewOf(daemon, await readSource(operands, values.from), values),
  );
  context.write(values.json ? jsonText(seen) : reviewText(seen));
  return EXIT_DONE;
}

async function accept(context: CommandContext): Promise<number> {
  const options = { ...ACCEPT_OPTIONS, yes: { type: 'boolean', default: false } } as const;
  const { values, operands } = parseLine(context.args, options, ['[FILE]']);
  const given = addressesIn(values.peer ?? []);
  return withDaemon(context, values, async (daemon) => {
    const source = await readSource(operands, values.from);
    const seen = await reviewOf(daemon, source, values);
    if (seen.from === null && seen.asked === null && values.scope === undefined) {
      throw new UsageError('--scope is missing: / honours the whole domain, none nobody');
    }
    if (!values.json) context.write(reviewText(seen));
    if (!(await isAgreed(context, values.yes))) return EXIT_FAILED;
    const { domain, to: terms } = seen;
    const peers = given.length > 0 ? given : seen.addresses;
    const relation =
      source.kind === 'link'
        ? await daemon.call('relation.answer', { domain, terms, peers })
        : await daemon.call('relation.accept', { text: fromUtf8(source.file), terms, peers });
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
  const [relations, proposals] = await withDaemon(context, values, (daemon) =>
    Promise.all([relationsOf(daemon), proposalsOf(daemon)]),
  );
  context.write(
    values.json
      ? jsonText({ relations, proposals })
      : listText(relations) + proposalsText(proposals),
  );
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

type Source =
  | { readonly kind: 'file'; readonly file: Uint8Array }
  | { readonly kind: 'link'; readonly from: string };

async function readSource([path]: readonly string[], from: string | undefined): Promise<Source> {
  if ((path === undefined) === (from === undefined)) throw new UsageError('FILE or --from DOMAIN');
  if (from !== undefined) return { kind: 'link', from };
  return { kind: 'file', file: await readBounded(resolve(path ?? ''), BUNDLE_FILE_BYTES_MAX) };
}

/** Whose word it is, and what accepting it under these terms would change. */
async function reviewOf(
  daemon: ControlClient,
  source: Source,
  values: TermsValues,
): Promise<Review> {
  const read = source.kind === 'file' ? await readProposal(daemon, source.file) : null;
  const { domain, facts, asked, addresses } = read ?? (await sentBy(daemon, source));
  const held = (await relationsOf(daemon)).find((relation) => relation.domain === domain);
  const from = held?.terms ?? null;
  const to = termsFrom(values, asked ?? from ?? NOTHING_YET);
  const fingerprint = facts?.fingerprint ?? held?.fingerprint ?? '';
  return { domain, facts, fingerprint, asked, addresses, from, to };
}

type Asked = Pick<Review, 'domain' | 'facts' | 'asked' | 'addresses'>;

/** The file, verified in itself: its domain signed what it asks, and asks it of ours. */
async function readProposal(daemon: ControlClient, file: Uint8Array): Promise<Asked> {
  const { inspectProposal } = await import('./inspect-bundle.ts');
  const own = parseTrustDomain((await daemon.call('status', {})).domain);
  const { facts, proposal } = inspectProposal(file, own, openClock().now());
  const asked = proposal === null ? null : termsView(proposal.asks);
  return { domain: facts.domain, facts, asked, addresses: proposal?.addresses ?? [] };
}

async function sentBy(daemon: ControlClient, source: Source): Promise<Asked> {
  const name = source.kind === 'link' ? source.from : '';
  const found = (await proposalsOf(daemon)).find(({ domain }) => domain === name);
  if (found === undefined) throw new Refusal('relation-unproposed', { domain: name.slice(0, 255) });
  const { domain, asks, addresses } = found;
  return { domain, facts: null, asked: asks, addresses };
}

async function proposalsOf(daemon: ControlClient): Promise<readonly RelationProposalView[]> {
  return (await daemon.call('relation.proposals', {})).proposals;
}

function addressesIn(addresses: readonly string[]): readonly string[] {
  const wrong = addresses.find((address) => !isDialAddress(address));
  if (wrong !== undefined) throw new UsageError(`--peer takes an address, not ${wrong}`);
  return addresses;
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

function reviewText({ domain, facts, fingerprint, asked, addresses, from, to }: Review): string {
  const who =
    facts === null
      ? factsText([['domain', domain], ['fingerprint', fingerprint], ...wordFacts(fingerprint)])
      : aloudText(facts);
  const epoch = facts?.epoch ?? '';
  const current =
    epoch === '' ? [] : [['current', `epoch ${epoch}, as of ${facts?.asOf}`] as const];
  const reached = addresses.length === 0 ? [] : [['reached by', addresses.join(' ')] as const];
  const more = [...current, ...reached];
  const asking = asked === null ? '' : `it asks for\n\n${askText(asked)}\n`;
  return `${who}${more.length === 0 ? '' : factsText(more)}\n${asking}${changeText(from, to)}`;
}

async function proposedText(
  text: string,
  { to, asks, file, sent }: { to: string; asks: RelationTermsView; file: string; sent: boolean },
): Promise<string> {
  const { inspectBundle } = await import('./inspect-bundle.ts');
  const { bundle } = decodeProposalFile(toUtf8(text));
  const facts = factsText([
    ['proposed to', to],
    ['file', file || 'none'],
    ['sent', sent ? 'over a link' : 'no: carry the file there'],
  ]);
  return `${aloudText(inspectBundle(bundle, openClock().now()))}${facts}\n${askText(asks)}`;
}

function askText(asked: RelationTermsView): string {
  const rows = termsRows(null, asked).map(([grant, , words]) => [grant, words]);
  return tableText(['GRANTS', 'ASKED'], rows);
}

function changeText(from: RelationTermsView | null, to: RelationTermsView | null): string {
  return tableText(['GRANTS', 'NOW', 'THEN'], termsRows(from, to));
}

function proposalsText(proposals: readonly RelationProposalView[]): string {
  if (proposals.length === 0) return '';
  const rows = proposals.map(({ domain, asks, notAfter }) => {
    return [domain, asks.scope.join(' ') || 'none', asks.minAssurance, notAfter];
  });
  return `\n${tableText(['PROPOSED BY', 'IDENTITIES', 'OF MACHINES', 'UNTIL'], rows)}`;
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
    ['DOMAIN', 'TIER', 'IDENTITIES', 'OF MACHINES', 'LINKS', 'BUNDLE', 'BUDGET', 'UNTIL'],
    relations.map(({ domain, tier, terms }) => {
      const [scope = '', machines = '', links = '', bundle = ''] = termsRows(null, terms).map(
        ([, , words]) => words,
      );
      const budget = `${terms.budgetMib} MiB`;
      return [domain, tier, scope, machines, links, bundle, budget, terms.notAfter || 'withdrawn'];
    }),
  );
}
