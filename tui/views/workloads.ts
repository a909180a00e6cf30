/** Workloads: the registration entries, who on this machine is which workload. */

import type { EntryView } from '../../daemon/control/views.ts';
import { factLines } from '../facts.ts';
import { ageText, minuteText } from '../format.ts';
import type { Workload } from '../model.ts';
import type { Sheet } from '../sheet.ts';

export const WORKLOADS: Sheet<Workload> = {
  view: 'workloads',
  columns: [
    { title: 'WORKLOAD', columns: 26, grow: 2, from: 0, text: ({ spiffeId }) => pathOf(spiffeId) },
    {
      title: 'SELECTORS',
      columns: 22,
      grow: 2,
      from: 0,
      text: ({ selectors }) => selectors.join(' '),
    },
    {
      title: 'X509 LIFE',
      columns: 11,
      grow: 0,
      from: 0,
      text: ({ x509SvidTtlMs }) => ttlText(x509SvidTtlMs),
    },
    { title: 'HELD TO', columns: 11, grow: 0, from: 0, text: heldTo },
    { title: 'REV', columns: 3, grow: 0, from: 90, text: ({ revision }) => String(revision) },
    { title: 'KEY', columns: 9, grow: 0, from: 100, text: ({ keyType }) => keyType },
    { title: 'HINT', columns: 16, grow: 1, from: 120, text: ({ hint }) => hint },
    { title: 'ENTRY', columns: 18, grow: 0, from: 140, text: ({ id }) => id },
  ],
  rowsOf: ({ entries }) => entries,
  keyOf: ({ id }) => id,
  wordsOf: ({ id, spiffeId, selectors, hint }) =>
    `${id} ${spiffeId} ${selectors.join(' ')} ${hint}`,
  detailsOf: (entry, columns) =>
    factLines(
      [
        [
          'entry',
          `${entry.id}, revision ${entry.revision}, key ${entry.keyType}${placeText(entry)}`,
        ],
        ['SPIFFE ID', entry.spiffeId, 'strong'],
        ['selectors', entry.selectors.join(' ')],
        ['life', `X509 ${ttlText(entry.x509SvidTtlMs)}, JWT ${ttlText(entry.jwtSvidTtlMs)}`],
        ['held', heldText(entry)],
        ['federates', entry.federatesWith.join(' ')],
        ['hint', entry.hint],
      ],
      columns,
    ),
  detailRows: 7,
  restAt: 'on a taller screen',
  empty: 'no entry yet; make one with: holdfast entry create',
};

/** `01-01 02:00`, in UTC: when the newest SVID that somebody here holds ends. */
function heldTo({ fetched }: Workload): string {
  return fetched === undefined ? '-' : fetched.notAfter.slice(5, 16).replace('T', ' ');
}

function heldText({ fetched }: Workload): string {
  if (fetched === undefined) return 'by nobody on this machine since the daemon started';
  const { uid, agoMs, notAfter } = fetched;
  const until = `${minuteText(notAfter)} UTC`;
  return `by uid ${uid}, fetched ${ageText(agoMs)} ago, to ${until}`;
}

/** A life is exact: seconds below two minutes. */
function ttlText(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : ageText(ms);
}

/** Where the entry holds; the group of every node that was given no other is not worth a word. */
function placeText({ group, parent }: EntryView): string {
  const node = parent === '' ? '' : `, node ${parent.slice(parent.lastIndexOf('/') + 1)}`;
  return `${group === 'default' ? '' : `, group ${group}`}${node}`;
}

/** All entries are of our own domain: the path tells them apart. */
function pathOf(spiffeId: string): string {
  return spiffeId.replace(/^spiffe:\/\/[^/]*/, '');
}
