/**
 * Attestation: how this machine booted, as its own chip quotes it: the verdict, each difference
 * from the nearest approved state, the PCRs, and what was measured.
 */

import type { AttestationView } from '../../daemon/control/views.ts';
import { type Fact, factLines } from '../facts.ts';
import { countText } from '../format.ts';
import type { Tone } from '../line.ts';
import type { State } from '../model.ts';
import type { Sheet } from '../sheet.ts';

/** One line of it; the differences come first. */
interface Row {
  readonly key: string;
  readonly where: string;
  readonly says: string;
  readonly tone: Tone;
  readonly what: string;
  readonly facts: readonly Fact[];
}

export const ATTESTATION: Sheet<Row> = {
  view: 'attestation',
  columns: [
    { title: 'WHERE', columns: 12, grow: 0, from: 0, text: ({ where }) => where },
    {
      title: 'SAYS',
      columns: 14,
      grow: 0,
      from: 0,
      text: ({ says }) => says,
      tone: ({ tone }) => tone,
    },
    { title: 'WHAT', columns: 40, grow: 1, from: 0, text: ({ what }) => what },
  ],
  rowsOf: ({ attestation }) =>
    attestation === null || 'trouble' in attestation ? [] : rowsOf(attestation),
  keyOf: ({ key }) => key,
  wordsOf: ({ where, says, what }) => `${where} ${says} ${what}`,
  detailsOf: ({ facts }, columns) => factLines(facts, columns),
  detailRows: 7,
  restAt: 'on a taller screen',
  empty: emptyText,
};

function emptyText({ attestation }: State): string {
  if (attestation === null) return 'asking the chip …';
  return 'trouble' in attestation ? attestation.trouble : '';
}

function rowsOf(view: AttestationView): readonly Row[] {
  if (view.tpm === '') return [NO_CHIP];
  return [
    verdictRow(view),
    ...view.differences.map(differenceRow),
    ...view.pcrs.map((pcr) => pcrRow(pcr, view.bank)),
    ...view.events.map(eventRow),
  ];
}

const NO_CHIP: Row = {
  ...{ key: 'verdict', where: 'this boot', says: 'not measured', tone: 'warn' },
  what: 'no chip holds the keys of this machine: nothing proves how it booted',
  facts: [
    ['boot', 'nothing proves it: the keys lie in files'],
    ['to mend', 'run on a machine with a TPM; holdfast tpm status shows one that is there'],
  ],
};

function verdictRow({ verdict, state, tpm, bank, secureBoot, differences }: AttestationView): Row {
  const isApproved = verdict === 'approved';
  const told = isApproved
    ? `as "${state}"`
    : state === ''
      ? 'no boot is approved here'
      : `nearest is "${state}", ${countText(differences.length, 'difference')}`;
  return {
    ...{ key: 'verdict', where: 'this boot', what: told },
    says: isApproved ? 'approved' : 'NOT APPROVED',
    tone: isApproved ? 'good' : 'bad',
    facts: [
      ['boot', `${isApproved ? 'approved' : 'NOT approved'}, ${told}`, isApproved ? 'good' : 'bad'],
      ['chip', `${tpm}, bank ${bank}`],
      ['Secure Boot', secureBoot],
      ['to mend', isApproved ? '' : 'where the change was meant: holdfast references --help'],
    ],
  };
}

function differenceRow(
  { code, where, expected, got }: AttestationView['differences'][number],
  index: number,
): Row {
  return {
    key: `difference ${index}`,
    where: where.split(',')[0] ?? '',
    ...{ says: 'DIFFERS', tone: 'bad', what: `${where}: got ${got}` },
    facts: [
      ['differs', where, 'bad'],
      ['expected', expected],
      ['got', got],
      ['code', code],
    ],
  };
}

function pcrRow(
  { pcr, value, explained, trouble }: AttestationView['pcrs'][number],
  bank: string,
): Row {
  return {
    ...{ key: `pcr ${pcr}`, where: `PCR ${pcr}`, what: value },
    says: explained ? 'explained' : 'unexplained',
    tone: explained ? 'plain' : 'warn',
    facts: [
      ['PCR', `${pcr}, ${bank}`, 'strong'],
      ['value', value],
      ['log', explained ? 'leads to this value' : `does not lead to this value: ${trouble}`],
    ],
  };
}

const PROVEN = {
  all: 'proven, digest and text',
  digest: 'the digest is proven; type and text are hints',
  nothing: 'nothing of it is proven',
} as const;

function eventRow(event: AttestationView['events'][number]): Row {
  const { pcr, index, source, type, proven, digest, text } = event;
  return {
    ...{ key: `event ${source} ${index}`, where: `PCR ${pcr}, ${index}` },
    says: proven === 'all' ? 'event' : `${proven} proven`,
    tone: proven === 'nothing' ? 'warn' : 'plain',
    what: `${type} ${text}`,
    facts: [
      ['event', `${index} of PCR ${pcr}, ${type}, ${source}`, 'strong'],
      ['digest', digest],
      ['text', text],
      ['proven', PROVEN[proven]],
    ],
  };
}
