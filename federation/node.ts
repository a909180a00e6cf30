/**
 * The state machine of a node: handle(now, input) → {effects, wakeAt, verdict}.
 *
 * It reads no clock, draws no randomness, opens no socket and no file. Whoever drives it performs
 * the effects in their order, a `persist` durably before the next one begins, and calls again at
 * `wakeAt` at the latest. Between two calls nothing changes. What one call does, in which order,
 * stands in `step.ts`; here is what a node is made of, and what may be asked of it.
 *
 * Reason: the one front door of the federation; behind it each question is a few lines.
 */

import type { Digest } from '../core/digest.ts';
import { Refusal, type RefusalCode, refusalOf } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { KeyId, PublicPair, Signer, Suite } from '../core/suite.ts';
import type { Instant, UnixMs } from '../core/time.ts';
import { clockOf } from './age.ts';
import { Authority, type GrantedTerms } from './authority.ts';
import type { Belief } from './belief.ts';
import { isDisowned, newestRoot } from './belief.ts';
import { Beliefs } from './beliefs.ts';
import { decodeFileItems, encodeBundleFile } from './bundle-file.ts';
import type { DocumentHead } from './document.ts';
import { DomainLedger, type DomainShare } from './domain-ledger.ts';
import { type UnverifiedEnvelope, type Verified, verifyEnvelope } from './envelope.ts';
import { Exchange } from './exchange.ts';
import { type Forewarnings, forewarningsOf } from './forewarning.ts';
import { handle } from './handling.ts';
import type { Input } from './input.ts';
import { Jitter } from './jitter.ts';
import { type Lease, scopeOf } from './lease.ts';
import { Leaseholder } from './leaseholder.ts';
import type { AgeLimits } from './limits.ts';
import type { Moment } from './moment.ts';
import { overridesInForce } from './overriding.ts';
import { PeerLedger } from './peer-ledger.ts';
import type { Reader } from './peer-link.ts';
import { decodeProof, isGuestProof, type ProverRole, verifyProof } from './peer-proof.ts';
import type { Policy } from './policy.ts';
import { type FilePreview, previewFile } from './preview.ts';
import { encodeProposal } from './proposal.ts';
import { decodeRecipient, verifyRecipient } from './recipient.ts';
import type { Continuity } from './record.ts';
import { checkAssured, WHOLE_TERMS } from './relation.ts';
import {
  type AskedRelation,
  type RelationProposal,
  verifyRelationProposal,
} from './relation-proposal.ts';
import { Rest } from './rest.ts';
import { type RevocationTarget, revocationOf } from './revocations.ts';
import { draftRevocations } from './sign-revocations.ts';
import { type Output, type Parts, Step } from './step.ts';
import { storedBytes } from './store-share.ts';
import { isReadable } from './summary.ts';
import { TimeDesk, type TimeView } from './time-desk.ts';
import { type DomainView, permitted, viewOf } from './view.ts';
import { rankAmong } from './voice.ts';
import { Watch } from './watch.ts';
import type { WriterSettings } from './writer.ts';

/** What a node is started with. */
export interface NodeOptions {
  readonly own: TrustDomain;
  readonly suite: Suite;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly bootId: string;
  readonly now: Instant;
  /** Whether the records are the last that were written (PROTOCOL §5.7). */
  readonly continuity: Continuity;
  /** Local tightening of every domain's limits, or null. */
  readonly limits: AgeLimits | null;
  /** Random bytes that nobody else knows: moments are drawn from them (PROTOCOL §6.9). */
  readonly dice: Uint8Array;
  /** Proves this node to its peers. */
  readonly node: Signer;
  /** Present on a machine that writes for its domain, or stands by to. */
  readonly authority: {
    /** All role keys that lie on this machine; the newest Root says what each is for. */
    readonly keys: readonly Signer[];
    readonly settings: WriterSettings;
    /** Other nodes of the domain were ever let in: they may hold what this disk lacks. */
    readonly hasMembers: boolean;
  } | null;
}

/** Whoever did not prove a current lease, and nothing wrong either (PROTOCOL §6.3). */
export interface Guest {
  readonly kind: 'guest';
  /** The domain of the lease it showed, unproven; null where it showed none. */
  readonly claims: TrustDomain | null;
}

/**
 * It has ended by our clock, or we lack what would tell: we may be the one that is behind. Whose
 * lease is revoked hears of it on that lane, and only there.
 */
const GUEST_REASONS: ReadonlySet<RefusalCode> = new Set([
  'lease-expired',
  'lease-revoked',
  'domain-unrelated',
  'root-unknown',
  'signer-unknown',
]);

/** The state of a node. `handle` is the only thing that changes it. */
export class FederationNode {
  /** What guards the marks of this node; statements about it say so. */
  readonly continuity: Continuity;
  readonly domain: TrustDomain;
  /** The id of this node's key. */
  readonly nodeId: KeyId;
  readonly #parts: Parts;
  readonly #self: Authority | Leaseholder;

  constructor(options: NodeOptions) {
    const { own, suite, records, bootId, now, continuity, limits, authority, node } = options;
    const beliefs = new Beliefs(own, records, { bootId, continuity }, limits);
    const time = new TimeDesk(beliefs, { records, bootId, now });
    const self =
      authority === null
        ? new Leaseholder({ suite, node, beliefs, records })
        : new Authority({
            ...{ ...authority, node, records, beliefs },
            start: {
              at: now.boot,
              isProven: continuity === 'proven',
              isSameBoot: continuity !== 'rolled-back' && !time.view(now).doubts.includes('start'),
            },
          });
    const domains = new DomainLedger(
      own,
      (partner) => (beliefs.relationTo(partner) ?? WHOLE_TERMS).budgetMib,
    );
    const reader: Reader = {
      domain: own,
      get groups() {
        return self.scope;
      },
    };
    this.continuity = continuity;
    this.domain = own;
    this.nodeId = node.keyId;
    this.#self = self;
    this.#parts = {
      suite,
      bootId,
      beliefs,
      exchange: new Exchange(reader, beliefs.spoken, { domains, jitter: new Jitter(options.dice) }),
      domains,
      time,
      rest: new Rest(),
      ledger: new PeerLedger(),
      guestLedger: new PeerLedger(),
      watch: new Watch(beliefs, bootId),
      authority: self instanceof Authority ? self : null,
      leaseholder: self instanceof Leaseholder ? self : null,
    };
  }

  /** One step. Total: whatever the input, it returns. */
  handle(now: Instant, input: Input): Output {
    return handle(new Step(this.#parts, now), input);
  }

  /** Every domain we speak of, as it stands now; our own first. */
  view(read: Instant): readonly DomainView[] {
    const now = this.#judge(read);
    const views = this.#parts.beliefs.spoken().map((belief) => this.#viewOf(belief, now));
    return views.sort((a, b) => Number(b.isOwn) - Number(a.isOwn));
  }

  /** One domain as it stands now, or null where we do not speak of it. */
  viewOf(domain: TrustDomain, read: Instant): DomainView | null {
    const { beliefs } = this.#parts;
    const belief = beliefs.spokenOf(domain);
    return belief === null ? null : this.#viewOf(belief, this.#judge(read));
  }

  /** What our people have to see to while all is still well. */
  forewarnings(): Forewarnings {
    const { beliefs } = this.#parts;
    return forewarningsOf(beliefs.stored(beliefs.ownDomain));
  }

  /** What a foreign domain fills here and has left to spend; null for our own, or a stranger. */
  shareOf(domain: TrustDomain, { boot }: Instant): DomainShare | null {
    const { beliefs, domains } = this.#parts;
    const belief = beliefs.spokenOf(domain);
    if (belief === null || domain === beliefs.ownDomain) return null;
    return { storedBytes: storedBytes(belief), left: domains.left(domain, boot) };
  }

  /** True where a positive statement of our domain could be signed here, now. */
  maySign(read: Instant): boolean {
    return this.#parts.authority?.maySign(this.#judge(read)) === true;
  }

  /** The rank that Root gives a beacon key of this machine, or null (PROTOCOL §2.5). */
  get rank(): number | null {
    const { authority, beliefs } = this.#parts;
    return authority === null ? null : rankAmong(beliefs.own, authority.keys);
  }

  /** True where the keys in force lie on this machine, whether or not it knows the date. */
  get hasVoice(): boolean {
    return this.#parts.authority?.hasVoice === true;
  }

  /** True while an authority asks others what they hold of its domain (PROTOCOL §2.6). */
  isResuming(read: Instant): boolean {
    return this.#parts.authority?.resumption.isAsking(read.boot) === true;
  }

  /** What this machine knows of the date. */
  time(read: Instant): TimeView {
    return this.#parts.time.view(read);
  }

  /** True where this machine knows the date; asked at each step, where `time` shows it. */
  isTimeKnown(read: Instant): boolean {
    return !this.#parts.time.isUnknown(this.#judge(read));
  }

  /** The clocks as they are to be gone by: the date is never below our own bound (§4.1). */
  clock(read: Instant): Instant {
    const now = this.#judge(read);
    return { wall: this.#parts.time.clock(now), boot: now.boot };
  }

  get policy(): Policy {
    return this.#parts.beliefs.policy;
  }

  /** The bundle file of a domain we speak of. Refuses `domain-unrelated` and `root-unknown`. */
  exportBundle(domain: TrustDomain): string {
    return encodeBundleFile(this.#parts.beliefs.of(domain));
  }

  /**
   * The part of a courier file about a domain (PROTOCOL §6.8): what partners may read, and of our
   * own domain what all `recipients` may. Refuses as `exportBundle`, `decodeRecipient` and
   * `verifyRecipient` do.
   */
  courierPart(read: Instant, domain: TrustDomain, recipients: readonly string[]): string {
    const { beliefs, suite } = this.#parts;
    const { own } = beliefs;
    const clock = clockOf(own, this.#judge(read));
    const leases = recipients.map((text) =>
      verifyRecipient(suite, decodeRecipient(text), own, clock),
    );
    if (domain !== beliefs.ownDomain || leases.length === 0) return this.exportBundle(domain);
    const readings = leases.map((lease) => ({
      ...{ isGuest: false, isOwnNode: true, groups: scopeOf(lease) },
    }));
    const isFor = (head: DocumentHead): boolean =>
      readings.every((reading) => isReadable(reading, head));
    return encodeBundleFile(own, { isFor, isOwnNode: true });
  }

  /** Asks another domain to honour this of ours; see there. Refuses `not-authority` elsewhere. */
  proposeRelation(read: Instant, asked: AskedRelation): Uint8Array {
    const { authority } = this.#parts;
    if (authority === null) throw new Refusal('not-authority');
    return authority.proposeRelation(this.#judge(read), asked);
  }

  /**
   * Verifies what a partner proposes to us; changes nothing. Refuses `domain-unrelated`, and as
   * `verifyRelationProposal` does.
   */
  verifyRelation(read: Instant, envelope: UnverifiedEnvelope): RelationProposal {
    const { beliefs, suite } = this.#parts;
    const asked = { domain: this.domain, clock: clockOf(beliefs.own, this.#judge(read)) };
    return verifyRelationProposal(suite, envelope, beliefs.of(envelope.domain), asked);
  }

  /** The file by which this node makes a KEM key of its own known. Refuses as `lease` does. */
  recipient(read: Instant, key: Uint8Array): string {
    return this.#self.recipient(this.#judge(read), key);
  }

  /** What a carried file would change. Changes nothing; refuses as `decodeBlocks` does. */
  preview(read: Instant, file: Uint8Array): FilePreview {
    const { suite, bootId, beliefs } = this.#parts;
    return previewFile({ suite, now: this.#judge(read), bootId }, beliefs, file);
  }

  /** A proposal of revocations of our own domain, as a file; see `draftRevocations`. */
  proposeRevocations(now: Instant, targets: readonly RevocationTarget[]): string {
    const { own } = this.#parts.beliefs;
    return encodeProposal(own, draftRevocations(own, targets, clockOf(own, now)));
  }

  /** The file of a proposal of our own domain, upon all Roots that are held of it. */
  proposalFile(envelope: Uint8Array): string {
    return encodeProposal(this.#parts.beliefs.own, envelope);
  }

  /** Our proof for one handshake; a guest's on a node that never had a lease (PROTOCOL §6.3). */
  prove(read: Instant, role: ProverRole, handshakeHash: Uint8Array): Uint8Array {
    const self = this.#self;
    return self instanceof Authority
      ? self.prove(this.#judge(read), role, handshakeHash)
      : self.prove(role, handshakeHash);
  }

  /**
   * Our lease in force. Refuses `not-enrolled` before any, `lease-expired`, `lease-revoked` and
   * `lease-kind`.
   */
  lease(read: Instant): Lease {
    return this.#self.inForce(this.#judge(read));
  }

  /** Our lease, in force or not; null on a node that never had one. */
  heldLease(read: Instant): Lease | null {
    if (this.#parts.leaseholder !== null) return this.#parts.leaseholder.lease;
    const lease = refusalOf(() => this.lease(read));
    if (!(lease instanceof Refusal)) return lease;
    if (lease.code === 'not-enrolled') return null; // no Root names the keys of a standby yet
    throw lease;
  }

  /**
   * The authority's lease for a node, and the file of all that such a node reads of our domain.
   * Refuses `not-authority` elsewhere, and as `Authority.grantLease` does.
   */
  grant(
    read: Instant,
    node: PublicPair,
    terms: GrantedTerms,
  ): { readonly lease: Uint8Array; readonly file: string } {
    const { authority, beliefs } = this.#parts;
    if (authority === null) throw new Refusal('not-authority');
    // PROTOCOL §4.7 — a lease is a delegation.
    const act = { action: 'delegate', lifetime: 'renew', documents: ['policy'] } as const;
    const verdict = permitted(this.#viewOf(beliefs.own, this.#judge(read)), beliefs.policy, act);
    if (!verdict.permitted) {
      const { tier, needs } = verdict;
      throw new Refusal('tier-insufficient', { domain: beliefs.ownDomain, tier, needs });
    }
    const lease = authority.grantLease(this.#judge(read), node, terms);
    const reading = { isGuest: false, isOwnNode: true, groups: { group: terms.group } };
    const isFor = (head: DocumentHead): boolean => isReadable(reading, head);
    const file = encodeBundleFile(beliefs.own, { isFor, isOwnNode: true });
    return { lease, file };
  }

  /**
   * Whether a node of such a lease may link to us: one of our own domain, or of a partner whose
   * relation grants peering to such machines (PROTOCOL §6.2). Refuses `peer-unadmitted`,
   * `relation-over` and `relation-assurance`.
   */
  checkPeering(read: Instant, { domain, assurance }: Pick<Lease, 'domain' | 'assurance'>): void {
    const { beliefs } = this.#parts;
    if (domain === beliefs.ownDomain) return;
    const relation = beliefs.relationTo(domain);
    if (relation?.peering !== true) {
      throw new Refusal('peer-unadmitted', { domain, why: 'no relation grants it peering' });
    }
    if (beliefs.isOver(domain, this.#judge(read))) throw new Refusal('relation-over', { domain });
    checkAssured(relation, assurance);
  }

  /**
   * What signs for our domain beside its manifest: leases, and messages of an enrolment. Refuses
   * `not-authority` elsewhere, `key-revoked` and `not-writer` where we have no voice.
   */
  get documentsKey(): Signer {
    const { authority } = this.#parts;
    if (authority === null) throw new Refusal('not-authority');
    return authority.documentsKey;
  }

  /**
   * Verifies an envelope that the documents role of our own domain signed, by the newest Root that
   * this file and what is held show under `firstRoot`. Changes nothing: so a node can judge what is
   * asked of it before it belongs to the domain. Refuses as `admitAll` and `verifyEnvelope` do, and
   * `key-revoked`.
   */
  verifyByFile(
    now: Instant,
    pinned: { readonly firstRoot: Digest; readonly file: Uint8Array },
    envelope: UnverifiedEnvelope,
  ): Verified {
    const { suite, bootId, beliefs } = this.#parts;
    const items = decodeFileItems(pinned.file);
    const context = { suite, now: this.#judge(now), bootId };
    const belief = beliefs.admitOwn(context, pinned.firstRoot, items).belief;
    const root = newestRoot(belief)?.root;
    if (root === undefined) throw new Refusal('root-unknown', { domain: this.domain });
    for (const { keyId } of envelope.slots) {
      if (isDisowned(belief, keyId)) throw new Refusal('key-revoked', { key: keyId });
    }
    return verifyEnvelope(suite, envelope, root.documents);
  }

  /** The least favourable clock for statements of a domain (PROTOCOL §4.1). */
  clockOf(domain: TrustDomain, read: Instant): UnixMs {
    const now = this.#judge(read);
    const belief = this.#parts.beliefs.stored(domain);
    return belief === null ? now.wall : clockOf(belief, now);
  }

  /** True if the domain revoked the leases of that node key. */
  hasRevoked(domain: TrustDomain, node: string): boolean {
    const belief = this.#parts.beliefs.stored(domain);
    if (belief === null) return false;
    return revocationOf(belief.revocations, { class: 'lease', target: node }) !== undefined;
  }

  /**
   * Receives a peer inside the handshake: with a lease that `judgePeer` takes, or as a guest who
   * shows none, one that has ended or is revoked here, or one that we cannot judge (PROTOCOL
   * §6.3). What is wrong is refused. Changes nothing.
   */
  receivePeer(
    now: Instant,
    role: ProverRole,
    handshakeHash: Uint8Array,
    bytes: Uint8Array,
  ): Lease | Guest {
    if (isGuestProof(bytes)) return { kind: 'guest', claims: null };
    const lease = refusalOf(() => this.judgePeer(now, role, handshakeHash, bytes));
    if (!(lease instanceof Refusal)) return lease;
    if (!GUEST_REASONS.has(lease.code)) throw lease;
    return { kind: 'guest', claims: decodeProof(bytes).lease.domain };
  }

  /**
   * Judges a peer's proof inside the handshake: a current lease of our own domain, or of a partner
   * whose relation grants peering (PROTOCOL §6.2). Changes nothing.
   */
  judgePeer(read: Instant, role: ProverRole, handshakeHash: Uint8Array, bytes: Uint8Array): Lease {
    const now = this.#judge(read);
    const proof = decodeProof(bytes);
    const { domain } = proof.lease;
    this.checkPeering(read, proof.lease);
    const belief = this.#parts.beliefs.of(domain);
    const clock = clockOf(belief, now);
    return verifyProof(this.#parts.suite, proof, belief, { role, handshakeHash, clock });
  }

  #viewOf(belief: Belief, now: Moment): DomainView {
    const { beliefs } = this.#parts;
    const relation = beliefs.relationTo(belief.domain);
    const own = beliefs.stored(beliefs.ownDomain);
    return viewOf(belief, now, {
      relation,
      tightening: beliefs.tightening(relation, now),
      overrides: own === null ? [] : overridesInForce(own, now),
    });
  }

  /** The reading as it is to be gone by (PROTOCOL §4.4). */
  #judge(read: Instant): Moment {
    return this.#parts.time.judge(read);
  }
}
