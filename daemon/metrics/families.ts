/**
 * What the daemon tells to a scraper: its status as metric families, named `holdfast_…` in base
 * units (OpenMetrics 1.0). It adds nothing to what `status` says; docs/alerts.yaml shows what is
 * worth waking somebody for.
 */

import { SECOND_MS, type UnixMs } from '../../core/time.ts';
import type { DomainStatus, PeerStatus, ShareStatus, Status, Tier } from '../control/views.ts';
import type { NodeHealth } from '../host/node-health.ts';
import type { RollEntry } from '../identity/authority-roll.ts';
import type { Family, Sample } from './open-metrics.ts';

/** What ends by itself, unless it is rotated or renewed before. */
export interface Ends {
  /** What signs identities here, and what signed them; none at a member. */
  readonly authorities: readonly RollEntry[];
  /** Null before this node is enrolled. */
  readonly lease: UnixMs | null;
}

/** All that the families are made from. */
export interface MetricFacts {
  readonly status: Status;
  readonly ends: Ends;
  readonly health: NodeHealth;
  /** How often each code was refused since the start. */
  readonly refusals: ReadonlyMap<string, number>;
  /** How often each event was audited since the start. */
  readonly events: ReadonlyMap<string, number>;
  /** Inputs that wait for their turn. */
  readonly queued: number;
}

const TIERS: readonly Tier[] = ['FRESH', 'DEGRADED', 'SURVIVAL', 'EXPIRED', 'QUARANTINED', 'NONE'];

/** The families of one scrape, always the same ones in the same order. */
export function familiesOf(facts: MetricFacts): readonly Family[] {
  return [
    ...daemonFamilies(facts),
    ...domainFamilies(facts.status.domains),
    ...shareFamilies(facts.status.domains),
    ...peerFamilies(facts.status.peers),
    ...endFamilies(facts),
    ...activityFamilies(facts),
    ...healthFamilies(facts.health),
  ];
}

function daemonFamilies({ status }: MetricFacts): readonly Family[] {
  const { version, domain, assurance, antiRollback, timeKnown } = status;
  return [
    gauge('holdfast_info', 'This daemon, in labels; always 1.', [
      { labels: { version, domain, assurance, anti_rollback: antiRollback }, value: 1 },
    ]),
    gauge('holdfast_time_known', '1 while the daemon knows what time it is.', one(timeKnown)),
    gauge('holdfast_entries', 'Registration entries.', one(status.entries)),
    gauge('holdfast_links', 'Linked peers, by their domain.', counted(status.peers, 'domain')),
    gauge('holdfast_alarms', 'Alarms that nobody cleared.', counted(status.alarms, 'code')),
  ];
}

function domainFamilies(domains: readonly DomainStatus[]): readonly Family[] {
  const each = (read: (status: DomainStatus) => number): readonly Sample[] =>
    domains.map((status) => ({ labels: labelsOf(status), value: read(status) }));
  return [
    gauge('holdfast_domain_age_seconds', 'Age of the newest evidence.', each(agesOf)),
    gauge(
      'holdfast_domain_tier',
      '1 for the tier that the domain is in.',
      domains.flatMap((status) =>
        TIERS.map((tier) => ({
          labels: { ...labelsOf(status), tier },
          value: Number(status.tier === tier),
        })),
      ),
    ),
    gauge(
      'holdfast_domain_limit_seconds',
      'Age at which the domain leaves a tier.',
      domains.flatMap((status) => {
        const { freshForMs, degradedForMs, survivalForMs } = status.limits;
        const limits = { FRESH: freshForMs, DEGRADED: degradedForMs, SURVIVAL: survivalForMs };
        return Object.entries(limits).map(([tier, ms]) => ({
          labels: { ...labelsOf(status), tier },
          value: ms / SECOND_MS,
        }));
      }),
    ),
    gauge(
      'holdfast_domain_cliff_seconds',
      'Time until the domain falls to a worse tier, if nothing newer arrives.',
      domains.flatMap((status) =>
        status.nextCliff === null
          ? []
          : [
              {
                labels: { ...labelsOf(status), tier: status.nextCliff.tier },
                value: status.nextCliff.inMs / SECOND_MS,
              },
            ],
      ),
    ),
    gauge(
      'holdfast_domain_late',
      '1 if ticks stay away.',
      each(({ late }) => Number(late)),
    ),
    gauge(
      'holdfast_domain_stopped',
      '1 if the newest beacon was withdrawn.',
      each(({ stopped }) => Number(stopped)),
    ),
    gauge(
      'holdfast_domain_time_unknown',
      '1 if time is not known as far as this domain goes.',
      each(({ timeUnknown }) => Number(timeUnknown)),
    ),
    gauge(
      'holdfast_domain_overrides',
      'Overrides in force on statements of the domain.',
      each(({ overrides }) => overrides.length),
    ),
  ];
}

function shareFamilies(domains: readonly DomainStatus[]): readonly Family[] {
  return [
    gauge(
      'holdfast_domain_stored_bytes',
      'What a partner fills of the store.',
      domains.flatMap((status) => shareSample(status, ({ storedBytes }) => storedBytes)),
    ),
    gauge(
      'holdfast_domain_budget_ratio',
      'What a partner may still spend at once, of bytes moved over links and of bytes new of it.',
      domains.flatMap((status) =>
        (['moved', 'news'] as const).flatMap((way) =>
          shareSample(status, (share) => share[way] / 100, { way }),
        ),
      ),
    ),
  ];
}

function shareSample(
  status: DomainStatus,
  read: (share: ShareStatus) => number,
  labels: Sample['labels'] = {},
): readonly Sample[] {
  if (status.share === null) return [];
  return [{ labels: { ...labelsOf(status), ...labels }, value: read(status.share) }];
}

function peerFamilies(peers: readonly PeerStatus[]): readonly Family[] {
  const each = (read: (peer: PeerStatus) => number): readonly Sample[] =>
    peers.map((status) => ({ labels: peerLabels(status), value: read(status) }));
  return [
    gauge(
      'holdfast_peer_link_seconds',
      'How long the link is up.',
      each(({ sinceMs }) => sinceMs / SECOND_MS),
    ),
    gauge(
      'holdfast_peer_heard_seconds',
      'Time since anything came from the peer.',
      each(({ heardMs }) => heardMs / SECOND_MS),
    ),
    gauge(
      'holdfast_peer_heard_bytes',
      'Bytes from the peer since the link is up.',
      each(({ heardBytes }) => heardBytes),
    ),
    gauge(
      'holdfast_peer_budget_ratio',
      'What the peer may still send at once.',
      peers.flatMap((status) =>
        Object.entries(status.budget).map(([way, percent]) => ({
          labels: { ...peerLabels(status), way },
          value: percent / 100,
        })),
      ),
    ),
  ];
}

function endFamilies({ status, ends }: MetricFacts): readonly Family[] {
  const { authorities, lease } = ends;
  const left = (end: UnixMs): number => (end - status.wallMs) / SECOND_MS;
  return [
    gauge(
      'holdfast_authority_left_seconds',
      'Time until an authority that signs identities ends.',
      authorities.map(({ id, use, keyType, state, notAfter }) => ({
        labels: { id, use, key_type: keyType, state },
        value: left(notAfter),
      })),
    ),
    gauge(
      'holdfast_lease_left_seconds',
      'Time until the lease of this node ends.',
      one(lease === null ? undefined : left(lease)),
    ),
  ];
}

function activityFamilies({ refusals, events, queued }: MetricFacts): readonly Family[] {
  return [
    counter('holdfast_refusals', 'Inputs refused, by code.', refusals, 'code'),
    counter('holdfast_events', 'Audited events, by name.', events, 'event'),
    gauge('holdfast_inputs_queued', 'Inputs that wait for their turn.', one(queued)),
  ];
}

function healthFamilies(health: NodeHealth): readonly Family[] {
  const { diskFreeBytes, diskBytes, memoryAvailableBytes, memoryBytes } = health;
  const { temperatureCelsius, batteryShare, onBattery } = health;
  const { processResidentBytes, processOpenFiles, processCpuSeconds } = health;
  return [
    gauge('holdfast_node_disk_free_bytes', 'Room on the disk of the state.', one(diskFreeBytes)),
    gauge('holdfast_node_disk_bytes', 'Size of that disk.', one(diskBytes)),
    gauge('holdfast_node_memory_free_bytes', 'Memory to be had.', one(memoryAvailableBytes)),
    gauge('holdfast_node_memory_bytes', 'Memory of the machine.', one(memoryBytes)),
    gauge('holdfast_node_temperature_celsius', 'The hottest zone.', one(temperatureCelsius)),
    gauge('holdfast_node_battery_ratio', 'How full the emptiest battery is.', one(batteryShare)),
    gauge('holdfast_node_on_battery', '1 while a battery discharges.', one(onBattery)),
    // The names that every dashboard of processes knows.
    gauge('process_resident_memory_bytes', 'Memory of the daemon.', one(processResidentBytes)),
    gauge('process_open_fds', 'Open files of the daemon.', one(processOpenFiles)),
    {
      name: 'process_cpu_seconds',
      type: 'counter',
      help: 'Processor time of the daemon.',
      samples: one(processCpuSeconds),
    },
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'gauge', help, samples };
}

function counter(
  name: string,
  help: string,
  counts: ReadonlyMap<string, number>,
  label: string,
): Family {
  const samples = [...counts].map(([text, value]) => ({ labels: { [label]: text }, value }));
  return { name, type: 'counter', help, samples };
}

/** One sample without labels; none where the value is not known. */
function one(value: number | boolean | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels: {}, value: Number(value) }];
}

/** How many of `items` share each value of a member. */
function counted<Name extends string>(
  items: readonly Readonly<Record<Name, string>>[],
  name: Name,
): readonly Sample[] {
  const groups = Map.groupBy(items, (item) => item[name]);
  return [...groups].map(([text, { length }]) => ({ labels: { [name]: text }, value: length }));
}

function labelsOf({ domain, relation }: DomainStatus): Sample['labels'] {
  return { domain, relation };
}

function peerLabels({ peer, domain }: PeerStatus): Sample['labels'] {
  return { peer, domain };
}

/** An age that nothing bounds is infinite, as the text can say. */
function agesOf({ tier, ageMs }: DomainStatus): number {
  return tier === 'NONE' || ageMs === null ? Number.POSITIVE_INFINITY : ageMs / SECOND_MS;
}
