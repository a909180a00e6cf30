/**
 * What every daemon stands on, whatever its role: its state folder, records, audit log and keys,
 * the state machine with its driver and network, and the socket of the commands.
 */

import type { Socket } from 'node:net';
import { Failure } from '../core/failure.ts';
import { GENERATION_STEP_MS } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { runtimeSuite } from '../core/runtime-suite.ts';
import type { Suite } from '../core/suite.ts';
import { bootMs } from '../core/time.ts';
import { VERSION } from '../core/version.ts';
import type { AgeLimits } from '../federation/limits.ts';
import type { FederationNode } from '../federation/node.ts';
import type { Continuity } from '../federation/record.ts';
import { AlarmBook } from './alarm-book.ts';
import type { ProcessInspector } from './attestation/workload-attestor.ts';
import { openAudit } from './audit/audit-aside.ts';
import type { AuditEntry } from './audit/audit-entry.ts';
import type { AuditLog } from './audit/audit-log.ts';
import { loadAuditHead, saveAuditHead } from './audit/kept-head.ts';
import type { State } from './backup/snapshot.ts';
import type { Config } from './config/keys.ts';
import { type Caller, personOf } from './control/caller.ts';
import { isShared, type LocalPeer, RoleBook } from './control/role-book.ts';
import { type ControlMethods, type ControlServer, openControlServer } from './control/server.ts';
import type { Status } from './control/views.ts';
import { announceCustody, isWithdrawalOf } from './custody/announce.ts';
import type { KeyCustody } from './custody/custody.ts';
import { type NodeCustody, openCustody } from './custody/open-custody.ts';
import type { StateGeneration } from './custody/state-generation.ts';
import { Driver } from './driver.ts';
import type { UnixSocket } from './host/unix-socket.ts';
import type { AuthorityRoll } from './identity/authority-roll.ts';
import { followKernelTime } from './kernel-time.ts';
import { knownClock } from './known-clock.ts';
import type { LinkBook } from './link-book.ts';
import { openMetrics } from './metrics/scrape.ts';
import type { NetworkOptions } from './network/libp2p-network.ts';
import { MuteNetwork } from './network/mute-network.ts';
import { paceOf } from './network/pace.ts';
import type { Clock, Log, Network, Random, Store } from './ports.ts';
import { RefusalAudit } from './refusal-audit.ts';
import { RECORDS } from './store/key-space.ts';
import { openLevelStore } from './store/level-store.ts';
import { openStateFolder } from './store/state-folder.ts';

/** What the daemon takes from the machine it runs on. */
export interface Host {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly processes: ProcessInspector;
  readonly localPeerOf: (socket: Socket) => Promise<LocalPeer>;
  /** The id of a group of this machine, or undefined. */
  readonly groupIdOf: (name: string) => Promise<number | undefined>;
  /** Whether somebody steers the clock of this machine, as its kernel says. */
  readonly isClockSynchronised: () => boolean;
  /** The network that is to be started. */
  readonly openNetwork: (options: NetworkOptions) => Network;
}

/** The state of a daemon, open and locked. */
export interface Ground {
  readonly config: Config;
  readonly host: Host;
  /** Local tightening of every domain's limits. */
  readonly limits: AgeLimits;
  readonly suite: Suite;
  readonly store: Store;
  /** As the store held them at the start, and what founding added. */
  readonly records: Map<string, Uint8Array>;
  readonly audit: AuditLog;
  readonly refusals: RefusalAudit;
  readonly alarms: AlarmBook;
  readonly roles: RoleBook;
  readonly custody: KeyCustody;
  /** Where `custody` is: in files, or behind the chip. */
  readonly nodeCustody: NodeCustody;
  /** Null where no chip counts the generations of the state. */
  readonly generation: StateGeneration | null;
  /** How far the records can be trusted to be the last. */
  readonly continuity: Continuity;
  /** What a backup is made of. */
  readonly state: State;
}

/** A state machine that is driven. */
export interface Engine {
  readonly node: FederationNode;
  readonly network: Network;
  readonly driver: Driver;
  /** What is gone by; the clock of the host is for the state machine to judge. */
  readonly clock: Clock;
}

/** What is left to ask of a daemon that serves. */
export interface Running {
  readonly status: () => Status;
  readonly links: LinkBook;
}

/** Opens state folder, store, custody and audit log. */
export async function openGround(
  config: Config,
  host: Host,
  opening: AsyncDisposableStack,
): Promise<Ground> {
  const { clock, random, log } = host;
  const folder = await openStateFolder(config.statePath);
  const store = await openLevelStore(folder.store);
  opening.defer(() => store.close());
  const records = new Map(await store.load());
  const nodeCustody = await openCustody({ config, folder: folder.keys, clock, random, log });
  opening.defer(() => nodeCustody[Symbol.asyncDispose]());
  const generation = await nodeCustody.openGeneration({ store, records, clock, log });
  opening.defer(async () => generation?.close());
  const restored = records.has(RECORDS.restored);
  if (restored) opening.defer(forgetRestored(store, host));
  const kept = loadAuditHead(records);
  const { audit, broken } = await openAudit({ path: folder.auditLog, clock, kept });
  opening.defer(() => closeAudit(store, audit));
  const alarms = new AlarmBook({ store, records, audit, clock, log });
  if (broken !== null) {
    const domain = config.trustDomain;
    await alarms.raise({ code: 'audit-broken', domain, details: broken });
    await saveAuditHead(store, audit.head); // the kept one is of the chain that is set aside
  }
  const { freshForMs, degradedForMs, survivalForMs } = config;
  return {
    ...{ config, host, store, records, audit, nodeCustody, generation },
    continuity: generation?.continuity ?? (restored ? 'rolled-back' : 'software'),
    state: { folder, store, audit },
    limits: { freshForMs, degradedForMs, survivalForMs },
    suite: runtimeSuite(),
    refusals: new RefusalAudit(audit, clock),
    alarms,
    roles: new RoleBook(config),
    custody: nodeCustody.keys,
  };
}

/**
 * Takes the mark of a restored state away, once evidence had as long to come as a generation lasts
 * (PROTOCOL §5.7); returns how to leave it.
 */
function forgetRestored(store: Store, { clock, log }: Host): () => void {
  return clock.wakeAt(bootMs(clock.now().boot + GENERATION_STEP_MS), () => {
    store.write([{ key: RECORDS.restored, value: null }]).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      log.warn('still marked as restored', { code: error.code, why: error.message });
    });
  });
}

/** Puts a state machine behind its driver; the network listens once it is started. */
export async function openEngine(
  ground: Ground,
  node: FederationNode,
  transportSeed: Uint8Array,
  opening: AsyncDisposableStack,
): Promise<Engine> {
  const { config, host, audit, refusals, alarms, generation } = ground;
  const { clock, random, log } = host;
  const { listen, trustDomain: domain, role } = config;
  const network = config.transmits
    ? host.openNetwork({
        ...{ transportSeed, ownDomain: domain, listen, clock, random, log },
        paceOf: paceOf(config.slowNetworks, config.slowRate),
      })
    : new MuteNetwork();
  const store = generation?.guard((key) => isWithdrawalOf(domain, key)) ?? ground.store;
  const driver = new Driver({
    ...{ node, clock, random, store, audit, refusals, alarms, network, log },
  });
  await audit.append('daemon.started', { version: VERSION, domain, role });
  const restoredFrom = ground.records.get(RECORDS.restored);
  await announceCustody(
    { domain, custody: ground.nodeCustody, generation, restoredFrom },
    audit,
    alarms,
  );
  opening.defer(async () => {
    await audit.append('daemon.stopped');
  });
  opening.defer(() => driver.close());
  if (config.timeTrust === 'kernel') {
    const isKnown = () => node.time(clock.now()).isKnown;
    const { isClockSynchronised: isSynchronised } = host;
    opening.defer(followKernelTime({ clock, driver, audit, log, isSynchronised, isKnown }));
  }
  return { node, network, driver, clock: knownClock(clock, node) };
}

/** Opens the socket of the commands; subscribers are told of every audit entry. */
export async function openControl(
  { config, host, audit, refusals, roles }: Ground,
  methods: ControlMethods,
  opening: AsyncDisposableStack,
): Promise<ControlServer> {
  const onRefused = (caller: Caller, refusal: Refusal): void => {
    void refusals.note(personOf(caller), refusal);
  };
  const control = await openControlServer({
    socket: await controlSocketOf(config, host),
    ...{ methods, log: host.log, onRefused },
    callerOf: async (socket) => {
      const peer = await host.localPeerOf(socket);
      const role = roles.roleOf(peer);
      const { uid, pid } = peer;
      const name = peer.user === '' ? `uid ${uid}` : peer.user;
      if (role !== undefined) return { name, uid, pid, role, from: 'socket' };
      const refusal = new Refusal('role-insufficient', { who: name, has: 'none' });
      void refusals.note(`uid ${uid}`, refusal);
      throw refusal;
    },
  });
  opening.defer(() => control.close());
  const silence = audit.onEntry((entry: AuditEntry) =>
    control.notify({ method: 'event', params: entry }),
  );
  opening.defer(silence);
  return control;
}

/**
 * Where the socket of the commands is, and who may open it at all: a group where one is named, else
 * everybody where others than the owner have roles, else the owner. Refuses `config-value` for a
 * group that is not.
 */
async function controlSocketOf(config: Config, { groupIdOf }: Host): Promise<UnixSocket> {
  const { controlSocket: path, controlGroup: name } = config;
  if (name === null) return { path, mode: isShared(config) ? 0o666 : 0o600 };
  const group = await groupIdOf(name);
  if (group !== undefined) return { path, mode: 0o660, group };
  const expected = 'a group of this machine';
  throw new Refusal('config-value', { key: 'control.group', expected, got: name });
}

/** What scrapes are told beside what every daemon knows of itself. */
interface Scraped {
  readonly status: () => Status;
  readonly authorities: () => AuthorityRoll;
}

/** Answers scrapes where the configuration says. */
export async function openScrapes(
  { config, audit, refusals, host }: Ground,
  { driver, node }: Engine,
  { status, authorities }: Scraped,
  opening: AsyncDisposableStack,
): Promise<void> {
  const { metricsListen: place, statePath } = config;
  const ends = () => ({
    authorities: authorities(),
    lease: node.heldLease(host.clock.now())?.notAfter ?? null,
  });
  const metrics = await openMetrics({ place, statePath, status, ends, audit, refusals, driver });
  opening.defer(async () => metrics?.close());
}

/** Ends the audit log, and keeps its head where a shortened log will be compared with it. */
async function closeAudit(store: Store, audit: AuditLog): Promise<void> {
  await saveAuditHead(store, audit.head);
  await audit.close();
}
