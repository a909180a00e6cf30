/**
 * Mutants: the mistakes a harness must notice, each as one change of one compiled line.
 *
 * A thread loads the shipping code through a loader that replaces the line; nothing of this is
 * ever part of what ships. A mutant whose line is no longer there fails, so that none goes quiet.
 */

import { PLAIN, type Scenario } from '../../sim/scenario.ts';
import { MEMBER_MUTANTS } from './member-mutants.ts';
import { THIEF_MUTANTS } from './thief-mutants.ts';

/** One planted mistake. */
export interface Mutant {
  /** The mistake as a sentence. */
  readonly name: string;
  /** The compiled file, below dist. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Faults under which it shows. */
  readonly faults: readonly string[];
  /** What its world has beside three authorities. */
  readonly world?: Partial<Scenario>;
}

/** The world of the mutants: short limits, so that every tier is passed. */
export const WORLD: Scenario = {
  ...PLAIN,
  domains: 3,
  followers: 0,
  minutes: 20,
  limits: { freshForMs: 240_000, degradedForMs: 480_000, survivalForMs: 900_000 },
};

const POWER = ['boundary-crash', 'power-cut', 'process-end', 'publishing', 'withdrawing'];
const CLOCKS = ['clock-jump', 'rtc-reset', 'isolation', 'reboot-loop', 'power-cut'];
const LATE = ['delay', 'reordering', 'duplication', 'isolation', 'withdrawing', 'publishing'];
const LIARS = ['replaying', 'withdrawing', 'publishing', 'isolation'];
const CEREMONIES = ['rotating', 'compromising', 'revoking', 'taking-over', 'isolation'];

/** Each of them is killed by some of the seeds of the test. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a driver sends before it persists',
    file: 'sim/machine.js',
    find: 'this.#perform(output.effects, 0, (outcome) => {',
    replace: `const order = (e) => (e.kind === 'persist' ? 1 : 0);
      this.#perform([...output.effects].sort((a, b) => order(a) - order(b)), 0, (outcome) => {`,
    faults: POWER,
  },
  {
    name: 'a disk acknowledges before anything is durable',
    file: 'sim/disk.js',
    find: 'this.#pending = batch;',
    replace: `this.#pending = batch;
      const told = done;
      done = () => undefined;
      this.#world.after(0, () => mount === this.#mount && told('durable'));`,
    faults: POWER,
  },
  {
    name: 'age knows no ledger',
    file: 'federation/age.js',
    find: 'evaluationClock(keeping, now) - asOf, ledgerAt(keeping, now.boot)',
    replace: 'evaluationClock(keeping, now) - asOf',
    faults: CLOCKS,
  },
  {
    name: 'age knows no time bound and no ledger, only the wall clock',
    file: 'federation/age.js',
    find: 'evaluationClock(keeping, now) - asOf, ledgerAt(keeping, now.boot)',
    replace: 'now.wall - asOf',
    faults: CLOCKS,
  },
  {
    name: 'the ledger is charged afterwards',
    file: 'federation/age.js',
    find: 'stored.ledgerMs + stored.aheadMs',
    replace: 'stored.ledgerMs',
    faults: CLOCKS,
  },
  {
    name: 'age is reset at receipt',
    file: 'federation/age.js',
    find: 'Math.max(0, ledgerAt(keeping, now.boot) - (gain.to - gain.from))',
    replace: '0',
    faults: LATE,
  },
  {
    name: 'the time bound follows the newest evidence down',
    file: 'federation/age.js',
    find: 'unixMs(Math.max(bound, gain.to))',
    replace: 'gain.to',
    faults: LATE,
  },
  {
    name: 'documents need no pin',
    file: 'federation/admit-content.js',
    find: 'pin === undefined || pin.digest !== head.digest || pin.version !== head.version',
    replace: 'false',
    faults: LIARS,
  },
  {
    name: 'an act looks at the domain and not at its documents',
    file: 'federation/view.js',
    find: "tier = worst(tier, view.documents.get(name)?.tier ?? 'EXPIRED');",
    replace: '',
    faults: LATE,
  },
  {
    name: 'a beacon below the mark is let in',
    file: 'federation/admit-beacon.js',
    find: 'beacon.lineage < newest.lineage || order < 0',
    replace: 'false',
    faults: LIARS,
  },
  {
    name: 'whoever is late is struck',
    file: 'federation/peer-ledger.js',
    find: "refusal.judgement !== 'reject'",
    replace: 'false',
    faults: LATE,
  },
  {
    name: 'a frame of a later version is held against whoever said it',
    file: 'core/refusal.js',
    find: "'frame-unknown': row('ignore'",
    replace: "'frame-unknown': row('reject'",
    faults: ['version-skew'],
  },
  {
    name: 'a document of a later version is held against whoever gave it',
    file: 'core/refusal.js',
    find: "'document-unknown': row('ignore'",
    replace: "'document-unknown': row('reject'",
    faults: ['version-skew'],
  },
  {
    name: 'a draw that a failed disk took along is not made again',
    file: 'federation/authority.js',
    find: 'this.#writer.awaitsEntropy && this.#drawAgainAt <= context.now.boot',
    replace: 'false',
    faults: ['full-disk', 'publishing', 'withdrawing'],
  },
  {
    name: 'a boot like any other knows what time it is',
    file: 'federation/known-time.js',
    find: "start.hasPast ? ['start'] : []",
    replace: '[]',
    faults: CLOCKS,
  },
  {
    name: 'unknown time caps nothing',
    file: 'federation/standing.js',
    find: 'if (timeUnknown)',
    replace: 'if (false)',
    faults: CLOCKS,
  },
  {
    name: 'a vouched date empties the ledger',
    file: 'federation/age.js',
    find: 'Math.max(0, evaluationClock(keeping, now) - asOf);',
    replace: '0;',
    faults: CLOCKS,
  },
  {
    name: 'a new Root drops what was revoked',
    file: 'federation/admit-root.js',
    find: 'roots: [...belief.roots, held]',
    replace: 'roots: [...belief.roots, held], revocations: { documents: [], union: new Map() }',
    faults: CEREMONIES,
  },
  {
    name: 'a new Root drops what retired keys signed',
    file: 'federation/admit-root.js',
    find: 'raised || compromised.has(keyId)',
    replace: 'raised || compromised.has(keyId) || root.retired.includes(keyId)',
    faults: CEREMONIES,
  },
  {
    name: 'a stop ages like anything else',
    file: 'federation/standing.js',
    find: 'belief.stop !== null || lacks ?',
    replace: 'lacks ?',
    faults: ['withdrawing', 'revoking', 'delay', 'loss'],
  },
  {
    name: 'a tick counts after the stop',
    file: 'federation/admit-tick.js',
    find: `if (belief.stop !== null)
        throw new Refusal('tick-stopped'`,
    replace: `if (false)
        throw new Refusal('tick-stopped'`,
    faults: ['withdrawing', 'revoking', 'delay', 'reordering'],
  },
  {
    name: 'the seed outlives a revocation',
    file: 'federation/writer.js',
    find: `fence() {
        const chain = this.#chain;
        this.#chain = null;`,
    replace: `fence() {
        const chain = this.#chain;`,
    faults: CEREMONIES,
  },
  {
    name: 'evidence that is taken back takes the ledger along',
    file: 'federation/age.js',
    find: 'Math.max(0, keeping.ledgerMs - (keeping.bound - asOf))',
    replace: '0',
    faults: [...CEREMONIES, ...CLOCKS, 'delay'],
  },
  {
    name: 'a proof leaves the writer its seed',
    file: 'federation/authority.js',
    find: 'after.disowned !== before.disowned',
    replace: 'false',
    faults: ['stolen-beacon-key', 'isolation'],
  },
  {
    name: 'a driver relays what its disk did not take',
    file: 'sim/machine.js',
    find: "output.verdict === null && outcome === 'durable'",
    replace: 'output.verdict === null',
    faults: ['full-disk', 'publishing'],
  },
  {
    name: 'a step goes on while writes are owed',
    file: 'sim/machine.js',
    find: 'sends && this.#owed.length > 0',
    replace: 'false',
    faults: ['full-disk', 'publishing', 'withdrawing'],
  },
  {
    name: 'an answer need not bear the nonce of a question',
    file: 'federation/inquiry.js',
    find: `const askedAt = this.#asked.get(toHex(answer.nonce));
        if (askedAt === undefined || elapsedMs`,
    replace: `const askedAt = this.#asked.get(toHex(answer.nonce)) ?? now.boot;
        if (elapsedMs`,
    faults: ['replaying', 'power-cut', 'rtc-reset'],
    world: { domains: 1, followers: 2, minutes: 40 },
  },
  {
    name: 'a date below the bound counts',
    file: 'federation/inquiry.js',
    find: 'addMs(time, leadMs) < bound',
    replace: 'false',
    faults: ['clock-skew', 'power-cut', 'publishing'],
  },
  {
    name: 'an authority goes on from the number that its disk remembers',
    file: 'federation/writer.js',
    find: 'this.#isFirst && hasSpoken',
    replace: 'false',
    faults: ['restored-authority', 'publishing'],
  },
  {
    name: 'a proof by another key than it names is taken',
    file: 'federation/admit-proof.js',
    find: `for (const envelope of proof.envelopes)
        verifyEnvelope(context.suite, envelope, role);`,
    replace: '',
    faults: ['forging'],
  },
  {
    name: 'a rank is given twice',
    file: 'federation/root.js',
    find: '!isKept && rank <= highest',
    replace: 'false',
    faults: ['misnumbering', 'rotating'],
  },
  {
    name: 'evidence that is only held raises the bound',
    file: 'federation/admit-beacon.js',
    find: 'belief: { ...belief, future },',
    replace: `belief: {
            ...belief,
            future,
            keeping: belief.keeping && { ...belief.keeping, bound: issuedAt },
        },`,
    faults: ['stolen-beacon-key', 'clock-skew'],
  },
  {
    name: 'a beacon far above the one held is refused',
    file: 'federation/admit-beacon.js',
    find: 'beacon.lineage < newest.lineage || order < 0',
    replace:
      'beacon.lineage < newest.lineage || (held !== null && beacon.epoch > held.beacon.epoch + 1000n) || order < 0',
    faults: POWER,
  },
  {
    name: 'boot time stands still in suspend',
    file: 'sim/machine.js',
    find: "const slept = this.#power === 'asleep';",
    replace: `const slept = this.#power === 'asleep';
        if (slept) {
            const { clock } = this;
            const gone = this.#world.now - this.#stoodStillAt;
            const [now, timeOf] = [clock.now.bind(clock), clock.timeOf.bind(clock)];
            clock.now = (t) => ({ wall: now(t).wall, boot: now(t).boot - gone });
            clock.timeOf = (boot) => timeOf(boot + gone);
        }`,
    faults: ['suspend', 'frozen-clock', 'isolation'],
  },
  {
    name: 'a writer says a limit that its own ladder refuses',
    file: 'federation/writer.js',
    find: 'limits: { ...limits },',
    replace: 'limits: { ...limits, freshForMs: belief.beacon === null ? limits.freshForMs : 1 },',
    faults: ['publishing'],
  },
  {
    name: 'all beacons of a writer share a seed',
    file: 'federation/writer.js',
    find: 'const seed = entropy.slice(0, 32);',
    replace: 'const seed = (this.shared ??= entropy.slice(0, 32));',
    faults: ['publishing'],
  },
  {
    name: 'a seed is kept until its successor is published',
    file: 'federation/writer.js',
    find: `this.#queue = [];
        this.#chain = null;`,
    replace: 'this.#queue = [];',
    faults: ['slow-disk', 'publishing', 'flapping', 'withdrawing'],
    // Ticks so close that one comes due while the next beacon waits for the disk.
    world: { periodMs: 5_000 },
  },
  {
    name: 'a digest is over the envelope',
    file: 'federation/envelope.js',
    find: 'digest: digestOf(payload), payload',
    replace: 'digest: digestOf(bytes), payload',
    faults: ['rotating'],
  },
  {
    name: 'an act on a partner looks at the partner alone',
    file: 'federation/view.js',
    find: 'isLicensed(partner, theirs) && isLicensed(own, ours)',
    replace: 'isLicensed(partner, theirs)',
    faults: ['isolation', 'power-cut'],
    world: { domains: 2, followers: 1, minutes: 40 },
  },
  {
    name: 'the id of a message is the digest of its payload',
    file: 'sim/network.js',
    find: 'toHex(sha256(bytes));',
    replace: `toHex(sha256(bytes.subarray(bytes.findIndex((byte, i) =>
        byte === 0x7b && bytes[i + 1] === 0x22))));`,
    faults: ['forging', 'publishing'],
  },
  {
    name: 'a peer is heard as often as it speaks',
    file: 'federation/peer-ledger.js',
    find: '!account[kind].spend(1, now)',
    replace: 'false',
    faults: ['strangers'],
    world: { domains: 1, followers: 1, minutes: 4 },
  },
  {
    name: 'a signature that does not verify is tried again',
    file: 'federation/envelope.js',
    find: 'export function verifyEnvelope(suite, envelope, role) {',
    replace: `export function verifyEnvelope(suite, envelope, role, tries = 8) {
        if (tries > 0) try { return verifyEnvelope(suite, envelope, role, tries - 1); } catch {}`,
    faults: ['strangers'],
  },
  {
    name: 'a store opens on what is damaged',
    file: 'sim/disk.js',
    find: 'return this.#damaged.size === 0;',
    replace: 'return true;',
    faults: ['bit-flip', 'misdirected-write'],
    world: { domains: 2, followers: 1 },
  },
  {
    name: 'a wall clock that leaps away from boot time is believed',
    file: 'federation/known-time.js',
    find: 'return driftMs > slewMs && driftMs > this.#toleranceMs() + slewMs;',
    replace: 'return false;',
    faults: ['restored-vm', 'clock-jump'],
    world: { domains: 2, followers: 1, minutes: 40 },
  },
  ...MEMBER_MUTANTS,
  ...THIEF_MUTANTS,
];
