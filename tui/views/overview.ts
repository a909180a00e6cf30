/**
 * Overview: who am I, how sure is that, what time do I believe, what may I still do, and when does
 * that end. What needs a person stands last, where it has room.
 */

import type { DomainStatus, Status, Tier } from '../../daemon/control/views.ts';
import { cliffText, DEFAULT_PERMITS, domainAge, permits, tierTone } from '../domain-words.ts';
import { type Fact, factLines } from '../facts.ts';
import { aboutText, ageBar, countText, fit, minuteText } from '../format.ts';
import { BLANK, type Line, line, type Size, span } from '../line.ts';
import { domainsNow, type State, sinceToldMs } from '../model.ts';
import { waitsFor } from './ceremonies.ts';

const BAR_COLUMNS = 35;
const TIER_ORDER: readonly Tier[] = [
  'FRESH',
  'DEGRADED',
  'SURVIVAL',
  'EXPIRED',
  'QUARANTINED',
  'NONE',
];

/** The overview, at most as many lines as the size has rows. */
export function overviewLines(state: State, size: Size): readonly Line[] {
  if (state.told === null) return [BLANK, line(' asking the daemon …', 'dim')];
  const { status } = state.told;
  const domains = domainsNow(state);
  const own = domains.find((domain) => domain.own);
  const above = [
    ...standingLines(status, own),
    BLANK,
    ...factLines(factsOf(status, state, domains), size.columns - 1),
    BLANK,
    ...permitLines(own),
    BLANK,
  ];
  const concerns = concernLines(state, domains, size.columns);
  const room = size.rows - above.length;
  if (concerns.length <= room) return [...above, ...concerns];
  return [...above, ...concerns.slice(0, Math.max(0, room - 1)), inAllLine(state, domains)];
}

/** How much there is of what has no room, and where it stands. */
function inAllLine({ told, ceremonies }: State, domains: readonly DomainStatus[]): Line {
  const amiss = domains.filter(({ mend }) => mend !== '').length;
  const counts = [
    `${countText(told?.status.alarms.length ?? 0, 'alarm')} (view 8)`,
    `${ceremonies.length} that wait (7)`,
    `${countText(amiss, 'domain')} to mend (2)`,
  ];
  return line(` in all      ${counts.join(', ')}`, 'warn');
}

/** Our own domain, large: its tier, its age, its cliff. */
function standingLines(status: Status, own: DomainStatus | undefined): readonly Line[] {
  if (own === undefined || own.tier === 'NONE') {
    return [[span(` ${status.domain}  `, 'strong'), span('nothing is held yet', 'bad')]];
  }
  const bar = ageBar(own, BAR_COLUMNS);
  return [
    [
      span(` ${status.domain}  `, 'strong'),
      span(own.tier, tierTone(own)),
      span(`  last proof ${own.ageMs === null ? 'of unknown age' : `${domainAge(own)} ago`}`),
    ],
    [span(` ${bar}`, tierTone(own)), span(`  ${cliffText(own)}`)],
  ];
}

function factsOf(status: Status, state: State, domains: readonly DomainStatus[]): readonly Fact[] {
  const role = status.authority ? 'authority' : 'node';
  const links = countText(status.peers.length, 'peer');
  const listens = listensText(status);
  return [
    ['who', `${role}, root ${status.rootThreshold}, version ${status.version}${youText(state)}`],
    ['first root', status.fingerprint],
    ['lease', leaseText(status)],
    ['booted', bootText(status)],
    ['assurance', `${status.assurance}; anti-rollback ${status.antiRollback}`],
    ['time', timeText(status, sinceToldMs(state)), status.timeKnown ? 'plain' : 'bad'],
    ['reach', `${links} linked; ${listens}`],
    ['domains', tierCounts(domains)],
    ['workloads', `${countText(status.entries, 'entry', 'entries')} at ${status.sockets.workload}`],
  ];
}

/** Whom the daemon takes whoever looks for: it decides what the window may do. */
function youText({ caller }: State): string {
  return caller === null ? '' : `; you: ${caller.name}, ${caller.role}`;
}

/** What this node holds, and until when. */
function leaseText({ node: { lease } }: Status): string {
  if (lease === null) return 'none: not enrolled yet';
  const { group, kind, notAfter, trouble } = lease;
  const until = `${minuteText(notAfter)} UTC`;
  return `group ${group}, kind ${kind}, to ${until}${trouble === '' ? '' : `; ${trouble}`}`;
}

/** How it was booted, as far as its keys say; the Attestation view asks the chip. */
function bootText({ keys: { custody, boot, tpm } }: Status): string {
  if (custody === 'files') return 'not measured: the keys lie in files';
  return `approved, as "${boot}": the keys opened in ${tpm}`;
}

/** The first address, without the key that the peers view shows; and how many more. */
function listensText(status: Status): string {
  if (!status.transmits) return 'does not transmit';
  return status.listen.length === 0 ? 'dials only' : `listens at ${addressOf(status)}`;
}

function addressOf({ listen }: Status): string {
  const [first = '', ...others] = listen;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return `${first.replace(/\/p2p\/[^/]*$/, '')}${more}`;
}

function timeText({ timeKnown, wallMs }: Status, sinceMs: number): string {
  const time = aboutText(wallMs + sinceMs);
  return timeKnown ? `known, ${time}` : `UNKNOWN: at best SURVIVAL; the clock says ${time}`;
}

/** `3 FRESH, 1 DEGRADED`. */
function tierCounts(domains: readonly DomainStatus[]): string {
  return TIER_ORDER.map((tier) => [tier, domains.filter((each) => each.tier === tier).length])
    .filter(([, count]) => count !== 0)
    .map(([tier, count]) => `${count} ${tier}`)
    .join(', ');
}

/** Two acts a line. */
function permitLines(own: DomainStatus | undefined): readonly Line[] {
  const acts = DEFAULT_PERMITS.map((permit) => permitSpans(permit, own?.tier ?? 'NONE'));
  const half = Math.ceil(acts.length / 2);
  return [
    line(' May still, to the end of the tier named, unless the policy says otherwise', 'dim'),
    ...acts.slice(0, half).map((left, i): Line => [...left, ...(acts[half + i] ?? [])]),
  ];
}

function permitSpans([, worst, says]: (typeof DEFAULT_PERMITS)[number], tier: Tier): Line {
  const may = permits(tier, worst);
  const always = worst === 'QUARANTINED';
  const until = may ? `to ${worst}` : `needs ${worst}`;
  return [
    span(may ? '  yes ' : '  NO  ', may ? 'good' : 'bad'),
    span(`${fit(says, 19)} `),
    span(fit(always ? 'always' : until, 13), may ? 'dim' : 'bad'),
  ];
}

/** Alarms first, then what waits for people, then domains that something would mend. */
function concernLines(
  { told, ceremonies }: State,
  domains: readonly DomainStatus[],
  columns: number,
): readonly Line[] {
  const facts: readonly Fact[] = [
    ...(told?.status.alarms ?? [])
      .toReversed()
      .map(({ code, domain, detail }): Fact => ['ALARM', `${code} ${domain} ${detail}`, 'bad']),
    ...ceremonies.map(
      (each): Fact => ['waits', `${each.title}, for ${waitsFor(each)}: 7 Ceremonies`, 'warn'],
    ),
    ...domains
      .filter(({ mend }) => mend !== '')
      .map(({ domain, tier, mend }): Fact => ['to mend', `${domain} ${tier}: ${mend}`, 'warn']),
  ];
  return facts.length === 0
    ? [line(' No alarm, and nothing to mend.', 'dim')]
    : factLines(facts, columns - 1);
}
