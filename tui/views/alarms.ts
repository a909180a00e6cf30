/** Alarms: what somebody has to see to, where it comes from, and what mends it. */

import { isAlarmCode, ALARMS as KNOWN } from '../../core/alarm.ts';
import type { AlarmStatus, AuditEntryView } from '../../daemon/control/views.ts';
import { type Fact, factLines } from '../facts.ts';
import { countText, minuteText } from '../format.ts';
import type { State } from '../model.ts';
import type { Sheet } from '../sheet.ts';

/** An alarm, and what the window has of the log about it. */
interface Row {
  readonly alarm: AlarmStatus;
  /** Newest first. */
  readonly entries: readonly AuditEntryView[];
}

export const ALARMS: Sheet<Row> = {
  view: 'alarms',
  columns: [
    { title: 'SINCE', columns: 16, grow: 0, from: 0, text: ({ alarm }) => minuteText(alarm.at) },
    {
      title: 'ALARM',
      columns: 25,
      grow: 0,
      from: 0,
      text: ({ alarm }) => alarm.code,
      tone: () => 'bad',
    },
    { title: 'ABOUT', columns: 16, grow: 1, from: 0, text: ({ alarm }) => alarm.domain },
    { title: 'WHAT', columns: 18, grow: 3, from: 0, text: ({ alarm }) => alarm.detail },
  ],
  rowsOf,
  keyOf: ({ alarm }) => String(alarm.id),
  wordsOf: ({ alarm: { id, at, code, domain, detail } }) =>
    `${id} ${at} ${code} ${domain} ${detail}`,
  detailsOf: (row, columns) => factLines(factsOf(row), columns),
  detailRows: 8,
  restAt: 'on a taller screen',
  empty: 'no alarm: nothing that should be impossible has happened',
};

/** The newest alarm comes first; the daemon has the oldest first. */
function rowsOf({ told, audit }: State): readonly Row[] {
  return (told?.status.alarms ?? []).toReversed().map((alarm) => ({
    alarm,
    entries: audit.filter(
      ({ event, fields }) => event === `alarm.${alarm.code}` && fields.domain === alarm.domain,
    ),
  }));
}

function factsOf({ alarm: { id, at, code, domain, detail }, entries }: Row): readonly Fact[] {
  const { means, mend } = isAlarmCode(code) ? KNOWN[code] : UNKNOWN;
  return [
    ['alarm', `${code}, number ${id}, since ${minuteText(at)} UTC`, 'bad'],
    ['about', `${domain}${detail === '' ? '' : `: ${detail}`}`],
    ['means', means],
    ['mend', mend, 'warn'],
    ['raised', raisedText(entries)],
  ];
}

const UNKNOWN = {
  means: 'this window does not know it: the daemon is newer',
  mend: 'holdfast explain of that release',
};

/** Where the audit log has it. */
function raisedText(entries: readonly AuditEntryView[]): string {
  const [newest] = entries;
  if (newest === undefined) return 'longer ago than the window has entries of the audit log';
  const when = `${minuteText(newest.at)} UTC, audit entry ${newest.seq}`;
  return `${countText(entries.length, 'time')} in the entries of view 6, last ${when}`;
}
