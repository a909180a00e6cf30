/**
 * A member: a node without authority keys. It founds nothing; it holds what its domain says and
 * serves the entries of its group, as far and as long as its lease lets it (PROTOCOL §7).
 *
 * Before it is enrolled it answers on all its sockets, and says on each that it is not.
 */

import { DICE_BYTES } from '../../core/limits.ts';
import type { FederationNode } from '../../federation/node.ts';
import type { DomainView } from '../../federation/view.ts';
import type { Status } from '../control/views.ts';
import { type NodeKeys, openNodeKeys } from '../custody/node-keys.ts';
import { Applicant } from '../enrolment/applicant.ts';
import { Joining } from '../enrolment/joining.ts';
import { type OwnChip, ownChip } from '../enrolment/own-chip.ts';
import { type Ground, openControl, openEngine, openScrapes, type Running } from '../ground.ts';
import { LinkBook } from '../link-book.ts';
import { memberMethods } from '../methods/member.ts';
import { openNode } from '../open-node.ts';
import { PeerRegister } from '../peer-register.ts';
import { daemonStatus, domainsStatus } from '../status.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';
import { loadIntermediates } from '../tpm/chip-trust.ts';
import { findLogs } from '../tpm/measurement-logs.ts';
import { createWorkloadServer } from '../workload-api/server.ts';
import { LeaseWatch } from './lease-watch.ts';
import { MemberIdentities } from './member-identities.ts';
import { memberView } from './member-view.ts';
import { ReferenceFollower } from './reference-follower.ts';

/** Opens everything a member is made of. Returns what is left to ask of it. */
export async function openMemberDaemon(
  ground: Ground,
  opening: AsyncDisposableStack,
): Promise<Running> {
  const { config, host, suite, custody, store, records, audit } = ground;
  const { clock, random, log, processes } = host;
  const domain = config.trustDomain;
  const keys = await openNodeKeys({ domain, custody, store, records, suite, random });
  const node = memberNode(ground, keys);
  const engine = await openEngine(ground, node, keys.transportSeed, opening);
  const { network, driver, clock: known } = engine;
  await driver.input({ kind: 'wake' });
  const views = (): readonly DomainView[] => node.view(clock.now());
  const trustView = () => memberView(node, clock.now());
  const peers = new PeerRegister(node, driver, clock);
  const identities = await MemberIdentities.open({
    ...{ node, clock: known, random, log, store, records, network },
    custody: ground.nodeCustody,
    peers: () => peers.peers.filter((peer) => peer.domain === domain).map(({ peer }) => peer),
    view: trustView,
  });
  opening.defer(() => identities.close());
  const { directory, issuing } = identities;
  const applicant = new Applicant({
    ...{ node, signer: keys.node, driver, clock, random, store, records, audit, issuing },
    chip: chipOf(ground),
  });
  await applicant.resume();
  const socketPath = config.workloadSocket;
  const workloads = await createWorkloadServer({ socketPath, directory, processes, log });
  opening.defer(() => workloads.close());
  await network.start(peers);
  opening.defer(() => network.stop());
  const links = new LinkBook(store, records, network, config.peers);
  const startedAt = formatRfc3339(known.now().wall);
  const joining = new Joining({
    ...{ applicant, node, network, clock, store, records, log },
    peers: () => [...peers.of(domain), ...peers.guests],
  });
  opening.defer(() => joining.close());
  const status = (): Status => ({
    ...daemonStatus({ ...ground, ...engine, peers, startedAt }),
    bundleEndpoint: '',
    domains: domainsStatus(views(), engine),
  });
  await openScrapes(ground, engine, { status, authorities: () => [] }, opening);
  const methods = memberMethods({
    ...{ driver, audit, links, views, status, alarms: ground.alarms, state: ground.state },
    time: () => node.time(clock.now()),
    ...{ applicant, joining, node, custody, random, nodeCustody: ground.nodeCustody },
    fetches: workloads.fetches,
    exportBundle: (name) => node.exportBundle(name),
  });
  const control = await openControl(ground, methods, opening);
  const watch = new LeaseWatch({ node, clock, audit, log });
  const follower = new ReferenceFollower(ground.nodeCustody.chip?.custody ?? null, audit, log);
  const follow = async (): Promise<void> => {
    const isAdopted = await follower.follow(node.viewOf(domain, clock.now()));
    if (isAdopted) await identities.rekey();
  };
  driver.onChanged = () => {
    void follow();
    void watch.look();
    identities.update();
    for (const peer of peers.displaced) network.disconnect(peer);
    joining.nudge();
    control.notify({ method: 'changed', params: {} });
  };
  links.open();
  joining.open();
  return { status, links };
}

/** The state machine of a node that signs nothing for its domain. */
function memberNode(ground: Ground, keys: NodeKeys): FederationNode {
  const { config, host, limits, suite, records, continuity } = ground;
  return openNode({
    own: config.trustDomain,
    ...{ suite, records, limits },
    bootId: host.clock.bootId,
    now: host.clock.now(),
    continuity,
    dice: host.random.bytes(DICE_BYTES),
    node: keys.node,
    authority: null,
  });
}

/** The chip that vouches for this machine; null where none is used. */
function chipOf({ config, nodeCustody }: Ground): OwnChip | null {
  const { chip } = nodeCustody;
  if (chip === null) return null;
  const event = config.tpmEventLog ?? undefined;
  const logs = findLogs({ event, userspace: undefined, ima: undefined }, config.tpmAddress);
  const carried = config.ekIntermediates;
  return ownChip((work) => chip.device.use('attestation', work), {
    logs,
    intermediates: async () => (carried === null ? [] : loadIntermediates(carried)),
  });
}
