/**
 * The applicant: how a machine becomes a node, step by step, each on the bytes of the step before
 * (PROTOCOL §7.1). By files a person carries them; over the network `joining.ts` does.
 *
 * What it asked and what it answered is stored, so that a machine may restart between two steps. A
 * domain is pinned once, by the fingerprint of its first Root that a person compared.
 */

import { fromBase64Url, toBase64Url } from '../../core/bytes.ts';
import { encodeCanonical, parseCanonical } from '../../core/canonical.ts';
import type { Digest } from '../../core/digest.ts';
import { ENROL_REQUEST_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Signer } from '../../core/suite.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { type Lease, readLease } from '../../federation/lease.ts';
import { Members } from '../../federation/members.ts';
import type { FederationNode } from '../../federation/node.ts';
import type { LeaseKind } from '../../federation/root.ts';
import type { AuditFields } from '../audit/audit-entry.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Driver } from '../driver.ts';
import type { Clock, Random, Store } from '../ports.ts';
import { RECORDS } from '../store/key-space.ts';
import { type ChipAnswer, makeAnswer } from './answer.ts';
import { readChallenge, type UnverifiedChallenge } from './challenge.ts';
import { readGrant } from './grant.ts';
import type { MemberIssuing } from './issuing-port.ts';
import { decodeMessage } from './message.ts';
import type { OwnChip } from './own-chip.ts';
import { makeRequest } from './request.ts';

export interface ApplicantOptions {
  readonly node: FederationNode;
  readonly signer: Signer;
  readonly driver: Driver;
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly audit: AuditLog;
  readonly issuing: MemberIssuing;
  /** Null where no chip is used. */
  readonly chip: OwnChip | null;
}

/** What a node asks to be. */
export interface Wish {
  readonly group: string;
  readonly kind: LeaseKind;
}

/** How far this machine is. */
export interface Progress {
  readonly wish: Wish;
  /** The message it asked by. */
  readonly request: Uint8Array;
  /** Digest of the first Root; null until a person pinned it. */
  readonly firstRoot: Digest | null;
  /** Digest of its answer; null before. */
  readonly answer: Digest | null;
}

const REQUEST_CHARS_MAX = Math.ceil((ENROL_REQUEST_BYTES_MAX * 4) / 3);
const NONCE_BYTES = 16;
const KIND_CHARS_MAX = 16;
const GROUP_CHARS_MAX = 63;

export class Applicant {
  readonly #options: ApplicantOptions;
  #progress: Progress | null;

  constructor(options: ApplicantOptions) {
    this.#options = options;
    const record = options.records.get(RECORDS.enrolment);
    this.#progress = record === undefined ? null : readProgress(record);
  }

  /** Null where nothing is under way. */
  get progress(): Progress | null {
    return this.#progress;
  }

  /** Asks anew; what was under way is over. Fails as the chip does. */
  async request(wish: Wish): Promise<Uint8Array> {
    const { node, signer, random, issuing, chip } = this.#options;
    const asked = {
      ...{ domain: node.domain, ...wish },
      chip: chip === null ? null : await chip.show(),
      issuing: await issuing.request(),
    };
    const request = makeRequest(asked, signer, random.bytes(NONCE_BYTES));
    await this.#save({ wish, request, firstRoot: null, answer: null });
    return request;
  }

  /**
   * Answers a challenge to the request under way. Whoever is asked pins the domain: `firstRoot`
   * may be null where the domain is known already. Refuses `enrol-unknown` without a request,
   * `enrol-challenge` for the challenge to another one, `enrol-fingerprint`, `enrol-expired`,
   * `root-conflict` for another domain than was pinned, and what is wrong with the file.
   */
  async answer(bytes: Uint8Array, firstRoot: Digest | null): Promise<Uint8Array> {
    const { node, signer, clock } = this.#options;
    const progress = this.#underWay();
    const challenge = readChallenge(bytes);
    this.#checkAddressed(challenge, progress);
    const pinned = this.#pinned(firstRoot);
    node.verifyByFile(clock.now(), { firstRoot: pinned, file: challenge.file }, challenge.envelope);
    const { wall } = clock.now();
    if (challenge.notAfter <= wall) {
      throw new Refusal('enrol-expired', { notAfter: challenge.notAfter, now: wall });
    }
    const { domain, digest } = challenge;
    const chip = await this.#chipAnswer(challenge);
    const answer = makeAnswer({ domain, node: node.nodeId, challenge: digest, chip }, signer);
    const given = decodeMessage(answer).envelope.digest;
    await this.#save({ ...progress, firstRoot: pinned, answer: given });
    return answer;
  }

  /**
   * Takes the grant to the answer given: the lease with its documents, then what identities are
   * issued with. The grant itself is stored first, so that a crash between the two takes up again.
   * Refuses `enrol-unknown` before an answer, `enrol-challenge` for the grant to another one, and
   * as the state machine does (PROTOCOL §7.1). `by`: whose act it is, where a person brought it.
   */
  async install(bytes: Uint8Array, by: AuditFields = {}): Promise<Lease> {
    const { node, driver, clock, audit, issuing, store } = this.#options;
    const { firstRoot, answer: expected } = this.#underWay();
    if (firstRoot === null || expected === null) {
      throw new Refusal('enrol-unknown', { why: 'nothing was answered yet' });
    }
    const grant = readGrant(bytes);
    if (grant.answer !== expected) {
      throw new Refusal('enrol-challenge', { expected, got: grant.answer });
    }
    const { file, lease: granted } = grant;
    node.verifyByFile(clock.now(), { firstRoot, file }, grant.envelope);
    await store.write([{ key: RECORDS.grant, value: bytes }]);
    await driver.request({ kind: 'grant', firstRoot, file, lease: granted });
    const lease = readLease(decodeEnvelope(granted));
    await issuing.install(lease, grant.issuing);
    await store.write([RECORDS.enrolment, RECORDS.grant].map((key) => ({ key, value: null })));
    this.#progress = null;
    const { group, kind, assurance, notAfter } = lease;
    await audit.append('enrolment.installed', { group, kind, assurance, notAfter, ...by });
    return lease;
  }

  /** Takes up a grant that a crash interrupted. What is refused by now is left aside. */
  async resume(): Promise<void> {
    const { records, store, audit } = this.#options;
    const bytes = records.get(RECORDS.grant);
    if (bytes === undefined) return;
    try {
      await this.install(bytes);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      await store.write([{ key: RECORDS.grant, value: null }]);
      await audit.append('enrolment.abandoned', { code: error.code });
    }
  }

  #underWay(): Progress {
    if (this.#progress === null) throw new Refusal('enrol-unknown', { why: 'nothing was asked' });
    return this.#progress;
  }

  #checkAddressed(challenge: UnverifiedChallenge, { request }: Progress): void {
    const { domain, nodeId } = this.#options.node;
    if (challenge.domain !== domain) {
      throw new Refusal('domain-mismatch', { expected: domain, got: challenge.domain });
    }
    const expected = decodeMessage(request).envelope.digest;
    if (challenge.request !== expected || challenge.node !== nodeId) {
      throw new Refusal('enrol-challenge', { expected, got: challenge.request });
    }
  }

  /** The first Root to judge by: of the domain as it is held, or as a person pinned it now. */
  #pinned(told: Digest | null): Digest {
    const { node, clock } = this.#options;
    const held = node.viewOf(node.domain, clock.now())?.firstRoot;
    const pinned = told ?? held;
    if (pinned === undefined) throw new Refusal('enrol-fingerprint', { domain: node.domain });
    return pinned;
  }

  async #chipAnswer(challenge: UnverifiedChallenge): Promise<ChipAnswer | null> {
    const { chip } = this.#options;
    const { credential } = challenge;
    if (credential === null) return null;
    if (chip === null) throw new Refusal('enrol-chip', { why: 'no chip is used any more' });
    return chip.answer(challenge, credential);
  }

  async #save(progress: Progress): Promise<void> {
    await this.#options.store.write([{ key: RECORDS.enrolment, value: encodeProgress(progress) }]);
    this.#progress = progress;
  }
}

function encodeProgress({ wish, request, firstRoot, answer }: Progress): Uint8Array {
  return encodeCanonical({
    ...wish,
    ...{ firstRoot, answer },
    request: toBase64Url(request),
  });
}

function readProgress(record: Uint8Array): Progress {
  const members = new Members(parseCanonical(record), 'enrolment');
  return {
    wish: {
      group: members.text('group', GROUP_CHARS_MAX),
      kind: members.text('kind', KIND_CHARS_MAX) as LeaseKind,
    },
    request: fromBase64Url(members.text('request', REQUEST_CHARS_MAX)),
    firstRoot: members.digestOrNull('firstRoot'),
    answer: members.digestOrNull('answer'),
  };
}
