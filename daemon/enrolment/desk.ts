/**
 * The desk: where an authority enrols machines, over the network and by files alike (PROTOCOL
 * §7.1).
 *
 * Request in, challenge out; answer in, grant out. Nothing is held in memory between the two, so an
 * authority that restarts goes on where it was. A stranger is granted nothing before a person
 * approved it, or its endorsement key stands on the list; a node that holds a lease of ours renews
 * it under the same keys, and proves itself in full each time.
 */

import type { AlarmCode } from '../../core/alarm.ts';
import { APPLICATIONS_MAX, CHALLENGE_MS_MAX, CHALLENGE_ONLINE_MS } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { KeyId, Suite } from '../../core/suite.ts';
import { addMs, type UnixMs, unixMs } from '../../core/time.ts';
import { isAssured } from '../../federation/assurance.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { readLease } from '../../federation/lease.ts';
import type { FederationNode } from '../../federation/node.ts';
import type { DomainView } from '../../federation/view.ts';
import {
  CREDENTIAL_BYTES,
  type Credential,
  checkAttestationKey,
  makeCredential,
} from '../../firmware/activation.ts';
import { CHALLENGE_NONCE_BYTES } from '../../firmware/attested.ts';
import { decodeKey } from '../../firmware/boot-state.ts';
import { advanceMarks } from '../../firmware/high-water.ts';
import { parseReferences } from '../../firmware/references.ts';
import type { AlarmBook } from '../alarm-book.ts';
import type { AuditFields } from '../audit/audit-entry.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Clock, Random } from '../ports.ts';
import type { ChipTrust } from '../tpm/chip-trust.ts';
import { readAnswer, type UnverifiedAnswer, verifyAnswer } from './answer.ts';
import { challengeMessage, readChallengeEnvelope, signChallenge } from './challenge.ts';
import { appraiseChip, NO_CHIP, type Proven } from './chip-appraisal.ts';
import type { DeskBook } from './desk-book.ts';
import { type Application, type Enrolled, SUPERSEDED_MAX, type Way } from './desk-records.ts';
import { makeGrant } from './grant.ts';
import type { IssuingDesk } from './issuing-port.ts';
import { decodeMessage } from './message.ts';
import { type ShownChip, type VerifiedRequest, verifyRequest } from './request.ts';

export interface EnrolmentDeskOptions {
  readonly node: FederationNode;
  readonly suite: Suite;
  readonly clock: Clock;
  readonly random: Random;
  readonly book: DeskBook;
  readonly audit: AuditLog;
  readonly alarms: AlarmBook;
  readonly issuing: IssuingDesk;
  /** Read anew for each appraisal: a list may have grown. */
  readonly trust: () => Promise<ChipTrust>;
  /** Refuses `tier-insufficient` and `time-unknown` where nothing may be delegated now. */
  readonly checkDelegation: () => void;
}

/** An application, and the request in it. */
export interface Applied {
  readonly application: Application;
  readonly request: VerifiedRequest;
}

/** By what right a machine is granted a lease. */
type Right = 'person' | 'list' | 'renewal';

/** What a grant rests on. */
interface Ruling {
  readonly proven: Proven;
  readonly right: Right;
  /** Whose act it is, where a person brought the answer. */
  readonly by: AuditFields;
}

export class EnrolmentDesk {
  readonly #options: EnrolmentDeskOptions;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: EnrolmentDeskOptions) {
    this.#options = options;
  }

  /** Every application under way, with what it asks for. */
  get applications(): readonly Applied[] {
    const { book, suite } = this.#options;
    return book.applications(this.#wall()).map((application) => ({
      application,
      request: verifyRequest(suite, application.request),
    }));
  }

  /** Takes a request or an answer, and gives what follows. Refuses as the two methods below do. */
  async receive(bytes: Uint8Array, way: Way): Promise<Uint8Array> {
    const { type } = decodeMessage(bytes).envelope;
    if (type === 'enrol-answer') return this.grant(bytes);
    return this.challenge(bytes, way);
  }

  /**
   * The challenge to a request; the same again for the same request. Refuses as `verifyRequest`
   * does, `domain-mismatch`, `lease-revoked`, `enrol-superseded` for a request that is older than
   * the one under way, `enrol-full`, and for a chip that cannot attest
   * `ak-attributes`, `activation-key` and `evidence-malformed`. `by`: whose act it is, where a
   * person brings a file.
   */
  challenge(bytes: Uint8Array, way: Way, by: AuditFields = {}): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      const request = this.#admit(bytes);
      const { node, book } = this.#options;
      const now = this.#wall();
      const held = book.application(request.node, now);
      const isSame = held !== undefined && challengeIn(held).request === request.digest;
      const file = node.exportBundle(node.domain);
      if (isSame) return challengeMessage(held.challenge, file);
      const superseded = this.#supersededBy(request, held);
      this.#checkRoom(request.node, way, now);
      const { secret, envelope, notAfter } = this.#draw(request, way, now);
      const application: Application = {
        ...{ node: request.node, way, request: bytes, challenge: envelope, secret, notAfter },
        ...{ isApproved: false, earned: null, superseded },
      };
      await book.apply(application, now);
      const { group, kind } = request;
      await this.#audit('enrolment.requested', { node: request.node, group, kind, way, ...by });
      return challengeMessage(envelope, file);
    });
  }

  /**
   * The grant to an answer. Refuses as `checkDelegation` does, `enrol-unknown`, `enrol-challenge`,
   * `enrol-expired`, `enrol-chip`, what the proof of a chip is refused for, `marks-regressed`,
   * `enrol-unapproved` while nobody approved a stranger, and as `FederationNode.grant` does.
   */
  grant(bytes: Uint8Array, by: AuditFields = {}): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      const answer = readAnswer(bytes);
      const { book, suite, checkDelegation } = this.#options;
      checkDelegation();
      const now = this.#wall();
      const application = book.application(answer.node, unixMs(0));
      if (application === undefined) throw new Refusal('enrol-unknown', { node: answer.node });
      const request = verifyRequest(suite, application.request);
      const proven = await this.#prove(answer, application, request, now);
      const right = this.#rightOf(application, request, proven);
      if (right === null) {
        await book.note({ ...application, earned: proven.assurance });
        const { assurance } = proven;
        const { node } = request;
        throw new Refusal('enrol-unapproved', { node, assurance, ...shortfallIn(proven) });
      }
      return this.#grant(answer, request, { proven, right, by });
    });
  }

  /** Lets a stranger be granted what it asked for, and its chip begin anew where it fell back. */
  approve(node: KeyId, options: { readonly forgetMarks: boolean }): Promise<Applied> {
    return this.#inTurn(async () => {
      const { book, suite } = this.#options;
      const application = book.application(node, this.#wall());
      if (application === undefined) throw new Refusal('enrol-unknown', { node });
      const approved = { ...application, isApproved: true };
      await book.note(approved);
      const request = verifyRequest(suite, application.request);
      const { chip } = request;
      if (options.forgetMarks && chip !== null) {
        await book.forgetChip(decodeKey(chip.attestationKey).name);
      }
      return { application: approved, request };
    });
  }

  /** Ends an application. Refuses `enrol-unknown`. */
  refuse(node: KeyId): Promise<void> {
    return this.#inTurn(async () => {
      const { book } = this.#options;
      if (book.application(node, unixMs(0)) === undefined) {
        throw new Refusal('enrol-unknown', { node });
      }
      await book.end(node);
    });
  }

  /** Checks what can be known of a request before anything is drawn for it. */
  #admit(bytes: Uint8Array): VerifiedRequest {
    const { node, suite } = this.#options;
    const request = verifyRequest(suite, bytes);
    if (request.domain !== node.domain) {
      throw new Refusal('domain-mismatch', { expected: node.domain, got: request.domain });
    }
    if (node.hasRevoked(node.domain, request.node)) {
      throw new Refusal('lease-revoked', { domain: node.domain, node: request.node });
    }
    return request;
  }

  /**
   * The requests of the node that this one takes the place of. Whoever kept a copy of one could
   * otherwise drop what is under way. Refuses `enrol-superseded`.
   */
  #supersededBy({ node, digest }: VerifiedRequest, held: Application | undefined) {
    const granted = this.#options.book.enrolled(node)?.request;
    const older =
      held === undefined
        ? [granted].filter((each) => each !== undefined)
        : [...held.superseded, challengeIn(held).request];
    if (held !== undefined && older.includes(digest)) {
      throw new Refusal('enrol-superseded', { node });
    }
    return older.filter((each) => each !== digest).slice(-SUPERSEDED_MAX);
  }

  /** Whoever comes by courier was carried here by a person; strangers of the network have half. */
  #checkRoom(node: KeyId, way: Way, now: UnixMs): void {
    const others = this.#options.book.applications(now).filter((each) => each.node !== node);
    const ofNetwork = others.filter((each) => each.way === 'network' && !each.isApproved);
    const isFull = way === 'network' && ofNetwork.length >= APPLICATIONS_MAX / 2;
    if (isFull || others.length >= APPLICATIONS_MAX) {
      throw new Refusal('enrol-full', { limit: APPLICATIONS_MAX });
    }
  }

  /** Draws nonce and secret, and signs the challenge over them. */
  #draw(request: VerifiedRequest, way: Way, now: UnixMs) {
    const { random, node: self } = this.#options;
    const { domain, node, digest, chip } = request;
    const { beacon } = this.#own();
    if (beacon === null) throw new Refusal('root-unknown', { why: 'no beacon yet' });
    const secret = chip === null ? null : random.bytes(CREDENTIAL_BYTES);
    const credential = chip === null || secret === null ? null : this.#wrap(chip, secret);
    const notAfter = addMs(now, way === 'network' ? CHALLENGE_ONLINE_MS : CHALLENGE_MS_MAX);
    const nonce = random.bytes(CHALLENGE_NONCE_BYTES);
    const asked = { domain, node, request: digest, nonce, beacon, credential };
    const envelope = signChallenge({ ...asked, issuedAt: now, notAfter }, self.documentsKey);
    return { secret, envelope, notAfter };
  }

  #wrap(chip: ShownChip, secret: Uint8Array): Credential {
    const { random } = this.#options;
    const attestationKey = decodeKey(chip.attestationKey);
    checkAttestationKey(attestationKey);
    const endorsementKey = decodeKey(chip.endorsementKey);
    return makeCredential({ endorsementKey, attestationName: attestationKey.name, secret, random });
  }

  /** What an answer proves; a chip that fell back is remembered as an alarm. */
  async #prove(
    answer: UnverifiedAnswer,
    application: Application,
    request: VerifiedRequest,
    now: UnixMs,
  ): Promise<Proven> {
    const { suite, trust, book } = this.#options;
    const challenge = challengeIn(application);
    const answered = verifyAnswer(suite, answer, { ...request, hasChip: request.chip !== null });
    if (answer.challenge !== challenge.digest) {
      throw new Refusal('enrol-challenge', { expected: challenge.digest, got: answer.challenge });
    }
    if (application.notAfter <= now) {
      throw new Refusal('enrol-expired', { notAfter: application.notAfter, now });
    }
    const { secret } = application;
    if (answered === null || request.chip === null || secret === null) return NO_CHIP;
    const proven = appraiseChip(answered, {
      ...{ asked: request.chip, challenge, secret, now },
      trust: await trust(),
      references: this.#references(),
    });
    if (proven.chip !== null) {
      const { digest, marks } = proven.chip;
      try {
        await book.rememberChip(digest, advanceMarks(book.marksOf(digest), marks).marks);
      } catch (error) {
        if (error instanceof Refusal) await this.#alarm('chip-regressed', request.node, error);
        throw error;
      }
    }
    return proven;
  }

  /** Why this machine may have a lease; null where a person has to say so first. */
  #rightOf(application: Application, request: VerifiedRequest, proven: Proven): Right | null {
    const before = this.#options.book.enrolled(request.node);
    const isKnown =
      before !== undefined &&
      before.chip === (proven.chip?.digest ?? null) &&
      before.group === request.group &&
      before.kind === request.kind;
    if (isKnown) return 'renewal';
    if (proven.chip?.isListed === true) return 'list';
    return application.isApproved ? 'person' : null;
  }

  async #grant(
    answer: UnverifiedAnswer,
    request: VerifiedRequest,
    { proven, right, by }: Ruling,
  ): Promise<Uint8Array> {
    const { node, clock, book, issuing } = this.#options;
    const { group, kind, publicPair, domain } = request;
    const { assurance } = proven;
    const references = this.#own().documents.get('references')?.digest ?? null;
    const chip = proven.chip?.digest ?? null;
    const terms = { kind, assurance, group, chip, references };
    const { lease, file } = node.grant(clock.now(), publicPair, terms);
    const { notAfter, ...said } = readLease(decodeEnvelope(lease));
    const forIssuing = await issuing.issue({ ...said, notAfter }, request.issuing);
    const enrolled: Enrolled = {
      ...{ node: request.node, group, kind, assurance, chip, request: request.digest },
      ...{ grantedAt: this.#wall(), notAfter },
    };
    await this.#noteFall(enrolled, proven);
    await book.enrol(enrolled);
    const why = { right, notAfter, ...(chip === null ? {} : { chip }), ...shortfallIn(proven) };
    const granted = { node: request.node, group, kind, assurance, ...why };
    await this.#audit('enrolment.granted', { ...granted, ...by });
    const parts = { lease, file, issuing: forIssuing };
    const answered = { domain, node: request.node, answer: answer.digest };
    return makeGrant({ ...answered, ...parts }, node.documentsKey);
  }

  /** A machine that proves less than before is granted less, and people are told. */
  async #noteFall({ node, assurance }: Enrolled, proven: Proven): Promise<void> {
    const before = this.#options.book.enrolled(node)?.assurance ?? assurance;
    if (isAssured(assurance, before)) return;
    const fell = { before, now: assurance, ...shortfallIn(proven) };
    const why = new Refusal('assurance-insufficient', fell);
    await this.#alarm('assurance-fell', node, why);
  }

  async #alarm(code: AlarmCode, node: KeyId, { details }: Refusal): Promise<void> {
    const { node: machine, alarms } = this.#options;
    await alarms.raise({ code, domain: machine.domain, details: { node, ...details } });
  }

  #references() {
    const document = this.#own().documents.get('references');
    return document === undefined ? null : parseReferences(document.members.value('states'));
  }

  #own(): DomainView {
    const { node, clock } = this.#options;
    const own = node.viewOf(node.domain, clock.now());
    if (own === null) throw new Refusal('root-unknown', { domain: node.domain });
    return own;
  }

  #wall(): UnixMs {
    const { node, clock } = this.#options;
    return node.clockOf(node.domain, clock.now());
  }

  async #audit(event: string, fields: AuditFields): Promise<void> {
    await this.#options.audit.append(event, fields);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** What keeps a machine from `measured-boot`, for whoever has to look into it. */
function shortfallIn({ shortfall }: Proven): { readonly difference?: string } {
  return shortfall === null ? {} : { difference: shortfall };
}

function challengeIn({ challenge }: Application) {
  return readChallengeEnvelope(decodeEnvelope(challenge));
}
