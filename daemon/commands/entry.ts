/** `holdfast entry`: which callers of this domain are which workload. */

import { resolve } from 'node:path';
import { ENTRY_FILE_BYTES_MAX } from '../../core/limits.ts';
import { printable } from '../../core/printable.ts';
import type { EntryApplied, EntryUpdate, EntryView, KeyType } from '../control/protocol.ts';
import { formatDuration, parseDuration } from '../duration.ts';
import { readBounded } from '../host/files.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { parseEntryFile } from './entry-file.ts';
import { countText, factsText, jsonText, tableText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast entry create --spiffe-id ID --selector SELECTOR… [OPTIONS]
       holdfast entry list [OPTIONS]
       holdfast entry show ID [OPTIONS]
       holdfast entry update ID [--ttl DURATION] [--hint TEXT]
                [--federates-with NAME… | --federates-with-nobody] [OPTIONS]
       holdfast entry apply FILE [--delete-others] [--yes] [OPTIONS]
       holdfast entry delete ID [OPTIONS]

An entry says: whoever shows all of these selectors is this SPIFFE ID.

  --spiffe-id ID          such as spiffe://home.example/web
  --selector SELECTOR     unix:uid:N, unix:user:NAME, unix:gid:N, unix:group:NAME,
                          unix:supplementary_gid:N, unix:supplementary_group:NAME,
                          unix:path:/ABSOLUTE, unix:sha256:HEX, systemd:id:UNIT,
                          systemd:fragment_path:/ABSOLUTE, cgroup:path:/ABSOLUTE,
                          docker:label:KEY:VALUE, docker:env:NAME=VALUE or
                          docker:image_id:IMAGE; repeat it, and all have to match
  --ttl DURATION          life of an X509-SVID, such as 30m
  --jwt-ttl DURATION      life of a token, such as 5m
  --key-type TYPE         ec-p256 (the default), or ml-dsa-65 for a workload whose
                          library knows it; most fail on such keys
  --federates-with NAME   a partner whose bundle the workload gets; may be repeated
  --federates-with-nobody
                          update: the workload gets no partner's bundle any more
  --hint TEXT             a word for a workload that holds several SVIDs

An entry is named by its SPIFFE ID and selectors; update changes the rest.

apply shows how the entries differ from FILE, and with --yes makes them what FILE
says; applied again, it changes nothing. Entries that FILE does not name stay, or go
with --delete-others. FILE is JSON: {"entries": [{"spiffeId": …, "selectors": […],
"ttl": "30m", "federatesWith": […], "hint": …}]}; the last three may be absent.
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'entry',
  summary: 'create, list, show, update, apply and delete registration entries',
  usage: USAGE,
  run: (context) => runAction(context, { create, list, show, update, apply, delete: remove }),
};

async function create(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, {
    ...CLIENT_OPTIONS,
    'spiffe-id': { type: 'string' },
    selector: { type: 'string', multiple: true },
    ttl: { type: 'string' },
    'jwt-ttl': { type: 'string' },
    'key-type': { type: 'string' },
    'federates-with': { type: 'string', multiple: true },
    hint: { type: 'string' },
  });
  const { 'spiffe-id': spiffeId, selector: selectors } = values;
  if (spiffeId === undefined) throw new UsageError('--spiffe-id is missing');
  if (selectors === undefined) throw new UsageError('--selector is missing');
  const draft = { spiffeId, selectors, ...revisionIn(values) };
  const entry = await withDaemon(context, values, (daemon) => daemon.call('entry.create', draft));
  context.write(values.json ? jsonText(entry) : createdText(entry));
  return EXIT_DONE;
}

async function list(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, CLIENT_OPTIONS);
  const { entries } = await withDaemon(context, values, (daemon) => daemon.call('entry.list', {}));
  context.write(values.json ? jsonText({ entries }) : listText(entries));
  return EXIT_DONE;
}

async function show(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['ID']);
  const [id = ''] = operands;
  const entry = await withDaemon(context, values, (daemon) => daemon.call('entry.show', { id }));
  context.write(values.json ? jsonText(entry) : factsText(factsOf(entry)));
  return EXIT_DONE;
}

async function update(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    {
      ...CLIENT_OPTIONS,
      ttl: { type: 'string' },
      'jwt-ttl': { type: 'string' },
      'key-type': { type: 'string' },
      'federates-with': { type: 'string', multiple: true },
      'federates-with-nobody': { type: 'boolean' },
      hint: { type: 'string' },
    },
    ['ID'],
  );
  const [id = ''] = operands;
  const revision = {
    ...revisionIn(values),
    ...(values['federates-with-nobody'] ? { federatesWith: [] } : {}),
  };
  if (Object.keys(revision).length === 0) throw new UsageError('say what to update');
  const entry = await withDaemon(context, values, (daemon) =>
    daemon.call('entry.update', { id, ...revision }),
  );
  const facts = [...factsOf(entry), ['epoch', entry.epoch]] as const;
  context.write(values.json ? jsonText(entry) : factsText(facts));
  return EXIT_DONE;
}

async function apply(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    { ...CLIENT_OPTIONS, 'delete-others': { type: 'boolean' }, yes: { type: 'boolean' } },
    ['FILE'],
  );
  const path = resolve(operands[0] ?? '');
  const entries = parseEntryFile(await readBounded(path, ENTRY_FILE_BYTES_MAX));
  const others = values['delete-others'] ? 'delete' : 'keep';
  return withDaemon(context, values, async (daemon) => {
    const found = await daemon.call('entry.apply', { entries, others, act: 'preview' });
    if (!values.json) context.write(differenceText(found));
    if (!values.yes || found.changes.length === 0) {
      if (values.json) context.write(jsonText(found));
      else if (found.changes.length > 0) context.write('nothing was changed; --yes does it\n');
      return EXIT_DONE;
    }
    const done = await daemon.call('entry.apply', { entries, others, act: 'publish' });
    const count = countText(done.changes.length, 'change', 'changes');
    context.write(values.json ? jsonText(done) : `applied ${count} in epoch ${done.epoch}\n`);
    return EXIT_DONE;
  });
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

/** What was said of an entry beside its name; nothing where nothing was said. */
function revisionIn(values: {
  readonly ttl?: string | undefined;
  readonly 'jwt-ttl'?: string | undefined;
  readonly 'key-type'?: string | undefined;
  readonly 'federates-with'?: readonly string[] | undefined;
  readonly hint?: string | undefined;
}): Omit<EntryUpdate, 'id'> {
  const { ttl, 'federates-with': federatesWith, hint } = values;
  const { 'jwt-ttl': jwtTtl, 'key-type': keyType } = values;
  return {
    ...(ttl === undefined ? {} : { x509SvidTtlMs: parseTtl(ttl) }),
    ...(jwtTtl === undefined ? {} : { jwtSvidTtlMs: parseTtl(jwtTtl) }),
    ...(keyType === undefined ? {} : { keyType: parseKeyType(keyType) }),
    ...(federatesWith === undefined ? {} : { federatesWith }),
    ...(hint === undefined ? {} : { hint }),
  };
}

function parseKeyType(text: string): KeyType {
  if (text === 'ec-p256' || text === 'ml-dsa-65') return text;
  throw new UsageError('--key-type takes ec-p256 or ml-dsa-65');
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

function factsOf(entry: EntryView): readonly (readonly [string, string])[] {
  return [
    ['entry', entry.id],
    ['SPIFFE ID', entry.spiffeId],
    ['selectors', entry.selectors.join(' ')],
    ['ttl', formatDuration(entry.x509SvidTtlMs)],
    ['federates with', entry.federatesWith.join(' ') || 'nobody'],
    ['hint', entry.hint || 'none'],
    ['revision', String(entry.revision)],
  ];
}

const SIGNS = { create: '+', update: '~', delete: '-' };

/** A line for each entry that differs; below an updated one, a line for each member. */
function differenceText({ changes, unchanged }: EntryApplied): string {
  const lines = changes.flatMap(({ kind, id, spiffeId, members }) => [
    `${SIGNS[kind]} ${kind} ${id} ${spiffeId}`,
    ...members
      .filter(({ member }) => kind !== 'delete' && member !== 'spiffeId')
      .map(({ member, from, to }) =>
        kind === 'create'
          ? `    ${member}: ${JSON.stringify(to)}`
          : `    ${member}: ${JSON.stringify(from)} → ${JSON.stringify(to)}`,
      ),
  ]);
  const counts = Object.keys(SIGNS).map((kind) => {
    return `${changes.filter((change) => change.kind === kind).length} to ${kind}`;
  });
  const total = `${counts.join(', ')}, ${unchanged} unchanged`;
  return `${[...lines, total].map(printable).join('\n')}\n`;
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
