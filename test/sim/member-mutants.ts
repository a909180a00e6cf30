/** Mutants of what a domain is beside its writer: leases, dates, turns, its people. */

import type { Mutant } from './mutants.ts';

export const MEMBER_MUTANTS: readonly Mutant[] = [
  {
    name: 'who passes on what a newer Root lets people revoke has made it up',
    file: 'federation/hearing.js',
    find: 'isForNewestRoot(item, admission) ?',
    replace: 'false ?',
    faults: ['naming-revokers', 'revoking', 'isolation'],
  },
  {
    name: 'what Root names of a compromised key is refused',
    file: 'federation/admit-revocations.js',
    find: `if (isCarried)
            continue;`,
    replace: '',
    faults: ['naming-revokers', 'revoking', 'isolation'],
  },
  {
    name: 'a revoked lease is as good as any',
    file: 'federation/lease.js',
    find: "revocationOf(belief.revocations, { class: 'lease', target: node }) !== undefined",
    replace: 'false',
    faults: ['revoking', 'isolation', 'process-end'],
    world: { domains: 2, followers: 1 },
  },
  {
    name: 'a lease that has ended is as good as any',
    file: 'federation/lease.js',
    find: 'if (notAfter <= clock)',
    replace: 'if (false)',
    faults: ['closed-desk', 'isolation', 'process-end'],
    world: { domains: 2, followers: 1, minutes: 40 },
  },
  {
    name: 'a lease outlives the evidence that it rests on',
    file: 'federation/authority.js',
    find: 'Math.min(LEASE_FOR_MS, survivalForMs)',
    replace: 'LEASE_FOR_MS',
    faults: ['isolation'],
    world: { domains: 1, followers: 1 },
  },
  {
    name: 'an older lease takes the place of a newer one',
    file: 'federation/leaseholder.js',
    find: 'lease.issuedAt < held',
    replace: 'false',
    faults: ['delay', 'publishing'],
    world: { domains: 1, followers: 2, minutes: 40 },
  },
  {
    name: 'one node of a domain may say the date',
    file: 'federation/inquiry.js',
    find: 'near.length < root.timeQuorum',
    replace: 'near.length < 1',
    faults: ['misdating', 'power-cut', 'rtc-reset', 'isolation'],
    world: { domains: 1, followers: 3, links: 'web', minutes: 40 },
  },
  {
    name: 'a date that was told late is as good as any',
    file: 'federation/known-time.js',
    find: 'isRough: this.#isRough(this.#lateMs)',
    replace: 'isRough: false',
    faults: [],
    world: {
      ...{ domains: 2, followers: 2 },
      happenings: [
        { at: 300_000, fault: 'clog', on: ['d00'], forMs: 0, amount: 150_000 },
        { at: 301_000, fault: 'power-cut', on: ['d00'], forMs: 2_000, amount: 0 },
      ],
    },
  },
  {
    name: 'a writer goes on without its standby',
    file: 'federation/authority.js',
    find: 'return this.tether.holds(boot);',
    replace: 'return true;',
    faults: ['standing-in'],
    world: { domains: 1, followers: 1, standbys: 1, writerForMs: 60_000 },
  },
  {
    name: 'a tie is as long as an answer takes',
    file: 'federation/tether.js',
    find: 'this.#held = { askedAt, by: to.keyId };',
    replace: 'this.#held = { askedAt: askedAt + 600_000, by: to.keyId };',
    faults: ['standing-in'],
    world: { domains: 1, followers: 1, standbys: 1, writerForMs: 60_000 },
  },
  {
    name: 'a standby that nobody answers wakes for ever',
    file: 'federation/resumption.js',
    find: 'this.#isOver || this.#isTold || now >= this.#askUntil ? null',
    replace: 'this.#isOver || this.#isTold ? null',
    faults: ['power-cut', 'isolation'],
    world: { domains: 1, standbys: 1 },
  },
  {
    name: 'a proposal need not be signed by whoever asks',
    file: 'federation/relation-proposal.js',
    find: 'verifyEnvelope(suite, envelope, root.documents);',
    replace: '',
    faults: ['proposing'],
  },
];
