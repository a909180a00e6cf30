/** Audit: what happened, the newest first, as it happens. The log on disk is what counts. */

import type { Json } from '../../core/canonical.ts';
import type { AuditEntryView } from '../../daemon/control/views.ts';
import { proofText } from '../audit-proof.ts';
import { factLines } from '../facts.ts';
import type { Tone } from '../line.ts';
import type { Sheet } from '../sheet.ts';

export const AUDIT: Sheet<AuditEntryView> = {
  view: 'audit',
  columns: [
    { title: 'SEQ', columns: 6, grow: 0, from: 0, text: ({ seq }) => String(seq) },
    { title: 'UTC', columns: 8, grow: 0, from: 0, text: ({ at }) => at.slice(11, 19) },
    { title: 'EVENT', columns: 20, grow: 0, from: 0, text: ({ event }) => event, tone: toneOf },
    { title: 'WHAT', columns: 40, grow: 1, from: 0, text: ({ fields }) => fieldsText(fields) },
  ],
  rowsOf: ({ audit }) => audit,
  keyOf: ({ seq }) => String(seq),
  wordsOf: ({ seq, at, event, fields }) => `${seq} ${at} ${event} ${fieldsText(fields)}`,
  detailsOf: ({ seq, at, event, fields, previous }, columns, { proof }) =>
    factLines(
      [
        ['log', proofText(proof), PROOF_TONES[proof.kind]],
        ['event', `${event}, entry ${seq}, ${at}`, 'strong'],
        ['after', previous],
        ['fields', fieldsText(fields)],
      ],
      columns,
    ),
  detailRows: 7,
  restAt: 'on a taller screen',
  empty: ({ tellsAudit }) =>
    tellsAudit
      ? 'nothing happened yet'
      : 'your role may not read the audit log: see holdfast whoami; all else works',
};

const PROOF_TONES = {
  open: 'dim',
  asked: 'dim',
  proven: 'good',
  broken: 'bad',
  withheld: 'warn',
} as const;

function toneOf({ event }: AuditEntryView): Tone {
  if (event.startsWith('alarm.')) return 'bad';
  return event.startsWith('refused') || event.startsWith('peer.banned') ? 'warn' : 'plain';
}

/** What a reader looks for first; the rest follows in the order of the log. */
const FIRST = ['code', 'domain', 'spiffeId', 'peer'];

/** `domain blue.example, uid 1000`. */
export function fieldsText(fields: Readonly<Record<string, Json>>): string {
  return Object.entries(fields)
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

function rank(name: string): number {
  return FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length;
}
