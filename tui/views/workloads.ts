/** Workloads: the registration entries, who on this machine is which workload. */

import type { EntryView } from '../../daemon/control/protocol.ts';
import { factLines } from '../facts.ts';
import { ageText } from '../format.ts';
import type { Sheet } from '../sheet.ts';

export const WORKLOADS: Sheet<EntryView> = {
  view: 'workloads',
  columns: [
    { title: 'WORKLOAD', columns: 32, grow: 2, from: 0, text: ({ spiffeId }) => pathOf(spiffeId) },
    {
      title: 'SELECTORS',
      columns: 26,
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
    { title: 'REV', columns: 3, grow: 0, from: 0, text: ({ revision }) => String(revision) },
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
        ['federates', entry.federatesWith.join(' ')],
        ['hint', entry.hint],
      ],
      columns,
    ),
  detailRows: 6,
  empty: 'no entry yet; make one with: holdfast entry create',
};

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
