/** Domains: a row each, with its tier, its age against its limits, and what would mend it. */

import type { DomainStatus, OverrideStatus } from '../../daemon/control/views.ts';
import { cliffText, domainAge, remarksText, tierTone } from '../domain-words.ts';
import { type Fact, factLines } from '../facts.ts';
import { ageBar, ageText, countText, sizeText } from '../format.ts';
import { domainsNow, type State } from '../model.ts';
import type { Column, Sheet } from '../sheet.ts';

/** A domain and the links over which it is heard at first hand. */
interface Row {
  readonly domain: DomainStatus;
  readonly links: number;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'DOMAIN', columns: 20, grow: 2, from: 0, text: ({ domain }) => domain.domain },
  {
    title: 'TIER',
    columns: 11,
    grow: 0,
    from: 0,
    text: ({ domain }) => domain.tier,
    tone: ({ domain }) => tierTone(domain),
  },
  { title: 'AGE', columns: 11, grow: 0, from: 0, text: ({ domain }) => domainAge(domain) },
  {
    title: 'FRESH DEGR SURV',
    columns: 17,
    grow: 1,
    from: 0,
    text: ({ domain }, columns) => (domain.tier === 'NONE' ? '' : ageBar(domain, columns)),
    tone: ({ domain }) => tierTone(domain),
  },
  { title: 'EPOCH', columns: 9, grow: 0, from: 0, text: ({ domain }) => domain.epoch },
  { title: 'LINKS', columns: 5, grow: 0, from: 0, text: ({ links }) => String(links) },
  { title: 'NEXT', columns: 22, grow: 0, from: 110, text: ({ domain }) => cliffText(domain) },
  { title: 'RELATION', columns: 8, grow: 0, from: 120, text: ({ domain }) => domain.relation },
  {
    title: 'HEARD',
    columns: 6,
    grow: 0,
    from: 125,
    text: ({ domain }) => domain.heard?.by ?? '-',
  },
  { title: 'TICK', columns: 5, grow: 0, from: 130, text: ({ domain }) => String(domain.tick) },
  { title: 'ROOT', columns: 4, grow: 0, from: 140, text: ({ domain }) => domain.rootVersion },
  { title: 'REMARKS', columns: 22, grow: 1, from: 170, text: ({ domain }) => remarksText(domain) },
];

export const DOMAINS: Sheet<Row> = {
  view: 'domains',
  columns: COLUMNS,
  rowsOf,
  keyOf: ({ domain }) => domain.domain,
  wordsOf: ({ domain }) =>
    `${domain.domain} ${domain.tier} ${domain.relation} ${remarksText(domain)}`,
  detailsOf: (row, columns) => factLines(factsOf(row), columns),
  detailRows: 11,
  restAt: 'on a taller screen',
  empty: 'no domain yet',
};

function rowsOf(state: State): readonly Row[] {
  const peers = state.told?.status.peers ?? [];
  const links = new Map<string, number>();
  for (const { domain } of peers) links.set(domain, (links.get(domain) ?? 0) + 1);
  return domainsNow(state).map((domain) => ({ domain, links: links.get(domain.domain) ?? 0 }));
}

function factsOf({ domain, links }: Row): readonly Fact[] {
  const { freshForMs, degradedForMs, survivalForMs } = domain.limits;
  const limits = [freshForMs, degradedForMs, survivalForMs].map(limitText).join(', ');
  const remarks = remarksText(domain);
  return [
    ['domain', `${domain.domain}, ${relationText(domain, links)}`, 'strong'],
    ['mend', domain.mend, 'warn'],
    ['next', cliffText(domain)],
    ...domain.overrides.map(overrideFact),
    ['heard', domain.own ? '' : heardText(domain)],
    ['words', domain.words],
    ['limits', `FRESH, DEGRADED and SURVIVAL end at ${limits}`],
    ['evidence', [evidenceText(domain), remarks].filter((text) => text !== '').join('; ')],
    ['share', shareText(domain)],
  ];
}

/** What people permit beyond its age, and who they are. */
function overrideFact({ action, tier, people, notAfter, reason }: OverrideStatus): Fact {
  const by = `by ${people.join(' and ')}, until ${notAfter}: ${reason}`;
  return ['override', `${action} down to ${tier} ${by}`, 'warn'];
}

/** Our own domain needs no link: there may be one node of it. */
function relationText({ own, relation }: DomainStatus, links: number): string {
  if (links > 0) return `${relation}, linked by ${countText(links, 'node')}`;
  return own ? relation : `${relation}, not linked now`;
}

/** By what way the newest of it came. */
function heardText({ heard }: DomainStatus): string {
  if (heard === null) return 'nothing since the daemon started';
  const { by, peer, agoMs } = heard;
  const who = peer === '' ? '' : ` …${peer.slice(-PEER_END_CHARS)}`;
  return `${ageText(agoMs)} ago, ${WAYS[by]}${who}`;
}

/** Peers are told apart by their ends; the peers view has them whole. */
const PEER_END_CHARS = 12;

/** What it costs us, of what a partner may. */
function shareText({ share }: DomainStatus): string {
  if (share === null) return '';
  const { storedBytes, storedMax, moved, news } = share;
  const stored = `${sizeText(storedBytes)} of ${sizeText(storedMax)}`;
  return `${stored} stored; left: ${moved} % of bytes, ${news} % of news`;
}

const WAYS = { link: 'over the link with', gossip: 'by gossip from', file: 'by a file' } as const;

function evidenceText({ epoch, rootVersion }: DomainStatus): string {
  return `epoch ${epoch}, root ${rootVersion}`;
}

/** A limit is exact where an age is not. */
function limitText(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : ageText(ms);
}
