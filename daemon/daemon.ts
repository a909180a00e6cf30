/**
 * The daemon: composes state, protocol, network, identities and sockets, and takes them down again.
 *
 * Order of opening: state (and its lock), audit log, keys, what was believed, then the sockets that
 * others use, the network last. Everything opened is closed in the opposite order, whatever failed.
 */

import type { Socket } from 'node:net';
import { assert } from '../core/assert.ts';
import { Failure } from '../core/failure.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import { runtimeSuite } from '../core/suite.ts';
import { VERSION } from '../core/version.ts';
import type { Draft } from '../federation/input.ts';
import type { AgeLimits } from '../federation/limits.ts';
import { FederationNode } from '../federation/node.ts';
import { NO_POLICY, policyBody } from '../federation/policy.ts';
import type { DomainView } from '../federation/view.ts';
import type { ProcessInspector } from './attestation/workload-attestor.ts';
import type { AuditEntry } from './audit/audit-entry.ts';
import { type AuditLog, openAuditLog } from './audit/audit-log.ts';
import { loadAuditHead, saveAuditHead } from './audit/kept-head.ts';
import { AuthorityBook } from './authority-book.ts';
import { openOwnEndpoint } from './bundle-endpoint/own-endpoint.ts';
import { SpiffePartners, type SpiffePartnersOptions } from './bundle-endpoint/partners.ts';
import type { BundleEndpoint } from './bundle-endpoint/server.ts';
import { bundleDraft, publishBundle } from './bundle-publisher.ts';
import type { Config } from './config-keys.ts';
import type { Status } from './control/protocol.ts';
import { type Caller, openControlServer } from './control/server.ts';
import { controlMethods } from './control-methods.ts';
import { CrlMaker } from './crl-maker.ts';
import { fileCustody } from './custody/file-custody.ts';
import { type DomainKeys, openDomain } from './domain-keys.ts';
import { Driver } from './driver.ts';
import { authoritySource } from './identity/authority-source.ts';
import { IdentityDirectory, type TrustView } from './identity/directory.ts';
import { DEFAULT_GROUP } from './identity/entry.ts';
import { encodeEntries, groupDocument } from './identity/entry-group.ts';
import { nodeSpiffeId } from './identity/node-id.ts';
import { IssuedBook } from './issued-book.ts';
import { LinkBook } from './link-book.ts';
import { openMetrics } from './metrics/scrape.ts';
import { createLibp2pNetwork } from './network/libp2p-network.ts';
import { PeerRegister } from './peer-register.ts';
import type { Clock, Log, Network, Random, Store } from './ports.ts';
import { RefusalAudit } from './refusal-audit.ts';
import { formatRfc3339 } from './rfc3339.ts';
import { domainStatus, endpointStatus } from './status.ts';
import { openLevelStore } from './store/level-store.ts';
import { openStateFolder } from './store/state-folder.ts';
import { bundleText, entriesOf, type NodeStanding, trustViewOf } from './trust-view.ts';
import { createWorkloadServer } from './workload-api/server.ts';

/** What the daemon takes from the machine it runs on. */
export interface Host {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly processes: ProcessInspector;
  readonly peerCredentialsOf: (socket: Socket) => Caller;
}

/** A daemon that runs. */
export interface Daemon {
  readonly status: () => Status;
  /** Takes everything down, and resolves once it is. */
  close(): Promise<void>;
}

/**
 * Opens a daemon. Refuses whatever its parts refuse (`state-locked`, `state-newer`,
 * `permissions-wide`, `port-busy`, `socket-folder`, `socket-occupied`, …); what was opened until
 * then is closed again.
 */
export async function openDaemon(config: Config, host: Host): Promise<Daemon> {
  await using opening = new AsyncDisposableStack();
  const { clock, random, log } = host;
  const folder = await openStateFolder(config.statePath);
  const store = await openLevelStore(folder.store);
  opening.defer(() => store.close());
  const records = new Map(await store.load());
  const audit = await openAuditLog({ path: folder.auditLog, clock, kept: loadAuditHead(records) });
  opening.defer(() => closeAudit(store, audit));
  const custody = fileCustody(folder.keys);
  const suite = runtimeSuite();
  const keys = await openDomain({
    domain: config.trustDomain,
    custody,
    store,
    records,
    suite,
    random,
    now: clock.now().wall,
    minEpochMs: config.minEpochMs,
  });
  const authorities = await AuthorityBook.open({
    domain: keys.domain,
    ...{ custody, store, records, clock, random, log },
  });
  const { freshForMs, degradedForMs, survivalForMs } = config;
  const limits = { freshForMs, degradedForMs, survivalForMs };
  const node = new FederationNode({
    own: keys.domain,
    suite,
    records,
    bootId: clock.bootId,
    now: clock.now(),
    continuity: 'software',
    limits,
    node: keys.node,
    authority: {
      keys: { rank: 0, beacon: keys.beacon, documents: keys.documents },
      revocation: keys.revocation,
      settings: { limits, periodMs: config.tickPeriodMs },
    },
  });
  const network = createLibp2pNetwork({
    transportSeed: keys.transportSeed,
    listen: config.listen,
    clock,
    random,
    log,
  });
  const refusals = new RefusalAudit(audit, clock);
  const driver = new Driver({ node, clock, random, store, audit, refusals, network, log });
  await audit.append('daemon.started', { version: VERSION, domain: keys.domain });
  opening.defer(async () => {
    await audit.append('daemon.stopped');
  });
  opening.defer(() => driver.close());
  await publishFirst(driver, missingDrafts(node, authorities, clock));
  const parts = { config, host, limits, store, records, audit, refusals };
  const running = { ...parts, keys, authorities, node, network, driver };
  const status = await openServices(running, opening);
  const everything = opening.move();
  return { status, close: () => everything.disposeAsync() };
}

/** Everything a running daemon is made of, below its sockets. */
interface Parts {
  readonly config: Config;
  readonly host: Host;
  readonly limits: AgeLimits;
  readonly store: Store;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly audit: AuditLog;
  readonly refusals: RefusalAudit;
  readonly keys: DomainKeys;
  readonly authorities: AuthorityBook;
  readonly node: FederationNode;
  readonly network: Network;
  readonly driver: Driver;
}

/** Opens the sockets: Workload API, network, control. Returns how to ask for the status. */
async function openServices(parts: Parts, opening: AsyncDisposableStack): Promise<() => Status> {
  const { config, host, store, records, audit, authorities, node, network, driver } = parts;
  const { clock, random, log, processes, peerCredentialsOf } = host;
  const views = (): readonly DomainView[] => node.view(clock.now());
  const partners = createPartners(parts, (domain) => rootsOf(trustView(), domain));
  const standing = standingOfAuthority(parts.keys);
  const trustView = () =>
    trustViewOf(views(), node.policy, (needs) => partners.bundles(needs), standing);
  const issued = new IssuedBook({ store, records, clock, log });
  opening.defer(() => issued.close());
  const crls = new CrlMaker(authorities, () => clock.now().wall);
  const directory = new IdentityDirectory({
    clock,
    random,
    source: authoritySource(authorities, random, ({ spiffeId }, now) =>
      issued.isOut(spiffeId, now),
    ),
    view: trustView(),
    onIssued: (svid) => issued.note(svid),
  });
  opening.defer(() => directory.close());
  const socketPath = config.workloadSocket;
  const workloads = await createWorkloadServer({ socketPath, directory, processes, log });
  opening.defer(() => workloads.close());
  const peers = new PeerRegister(node, driver, clock);
  await network.start(peers);
  opening.defer(() => network.stop());
  const links = new LinkBook(store, records, network, config.peers);
  const startedAt = formatRfc3339(clock.now().wall);
  const endpoint = await openEndpoint(parts, trustView);
  opening.defer(async () => endpoint?.close());
  const status = (): Status => ({
    ...statusOf(parts, peers, startedAt),
    bundleEndpoint: endpoint?.url ?? '',
    domains: [...views().map(domainStatus), ...partners.states.map(endpointStatus)],
  });
  const place = config.metricsListen;
  const metrics = await openMetrics({
    ...{ place, statePath: config.statePath, status },
    ...{ audit, refusals: parts.refusals, driver },
  });
  opening.defer(async () => metrics?.close());
  const control = await openControlServer({
    path: config.controlSocket,
    methods: controlMethods({
      config,
      driver,
      audit,
      links,
      authorities,
      issued,
      partners,
      now: () => clock.now().wall,
      views,
      status,
      exportBundle: (domain) => node.exportBundle(domain),
    }),
    log,
    peerCredentialsOf,
  });
  opening.defer(() => control.close());
  const silence = audit.onEntry((entry: AuditEntry) =>
    control.notify({ method: 'event', params: entry }),
  );
  opening.defer(silence);
  let republishing = false;
  const republish = async (): Promise<void> => {
    if (republishing) return;
    republishing = true;
    // What is refused now, for want of a voice, is tried again with the next change.
    const outcome = await authorities.republish().catch((error: unknown) => error);
    republishing = false;
    if (outcome instanceof Refusal) log.warn('bundle not published', { code: outcome.code });
    else if (outcome !== undefined && !(outcome instanceof Failure)) throw outcome;
  };
  const changed = (): void => {
    const view = trustView();
    void authorities.provide(new Set(view.entries.map(({ keyType }) => keyType)));
    directory.update(view);
    void endpoint?.renew();
    for (const peer of peers.displaced) network.disconnect(peer);
    const own = views().find(isOwn);
    if (own !== undefined && crls.isDue(own)) void republish();
    control.notify({ method: 'changed', params: {} });
  };
  driver.onChanged = changed;
  partners.onChanged = changed;
  opening.defer(() => authorities.close());
  await authorities.start({
    publish: (keys) => {
      const own = views().find(isOwn);
      return publishBundle(driver, own, keys, own === undefined ? [] : crls.lists(own));
    },
    changed,
    stepped: async (step) => {
      await audit.append(`authority.${step.kind}`, { by: 'schedule' });
    },
  });
  links.open();
  await partners.open();
  opening.defer(() => partners.close());
  return status;
}

/** The partners that speak SPIFFE federation alone; nothing is polled yet. */
function createPartners(
  { host, store, records, audit, refusals, limits }: Parts,
  rootsOfDomain: SpiffePartnersOptions['rootsOf'],
): SpiffePartners {
  const { clock, random, log } = host;
  return new SpiffePartners({
    ...{ clock, random, log, store, records, audit, refusals, limits },
    rootsOf: rootsOfDomain,
  });
}

/** Opens our own bundle endpoint where one is configured. */
function openEndpoint(
  { config, host, authorities, node }: Parts,
  trustView: () => TrustView,
): Promise<BundleEndpoint | null> {
  const { clock, random, log } = host;
  return openOwnEndpoint({
    ...{ config, clock, random, log },
    permission: () => {
      const { renewUntil: until } = trustView();
      const authority = authorities.x509('ec-p256');
      if (until instanceof Refusal) throw until;
      if (authority instanceof Refusal) throw authority;
      return { authority, until };
    },
    bundle: () => {
      const own = node.view(clock.now()).find(isOwn);
      assert(own !== undefined, 'a running daemon has its own domain');
      return bundleText(own);
    },
  });
}

/** Who may vouch for the endpoint of another domain: ourselves, and whom we trust now. */
function rootsOf(view: TrustView, domain: TrustDomain): readonly Uint8Array[] {
  const { domain: own, ownAuthorities, foreignAuthorities } = view;
  return (domain === own ? ownAuthorities : foreignAuthorities.get(domain))?.x509Authorities ?? [];
}

/**
 * Publishes what a new domain lacks, and waits for it. A domain that resumes serves at once: its
 * writer issues a beacon of its own accord as soon as it may.
 */
async function publishFirst(driver: Driver, drafts: readonly Draft[]): Promise<void> {
  if (drafts.length === 0) await driver.input({ kind: 'wake' });
  else await driver.request({ kind: 'publish', drafts, withdrawal: false });
}

/** The documents a domain cannot be without, where they are not published yet. */
function missingDrafts(
  node: FederationNode,
  authorities: AuthorityBook,
  clock: Clock,
): readonly Draft[] {
  const own = node.view(clock.now()).find(isOwn);
  const first: readonly Draft[] = [
    bundleDraft(authorities.published),
    { type: 'policy', name: 'policy', body: policyBody(NO_POLICY) },
    {
      type: 'entries',
      name: groupDocument(DEFAULT_GROUP),
      body: encodeEntries(DEFAULT_GROUP, []),
    },
  ];
  return first.filter((draft) => own?.documents.has(draft.name) !== true);
}

/** An authority vouches for itself, and for no more than a machine can say without a chip. */
function standingOfAuthority({ domain, node }: DomainKeys): NodeStanding {
  const spiffeId = nodeSpiffeId(domain, node.keyId);
  return { spiffeId, group: DEFAULT_GROUP, assurance: 'software' };
}

function isOwn(view: DomainView): boolean {
  return view.isOwn;
}

function statusOf(
  parts: Parts,
  peers: PeerRegister,
  startedAt: string,
): Omit<Status, 'bundleEndpoint' | 'domains'> {
  const { config, host, keys, node, network, driver } = parts;
  const now = host.clock.now();
  const views = node.view(now);
  const own = views.find((view) => view.isOwn);
  const root = own?.rootKeys ?? { threshold: 0, count: 0 };
  return {
    version: VERSION,
    domain: keys.domain,
    assurance: 'software',
    authority: true,
    rootThreshold: `${root.threshold} of ${root.count}`,
    fingerprint: own?.firstRoot ?? '',
    startedAt,
    wallMs: now.wall,
    timeKnown: views.every((view) => !view.standing.timeUnknown),
    antiRollback: node.continuity,
    sockets: { control: config.controlSocket, workload: config.workloadSocket },
    listen: network.addresses,
    peers: peers.peers,
    entries: own === undefined ? 0 : entriesOf(own).length,
    alarms: driver.alarms,
  };
}

/** Ends the audit log, and keeps its head where a shortened log will be compared with it. */
async function closeAudit(store: Store, audit: AuditLog): Promise<void> {
  await saveAuditHead(store, audit.head);
  await audit.close();
}
