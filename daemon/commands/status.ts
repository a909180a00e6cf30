/** `holdfast status`: the daemon at one glance, above all how stale each domain is. */

import type { CallerView, DomainStatus, NodeStatus, Status } from '../control/views.ts';
import { formatDuration } from '../text/duration.ts';
import { kindText } from '../text/kind-words.ts';
import { alarmsText } from './alarm.ts';
import { type Command, type CommandContext, EXIT_DONE, parseLine } from './command.ts';
import { wordFacts } from './fingerprint-print.ts';
import { factsText, jsonText, tableText } from './print.ts';
import { CLIENT_OPTIONS, CLIENT_USAGE, withDaemon } from './settings.ts';

const USAGE = `\
Usage: holdfast status [OPTIONS]

Shows what the daemon holds: its domain, every partner, how old its last proof
of each is, what that still permits, and what would mend it.

${CLIENT_USAGE}`;

export const command: Command = {
  name: 'status',
  summary: 'show domains, how stale they are, peers and alarms',
  usage: USAGE,
  run,
};

async function run(context: CommandContext): Promise<number> {
  const { values } = parseLine(context.args, CLIENT_OPTIONS);
  const [status, caller] = await withDaemon(context, values, (daemon) =>
    Promise.all([daemon.call('status', {}), daemon.call('whoami', {})]),
  );
  context.write(values.json ? jsonText({ ...status, caller }) : statusText(status, caller));
  return EXIT_DONE;
}

function statusText(status: Status, caller: CallerView): string {
  const sections = [selfText(status, caller), domainsText(status.domains)];
  const mends = status.domains.filter(({ mend }) => mend !== '');
  if (mends.length > 0) {
    sections.push(factsText(mends.map(({ domain, mend }) => [`to mend ${domain}:`, mend])));
  }
  if (status.peers.length > 0) sections.push(peersText(status));
  if (status.alarms.length > 0) sections.push(alarmsText(status.alarms));
  return sections.join('\n');
}

function selfText(status: Status, { name, role: may }: CallerView): string {
  const role = status.authority ? authorityText(status) : 'member';
  return factsText([
    ['domain', `${status.domain} (${role}, root ${status.rootThreshold})`],
    ['fingerprint', status.fingerprint],
    ...wordFacts(status.fingerprint),
    ['node', status.node.id],
    ['lease', leaseText(status.node)],
    ['if stolen', stolenText(status)],
    ['assurance', `${status.assurance}; anti-rollback: ${status.antiRollback}`],
    ['keys', keysText(status)],
    ['time', timeText(status)],
    ['started', `${status.startedAt} (version ${status.version})`],
    ['entries', String(status.entries)],
    ['listening', listenText(status)],
    ...(status.bundleEndpoint === '' ? [] : [['bundle at', status.bundleEndpoint] as const]),
    ['workloads', status.sockets.workload],
    ['control', status.sockets.control],
    ['you are', `${name}, ${may}`],
  ]);
}

function authorityText({ writes, rank }: Status): string {
  if (writes) return 'authority';
  return rank === null ? 'authority whose keys no Root names' : `standby of rank ${rank}`;
}

/** What makes the node one of its domain, in words. */
export function leaseText({ lease }: NodeStatus): string {
  if (lease === null) return 'none: this node is not enrolled';
  const { group, kind, notAfter, trouble } = lease;
  const state = trouble === '' ? 'in force' : `not in force (${trouble})`;
  return `${state}, ${kind} for group ${group}, until ${notAfter}`;
}

/** What this machine's keys can be, in the hands of a thief (PROTOCOL §7.2). */
function stolenText({ authority, node }: Status): string {
  if (authority) return 'an authority: the whole domain, until its keys are revoked';
  return node.lease === null ? 'nothing: it holds no lease' : kindText(node.lease.kind);
}

function keysText({ keys }: Status): string {
  if (keys.custody === 'files') return 'in files';
  return `sealed by the TPM at ${keys.tpm}, for boots approved as ${JSON.stringify(keys.boot)}`;
}

function timeText({ timeKnown, time }: Status): string {
  if (!timeKnown) return 'unknown: at best SURVIVAL; see: holdfast time show';
  return time.basis === 'operator' ? 'known, by the word of a person' : 'known';
}

function domainsText(domains: readonly DomainStatus[]): string {
  return tableText(
    ['DOMAIN', 'RELATION', 'TIER', 'AGE', 'NEXT', 'EPOCH', 'TICK', 'REMARKS'],
    domains.map((domain) => [
      domain.domain,
      domain.relation,
      domain.tier,
      domain.tier === 'NONE' ? '-' : ageText(domain),
      nextText(domain),
      domain.epoch,
      String(domain.tick),
      remarksText(domain),
    ]),
  );
}

function ageText({ ageMs }: DomainStatus): string {
  return ageMs === null ? 'unknown' : formatDuration(ageMs);
}

function nextText({ nextCliff }: DomainStatus): string {
  return nextCliff === null ? '-' : `${nextCliff.tier} in ${formatDuration(nextCliff.inMs)}`;
}

function remarksText(status: DomainStatus): string {
  const { relation, stopped, late, timeUnknown, tier, alert, overrides } = status;
  const remarks = [
    stopped && 'stopped',
    late && 'late',
    timeUnknown && 'time unknown',
    ...overrides.map(({ action, notAfter }) => `${action} overridden until ${notAfter}`),
    alert > 0 && `${alert} % of ${tier} is gone`,
    relation === 'spiffe' && 'unsigned: age of the last fetch',
  ];
  return remarks.filter((remark) => remark !== false).join(', ');
}

function peersText({ peers }: Status): string {
  return tableText(
    ['PEER', 'DOMAIN', 'LINKED FOR'],
    peers.map(({ peer, domain, sinceMs }) => [peer, domain, formatDuration(sinceMs)]),
  );
}

function listenText({ listen, transmits }: Status): string {
  if (!transmits) return 'nowhere: this node does not transmit';
  return listen.length === 0 ? 'nowhere' : listen.join(' ');
}
