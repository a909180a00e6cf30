/**
 * The control methods of a daemon that holds two domains and forgets everything, and a server that
 * answers with them on a real socket. A test replaces the methods it is about.
 */

import type { Caller } from '../../daemon/control/caller.ts';
import {
  type ControlMethods,
  type ControlServer,
  openControlServer,
} from '../../daemon/control/server.ts';
import type {
  AlarmStatus,
  ApplicationView,
  AttestationView,
  CeremonyView,
  DomainStatus,
  EnrolledView,
  EnrolMessage,
  EntryView,
  FetchedView,
  RelationTermsView,
  RelationView,
  RevocationView,
  SigningAuthority,
  Status,
  TimeStatus,
} from '../../daemon/control/views.ts';
import { MemoryLog } from './memory-log.ts';

export const FINGERPRINT = 'ab'.repeat(32);

export const ENTRY: EntryView = {
  id: 'e-0123456789abcdef',
  spiffeId: 'spiffe://home.example/web',
  selectors: ['unix:uid:1000'],
  group: 'default',
  parent: '',
  x509SvidTtlMs: 3_600_000,
  jwtSvidTtlMs: 300_000,
  keyType: 'ec-p256',
  dnsNames: [],
  federatesWith: [],
  hint: '',
  admin: false,
  minAssurance: 'software',
  expiresAt: '',
  createdAt: '2026-01-01T00:00:00.000Z',
  revision: 1,
};

export const TERMS: RelationTermsView = {
  scope: ['/'],
  minAssurance: 'software',
  limits: null,
  survivalForeign: false,
  peering: true,
  serveBundle: true,
  budgetMib: 32,
  notAfter: '',
};

export const RELATION: RelationView = {
  domain: 'blue.example',
  kind: 'holdfast',
  endpoint: null,
  fingerprint: FINGERPRINT,
  peers: ['/ip4/192.0.2.7/tcp/7717'],
  terms: TERMS,
  tier: 'DEGRADED',
};

export const SPIFFE_RELATION: RelationView = {
  domain: 'plain.example',
  kind: 'spiffe',
  endpoint: {
    url: 'https://plain.example/',
    profile: 'https_spiffe',
    endpointId: 'spiffe://plain.example/spire/server',
    trouble: '',
  },
  fingerprint: '',
  peers: [],
  terms: { ...TERMS, peering: false },
  tier: 'NONE',
};

const OWN: DomainStatus = {
  domain: 'home.example',
  own: true,
  relation: 'own',
  terms: null,
  tier: 'FRESH',
  ageMs: 12_000,
  limits: { freshForMs: 600_000, degradedForMs: 86_400_000, survivalForMs: 604_800_000 },
  nextCliff: { tier: 'DEGRADED', inMs: 588_000 },
  alert: 0,
  epoch: '7',
  tick: 3,
  rootVersion: '1',
  words: 'abandon ability able about above absent',
  beacon: 'cd'.repeat(32),
  stopped: false,
  late: false,
  timeUnknown: false,
  overrides: [],
  heard: null,
  share: null,
  mend: '',
};

const PARTNER: DomainStatus = {
  ...OWN,
  domain: 'blue.example',
  own: false,
  relation: 'partner',
  terms: TERMS,
  tier: 'DEGRADED',
  ageMs: 7_450_000,
  nextCliff: { tier: 'SURVIVAL', inMs: 78_950_000 },
  epoch: '4',
  heard: { by: 'gossip', peer: '12D3KooWA', agoMs: 7_450_000 },
  share: { storedBytes: 34_567, storedMax: 16_777_216, moved: 99, news: 100 },
  late: true,
  mend: 'restore a path to blue.example',
};

export const TIME: TimeStatus = {
  known: true,
  basis: 'wall',
  doubts: [],
  clock: '2026-01-01T01:00:00.000Z',
  wall: '2026-01-01T01:00:00.000Z',
};

/** An alarm as a daemon shows it. */
export const ALARM: AlarmStatus = {
  ...{ id: 7, at: '2026-01-01T00:00:00Z', code: 'equivocation' },
  ...{ domain: 'blue.example', detail: 'epoch 7' },
};

export const STATUS: Status = {
  version: '0.1.0',
  domain: 'home.example',
  assurance: 'software',
  authority: true,
  node: {
    id: 'cd'.repeat(32),
    spiffeId: 'spiffe://home.example/holdfast/node/cdcdcdcdcdcdcdcd',
    lease: {
      ...{ group: 'default', kind: 'slices', assurance: 'software', trouble: '' },
      ...{ issuedAt: '2026-01-01T00:00:00.000Z', notAfter: '2026-01-08T00:00:00.000Z' },
    },
  },
  rootThreshold: '1 of 1',
  writes: true,
  rank: 0,
  fingerprint: FINGERPRINT,
  startedAt: '2026-01-01T00:00:00.000Z',
  wallMs: Date.UTC(2026, 0, 1, 1),
  timeKnown: true,
  time: TIME,
  antiRollback: 'software',
  keys: { custody: 'files', tpm: '', boot: '' },
  sockets: { control: '/run/holdfast/control.sock', workload: '/run/holdfast/workload.sock' },
  listen: ['/ip4/127.0.0.1/tcp/7717'],
  transmits: true,
  bundleEndpoint: '',
  domains: [OWN, PARTNER],
  peers: [
    {
      ...{ peer: '12D3KooWA', domain: 'blue.example', node: 'ef'.repeat(32), sinceMs: 61_000 },
      ...{ class: 'authority', bitsPerS: 9_600, heardMs: 30_000, heardBytes: 12_345 },
      budget: { sync: 100, gossip: 97 },
    },
  ],
  entries: 1,
  alarms: [],
};

export const AUTHORITY: SigningAuthority = {
  id: '34'.repeat(20),
  use: 'x509',
  keyType: 'ec-p256',
  state: 'active',
  tainted: false,
  notAfter: '2027-01-01T00:00:00.000Z',
};

export const REVOCATION: RevocationView = {
  domain: 'home.example',
  kind: 'svid',
  target: '4a'.repeat(16),
  at: '2026-11-20T10:00:00.000Z',
  notAfter: '2026-11-20T11:00:00.000Z',
};

export const APPLICATION: ApplicationView = {
  ...{ node: 'ef'.repeat(32), group: 'default', kind: 'slices', way: 'courier' },
  ...{ endorsement: '', assurance: 'software', approved: false },
  notAfter: '2026-01-15T00:00:00.000Z',
};

export const ENROLLED: EnrolledView = {
  ...{ node: 'cd'.repeat(32), group: 'default', kind: 'slices', assurance: 'software' },
  spiffeId: 'spiffe://home.example/holdfast/node/cdcdcdcdcdcdcdcd',
  grantedAt: '2026-01-01T00:00:00.000Z',
  notAfter: '2026-01-08T00:00:00.000Z',
  revoked: false,
};

const MESSAGE: EnrolMessage = { text: 'armoured\n', node: APPLICATION.node };

/** A Root that one of two people has signed. */
export const CEREMONY: CeremonyView = {
  ...{ kind: 'root', id: '5e'.repeat(32), title: 'Root 2 of home.example', by: 'key' },
  words: 'abandon ability able about above absent',
  changes: [
    `${'66'.repeat(32)} joins the root role`,
    'root keys that have to sign: 2 instead of 1',
  ],
  signatures: [
    {
      ...{ name: 'root keys of version 1', needed: 1 },
      ...{ keys: ['44'.repeat(32)], signed: ['44'.repeat(32)] },
    },
    {
      ...{ name: 'root keys of version 2', needed: 2 },
      ...{ keys: ['44'.repeat(32), '66'.repeat(32)], signed: ['44'.repeat(32)] },
    },
  ],
  ...{ broughtBy: 'uid 1000', since: '2026-01-01T00:00:00.000Z', until: '' },
};

/** Who calls a fake daemon. */
export const CALLER: Caller = {
  ...{ name: 'ann', uid: 1_000, pid: 1, role: 'admin', from: 'socket' },
};

/** A boot whose loader is not the approved one. */
export const ATTESTATION: AttestationView = {
  ...{ tpm: '/dev/tpmrm0', verdict: 'unapproved', state: 'first boot', bank: 'sha256' },
  secureBoot: 'on',
  differences: [
    {
      ...{
        code: 'appraisal-mismatch',
        where: 'PCR 4, event 17 (EV_EFI_BOOT_SERVICES_APPLICATION)',
      },
      ...{ expected: 'aa'.repeat(32), got: 'bb'.repeat(32) },
    },
  ],
  pcrs: [
    { pcr: 0, value: '00'.repeat(32), explained: true, trouble: '' },
    { pcr: 4, value: '44'.repeat(32), explained: true, trouble: '' },
    { pcr: 10, value: '10'.repeat(32), explained: false, trouble: 'log-absent' },
  ],
  events: [
    {
      ...{ pcr: 0, index: 0, source: 'firmware', type: 'EV_S_CRTM_VERSION', proven: 'all' },
      ...{ digest: '01'.repeat(32), text: 'edk2-stable202411' },
    },
    {
      ...{ pcr: 4, index: 17, source: 'firmware', type: 'EV_EFI_BOOT_SERVICES_APPLICATION' },
      ...{ proven: 'digest', digest: 'bb'.repeat(32), text: '\\EFI\\BOOT\\BOOTX64.EFI' },
    },
  ],
};

/** A workload that holds an SVID. */
export const FETCHED: FetchedView = {
  ...{ spiffeId: ENTRY.spiffeId, uid: 1_000, agoMs: 65_000 },
  notAfter: '2026-01-01T02:00:00.000Z',
};

export const METHODS: ControlMethods = {
  'attestation.show': async () => ATTESTATION,
  'workload.list': async () => ({ fetched: [FETCHED] }),
  'ceremony.list': async () => ({ ceremonies: [CEREMONY] }),
  'ceremony.file': async () => ({ text: 'a proposal' }),
  'ceremony.offer': async () => ({ ceremony: CEREMONY, documents: [] }),
  'ceremony.approve': async ({ id }) => ({ id }),
  'ceremony.refuse': async ({ id }) => ({ id }),
  'enroll.request': async () => MESSAGE,
  'enroll.challenge': async () => MESSAGE,
  'enroll.answer': async () => MESSAGE,
  'enroll.grant': async () => MESSAGE,
  'enroll.join': async () => ({ node: STATUS.node, trouble: 'enrol-unapproved' }),
  'enroll.install': async () => STATUS.node,
  'enroll.list': async () => ({ applications: [APPLICATION], nodes: [ENROLLED] }),
  'enroll.approve': async () => ({ ...APPLICATION, approved: true }),
  'enroll.refuse': async () => ({ node: APPLICATION.node }),
  revoke: async ({ kind, target }) => ({ revoked: [{ ...REVOCATION, kind, target }] }),
  'revoke.list': async () => ({ revocations: [REVOCATION] }),
  'revoke.propose': async () => ({ text: 'a proposal' }),
  'root.key': async () => ({ keyId: 'ab'.repeat(32), text: 'a public key' }),
  status: async () => STATUS,
  whoami: async (_params, { name, uid, role, from }) => ({ name, uid, role, from }),
  'time.show': async () => TIME,
  'time.tell': async () => ({ ...TIME, basis: 'operator' }),
  'entry.create': async (params) => ({ ...ENTRY, ...params, epoch: '8' }),
  'entry.list': async () => ({ entries: [ENTRY] }),
  'entry.show': async () => ENTRY,
  'entry.history': async ({ id }) => ({
    entries: [
      {
        seq: 1,
        at: '2026-01-01T00:00:00.000Z',
        event: 'entry.deleted',
        previous: '0'.repeat(64),
        fields: { id, revision: 1, who: 'ann', role: 'operator' },
      },
    ],
  }),
  'entry.update': async ({ id, ...revision }) => ({
    ...ENTRY,
    ...revision,
    id,
    revision: 2,
    epoch: '8',
  }),
  'entry.apply': async () => ({ changes: [], unchanged: 1, epoch: '7' }),
  'entry.delete': async ({ id }) => ({ id, epoch: '9' }),
  'authority.confirm': async () => ({ resumed: true }),
  'authority.show': async () => ({ authorities: [AUTHORITY] }),
  'authority.prepare': async (line) => ({ ...AUTHORITY, ...line, state: 'prepared' }),
  'authority.activate': async ({ id }) => ({ ...AUTHORITY, id }),
  'authority.taint': async ({ id }) => ({ ...AUTHORITY, id, state: 'old', tainted: true }),
  'authority.revoke': async ({ id }) => ({ ...AUTHORITY, id, state: 'old', tainted: true }),
  'references.show': async () => ({ text: '' }),
  'references.offer': async () => CEREMONY,
  'references.approve': async () => ({ text: '' }),
  'references.withdraw': async () => ({ text: '' }),
  'key.list': async () => ({ keys: [{ name: 'root', movable: true }] }),
  'key.copy': async ({ name, folder }) => ({ name, path: `${folder}/${name}.key` }),
  'key.move': async ({ name, folder }) => ({ name, path: `${folder}/${name}.key` }),
  'backup.begin': async () => ({ digest: '0'.repeat(64), bytes: 0, chipHeld: [] }),
  'backup.part': async () => ({ bytes: '' }),
  'bundle.show': async ({ domain = 'home.example' }) => ({
    domain,
    tier: 'FRESH',
    ageMs: 12_000,
    epoch: '7',
    fingerprint: FINGERPRINT,
    authorities: [
      { subject: 'O=SPIFFE', notAfter: '2027-01-01T00:00:00.000Z', fingerprint: '12'.repeat(32) },
    ],
  }),
  'bundle.export': async ({ format }) => ({ text: `a bundle as ${format}\n` }),
  'bundle.import': async () => ({
    documents: [
      { type: 'root', outcome: 'held already' },
      { type: 'beacon', outcome: 'admitted' },
    ],
  }),
  'courier.recipient': async () => ({ text: 'a recipient\n', node: '0'.repeat(64) }),
  'courier.part': async ({ domain = 'home.example' }) => ({ text: `all of ${domain}\n`, domain }),
  'courier.open': async () => ({ key: '' }),
  'courier.preview': async () => ({ domains: [], documents: [] }),
  'federation.add': async () => RELATION,
  'federation.add-spiffe': async () => SPIFFE_RELATION,
  'federation.refresh': async () => SPIFFE_RELATION,
  'federation.list': async () => ({ relations: [RELATION] }),
  'federation.remove': async ({ domain }) => ({ domain, epoch: '9' }),
  'relation.propose': async () => ({ text: 'a proposal' }),
  'relation.proposals': async () => ({ proposals: [] }),
  'relation.answer': async ({ terms }) => ({ ...RELATION, terms }),
  'relation.accept': async ({ peers, terms }) => ({ ...RELATION, peers, terms }),
  'relation.narrow': async ({ terms }) => ({ ...RELATION, terms }),
  'relation.withdraw': async ({ domain }) => ({ domain, epoch: '9' }),
  'alarm.clear': async ({ id }) => ({ ...ALARM, id }),
  'audit.verify': async () => ({ seq: 1, hash: '0'.repeat(64) }),
  'audit.tail': async () => ({
    entries: [
      {
        seq: 1,
        at: '2026-01-01T00:00:00.000Z',
        event: 'entry.created',
        previous: '0'.repeat(64),
        fields: { id: ENTRY.id },
      },
    ],
  }),
};

/** Serves `METHODS`, with those of `instead`, at `path`. */
export function openFakeDaemon(
  path: string,
  instead: Partial<ControlMethods> = {},
): Promise<ControlServer> {
  return openControlServer({
    socket: { path, mode: 0o600 },
    methods: { ...METHODS, ...instead },
    log: new MemoryLog(),
    callerOf: async () => CALLER,
    onRefused: () => undefined,
  });
}
