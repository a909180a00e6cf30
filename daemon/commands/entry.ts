/** `holdfast entry`: which callers of this domain are which workload. */

import { resolve } from 'node:path';
import { ENTRY_FILE_BYTES_MAX } from '../../core/limits.ts';
import { printable } from '../../core/printable.ts';
import type { EntryApplied, EntryView } from '../control/views.ts';
import { readBounded } from '../host/files.ts';
import { formatDuration } from '../text/duration.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  parseLine,
  runAction,
  UsageError,
} from './command.ts';
import { parseEntryFile } from './entry-file.ts';
import { REVISION_OPTIONS, revisionIn } from './entry-options.ts';
import { entryFacts, entryTable, historyText } from './entry-print.ts';
import { countText, factsText, jsonText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast entry create --spiffe-id ID --selector SELECTOR… [OPTIONS]
       holdfast entry list [--group NAME] [OPTIONS]
       holdfast entry show ID [OPTIONS]
       holdfast entry history ID [OPTIONS]
       holdfast entry update ID [OPTIONS]
       holdfast entry apply FILE [--delete-others] [--yes] [OPTIONS]
       holdfast entry delete ID [OPTIONS]

An entry says: whoever shows all of these selectors, at this node, is this
SPIFFE ID.

  --spiffe-id ID          such as spiffe://home.example/web
  --selector SELECTOR     unix:uid:N, unix:user:NAME, unix:gid:N,
                          unix:group:NAME, unix:supplementary_gid:N,
                          unix:supplementary_group:NAME, unix:path:/ABSOLUTE,
                          unix:sha256:HEX, systemd:id:UNIT,
                          systemd:fragment_path:/ABSOLUTE,
                          cgroup:path:/ABSOLUTE, docker:label:KEY:VALUE,
                          docker:env:NAME=VALUE or docker:image_id:IMAGE; repeat
                          it, and all have to match
  --group NAME            the group of nodes that holds the entry: default,
                          unless said
  --parent ID             the SPIFFE ID of the one node of the group that serves
                          it; every node of the group, unless said
  --ttl DURATION          life of an X509-SVID, such as 30m
  --jwt-ttl DURATION      life of a token, such as 5m
  --key-type TYPE         ec-p256 (the default), or ml-dsa-65 for a workload
                          whose library knows it; most fail on such keys
  --dns NAME              a host name for the certificate; may be repeated
  --no-dns                update: no host name any more
  --federates-with NAME   a partner whose bundle the workload gets; may be
                          repeated
  --federates-with-nobody
                          update: the workload gets no partner's bundle any more
  --hint TEXT             a word for a workload that holds several SVIDs; where
                          two entries of one workload share it, the older keeps
                          it
  --admin, --no-admin     marks a workload that speaks for operators
  --min-assurance LEVEL   software, vtpm, tpm or measured-boot: a node whose
                          lease says less serves nothing of the entry
  --expires TIME          the entry ends at this second, such as
                          2027-01-01T00:00:00Z; never says that it does not

An entry is named by its SPIFFE ID, selectors, group and parent; update changes
the rest. history shows every change that was made to it, after its end too.

apply shows how the entries differ from FILE, and with --yes makes them what
FILE says; applied again, it changes nothing. Entries that FILE does not name
stay, or go with --delete-others. FILE is JSON: {"entries": [{"spiffeId": …,
"selectors": […], "ttl": "30m", "federatesWith": […], "hint": …}]}; the last
three may be absent, and so may group, parent, jwtTtl, keyType, dnsNames, admin,
minAssurance and expiresAt.
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'entry',
  summary: 'which workloads get which identity: create, list, update, delete',
  usage: USAGE,
  run: (context) =>
    runAction(context, { create, list, show, history, update, apply, delete: remove }),
};

async function create(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, {
    ...CLIENT_OPTIONS,
    'spiffe-id': { type: 'string' },
    selector: { type: 'string', multiple: true },
    group: { type: 'string' },
    parent: { type: 'string' },
    ...REVISION_OPTIONS,
  });
  const { 'spiffe-id': spiffeId, selector: selectors } = values;
  if (spiffeId === undefined) throw new UsageError('--spiffe-id is missing');
  if (selectors === undefined) throw new UsageError('--selector is missing');
  const { group, parent } = values;
  const draft = {
    ...{ spiffeId, selectors },
    ...(group === undefined ? {} : { group }),
    ...(parent === undefined ? {} : { parent }),
    ...revisionIn(values),
  };
  const entry = await withDaemon(context, values, (daemon) => daemon.call('entry.create', draft));
  context.write(values.json ? jsonText(entry) : createdText(entry));
  return EXIT_DONE;
}

async function list(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, { ...CLIENT_OPTIONS, group: { type: 'string' } });
  const all = await withDaemon(context, values, (daemon) => daemon.call('entry.list', {}));
  const isAsked = ({ group }: EntryView) => values.group === undefined || values.group === group;
  const entries = all.entries.filter(isAsked);
  context.write(values.json ? jsonText({ entries }) : entryTable(entries));
  return EXIT_DONE;
}

async function show(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['ID']);
  const [id = ''] = operands;
  const entry = await withDaemon(context, values, (daemon) => daemon.call('entry.show', { id }));
  context.write(values.json ? jsonText(entry) : factsText(entryFacts(entry)));
  return EXIT_DONE;
}

async function history(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(context.args, CLIENT_OPTIONS, ['ID']);
  const [id = ''] = operands;
  const { entries } = await withDaemon(context, values, (daemon) =>
    daemon.call('entry.history', { id }),
  );
  context.write(values.json ? jsonText({ entries }) : historyText(entries));
  return EXIT_DONE;
}

async function update(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    {
      ...CLIENT_OPTIONS,
      ...REVISION_OPTIONS,
      'federates-with-nobody': { type: 'boolean' },
      'no-dns': { type: 'boolean' },
    },
    ['ID'],
  );
  const [id = ''] = operands;
  const revision = {
    ...revisionIn(values),
    ...(values['federates-with-nobody'] ? { federatesWith: [] } : {}),
    ...(values['no-dns'] ? { dnsNames: [] } : {}),
  };
  if (Object.keys(revision).length === 0) throw new UsageError('say what to update');
  const entry = await withDaemon(context, values, (daemon) =>
    daemon.call('entry.update', { id, ...revision }),
  );
  const facts = [...entryFacts(entry), ['epoch', entry.epoch]] as const;
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

function createdText(entry: EntryView & { readonly epoch: string }): string {
  return factsText([
    ['created', entry.id],
    ['SPIFFE ID', entry.spiffeId],
    ['selectors', entry.selectors.join(' ')],
    ['ttl', formatDuration(entry.x509SvidTtlMs)],
    ['epoch', entry.epoch],
  ]);
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
