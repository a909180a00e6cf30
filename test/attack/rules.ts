/**
 * Rules of the protocol whose cited test has to fail once the line that keeps the rule is gone: one
 * change of one compiled line each, as in clauses.ts. Nothing of this is ever part of what ships.
 */

import type { Clause } from './clauses.ts';

/** A rule by its number in PROTOCOL, and what breaks it; `test` is one that musts.ts cites. */
export type BrokenRule = Omit<Clause, 'finding'> & { readonly rule: string };

const FLOOD = 'federation/flooding-domain.test.js';

/** Each of them is noticed by its test. */
export const RULES: readonly BrokenRule[] = [
  {
    rule: '2.1.3',
    test: 'federation/admit-root.test.js',
    without: 'the Root before has no say',
    file: 'federation/root.js',
    find: '[held.root, root.root]',
    replace: '[root.root]',
  },
  {
    rule: '3.3.4',
    test: 'federation/admit-tick.test.js',
    without: 'a tick may be of any future',
    file: 'federation/admit-tick.js',
    find: 'time > addMs(evaluationClock(keeping, context.now), lead)',
    replace: 'false',
  },
  {
    ...{ rule: '3.4.1', test: 'federation/admit-tick.test.js', without: 'any secret is the stop' },
    file: 'federation/tick.js',
    find: '!equalBytes(stopCommitment(commitment, secret), beacon.stop)',
    replace: 'false',
  },
  {
    ...{ rule: '4.1.2', test: 'federation/inquiry.test.js', without: 'one voice moves the clock' },
    file: 'federation/inquiry.js',
    find: 'near.length < root.timeQuorum',
    replace: 'false',
  },
  {
    rule: '4.4.2',
    test: 'federation/known-time.test.js',
    without: 'any nonce is as good as one asked',
    file: 'federation/inquiry.js',
    find: 'this.#asked.get(toHex(answer.nonce))',
    replace: '(this.#asked.get(toHex(answer.nonce)) ?? now.boot)',
  },
  {
    rule: '4.4.4',
    test: 'federation/known-time.test.js',
    without: 'nobody looks at the pair',
    file: 'federation/time-answer.js',
    find: '!suite.verify({ publicPair, message, context: TIME_CONTEXT, signature })',
    replace: 'false',
  },
  {
    ...{ rule: '4.4.5', test: 'federation/known-time.test.js', without: 'the date may fall' },
    file: 'federation/inquiry.js',
    find: 'addMs(time, leadMs) < bound',
    replace: 'false',
  },
  {
    ...{ rule: '4.5.3', test: 'federation/standing.test.js', without: 'a stop lowers nothing' },
    file: 'federation/standing.js',
    find: 'belief.stop !== null || lacks ?',
    replace: 'lacks ?',
  },
  {
    ...{ rule: '4.9.1', test: 'federation/override.test.js', without: 'one person is enough' },
    file: 'federation/root.js',
    find: 'threshold: OVERRIDE_SIGNERS',
    replace: 'threshold: 1',
  },
  {
    ...{ rule: '5.1.3', test: 'daemon/driver.test.js', without: 'what is sent waits for no disk' },
    file: 'daemon/driver.js',
    find: 'await this.#persist(writesIn(due));',
    replace:
      "for (const effect of due.filter(({ kind }) => kind === 'send')) this.#perform(effect);\n            await this.#persist(writesIn(due));",
  },
  {
    rule: '5.2.3',
    test: 'federation/admit-beacon.test.js',
    without: 'the second payload is taken',
    file: 'federation/admit-beacon.js',
    find: 'held !== null && order === 0',
    replace: 'false',
  },
  {
    rule: '5.2.5',
    test: 'federation/equivocation.test.js',
    without: 'a retired key proves as any',
    file: 'federation/admit-proof.js',
    find: '!isOfKey(newest)',
    replace: 'false',
  },
  {
    rule: '5.5.1',
    test: 'federation/revocations.test.js',
    without: 'a domain revokes what is another’s',
    file: 'federation/revocations.js',
    find: 'trustDomainOf(id) !== domain',
    replace: 'false',
  },
  {
    rule: '5.5.3',
    test: 'federation/revocations.test.js',
    without: 'few may take an authority back',
    file: 'federation/revocations.js',
    find: 'Math.max(role.authorityThreshold, role.leaseThreshold)',
    replace: 'role.leaseThreshold',
  },
  {
    rule: '5.6.1',
    test: 'federation/relation.test.js',
    without: 'the end of a relation ends nothing',
    file: 'federation/beliefs.js',
    find: 'notAfter !== null && notAfter <= clockOf(this.own, now)',
    replace: 'false',
  },
  {
    ...{ rule: '5.7.1', test: 'federation/store-share.test.js', without: 'a share has no end' },
    file: 'federation/store-share.js',
    find: 'if (got > FOREIGN_STORE_BYTES_MAX)',
    replace: 'if (false)',
  },
  {
    ...{ rule: '5.7.3', test: FLOOD, without: 'all shares together have no end' },
    file: 'federation/store-share.js',
    find: 'if (allBytes > FOREIGN_STORES_BYTES_MAX)',
    replace: 'if (false)',
  },
  {
    rule: '6.1.8',
    test: 'federation/later-version.test.js',
    without: 'a file of a later version is refused whole',
    file: 'federation/bundle-file.js',
    find: "item.code !== 'document-unknown' || isLabelKnown",
    replace: 'true',
  },
  {
    ...{ rule: '6.2.3', test: 'federation/peer-proof.test.js', without: 'anybody grants a lease' },
    file: 'federation/lease.js',
    find: 'verifyEnvelope(suite, envelope, root.documents);',
    replace: '',
  },
  {
    rule: '6.2.4',
    test: 'federation/peer-proof.test.js',
    without: 'a lease holds for one moment more',
    file: 'federation/lease.js',
    find: 'notAfter <= clock',
    replace: 'notAfter < clock',
  },
  {
    rule: '6.2.5',
    test: 'federation/peer-proof.test.js',
    without: 'a proof is good for either side',
    file: 'federation/peer-proof.js',
    find: '.u8(ROLE_CODES[role])',
    replace: '.u8(0)',
  },
  {
    rule: '6.2.9',
    test: 'federation/lease.test.js',
    without: 'a revoked node keeps its lease',
    file: 'federation/lease.js',
    find: "revocationOf(belief.revocations, { class: 'lease', target: node }) !== undefined",
    replace: 'false',
  },
  {
    ...{ rule: '6.2.12', test: FLOOD, without: 'a domain that spent all may send what is wrong' },
    file: 'federation/hearing.js',
    find: "heard instanceof Refusal && heard.judgement === 'reject'",
    replace: 'false',
  },
  {
    ...{ rule: '6.2.12', test: FLOOD, without: 'whoever asks is given' },
    file: 'federation/exchange.js',
    find: 'if (foreignDomain === null)',
    replace: 'if (true)',
  },
  {
    ...{ rule: '6.2.13', test: FLOOD, without: 'contents are taken without end' },
    file: 'federation/hearing.js',
    find: 'if (isContents(item))',
    replace: 'if (false)',
  },
  {
    ...{ rule: '6.3.1', test: 'federation/recovery-lane.test.js', without: 'guests give contents' },
    file: 'federation/hearing.js',
    find: '!isProven && !isForGuests(type)',
    replace: 'false',
  },
  {
    rule: '6.4.1',
    test: 'federation/lying-peer.test.js',
    without: 'anybody hands over secrets',
    file: 'federation/hearing.js',
    find: 'isSecret(type) && !exchange.links.isFellow(from.peer, domain)',
    replace: 'false',
  },
  {
    rule: '6.4.3',
    test: 'federation/exchange.test.js',
    without: 'anybody reads what is private',
    file: 'federation/summary.js',
    find: 'if (!isOwnNode)\n        return false;',
    replace: '',
  },
  {
    ...{ rule: '6.9.1', test: 'core/padding.test.js', without: 'any zeros are padding' },
    file: 'core/padding.js',
    find: '|| paddedLength(length) !== padded.length',
    replace: '',
  },
  {
    ...{ rule: '6.9.2', test: 'federation/jitter.test.js', without: 'comparisons are punctual' },
    file: 'federation/comparing.js',
    find: 'this.#jitter.between(0.9, 1.1)',
    replace: '1',
  },
  {
    rule: '7.1.4',
    test: 'federation/lease.test.js',
    without: 'an older lease takes its place',
    file: 'federation/leaseholder.js',
    find: 'lease.issuedAt < held',
    replace: 'false',
  },
];
