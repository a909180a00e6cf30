/**
 * An authority: founds or resumes a domain, signs what it says, issues identities, and serves those
 * who ask, on this machine and by the network.
 */

import { assert } from '../../core/assert.ts';
import { Failure } from '../../core/failure.ts';
import { DICE_BYTES, RESUME_ASK_MS } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { bootMs } from '../../core/time.ts';
import type { FederationNode } from '../../federation/node.ts';
import type { DomainView } from '../../federation/view.ts';
import { SpiffePartners, type SpiffePartnersOptions } from '../bundle-endpoint/partners.ts';
import { runtimeRoots, webRootsIn } from '../bundle-endpoint/web-roots.ts';
import { BootBook } from '../ceremony/boot-book.ts';
import { ProposalBook } from '../ceremony/proposal-book.ts';
import type { ControlMethods } from '../control/server.ts';
import type { Status } from '../control/views.ts';
import type { ChipCustody } from '../custody/chip-custody.ts';
import { authorityIssuing } from '../enrolment/authority-issuing.ts';
import { EnrolmentDesk } from '../enrolment/desk.ts';
import { DeskBook } from '../enrolment/desk-book.ts';
import type { IssuingDesk } from '../enrolment/issuing-port.ts';
import { isMessage } from '../enrolment/message.ts';
import {
  type Engine,
  type Ground,
  openControl,
  openEngine,
  openScrapes,
  type Running,
} from '../ground.ts';
import { authoritySource, type HoldsLive } from '../identity/authority-source.ts';
import { IdentityDirectory, type TrustView } from '../identity/directory.ts';
import { DEFAULT_GROUP } from '../identity/entry.ts';
import { nodeSpiffeId } from '../identity/node-id.ts';
import { LinkBook } from '../link-book.ts';
import { ReferenceFollower } from '../member/reference-follower.ts';
import { checkAct } from '../methods/acts.ts';
import { controlMethods, type MethodOptions } from '../methods/authority.ts';
import { openNode } from '../open-node.ts';
import { PeerRegister } from '../peer-register.ts';
import type { Clock, Network } from '../ports.ts';
import { isProposal, ProposedRelations } from '../relation/proposed-relations.ts';
import { daemonStatus, domainsStatus, endpointStatus } from '../status.ts';
import { SPACES } from '../store/key-space.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';
import { loadChipTrust } from '../tpm/chip-trust.ts';
import { bundleText, entriesOf, type NodeStanding, trustViewOf } from '../trust-view.ts';
import { createWorkloadServer } from '../workload-api/server.ts';
import { AuthorityBook } from './authority-book.ts';
import { knownBy, openDoor, openEndpoint } from './authority-endpoints.ts';
import { CrlMaker } from './crl-maker.ts';
import { type DomainKeys, makeRoleKey, openDomain } from './domain-keys.ts';
import { IssuedBook } from './issued-book.ts';
import { OwnPublishing } from './own-publishing.ts';
import { ReferenceBook } from './reference-book.ts';

/** Opens everything an authority is made of. Returns what is left to ask of it. */
export async function openAuthorityDaemon(
  ground: Ground,
  opening: AsyncDisposableStack,
): Promise<Running> {
  const { config, host, limits, suite, custody, store, records } = ground;
  const { clock, random, log } = host;
  const keys = await openDomain({
    domain: config.trustDomain,
    ...{ custody, store, records, suite, random },
    now: clock.now().wall,
    minEpochMs: config.minEpochMs,
  });
  const node = openNode({
    own: keys.domain,
    ...{ suite, records, limits },
    bootId: clock.bootId,
    now: clock.now(),
    continuity: ground.continuity,
    dice: random.bytes(DICE_BYTES),
    node: keys.node,
    authority: {
      keys: keys.roles,
      settings: { limits, periodMs: config.tickPeriodMs },
      hasMembers: [...records.keys()].some((key) => key.startsWith(SPACES.enrolled)),
    },
  });
  const engine = await openEngine(ground, node, keys.transportSeed, opening);
  const authorities = await AuthorityBook.open({
    domain: keys.domain,
    ...{ custody, store, records, clock: engine.clock, random, log },
  });
  const publishing = new OwnPublishing({ ...ground, ...engine, authorities });
  await publishing.first();
  return openServices({ ...ground, ...engine, keys, authorities, publishing }, opening);
}

/** How often a command that waits for the end of a resumption looks. */
const RESUME_LOOK_MS = 50;

/** Everything a running authority is made of, below its sockets. */
interface Parts extends Ground, Engine {
  readonly keys: DomainKeys;
  readonly authorities: AuthorityBook;
  readonly publishing: OwnPublishing;
}

/** Opens the sockets: Workload API, network, control. Returns what is left to ask of it. */
async function openServices(parts: Parts, opening: AsyncDisposableStack): Promise<Running> {
  const { config, host, clock, store, records, audit, authorities, node, network, driver } = parts;
  const { publishing } = parts;
  const { random, log } = host;
  const views = (): readonly DomainView[] => node.view(host.clock.now());
  const ownView = () => ownViewOf(node, host.clock);
  const partners = createPartners(parts, (domain) => knownBy(trustView(), domain));
  const standing = standingOfAuthority(parts.keys);
  const trustView = () =>
    trustViewOf(views(), node.policy, (needs) => partners.bundles(needs), standing);
  const { issued, directory, fetches } = await openIdentities(parts, trustView(), opening);
  const crls = new CrlMaker(authorities, issued, () => clock.now().wall);
  const { book, desk, peers, proposed } = await openOffice(
    parts,
    authorityIssuing({
      ...{ signers: authorities, clock, random },
      entries: () => entriesOf(ownView()),
      until: () => trustView().issueUntil,
      override: () => trustView().underOverride.issue,
      pause: () => new Promise((resolve) => clock.wakeAt(clock.now().boot, resolve)),
      onIssued: (certificate) => issued.note(certificate),
    }),
    opening,
  );
  const links = new LinkBook(store, records, network, config.peers);
  const startedAt = formatRfc3339(clock.now().wall);
  const bundle = (): string => bundleText(ownView());
  const endpoint = await openEndpoint(parts, { trustView, bundle }, opening);
  const status = (): Status => ({
    ...daemonStatus({ ...parts, peers, startedAt }),
    bundleEndpoint: endpoint?.url ?? '',
    domains: [...domainsStatus(views(), parts), ...partners.states.map(endpointStatus)],
  });
  await openScrapes(parts, parts, { status, authorities: () => authorities.roll }, opening);
  const follower = new ReferenceFollower(chipOf(parts), audit, log);
  const askNodeOf = nodeAsking(peers, network);
  const registers = { links, issued, fetches, partners, proposed, askNodeOf };
  const services = { desk, book, ...registers, views, status };
  const control = await openControl(parts, methodsOver(parts, services), opening);
  const door = await openDoor(parts, control, trustView, opening);
  const changed = (): void => {
    const view = trustView();
    publishing.look(new Set(view.entries.map(({ keyType }) => keyType)));
    directory.update(view);
    void endpoint?.renew();
    void door?.renew();
    void follower.follow(ownView());
    for (const peer of peers.displaced) network.disconnect(peer);
    control.notify({ method: 'changed', params: {} });
  };
  driver.onChanged = changed;
  partners.onChanged = changed;
  opening.defer(() => authorities.close());
  await publishing.start(crls, changed);
  links.open();
  await partners.open();
  opening.defer(() => partners.close());
  return { status, links };
}

/** The commands, over all that is open. */
function methodsOver(
  parts: Parts,
  services: Pick<
    MethodOptions,
    | ('desk' | 'book' | 'links' | 'issued' | 'fetches' | 'partners')
    | ('proposed' | 'askNodeOf' | 'views' | 'status')
  >,
): ControlMethods {
  const { config, host, clock, store, records, audit, alarms, authorities, node, driver } = parts;
  const { custody, nodeCustody, roles } = parts;
  const { random } = host;
  const proposals = new ProposalBook({
    ...{ store, records, suite: parts.suite },
    fileOf: (envelope) => node.proposalFile(envelope),
  });
  const ownView = () => ownViewOf(node, host.clock);
  return controlMethods({
    ...services,
    ...{ node, random, proposals, roles, config, driver, audit, alarms, authorities, custody },
    boots: new BootBook(store, records),
    nodeCustody,
    state: parts.state,
    references: new ReferenceBook({ driver, custody, chip: chipOf(parts), ownView }),
    now: () => clock.now().wall,
    policy: () => node.policy,
    resumed: untilResumed(node, host.clock),
    time: () => node.time(host.clock.now()),
    exportBundle: (domain) => node.exportBundle(domain),
    propose: (targets) => node.proposeRevocations(clock.now(), targets),
    makeKey: (role) => makeRoleKey({ ...parts, random }, role),
  });
}

function chipOf({ nodeCustody }: Ground): ChipCustody | null {
  return nodeCustody.chip?.custody ?? null;
}

/** Opens the Workload API, and what it is served from. */
async function openIdentities(
  { config, host, clock, store, records, authorities }: Parts,
  view: TrustView,
  opening: AsyncDisposableStack,
) {
  const { random, log, processes } = host;
  const issued = new IssuedBook({ store, records, clock, log });
  opening.defer(() => issued.close());
  const isOut: HoldsLive = ({ spiffeId }, now) => issued.isOut(spiffeId, now);
  const directory = new IdentityDirectory({
    ...{ clock, random, view },
    source: authoritySource(authorities, random, isOut),
    onIssued: (svid) => issued.note(svid),
  });
  opening.defer(() => directory.close());
  const socketPath = config.workloadSocket;
  const workloads = await createWorkloadServer({ socketPath, directory, processes, log });
  opening.defer(() => workloads.close());
  return { issued, directory, fetches: workloads.fetches };
}

/** Waits for an authority that just started, as long as it may ask others. */
function untilResumed(node: FederationNode, clock: Clock): () => Promise<void> {
  return async () => {
    const end = clock.now().boot + RESUME_ASK_MS;
    while (node.isResuming(clock.now()) && clock.now().boot < end) {
      const at = bootMs(clock.now().boot + RESUME_LOOK_MS);
      await new Promise<void>((resolve) => clock.wakeAt(at, resolve));
    }
  };
}

/** Asks a linked node of a domain. Fails `peer-unreachable` where there is none. */
function nodeAsking(peers: PeerRegister, network: Network): MethodOptions['askNodeOf'] {
  return async (domain, request) => {
    const [peer] = peers.of(domain);
    if (peer === undefined) throw new Failure('peer-unreachable', `no link to ${domain}`);
    return network.ask(peer, request);
  };
}

/** Answers what nodes ask over the network: to be enrolled, to be issued for, to be honoured. */
async function openOffice(parts: Parts, issuing: IssuingDesk, opening: AsyncDisposableStack) {
  const { host, node, driver, network, store, records, audit } = parts;
  const { book, desk } = openDesk(parts, issuing);
  const proposed = new ProposedRelations({ store, records, audit, node, clock: host.clock });
  const peers = new PeerRegister(node, driver, host.clock, async (lease, bytes) => {
    if (isMessage(bytes)) return desk.receive(bytes, 'network');
    if (isProposal(bytes)) {
      await proposed.receive(lease, bytes);
      return new Uint8Array();
    }
    if (lease === null || lease.domain !== node.domain) throw new Refusal('desk-closed');
    return issuing.issue(lease, bytes);
  });
  await network.start(peers);
  opening.defer(() => network.stop());
  return { book, desk, peers, proposed };
}

/** The desk where members are enrolled, and what it remembers. */
function openDesk(parts: Parts, issuing: IssuingDesk) {
  const { config, host, suite, node, store, records, audit, alarms } = parts;
  const { clock, random } = host;
  const book = new DeskBook(store, records);
  const trust = () => loadChipTrust(config);
  const gate = { views: () => node.view(clock.now()), policy: () => node.policy };
  const desk = new EnrolmentDesk({
    ...{ node, suite, clock, random, book, audit, alarms, issuing, trust },
    checkDelegation: () => checkAct(gate, 'delegate'),
  });
  return { book, desk };
}

/** The partners that speak SPIFFE federation alone; nothing is polled yet. */
function createPartners(
  { config, host, clock, store, records, audit, refusals, limits }: Parts,
  knownByOf: SpiffePartnersOptions['knownBy'],
): SpiffePartners {
  const { random, log } = host;
  return new SpiffePartners({
    ...{ clock, random, log, store, records, audit, refusals, limits },
    knownBy: knownByOf,
    transmits: config.transmits,
    webRoots: config.webRoots === null ? runtimeRoots : webRootsIn(config.webRoots),
  });
}

/** An authority vouches for itself, and for no more than a machine can say without a chip. */
function standingOfAuthority({ domain, node }: DomainKeys): NodeStanding {
  const spiffeId = nodeSpiffeId(domain, node.keyId);
  return { spiffeId, group: DEFAULT_GROUP, assurance: 'software' };
}

function ownViewOf(node: FederationNode, clock: Clock): DomainView {
  const own = node.viewOf(node.domain, clock.now());
  assert(own !== null, 'a running authority has its own domain');
  return own;
}
