/**
 * The status of a daemon, as commands and the terminal see it (PROTOCOL §4.8): every answer about
 * a domain names its age, its tier, the next cliff, and what would mend it.
 */

import { FOREIGN_STORE_BYTES_MAX } from '../core/limits.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import { elapsedMs, type Instant } from '../core/time.ts';
import { VERSION } from '../core/version.ts';
import type { DomainShare } from '../federation/domain-ledger.ts';
import type { FederationNode } from '../federation/node.ts';
import type { OverrideInForce } from '../federation/overriding.ts';
import type { DomainView } from '../federation/view.ts';
import type { RaisedAlarm } from './alarm-book.ts';
import type { PartnerState } from './bundle-endpoint/partners.ts';
import type {
  AlarmStatus,
  DomainStatus,
  HeardStatus,
  NodeStatus,
  OverrideStatus,
  ShareStatus,
  Status,
} from './control/views.ts';
import { keysStatus } from './custody/open-custody.ts';
import type { Driver } from './driver.ts';
import type { Engine, Ground } from './ground.ts';
import { nodeSpiffeId } from './identity/node-id.ts';
import { timeStatus } from './methods/time.ts';
import type { PeerRegister } from './peer-register.ts';
import { termsView } from './relation/terms-view.ts';
import { wordsOf } from './text/fingerprint-words.ts';
import { formatRfc3339 } from './text/rfc3339.ts';
import { knownAgeMs, mendAhead, mendOf } from './tier-facts.ts';
import { entriesOf } from './trust-view.ts';

/** What the status of a daemon is read off. */
export interface StatusFacts
  extends Pick<Ground, 'config' | 'host' | 'nodeCustody' | 'alarms'>,
    Engine {
  readonly peers: PeerRegister;
  readonly startedAt: string;
}

/** The daemon itself, whatever its role. */
export function daemonStatus(facts: StatusFacts): Omit<Status, 'bundleEndpoint' | 'domains'> {
  const { config, host, nodeCustody, alarms, node, network, peers, startedAt } = facts;
  const now = host.clock.now();
  const views = node.view(now);
  const own = views.find((view) => view.isOwn);
  const root = own?.rootKeys ?? { threshold: 0, count: 0 };
  const self = nodeStatus(node, now);
  return {
    version: VERSION,
    domain: config.trustDomain,
    assurance: self.lease?.assurance ?? 'software',
    authority: config.role === 'authority',
    node: self,
    writes: node.hasVoice,
    rank: node.rank,
    rootThreshold: `${root.threshold} of ${root.count}`,
    fingerprint: own?.firstRoot ?? '',
    startedAt,
    wallMs: now.wall,
    timeKnown: views.every((view) => !view.standing.timeUnknown),
    time: timeStatus(node.time(now), now),
    antiRollback: node.continuity,
    keys: keysStatus(nodeCustody),
    sockets: { control: config.controlSocket, workload: config.workloadSocket },
    listen: network.addresses,
    transmits: config.transmits,
    peers: peers.peers.map((peer) => ({ ...peer, budget: network.budgetOf(peer.peer) })),
    entries: own === undefined ? 0 : entriesOf(own).length,
    alarms: alarms.all.map(alarmStatus),
  };
}

/** An alarm as it is shown. */
export function alarmStatus({ at, ...alarm }: RaisedAlarm): AlarmStatus {
  return { ...alarm, at: formatRfc3339(at) };
}

/** This node and its lease, in force or not. */
function nodeStatus(node: FederationNode, now: Instant): NodeStatus {
  const { nodeId: id, domain } = node;
  const spiffeId = nodeSpiffeId(domain, id);
  const held = node.heldLease(now);
  if (held === null) return { id, spiffeId, lease: null };
  const inForce = refusalOf(() => node.lease(now));
  const { group, kind, assurance, issuedAt, notAfter } = held;
  const trouble = inForce instanceof Refusal ? inForce.code : '';
  const dates = { issuedAt: formatRfc3339(issuedAt), notAfter: formatRfc3339(notAfter) };
  return { id, spiffeId, lease: { group, kind, assurance, ...dates, trouble } };
}

/** Every domain as it stands, and by what way the newest of it came. */
export function domainsStatus(
  views: readonly DomainView[],
  { driver, node }: Pick<Engine, 'driver' | 'node'>,
): readonly DomainStatus[] {
  const now = driver.now();
  const ahead = mendAhead(node.forewarnings(), now.wall);
  return views.map((view) => {
    const status = domainStatus(view, heardStatus(driver, view));
    const share = shareStatus(node.shareOf(view.domain, now));
    return { ...status, share, mend: status.mend === '' && view.isOwn ? ahead : status.mend };
  });
}

/** What a partner fills of what one may. */
function shareStatus(share: DomainShare | null): ShareStatus | null {
  if (share === null) return null;
  const { storedBytes, left } = share;
  return { storedBytes, storedMax: FOREIGN_STORE_BYTES_MAX, ...left };
}

function heardStatus(driver: Driver, { domain, isOwn }: DomainView): HeardStatus | null {
  const heard = isOwn ? undefined : driver.heardOf(domain);
  if (heard === undefined) return null;
  const { by, peer, at } = heard;
  return { by, peer, agoMs: elapsedMs(at, driver.now().boot) };
}

/** One domain as it stands. */
export function domainStatus(view: DomainView, heard: HeardStatus | null): DomainStatus {
  const { standing, domain } = view;
  const nothing = view.beacon === null;
  return {
    domain,
    own: view.isOwn,
    relation: view.isOwn ? 'own' : 'partner',
    terms: view.relation === null ? null : termsView(view.relation),
    tier: nothing ? 'NONE' : standing.tier,
    ageMs: knownAgeMs(standing),
    limits: standing.limits,
    nextCliff: nothing ? null : standing.cliff,
    alert: nothing ? 0 : standing.alert,
    epoch: String(view.epoch),
    tick: view.tick,
    rootVersion: String(view.rootVersion),
    words: wordsOf(view.firstRoot).join(' '),
    beacon: view.beacon ?? '',
    stopped: standing.stopped,
    late: standing.late,
    timeUnknown: standing.timeUnknown,
    overrides: view.overrides.map(overrideStatus),
    heard,
    share: null,
    mend: mendOf(view),
  };
}

/** An override as it is shown. */
function overrideStatus({ digest, notAfter, ...override }: OverrideInForce): OverrideStatus {
  const { action, tier, reason, people } = override;
  return { id: digest, action, tier, reason, people, notAfter: formatRfc3339(notAfter) };
}

/**
 * A partner that speaks SPIFFE federation alone. Its tier says when its endpoint last answered, by
 * our clock: nobody signed that the bundle was current then.
 */
export function endpointStatus({ partner, standing, trouble }: PartnerState): DomainStatus {
  const { domain, url } = partner.terms;
  const answered = standing.tier === 'NONE' ? 'has not answered yet' : 'is not reached';
  const reason = trouble instanceof Refusal ? `${trouble.code}: ${trouble.mend}` : trouble?.code;
  return {
    ...{ domain, own: false, relation: 'spiffe', terms: null },
    tier: standing.tier,
    ageMs: standing.ageMs,
    limits: standing.limits,
    nextCliff: standing.cliff,
    alert: 0,
    epoch: String(partner.held?.bundle.sequence ?? ''),
    ...{ tick: 0, rootVersion: '0', words: '', beacon: '', stopped: false, timeUnknown: false },
    late: trouble !== null,
    overrides: [],
    heard: null,
    share: null,
    mend:
      trouble === null && standing.tier === 'FRESH'
        ? ''
        : `its endpoint ${url} ${answered} (${reason ?? 'waiting'})`,
  };
}

/** A sentence about roots that one person could replace, or null. */
export function rootWarning(view: DomainView): string | null {
  const keys = view.rootKeys;
  if (keys === null || keys.threshold > 1) return null;
  return `one root key of ${view.domain} replaces everything: keep it off this machine`;
}
