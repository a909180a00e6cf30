/** Entries and their history as `holdfast entry` prints them. */

import { printable } from '../../core/printable.ts';
import type { AuditEntryView, EntryView } from '../control/views.ts';
import { formatDuration } from '../text/duration.ts';
import { countText, tableText } from './print.ts';

type Facts = readonly (readonly [string, string])[];

/** One entry, a line for each member. */
export function entryFacts(entry: EntryView): Facts {
  return [
    ['entry', entry.id],
    ['SPIFFE ID', entry.spiffeId],
    ['selectors', entry.selectors.join(' ')],
    ['group', entry.group],
    ['served by', entry.parent || 'every node of the group'],
    ['ttl', formatDuration(entry.x509SvidTtlMs)],
    ['token ttl', formatDuration(entry.jwtSvidTtlMs)],
    ['key type', entry.keyType],
    ['host names', entry.dnsNames.join(' ') || 'none'],
    ['federates with', entry.federatesWith.join(' ') || 'nobody'],
    ['hint', entry.hint || 'none'],
    ['admin', entry.admin ? 'yes' : 'no'],
    ['min assurance', entry.minAssurance],
    ['expires', entry.expiresAt || 'never'],
    ['created', entry.createdAt || 'unknown'],
    ['revision', String(entry.revision)],
  ];
}

/** Entries, a line for each. */
export function entryTable(entries: readonly EntryView[]): string {
  if (entries.length === 0) return 'no entries; holdfast entry create makes one\n';
  const table = tableText(
    ['ID', 'SPIFFE ID', 'TTL', 'SELECTORS', 'GROUP', 'FEDERATES WITH', 'HINT'],
    entries.map((entry) => [
      entry.id,
      entry.spiffeId,
      formatDuration(entry.x509SvidTtlMs),
      entry.selectors.join(' '),
      entry.group,
      entry.federatesWith.join(' '),
      entry.hint,
    ]),
  );
  return `${table}\n${countText(entries.length, 'entry', 'entries')}\n`;
}

/** Changes of an entry, oldest first; below each, what the entry said since. */
export function historyText(changes: readonly AuditEntryView[]): string {
  const lines = changes.flatMap(({ at, event, fields }) => {
    const who = `by ${String(fields.who)} (${String(fields.role)}), revision ${String(fields.revision)}`;
    const said = typeof fields.entry === 'string' ? [`    ${fields.entry}`] : [];
    return [`${at} ${event} ${who}`, ...said];
  });
  return `${lines.map(printable).join('\n')}\n`;
}
