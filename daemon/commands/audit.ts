/** `holdfast audit`: reads the audit log, and verifies it without a daemon. */

import { resolve } from 'node:path';
import { canonicalText } from '../../core/canonical.ts';
import { AUDIT_TAIL_LINES_MAX } from '../../core/limits.ts';
import { type AuditVerdict, verifyAudit } from '../audit/audit-verify.ts';
import type { AuditEntryView } from '../control/views.ts';
import { stateFolderAt } from '../store/state-folder.ts';
import {
  type Command,
  type CommandContext,
  EXIT_DONE,
  parseCount,
  parseLine,
  runAction,
} from './command.ts';
import { factsText, jsonText, tableText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, loadSettings, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast audit verify [FILE] [--state FOLDER] [--config FILE] [--json]
       holdfast audit tail [--lines N] [OPTIONS]

verify walks the whole log and checks that each line carries the hash of the one
before; no daemon is needed, and a running one is not disturbed. It cannot see
that lines were cut off the end: compare the head it prints with one kept
elsewhere. tail shows the newest entries of a running daemon.

  --state FOLDER          folder of the state whose log to verify
  --config FILE           configuration that names the folder
  --lines N               how many entries (20)
${CLIENT_USAGE}`;

export const command: Command = {
  name: 'audit',
  summary: 'verify the audit log, or show its newest entries',
  usage: USAGE,
  run: (context) => runAction(context, { verify, tail }),
};

async function verify(context: CommandContext): Promise<number> {
  const { values, operands } = parseLine(
    context.args,
    { json: CLIENT_OPTIONS.json, state: { type: 'string' }, config: { type: 'string' } },
    ['[FILE]'],
  );
  const [file] = operands;
  const path = file === undefined ? await usualLog(context, values) : resolve(file);
  const verdict = await verifyAudit(path);
  context.write(values.json ? jsonText({ path, ...verdict }) : verdictText(path, verdict));
  return EXIT_DONE;
}

async function tail(context: CommandContext): Promise<number> {
  const options = { ...CLIENT_OPTIONS, lines: { type: 'string', default: '20' } } as const;
  const { values } = parseLine(context.args, options);
  const lines = parseCount(values.lines, '--lines', AUDIT_TAIL_LINES_MAX);
  const { entries } = await withDaemon(context, values, (daemon) =>
    daemon.call('audit.tail', { lines }),
  );
  context.write(values.json ? jsonText({ entries }) : entriesText(entries));
  return EXIT_DONE;
}

async function usualLog(
  { environment }: CommandContext,
  values: { readonly state?: string | undefined; readonly config?: string | undefined },
): Promise<string> {
  return stateFolderAt((await loadSettings(values, environment)).statePath).auditLog;
}

function verdictText(path: string, { head, tornBytes }: AuditVerdict): string {
  return factsText([
    ['verified', path],
    ['entries', String(head.seq)],
    ['head', head.hash],
    ...(tornBytes > 0
      ? [['unfinished', `${tornBytes} bytes after the last line, being written or torn`] as const]
      : []),
  ]);
}

function entriesText(entries: readonly AuditEntryView[]): string {
  return tableText(
    ['SEQ', 'AT', 'EVENT', 'FIELDS'],
    entries.map(({ seq, at, event, fields }) => [String(seq), at, event, fieldsText(fields)]),
  );
}

function fieldsText(fields: AuditEntryView['fields']): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : canonicalText(value)}`)
    .join(' ');
}
