/**
 * The findings of the review that tried to break the first design, each with the test that runs the
 * attack and the mutant that the test has to fail on: the mend taken out, as one change of one
 * compiled line. Nothing of this is ever part of what ships.
 */

/** One finding. */
export interface Clause {
  /** Its number, with which the name of the test begins. */
  readonly finding: string;
  /** The compiled test file, below dist/test. */
  readonly test: string;
  /** The mend that is taken out, as a sentence. */
  readonly without: string;
  /** The compiled file, below dist. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const CRITICAL = 'attack/critical.test.js';
const HIGH = 'attack/high.test.js';
const MEDIUM = 'attack/medium.test.js';
const CAPTURE = 'attack/capture.test.js';
const GOSSIP = 'daemon/network/gossip-id.test.js';
const REVOCATIONS = 'federation/revocations.test.js';

/** Each of them is killed by its test. */
export const CLAUSES: readonly Clause[] = [
  {
    ...{ finding: 'C1', test: CRITICAL, without: 'age is reset at receipt' },
    file: 'federation/age.js',
    find: 'Math.max(0, ledgerAt(keeping, now.boot) - (gain.to - gain.from))',
    replace: '0',
  },
  {
    ...{ finding: 'C2', test: CRITICAL, without: 'held evidence casts no doubt on the clock' },
    file: 'federation/standing.js',
    find: 'isHeld && future.issuedAt > believableUntil(belief, now)',
    replace: 'false',
  },
  {
    ...{ finding: 'C3', test: CRITICAL, without: 'a boot like any other knows the time' },
    file: 'federation/known-time.js',
    find: "start.hasPast ? ['start'] : []",
    replace: '[]',
  },
  {
    ...{ finding: 'C4', test: CRITICAL, without: 'the seed outlives the allocation' },
    file: 'federation/writer.js',
    find: 'this.#queue = [];\n        this.#chain = null;',
    replace: 'this.#queue = [];',
  },
  {
    ...{ finding: 'C5', test: CRITICAL, without: 'a document is known by its envelope' },
    file: 'federation/envelope.js',
    find: 'digest: digestOf(payload)',
    replace: 'digest: digestOf(bytes)',
  },
  {
    ...{ finding: 'C6', test: CAPTURE, without: 'nobody applies name constraints' },
    file: 'daemon/identity/x509-verify.js',
    find: 'if (wrong === undefined)',
    replace: 'if (true)',
  },
  {
    ...{ finding: 'C7', test: CRITICAL, without: 'who is fast may number ahead of time' },
    file: 'federation/beacon.js',
    find: 'beacon.epoch > highest',
    replace: 'false',
  },
  {
    ...{ finding: 'C8', test: CRITICAL, without: 'an act looks at the domain alone' },
    file: 'federation/view.js',
    find: "tier = worst(tier, view.documents.get(name)?.tier ?? 'EXPIRED');",
    replace: '',
  },
  {
    ...{ finding: 'H1', test: HIGH, without: 'documents need no pin' },
    file: 'federation/admit-content.js',
    find: 'pin === undefined || pin.digest !== head.digest || pin.version !== head.version',
    replace: 'false',
  },
  {
    ...{ finding: 'H2', test: REVOCATIONS, without: 'rotation un-revokes' },
    file: 'federation/admit-revocations.js',
    find: `if (isCarried)
            continue;`,
    replace: '',
  },
  {
    ...{ finding: 'H3', test: REVOCATIONS, without: 'revocations have no bound' },
    file: 'federation/admit-revocations.js',
    find: 'union.size > REVOCATIONS_MAX',
    replace: 'false',
  },
  {
    ...{ finding: 'H4', test: HIGH, without: 'a writer ticks on past a revocation' },
    file: 'federation/committing.js',
    find: 'isOurs ? (step.parts.authority?.fence() ?? null) : null',
    replace: 'null',
  },
  {
    ...{ finding: 'H5', test: HIGH, without: 'a Root takes what retired keys signed' },
    file: 'federation/admit-root.js',
    find: 'new Set(root.compromised)',
    replace: 'new Set([...root.compromised, ...root.retired])',
  },
  {
    ...{ finding: 'H6', test: HIGH, without: 'an authority signs without a date' },
    file: 'federation/standing.js',
    find: 'if (!now.isKnown)',
    replace: 'if (false)',
  },
  {
    ...{ finding: 'H7', test: HIGH, without: 'beacon keys live for ever' },
    file: 'federation/beacon.js',
    find: 'until <= beacon.issuedAt',
    replace: 'false',
  },
  {
    ...{ finding: 'H8', test: HIGH, without: 'forged ticks cost their sender nothing' },
    file: 'federation/admit-tick.js',
    find: 'budget.spend(tick.index - from.index);',
    replace: '',
  },
  {
    ...{ finding: 'H8', test: HIGH, without: 'a chain is bound to no contents' },
    file: 'federation/tick.js',
    find: '.raw(fromHex(body.manifestDigest))',
    replace: '',
  },
  {
    ...{ finding: 'H9', test: GOSSIP, without: 'a message is known by its end' },
    file: 'daemon/network/gossip.js',
    find: '.raw(name).finish(), data)',
    replace: '.raw(name).finish(), data.subarray(-100))',
  },
  {
    ...{ finding: 'H10', test: CAPTURE, without: 'a machine speaks well of itself' },
    file: 'daemon/identity/x509-verify.js',
    find: 'assurance !== null && isAssured(least, assurance)',
    replace: 'assurance !== null',
  },
  {
    ...{ finding: 'H11', test: HIGH, without: 'a digest is a capability' },
    file: 'federation/summary.js',
    find: 'if (!isOwnNode)\n        return false;',
    replace: "if (!isOwnNode)\n        return head.type !== 'revocations';",
  },
  {
    ...{ finding: 'H12', test: HIGH, without: 'an approval is for ever' },
    file: 'firmware/pcr-policy.js',
    find: "{ kind: 'nv', index: counter, ...generationNotPassed(generation) },",
    replace: '',
  },
  {
    ...{ finding: 'H13', test: CAPTURE, without: 'one friend takes every place' },
    file: 'daemon/network/slots.js',
    find: 'CONNECTIONS_MAX / 8',
    replace: 'CONNECTIONS_MAX',
  },
  {
    ...{ finding: 'H14', test: HIGH, without: 'a name alone is a domain' },
    file: 'federation/admit-root.js',
    find: 'envelope.digest !== belief.firstRoot',
    replace: 'false',
  },
  {
    ...{ finding: 'H15', test: HIGH, without: 'a store that takes nothing is no doubt' },
    file: 'federation/standing.js',
    find: 'if (!now.isKnown)',
    replace: 'if (false)',
  },
  {
    ...{ finding: 'H16', test: HIGH, without: 'a bundle is served whatever its tier' },
    file: 'daemon/trust-view.js',
    find: "mayRestOn(view, own, terms, 'serve-foreign')",
    replace: 'true',
  },
  {
    ...{ finding: 'H17', test: HIGH, without: 'ticks count after a stop' },
    file: 'federation/admit-tick.js',
    find: "if (belief.stop !== null)\n        throw new Refusal('tick-stopped'",
    replace: "if (false)\n        throw new Refusal('tick-stopped'",
  },
  {
    ...{ finding: 'M1', test: MEDIUM, without: 'the type outside may be another' },
    file: 'federation/envelope.js',
    find: "members.text('type', 32) !== type",
    replace: 'false',
  },
  {
    ...{ finding: 'M1', test: MEDIUM, without: 'two pairs may share a leg' },
    file: 'federation/root.js',
    find: 'unknown || idle || twice',
    replace: 'unknown || idle',
  },
  {
    ...{ finding: 'M2', test: MEDIUM, without: 'restrictions may be ignored' },
    file: 'federation/must.js',
    find: '!known.has(name)',
    replace: 'false',
  },
  {
    ...{ finding: 'M3', test: MEDIUM, without: 'no name ever leaves' },
    file: 'federation/admit-content.js',
    find: 'now === undefined && pin.digest === null',
    replace: 'false',
  },
  {
    ...{ finding: 'M4', test: MEDIUM, without: 'the documents key permits itself everything' },
    file: 'federation/tier.js',
    find: 'isPermitted(tier, cap) ? tier : cap',
    replace: 'tier',
  },
  {
    ...{ finding: 'M5', test: MEDIUM, without: 'freshness may be shorter than the ticks' },
    file: 'federation/beacon.js',
    find: 'beacon.limits.freshForMs < FRESH_PERIODS_MIN * beacon.periodMs',
    replace: 'false',
  },
  {
    ...{ finding: 'M6', test: MEDIUM, without: 'an old disk is as good as a new one' },
    file: 'federation/record.js',
    find: "boot.continuity === 'rolled-back'",
    replace: 'false',
  },
  {
    ...{ finding: 'M7', test: MEDIUM, without: 'no part says that it is the last' },
    file: 'federation/courier.js',
    find: '.u8(isLast ? 1 : 0)',
    replace: '.u8(0)',
  },
  {
    ...{ finding: 'M8', test: MEDIUM, without: 'a replay is verified first' },
    file: 'federation/admit-beacon.js',
    find: 'beacon.lineage < newest.lineage || order < 0',
    replace: 'false',
  },
  {
    ...{ finding: 'M9', test: MEDIUM, without: 'whoever is linked hears of all domains' },
    file: 'federation/peer-link.js',
    find: 'tags.has(name.tag) && this.speaksOf(name.domain)',
    replace: 'this.speaksOf(name.domain)',
  },
  {
    ...{ finding: 'M10', test: MEDIUM, without: 'ticks leave on the beat' },
    file: 'federation/own-chain.js',
    find: 'index + share / 4',
    replace: 'index',
  },
  {
    ...{ finding: 'M11', test: MEDIUM, without: 'the last Root of a number wins' },
    file: 'federation/admit-root.js',
    find: 'held.root.version === root.version',
    replace: 'false',
  },
  {
    ...{ finding: 'M12', test: MEDIUM, without: 'an override lasts as long as it says' },
    file: 'federation/override.js',
    find: 'notAfter - issuedAt > OVERRIDE_MS_MAX',
    replace: 'false',
  },
  {
    ...{ finding: 'M13', test: MEDIUM, without: 'a beacon freshens what it does not pin' },
    file: 'federation/admit-beacon.js',
    find: 'live ? null : freezeTime(document, belief)',
    replace: 'null',
  },
  {
    ...{ finding: 'M14', test: MEDIUM, without: 'a fall comes without a word' },
    file: 'federation/standing.js',
    find: '[50, 75, 90]',
    replace: '[]',
  },
  {
    ...{ finding: 'M16', test: MEDIUM, without: 'a partner names whom it likes' },
    file: 'federation/relation.js',
    find: '!isCovered(scope, path)',
    replace: 'false',
  },
  {
    ...{ finding: 'L2', test: MEDIUM, without: 'nobody is asked for the Root' },
    file: 'federation/hearing.js',
    find: 'step.parts.exchange.compare(from.peer)',
    replace: '[]',
  },
];
