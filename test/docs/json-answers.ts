/**
 * Answers of a fake daemon that hold every member: one set with something in each list and each
 * object, and one with nothing wherever there may be nothing.
 */

import type { ControlMethods } from '../../daemon/control/server.ts';
import type { OverrideStatus, RelationTermsView } from '../../daemon/control/views.ts';
import {
  ALARM,
  CEREMONY,
  ENTRY,
  RELATION,
  REVOCATION,
  SPIFFE_RELATION,
  STATUS,
  TERMS,
  TIME,
} from '../fakes/fake-daemon.ts';

const LIMITS = { freshForMs: 1_000, degradedForMs: 2_000, survivalForMs: 3_000 };
const FULL_TERMS: RelationTermsView = { ...TERMS, limits: LIMITS };
const FULL_ENTRY = { ...ENTRY, dnsNames: ['web.example'], federatesWith: ['blue.example'] };
const FULL_TIME = { ...TIME, doubts: ['a doubt'] };
const FULL_RELATION = { ...RELATION, terms: FULL_TERMS };
const OVERRIDE: OverrideStatus = {
  ...{ id: 'ab'.repeat(32), action: 'renew', tier: 'EXPIRED', reason: 'a flood' },
  ...{ people: ['ann', 'ben'], notAfter: '2026-01-02T00:00:00.000Z' },
};
const PROPOSAL = {
  ...{ domain: 'blue.example', asks: FULL_TERMS, addresses: ['/ip4/192.0.2.7/tcp/7717'] },
  ...{ issuedAt: '2026-01-01T00:00:00.000Z', notAfter: '2026-01-31T00:00:00.000Z' },
};

/** Something everywhere. */
export const FULL: Partial<ControlMethods> = {
  status: async () => ({
    ...STATUS,
    time: FULL_TIME,
    domains: STATUS.domains.map((each) => ({
      ...each,
      terms: each.own ? null : FULL_TERMS,
      overrides: [OVERRIDE],
    })),
    alarms: [ALARM],
  }),
  'entry.create': async () => ({ ...FULL_ENTRY, epoch: '8' }),
  'entry.list': async () => ({ entries: [FULL_ENTRY] }),
  'entry.show': async () => FULL_ENTRY,
  'entry.update': async () => ({ ...FULL_ENTRY, epoch: '8' }),
  'federation.add': async () => FULL_RELATION,
  'federation.list': async () => ({ relations: [FULL_RELATION, SPIFFE_RELATION] }),
  'relation.narrow': async () => FULL_RELATION,
  'relation.proposals': async () => ({ proposals: [PROPOSAL] }),
  'ceremony.offer': async () => ({
    ceremony: CEREMONY,
    documents: [{ type: 'root', outcome: 'admitted' }],
  }),
  'revoke.list': async () => ({ revocations: [REVOCATION] }),
  'time.show': async () => FULL_TIME,
  'time.tell': async () => FULL_TIME,
};

/** Nothing wherever there may be nothing. */
export const BARE: Partial<ControlMethods> = {
  status: async () => ({
    ...STATUS,
    node: { ...STATUS.node, lease: null },
    domains: STATUS.domains.map((each) => ({ ...each, ageMs: null, nextCliff: null })),
  }),
};
