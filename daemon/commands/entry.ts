/** `holdfast entry`: which callers of this domain are which workload. */

import type { EntryView } from '../control/protocol.ts';
import { formatDuration, parseDuration } from '../duration.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { countText, factsText, jsonText, tableText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast entry create --spiffe-id ID --selector SELECTOR… [OPTIONS]
       holdfast entry list [OPTIONS]
       holdfast entry delete ID [OPTIONS]

An entry says: whoever shows all of these selectors is this SPIFFE ID.

  --spiffe-id ID          such as spiffe://home.example/web
  --selector SELECTOR     unix:uid:N, unix:gid:N, unix:path:/ABSOLUTE or
                          unix:sha256:HEX; repeat it, and all have to match
  --ttl DURATION          life of an X509-SVID, such as 30m
  --federates-with NAME   a partner whose bundle the workload gets; may be repeated
  --hint TEXT             a word for a workload that holds several SVIDs
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'entry',
  summary: 'create, list and delete registration entries',
  usage: USAGE,
  run: (context) => runAction(context, { create, list, delete: remove }),
};

async function create(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, {
    ...CLIENT_OPTIONS,
    'spiffe-id': { type: 'string' },
    selector: { type: 'string', multiple: true },
    ttl: { type: 'string' },
    'federates-with': { type: 'string', multiple: true },
    hint: { type: 'string' },
  });
  const { 'spiffe-id': spiffeId, selector: selectors, hint } = values;
  if (spiffeId === undefined) throw new UsageError('--spiffe-id is missing');
  if (selectors === undefined) throw new UsageError('--selector is missing');
  const federatesWith = values['federates-with'];
  const ttl = values.ttl === undefined ? undefined : parseTtl(values.ttl);
  const entry = await withDaemon(context, values, (daemon) =>
    daemon.call('entry.create', {
      spiffeId,
      selectors,
      ...(ttl === undefined ? {} : { x509SvidTtlMs: ttl }),
      ...(federatesWith === undefined ? {} : { federatesWith }),
      ...(hint === undefined ? {} : { hint }),
    }),
  );
  context.write(values.json ? jsonText(entry) : createdText(entry));
  return EXIT_DONE;
}

async function list(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, CLIENT_OPTIONS);
  const { entries } = await withDaemon(context, values, (daemon) => daemon.call('entry.list', {}));
  context.write(values.json ? jsonText({ entries }) : listText(entries));
  return EXIT_DONE;
}

async function remove(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['ID']);
  const [id = ''] = operands;
  const deleted = await withDaemon(context, values, (daemon) =>
    daemon.call('entry.delete', { id }),
  );
  const facts = [
    ['deleted', deleted.id],
    ['epoch', deleted.epoch],
  ] as const;
  context.write(values.json ? jsonText(deleted) : factsText(facts));
  return EXIT_DONE;
}

function parseTtl(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new UsageError('--ttl takes a duration such as 30m');
  return ms;
}

function createdText(entry: EntryView & { readonly epoch: string }): string {
  return factsText([
    ['created', entry.id],
    ['SPIFFE ID', entry.spiffeId],
    ['selectors', entry.selectors.join(' ')],
    ['ttl', formatDuration(entry.x509SvidTtlMs)],
    ['epoch', entry.epoch],
  ]);
}

function listText(entries: readonly EntryView[]): string {
  if (entries.length === 0) return 'no entries; holdfast entry create makes one\n';
  const table = tableText(
    ['ID', 'SPIFFE ID', 'TTL', 'SELECTORS', 'FEDERATES WITH', 'HINT'],
    entries.map((entry) => [
      entry.id,
      entry.spiffeId,
      formatDuration(entry.x509SvidTtlMs),
      entry.selectors.join(' '),
      entry.federatesWith.join(' '),
      entry.hint,
    ]),
  );
  return `${table}\n${countText(entries.length, 'entry', 'entries')}\n`;
}
