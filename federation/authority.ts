/**
 * What the authority of a domain does beside believing: it queues what people ask for, publishes
 * it through the writer, relates to other domains, and vouches for its own node (PROTOCOL §2.5).
 */

import { LEASE_FOR_MS, RELATION_PROPOSAL_MS_MAX } from '../core/limits.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import { type KeyId, keyIdOf, type PublicPair, type Signer } from '../core/suite.ts';
import { addMs, type BootMs, bootMs, SECOND_MS } from '../core/time.ts';
import type { Admission, AdmitContext } from './admission.ts';
import { admitAll } from './admit.ts';
import { clockOf } from './age.ts';
import { type Belief, newestRoot } from './belief.ts';
import type { Beliefs } from './beliefs.ts';
import type { FileItem } from './bundle-file.ts';
import type { Effect, RecordWrite } from './effect.ts';
import { decodeEnvelope } from './envelope.ts';
import type { Input } from './input.ts';
import {
  checkLease,
  type GroupScope,
  type Lease,
  type LeaseTerms,
  readLease,
  signLease,
} from './lease.ts';
import type { Moment } from './moment.ts';
import { OwnContents } from './own-contents.ts';
import { OwnLease } from './own-lease.ts';
import { OwnRelations, type RelationChange } from './own-relations.ts';
import { GUEST_PROOF, makeProof, type ProverRole } from './peer-proof.ts';
import { encodeRecipient } from './recipient.ts';
import { recordKey } from './record-key.ts';
import { type AskedRelation, signRelationProposal } from './relation-proposal.ts';
import { Resumption, type Start } from './resumption.ts';
import type { RevocationTarget } from './revocations.ts';
import { Setback } from './setback.ts';
import { signRevocations } from './sign-revocations.ts';
import { mayDate } from './standing.ts';
import { Tether, waitingFor } from './tether.ts';
import { signAnswer, type TimeStatement } from './time-answer.ts';
import { documentsKeyOf, type Voice, VoiceBook, voiceOf } from './voice.ts';
import { type Allocation, WRITER_ENTROPY_BYTES, Writer, type WriterSettings } from './writer.ts';

/** What an authority is made from: keys, settings, its own node, its stored allocation. */
export interface AuthorityOptions {
  /** All that lie on this machine; which of them speak, Root and revocations say. */
  readonly keys: readonly Signer[];
  readonly settings: WriterSettings;
  readonly node: Signer;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly beliefs: Beliefs;
  /** When the process started, and on which records. */
  readonly start: Omit<Start, 'isFirst' | 'isAlone'>;
  /** Other nodes of the domain were ever let in. */
  readonly hasMembers: boolean;
}

/** What the authority decides about a node that it grants a lease to. */
export type GrantedTerms = Pick<LeaseTerms, 'kind' | 'assurance' | 'group' | 'chip' | 'references'>;

/** What is due: records to store, then a tick or stop to release, then entropy to draw. */
export interface Duty {
  readonly writes: readonly RecordWrite[];
  readonly tick: Uint8Array | null;
  readonly draw: number;
}

/** A beacon issued: what to commit, whom to answer, what to gossip. */
export interface Issued {
  readonly admissions: readonly Admission[];
  readonly replies: readonly Effect[];
  readonly gossip: readonly Uint8Array[];
}

type Request = RelationChange | Extract<Input, { readonly kind: 'publish' }>;

/** Entropy that did not come is drawn again so late. */
const DRAW_AGAIN_MS = SECOND_MS;
const NOTHING_DUE: Duty = { writes: [], tick: null, draw: 0 };

/** The authority of one domain: one per state machine, on the machine that holds the keys. */
export class Authority {
  /** Whether others were asked what they hold of our domain. */
  readonly resumption: Resumption;
  /** How long we may speak without the standby (PROTOCOL §2.5). */
  readonly tether: Tether;
  readonly #writer: Writer;
  readonly #setback = new Setback();
  readonly #beliefs: Beliefs;
  readonly #node: Signer;
  #keys: readonly Signer[];
  readonly #contents: OwnContents;
  readonly #relations: OwnRelations;
  readonly #lease: OwnLease;
  readonly #voices = new VoiceBook();
  readonly #notBefore: BootMs;
  #drawAgainAt: BootMs = bootMs(0);

  constructor(options: AuthorityOptions) {
    const { keys, settings, node, records, beliefs, start, hasMembers } = options;
    this.#writer = new Writer(settings, records.get(recordKey(beliefs.ownDomain, 'writer')));
    this.#beliefs = beliefs;
    this.#node = node;
    this.#keys = keys;
    this.tether = new Tether(() => ({ own: beliefs.own, keys: this.#keys }));
    this.#lease = new OwnLease(beliefs, node);
    this.#contents = new OwnContents(beliefs.ownDomain, records);
    this.#relations = new OwnRelations(beliefs);
    // PROTOCOL §2.6 — a domain that resumes waits once, so that the highest number the clock allows
    // is above any it signed until a moment ago.
    const { own } = beliefs;
    const waitMs = own.beacon === null ? 0 : (newestRoot(own)?.root.minEpochMs ?? 0);
    this.#notBefore = bootMs(start.at + waitMs);
    const isAlone = !hasMembers && beliefs.policy.relations.size === 0;
    this.resumption = new Resumption({ ...start, isFirst: own.beacon === null, isAlone });
  }

  /**
   * Queues a request. It is answered when the beacon that carries it is stored. Refuses
   * `time-unknown`: what has no date cannot be published; `authority-resuming`, while others may
   * hold what it would take the place of; and `standby-silent`, while another one may write by now.
   */
  request(context: AdmitContext, input: Request): void {
    this.#voice();
    if (!mayDate(this.#beliefs.own, context.now)) throw new Refusal('time-unknown');
    if (this.resumption.isAsking(context.now.boot)) throw new Refusal('authority-resuming');
    if (!this.#isTied(context.now)) throw new Refusal('standby-silent');
    if (input.kind !== 'publish') {
      return this.#writer.enqueue(this.#relations.publication(context, input));
    }
    const { request, drafts, withdrawal } = input;
    this.#writer.enqueue({ request, draftsOf: () => drafts, withdrawal });
  }

  /**
   * A revocation document over these targets and all that is held which as many keys may say; see
   * `signRevocations`.
   */
  signRevocations(context: AdmitContext, targets: readonly RevocationTarget[]): Uint8Array {
    const { own } = this.#beliefs;
    return signRevocations(this.#keys, own, targets, clockOf(own, context.now));
  }

  /** Destroys the seed in force; the stop to reveal, or null where no tick could be made anyhow. */
  fence(): Uint8Array | null {
    return this.#writer.fence();
  }

  /** A key was made on this machine: it speaks once Root names it, and its turn has come. */
  add(key: Signer): void {
    this.#keys = [...this.#keys, key];
  }

  /** What else is stored and told when the belief about our own domain changes. */
  follow(before: Belief, after: Belief): Pick<Admission, 'writes' | 'notes'> {
    // PROTOCOL §3.5 — a stolen key goes on beside us: a proof is a revocation of that key, so its
    // seed is destroyed, and the next rank speaks at once where its key is ours. A Root that takes
    // our beacon back leaves nothing that a tick could prove.
    const isTaken = after.roots !== before.roots && after.beacon === null;
    if (after.disowned !== before.disowned || isTaken) this.#writer.abandon();
    const isOurs = (keyId: KeyId) => this.#keys.some((key) => key.keyId === keyId);
    const { writes, notes } = this.#contents.follow(before, after, isOurs);
    const alarms = [...this.#writer.meet(after), ...this.#voices.follow(before, after, this.#keys)];
    return { writes, notes: [...notes, ...alarms] };
  }

  /** Refuses as `voiceOf` does. */
  #voice(): Voice {
    return voiceOf(this.#beliefs.own, this.#keys);
  }

  /** Told once: nobody answered, and this may be an old copy of the disk. */
  unconfirmed({ boot }: Moment): readonly Effect[] {
    if (!this.hasVoice || !this.resumption.isUnanswered(boot)) return [];
    const domain = this.#beliefs.ownDomain;
    return [{ kind: 'alarm', code: 'own-documents-unconfirmed', domain, details: {} }];
  }

  /** True where a positive statement of our domain could be signed now. */
  maySign(now: Moment): boolean {
    return !this.#isSilenced(now);
  }

  /** The role keys that lie on this machine. */
  get keys(): readonly Signer[] {
    return this.#keys;
  }

  /** True where the keys in force lie here. */
  get hasVoice(): boolean {
    return this.#voices.has(this.#beliefs.own, this.#keys);
  }

  /** True where nothing positive may be signed: resuming, without a voice, or without a date. */
  #isSilenced(now: Moment): boolean {
    const isAsking = this.resumption.isAsking(now.boot);
    if (isAsking || !mayDate(this.#beliefs.own, now) || !this.hasVoice) return true;
    return !this.#isTied(now);
  }

  /** True unless Root ties us to a standby that has not answered for too long (PROTOCOL §2.5). */
  #isTied({ boot }: Moment): boolean {
    return this.tether.holds(boot);
  }

  /**
   * Our word that we have not taken over; null where we have, or are no standby. A disk that may be
   * an old one may have forgotten it.
   */
  waiting({ boot }: Moment, nonce: Uint8Array): Uint8Array | null {
    if (this.resumption.isAsking(boot)) return null;
    return waitingFor({ own: this.#beliefs.own, keys: this.#keys }, nonce);
  }

  /** What is due now. Allocates the next epoch when a beacon is, and its time has come (§5.3). */
  duty(context: AdmitContext): Duty {
    if (this.#isSilenced(context.now)) return NOTHING_DUE;
    const own = this.#beliefs.own;
    const clock = clockOf(own, context.now);
    if (this.#beaconInMs(context) <= 0) {
      const stop = this.#writer.allocate(own, clock);
      const writes = [{ key: recordKey(own.domain, 'writer'), value: this.#writer.allocated }];
      this.#drawAgainAt = bootMs(context.now.boot + DRAW_AGAIN_MS);
      return { writes, tick: stop, draw: WRITER_ENTROPY_BYTES };
    }
    if (this.#writer.awaitsEntropy && this.#drawAgainAt <= context.now.boot) {
      // A disk that failed at the allocation took the draw with it: nothing else would ask again.
      this.#drawAgainAt = bootMs(context.now.boot + DRAW_AGAIN_MS);
      return { ...NOTHING_DUE, draw: WRITER_ENTROPY_BYTES };
    }
    return { ...NOTHING_DUE, tick: this.#writer.releaseTick(clock) };
  }

  /** Signs what was allocated, and climbs our own ladder with it as anybody else would. */
  issue(context: AdmitContext, entropy: Uint8Array): Issued {
    const voice = refusalOf(() => this.#voice());
    // What was allocated waits for a date, or for the standby; `duty` draws for it anew.
    const hasDate = mayDate(this.#beliefs.own, context.now);
    const mayWrite = hasDate && this.#isTied(context.now);
    const allocation = mayWrite ? this.#writer.takeAllocation() : null;
    if (allocation === null) return { admissions: [], replies: [], gossip: [] };
    if (voice instanceof Refusal) return this.#failed(context, allocation, voice);
    const own = this.#beliefs.own;
    const clock = clockOf(own, context.now);
    const outcome = refusalOf(() => {
      const envelopes = this.#writer.sign(own, allocation, entropy, {
        ...{ voice, kept: this.#contents.kept, lostNames: this.#contents.lostNames, now: clock },
      });
      return { envelopes, admission: admitAll(context, own, envelopes.map(asItem)) };
    });
    if (outcome instanceof Refusal) return this.#failed(context, allocation, outcome);
    this.#setback.end();
    const requests = allocation.publications.map((publication) => publication.request);
    const beacon = outcome.envelopes[0];
    // What was kept is said again: the step that stores the beacon forgets it.
    const writes = [...outcome.admission.writes, ...this.#contents.signed()];
    const admission = { ...outcome.admission, writes };
    return {
      admissions: [admission, ...requests.flatMap((r) => this.#relations.published(r))],
      replies: requests.map((request) => ({
        kind: 'reply',
        request,
        answer: { epoch: allocation.epoch, imported: [] },
      })),
      gossip: beacon === undefined ? [] : [beacon],
    };
  }

  /**
   * Answers what time it is: by the beacon key in force where it is ours and has spoken, else under
   * our lease. Null where we have neither.
   */
  answer(now: Moment, statement: TimeStatement): Uint8Array | null {
    const domain = this.#beliefs.ownDomain;
    const voice = refusalOf(() => this.#voice());
    const { lineage, rank } = statement.place;
    // A key that a Root put in force since that beacon is unknown to whoever lacks the Root.
    const isNew = lineage !== newestRoot(this.#beliefs.own)?.root.lineage;
    if (!(voice instanceof Refusal) && voice.rank === rank && !isNew) {
      return signAnswer(domain, statement, { signer: voice.beacon, lease: null });
    }
    const lease = refusalOf(() => this.#lease.inForce(this.#keys, now));
    if (lease instanceof Refusal) return null;
    return signAnswer(domain, statement, { signer: this.#node, lease });
  }

  /** An authority reads all that it signed. */
  get scope(): GroupScope {
    return 'every';
  }

  /** Our proof for one handshake; a guest's while no Root names our keys (PROTOCOL §6.3). */
  prove(now: Moment, role: ProverRole, handshakeHash: Uint8Array): Uint8Array {
    if (documentsKeyOf(this.#beliefs.own, this.#keys) === null) return GUEST_PROOF;
    return makeProof(this.#node, this.#lease.inForce(this.#keys, now), role, handshakeHash);
  }

  /** The file that makes us known as a recipient (PROTOCOL §6.8). */
  recipient(now: Moment, key: Uint8Array): string {
    return encodeRecipient(this.#node, this.#lease.inForce(this.#keys, now), key);
  }

  /** Our lease, by which we vouch for our own node. */
  inForce(now: Moment): Lease {
    return readLease(decodeEnvelope(this.#lease.inForce(this.#keys, now)));
  }

  /**
   * A lease for a node of our domain: from our asOf on, never longer than survivalFor. Refuses
   * `key-revoked` and `not-writer` where we have no voice, `lease-kind` for a kind that Root does
   * not allow, and `lease-revoked` for a node that was revoked.
   */
  grantLease(now: Moment, node: PublicPair, asked: GrantedTerms): Uint8Array {
    const { documents } = this.#voice();
    const { own } = this.#beliefs;
    const issuedAt = own.asOf ?? clockOf(own, now);
    const survivalForMs = own.beacon?.beacon.limits.survivalForMs ?? 0;
    const terms: LeaseTerms = {
      ...asked,
      domain: own.domain,
      isAuthority: false,
      issuedAt,
      notAfter: addMs(issuedAt, Math.min(LEASE_FOR_MS, survivalForMs)),
    };
    checkLease({ ...terms, node: keyIdOf(node), publicPair: node }, own, clockOf(own, now));
    return signLease(documents, node, terms);
  }

  /**
   * Proposes to another domain what it may honour of ours, by the documents key. Refuses as
   * `documentsKey` does, and `time-unknown`: a proposal bears a date.
   */
  proposeRelation(now: Moment, asked: AskedRelation): Uint8Array {
    const { own } = this.#beliefs;
    if (!mayDate(own, now)) throw new Refusal('time-unknown');
    const issuedAt = clockOf(own, now);
    const notAfter = addMs(issuedAt, RELATION_PROPOSAL_MS_MAX);
    const proposal = { ...asked, domain: own.domain, issuedAt, notAfter };
    return signRelationProposal(this.documentsKey, proposal);
  }

  /** The documents key in force. Refuses `key-revoked` and `not-writer` where we have no voice. */
  get documentsKey(): Signer {
    return this.#voice().documents;
  }

  /** In how many milliseconds `duty` has something to do. */
  wakeInMs(context: AdmitContext): number {
    const askingMs = this.resumption.endsInMs(context.now.boot);
    if (askingMs !== null) return askingMs;
    return Math.min(this.tether.askAt - context.now.boot, this.#writesInMs(context));
  }

  #writesInMs(context: AdmitContext): number {
    if (this.#isSilenced(context.now)) return Number.POSITIVE_INFINITY;
    const clock = clockOf(this.#beliefs.own, context.now);
    const tick = this.#writer.nextTickAt();
    const tickInMs = tick === null ? Number.POSITIVE_INFINITY : tick - clock;
    if (this.#writer.awaitsEntropy) return this.#drawAgainAt - context.now.boot;
    return Math.min(tickInMs, this.#beaconInMs(context));
  }

  /** In how many milliseconds a beacon that is due may be signed; never where none is. */
  #beaconInMs({ now }: AdmitContext): number {
    const { own } = this.#beliefs;
    const isDue = this.#writer.isBeaconDue(own, this.#contents.kept.length > 0);
    if (!isDue) return Number.POSITIVE_INFINITY;
    return Math.max(
      this.#writer.nextEpochAt(own) - clockOf(own, now),
      this.#notBefore - now.boot,
      this.#setback.inMs({ own, isAsked: this.#writer.isAsked }, now.boot),
    );
  }

  #failed(context: AdmitContext, allocation: Allocation, refusal: Refusal): Issued {
    this.#writer.failed(allocation);
    const requests = allocation.publications.map((publication) => publication.request);
    for (const request of requests) this.#relations.forget(request);
    const refused = { own: this.#beliefs.own, isAsked: requests.length > 0 };
    return {
      admissions: [],
      replies: [
        { kind: 'refused', peer: null, refusal },
        ...this.#setback.note(refused, refusal, context.now.boot),
        ...requests.map((request): Effect => ({ kind: 'reply', request, answer: refusal })),
      ],
      gossip: [],
    };
  }
}

function asItem(bytes: Uint8Array): FileItem {
  return { kind: 'envelope', envelope: decodeEnvelope(bytes) };
}
