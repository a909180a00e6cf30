/** What a daemon says of itself, judged: version, time, domains, links, alarms, expiries. */

import { DAY_MS } from '../../core/time.ts';
import { VERSION } from '../../core/version.ts';
import type { RelationView, SigningAuthority, Status } from '../control/views.ts';
import { formatAge, formatDuration } from '../text/duration.ts';
import { type Finding, fault, note, ok, type Typed } from './finding.ts';

/** Time enough to prepare and activate another authority in office hours. */
const EXPIRY_NOTE_MS = 7 * DAY_MS;

/** What is asked of the daemon. */
export interface DaemonFacts {
  readonly status: Status;
  readonly relations: readonly RelationView[];
  readonly authorities: readonly SigningAuthority[];
}

/**
 * Everything about a daemon that answers; `wallMs` is the clock of this machine, `trustDomain` that
 * of the settings that were looked at.
 */
export function daemonFindings(
  facts: DaemonFacts,
  { wallMs, trustDomain }: { readonly wallMs: number; readonly trustDomain: string },
  typed: Typed,
): readonly Finding[] {
  return [
    versionFinding(facts.status),
    ...settingsFindings(facts.status, trustDomain, typed),
    timeFinding(facts.status, typed),
    keysFinding(facts.status),
    ...rollbackFindings(facts.status),
    ...leaseFindings(facts.status),
    ...domainFindings(facts.status),
    ...linkFindings(facts),
    ...alarmFindings(facts.status, typed),
    ...expiryFindings(facts.authorities, wallMs),
  ];
}

function versionFinding({ version }: Status): Finding {
  if (version === VERSION) return ok('version', `daemon and command are ${version}`);
  const says = `the daemon is ${version}, this command ${VERSION}`;
  return note('version', says, 'restart the daemon: systemctl restart holdfast');
}

/** Settings and a state folder of another one would be taken for those of this daemon. */
function settingsFindings(
  { domain }: Status,
  trustDomain: string,
  { client }: Typed,
): readonly Finding[] {
  if (domain === trustDomain) return [];
  const says = `the daemon is of ${domain}; what is said of configuration and state above is of ${trustDomain}`;
  const mend = `holdfast doctor --trust-domain ${domain} --state FOLDER${client}`;
  return [note('settings', says, mend)];
}

function timeFinding({ timeKnown, time }: Status, { client }: Typed): Finding {
  if (timeKnown) return ok('time', 'the daemon knows what time it is');
  const says =
    `the daemon does not trust its clock: at best SURVIVAL. If a watch that you trust ` +
    `says ${time.wall}, confirm it`;
  return fault('time', says, `holdfast time confirm --yes${client}`);
}

function keysFinding({ keys }: Status): Finding {
  if (keys.custody === 'files')
    return ok('keys', 'lie in files that nothing but permissions guards');
  return ok(
    'keys',
    `are sealed by the TPM at ${keys.tpm}, this boot as ${JSON.stringify(keys.boot)}`,
  );
}

function rollbackFindings({ antiRollback }: Status): readonly Finding[] {
  if (antiRollback !== 'rolled-back') return [];
  const says = 'a backup or an older copy of the state was put back, or the TPM was restored';
  return [
    fault('rollback', says, 'find out who did: holdfast audit tail; new evidence mends ages'),
  ];
}

/** A member without a lease in force serves what it has, and gets nothing new. */
function leaseFindings({ authority, node: { lease } }: Status): readonly Finding[] {
  if (authority) return [];
  if (lease === null) {
    const mend = 'holdfast enroll join ADDRESS --fingerprint FINGERPRINT';
    return [fault('lease', 'this machine is no node of its domain yet', mend)];
  }
  if (lease.trouble === '') return [ok('lease', `in force until ${lease.notAfter}`)];
  const says = `out of force since ${lease.notAfter}: ${lease.trouble}`;
  return [fault('lease', says, `holdfast explain ${lease.trouble}`)];
}

function domainFindings({ domains }: Status): readonly Finding[] {
  return domains.map(({ domain, tier, ageMs, late, mend }) => {
    const age = tier === 'NONE' ? 'nothing is held' : formatAge(ageMs);
    const says = `${domain} is ${tier}${late ? ' and late' : ''}, ${age}`;
    if (mend === '') return ok('domain', says);
    return tier === 'FRESH' ? note('domain', says, mend) : fault('domain', says, mend);
  });
}

/** A partner with addresses is meant to be linked; one without comes by courier. */
function linkFindings({ status, relations }: DaemonFacts): readonly Finding[] {
  if (!status.transmits) {
    return [ok('link', 'this node does not transmit: news comes by files, and nothing leaves')];
  }
  return relations
    .filter(({ peers }) => peers.length > 0)
    .map(({ domain, peers }) => {
      const links = status.peers.filter((peer) => peer.domain === domain).length;
      if (links > 0) return ok('link', `${domain} is linked`);
      const mend = `check the way to ${peers.join(' ')}, or: holdfast bundle import FILE`;
      return fault('link', `no link to ${domain}`, mend);
    });
}

function alarmFindings({ alarms }: Status, { client }: Typed): readonly Finding[] {
  return alarms.map(({ id, code, domain, detail }) => {
    const says = `${code} ${domain} ${detail}: see to it, then clear it`;
    return fault('alarm', says, `holdfast alarm clear ${id}${client}`);
  });
}

/** Old authorities are meant to end. */
function expiryFindings(
  authorities: readonly SigningAuthority[],
  wallMs: number,
): readonly Finding[] {
  return authorities
    .filter(({ state }) => state === 'active')
    .map(({ use, keyType, notAfter }) => {
      const leftMs = Date.parse(notAfter) - wallMs;
      const what = `the ${use} authority (${keyType})`;
      const mend = 'the daemon prepares another by itself; see its log: journalctl -u holdfast';
      if (leftMs <= 0) return fault('expiry', `${what} ended at ${notAfter}`, mend);
      const says = `${what} ends in ${formatDuration(leftMs)}`;
      return leftMs < EXPIRY_NOTE_MS ? note('expiry', says, mend) : ok('expiry', says);
    });
}
