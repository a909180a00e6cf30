/**
 * The clauses that the exhaustive tests rest on, each taken out as one change of one compiled
 * line. Its test has to fail on it. Nothing of this is ever part of what ships.
 *
 * `age.test.ts` owns delay, power and the clock of one node: 5,549 states in four worlds, and 8
 * mutants. `writer.test.ts` owns power and disk of an authority: 729 lives of three acts, and 4.
 * `takeover.test.ts` owns the links of a reader between two ranks: 120 orders, and 2.
 * `tether.test.ts` owns the link between a writer and its standby, and 2.
 *
 * What a forged tick costs is bounded by `admit-tick.test.ts`, measured by `tick-verify.bench.ts`.
 */

import type { Clause } from '../../attack/clauses.ts';

const AGE = 'federation/exhaustive/age.test.js';
const TAKEOVER = 'federation/exhaustive/takeover.test.js';
const TETHER = 'federation/exhaustive/tether.test.js';
const WRITER = 'federation/exhaustive/writer.test.js';

/** Each of them is killed; `finding` is the word that the names of the tests begin with. */
export const MUTANTS: readonly Clause[] = [
  {
    ...{ finding: 'age', test: AGE, without: 'another boot knows the time' },
    file: 'federation/known-time.js',
    find: "start.hasPast ? ['start'] : []",
    replace: '[]',
  },
  {
    ...{ finding: 'age', test: AGE, without: 'a reboot forgets the ledger' },
    file: 'federation/age.js',
    find: 'ledgerMs: stored.ledgerMs + stored.aheadMs',
    replace: 'ledgerMs: 0',
  },
  {
    ...{ finding: 'age', test: AGE, without: 'a reboot is charged no step' },
    file: 'federation/age.js',
    find: 'ledgerMs: stored.ledgerMs + stored.aheadMs',
    replace: 'ledgerMs: stored.ledgerMs',
  },
  {
    ...{ finding: 'age', test: AGE, without: 'a clock that nobody vouches for gives ledger back' },
    file: 'federation/age.js',
    find: '!now.isVouched || asOf === null',
    replace: 'asOf === null',
  },
  {
    ...{ finding: 'age', test: AGE, without: 'an answer needs no question' },
    file: 'federation/inquiry.js',
    find: 'this.#asked.get(toHex(answer.nonce))',
    replace: 'now.boot',
  },
  {
    ...{ finding: 'age', test: AGE, without: 'the earlier end of an answer is taken' },
    file: 'federation/inquiry.js',
    find: 'addMs(answer.time, lateMs)',
    replace: 'answer.time',
  },
  {
    ...{ finding: 'age', test: AGE, without: 'documents stay fresh under any beacon' },
    file: 'federation/admit-beacon.js',
    find: 'live ? null : freezeTime(document, belief)',
    replace: 'null',
  },
  {
    ...{ finding: 'age', test: AGE, without: 'age is reset at receipt' },
    file: 'federation/age.js',
    find: 'Math.max(0, ledgerAt(keeping, now.boot) - (gain.to - gain.from))',
    replace: '0',
  },
  {
    ...{ finding: 'writer', test: WRITER, without: 'the seed outlives the allocation' },
    file: 'federation/writer.js',
    find: 'this.#queue = [];\n        this.#chain = null;',
    replace: 'this.#queue = [];',
  },
  {
    ...{ finding: 'writer', test: WRITER, without: 'a start goes on with the next number' },
    file: 'federation/writer.js',
    find: 'this.#isFirst && hasSpoken',
    replace: 'false',
  },
  {
    ...{ finding: 'writer', test: WRITER, without: 'a start does not wait' },
    file: 'federation/authority.js',
    find: 'own.beacon === null ? 0 : (newestRoot(own)?.root.minEpochMs ?? 0)',
    replace: '0',
  },
  {
    ...{ finding: 'writer', test: WRITER, without: 'a writer ticks on past a revocation' },
    file: 'federation/committing.js',
    find: 'isOurs ? (step.parts.authority?.fence() ?? null) : null',
    replace: 'null',
  },
  {
    ...{ finding: 'takeover', test: TAKEOVER, without: 'a rank speaks before its turn' },
    file: 'federation/admit-beacon.js',
    find: 'turn !== null && turn < beacon.rank',
    replace: 'false',
  },
  {
    ...{ finding: 'takeover', test: TAKEOVER, without: 'a revoked key keeps its turn' },
    file: 'federation/belief.js',
    find: 'keys.find((key) => !isDisowned(belief, key.keyId))',
    replace: 'keys[0]',
  },
  {
    ...{ finding: 'tether', test: TETHER, without: 'an answer counts from when it came' },
    file: 'federation/tether.js',
    find: 'elapsedMs(this.#held.askedAt, now)',
    replace: 'elapsedMs((this.#held.came ??= now), now)',
  },
  {
    ...{ finding: 'tether', test: TETHER, without: 'a standby answers after it took over' },
    file: 'federation/tether.js',
    find: 'rank === null || rank <= inForce',
    replace: 'rank === null',
  },
];
