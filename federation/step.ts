/**
 * One step of the state machine: one input, everything that follows from it, in order.
 *
 * A step lives for one call of `handle`. It collects effects; their order is meaning: records
 * before notes, notes before what is told to others (PROTOCOL §5.1). A refusal is caught here and
 * nowhere else, and comes back as the verdict.
 *
 * Reason: the order of effects is the protocol's own, and stands in one file, step by step.
 */

import { assert } from '../core/assert.ts';
import { BEACON_BYTES_MAX } from '../core/limits.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Suite } from '../core/suite.ts';
import { type BootMs, bootMs, type Instant, SECOND_MS, type UnixMs } from '../core/time.ts';
import type { Admission, AdmitContext } from './admission.ts';
import { admit, UNBOUNDED_STEPS } from './admit.ts';
import { endOverrides } from './admit-override.ts';
import type { StepBudget } from './admit-tick.ts';
import type { Authority } from './authority.ts';
import type { Belief } from './belief.ts';
import type { Beliefs } from './beliefs.ts';
import { decodeBundleFile, decodeFileItem, type FileItem } from './bundle-file.ts';
import { isForGuests, isSecret } from './document.ts';
import type { Effect, ImportOutcome } from './effect.ts';
import { decodeEnvelope, type UnverifiedEnvelope } from './envelope.ts';
import { decodeEquivocation } from './equivocation.ts';
import type { Exchange } from './exchange.ts';
import type { Input } from './input.ts';
import type { Leaseholder } from './leaseholder.ts';
import { missedBefore } from './looking-back.ts';
import { decodeFrame, type Tag, versionArgument, type Want } from './message.ts';
import { readRecall } from './override.ts';
import { overrideEndsInMs, recalledMark } from './overriding.ts';
import type { PeerLedger } from './peer-ledger.ts';
import { recordKey } from './record-key.ts';
import type { Rest } from './rest.ts';
import type { RevocationTarget } from './revocations.ts';
import { believableUntil } from './standing.ts';
import { checkShare } from './store-share.ts';
import { decodeTick, STOP_INDEX, TICK_BYTES } from './tick.ts';
import { NONCE_BYTES } from './time-answer.ts';
import type { Learned, TimeDesk } from './time-desk.ts';
import type { Watch } from './watch.ts';

/** What a node is made of, between two steps. */
export interface Parts {
  readonly suite: Suite;
  readonly bootId: string;
  readonly beliefs: Beliefs;
  readonly exchange: Exchange;
  readonly ledger: PeerLedger;
  readonly guestLedger: PeerLedger;
  readonly watch: Watch;
  readonly time: TimeDesk;
  readonly rest: Rest;
  /** Present on the machine that writes for its domain. */
  readonly authority: Authority | null;
  /** Present on every other machine. */
  readonly leaseholder: Leaseholder | null;
}

/** What one step asks of the world. */
export interface Output {
  readonly effects: readonly Effect[];
  /** Call again when the boot clock reads this, if nothing happens before. */
  readonly wakeAt: BootMs;
  /** What became of the input: null for admitted, or why it was refused. */
  readonly verdict: Refusal | null;
}

/** Even without a deadline the clock is looked at so often: a wall clock may jump. */
const LOOK_MS = 30 * SECOND_MS;

/** One input being handled. */
export class Step {
  readonly #parts: Parts;
  /** The clocks as they were read; `#context.now` is what they are worth. */
  readonly #read: Instant;
  #context: AdmitContext;
  readonly #effects: Effect[] = [];

  constructor(parts: Parts, read: Instant) {
    this.#parts = parts;
    this.#read = read;
    this.#context = { suite: parts.suite, now: parts.time.judge(read), bootId: parts.bootId };
  }

  /** Handles the input, then whatever time alone has made due. */
  run(input: Input): Output {
    const { time, rest, beliefs } = this.#parts;
    this.#effects.push(...time.look(this.#read));
    const isResting = this.#effects.length === 0 && rest.lasts(this.#context.now);
    const spoken = beliefs.spoken();
    const outcome = refusalOf(() => this.#dispatch(input));
    const verdict = outcome instanceof Refusal ? outcome : null;
    if (verdict !== null) this.#refused(input, verdict);
    const isSame = beliefs.spoken() === spoken && this.#effects.every(isTalk);
    if (!isResting || !isSame || this.#mayEndRest(input)) {
      this.#dueAgain();
      rest.begin(this.#context.now, this.#dueAt());
    }
    this.#expectAnswers();
    return this.#output(verdict);
  }

  /** True for an input upon which something may be due though nothing new is believed. */
  #mayEndRest({ kind }: Input): boolean {
    if (this.#talkAt() <= this.#context.now.boot) return true;
    if (kind === 'wake') return false;
    // Until others have told what they hold, every word of theirs may end the waiting.
    const isWaiting = this.#parts.authority?.resumption.isOver === false;
    return isWaiting || (kind !== 'frame' && kind !== 'gossip');
  }

  /** What time alone, or what was heard, has made due. */
  #dueAgain(): void {
    this.#resumeIfAnswered();
    this.#effects.push(...(this.#parts.authority?.tether.tend(this.#context.now.boot) ?? []));
    this.#writeIfDue();
    this.#retryFuture();
    this.#endOverrides();
    this.#askIfDue();
    this.#effects.push(...this.#parts.watch.look(this.#context.now));
    this.#effects.push(...this.#parts.exchange.wake(this.#context.now.boot));
  }

  #output(verdict: Refusal | null): Output {
    const { boot } = this.#context.now;
    const dueAt = Math.max(boot + 1, Math.min(this.#parts.rest.dueAt, this.#talkAt()));
    const wakeAt = bootMs(Math.ceil(Math.min(boot + LOOK_MS, dueAt)));
    return { effects: this.#effects, wakeAt, verdict };
  }

  #dispatch(input: Input): void {
    switch (input.kind) {
      case 'wake':
        return;
      case 'drawn':
        if (input.purpose === 'beacon') return this.#drawn(input.bytes);
        return input.purpose === 'turn' ? this.#askTurn(input.bytes) : this.#ask(input.bytes);
      case 'confirm':
        this.#resume('person');
        this.#effects.push(doneReply(input.request));
        return;
      case 'time':
        return this.#told(input.request, input.time);
      case 'store':
        this.#effects.push(...this.#parts.time.store(input.isWritable));
        return this.#judgeAgain();
      case 'peer-up':
        this.#effects.push(...this.#parts.exchange.up(input, this.#context.now.boot));
        this.#ledgerOf(input.peer).arrived(input.peer);
        if (this.#parts.exchange.isWitness(input.peer)) this.#parts.time.inquiry.hasten();
        if (this.#parts.exchange.isFellow(input.peer, this.#parts.beliefs.ownDomain)) {
          this.#parts.authority?.tether.hasten();
        }
        return;
      case 'peer-down':
        return this.#parts.exchange.down(input.peer);
      case 'frame':
        return this.#frame(input.peer, input.bytes);
      case 'gossip':
        return this.#gossip(input.peer, input.bytes);
      case 'import':
        return this.#import(input.request, input.file);
      case 'grant':
        return this.#takeGrant(input);
      case 'revoke':
        return this.#revoke(input.request, input.targets);
      case 'key':
        if (this.#parts.authority === null) throw new Refusal('not-authority');
        return this.#parts.authority.add(input.key);
      default:
        if (this.#parts.authority === null) throw new Refusal('not-authority');
        return this.#parts.authority.request(this.#context, input);
    }
  }

  #frame(peer: string, bytes: Uint8Array): void {
    this.#ledgerOf(peer).charge(peer, 'sync', this.#context.now.boot);
    const frame = decodeFrame(bytes);
    switch (frame.kind) {
      case 'interest':
        this.#effects.push(
          ...this.#parts.exchange.interest(peer, frame.tags, this.#context.now.boot),
        );
        return;
      case 'digest':
        this.#effects.push(
          ...this.#parts.exchange.digest(peer, frame.digest, this.#context.now.boot),
        );
        return;
      case 'summary':
        this.#effects.push(
          ...this.#parts.exchange.summary(peer, frame.rows, this.#context.now.boot),
        );
        return;
      case 'want':
        this.#effects.push(...this.#parts.exchange.want(peer, frame.wants));
        return;
      case 'lack':
        this.#effects.push(...this.#parts.exchange.lack(peer, frame.wants, this.#context.now.boot));
        return;
      case 'ranges':
        this.#effects.push(
          ...this.#parts.exchange.ranges(peer, frame.tag, frame.notes, this.#context.now.boot),
        );
        return;
      case 'tick':
        return this.#tick({ peer, bytes: frame.bytes, relayed: false });
      case 'question':
        return this.#question(peer, frame.tag, frame.nonce);
      case 'answer':
        return this.#answer(peer, frame.tag, frame.bytes);
      case 'turn':
        return this.#turn(peer, frame.tag, frame.nonce);
      case 'waiting':
        return this.#waiting(peer, frame.tag, frame.bytes);
      case 'proof': {
        // PROTOCOL §6.3 — from anybody, guests too: a proof stands by itself.
        const item: FileItem = { kind: 'proof', proof: decodeEquivocation(frame.bytes) };
        const { domain, keyId } = item.proof;
        const belief = this.#parts.beliefs.of(domain);
        this.#parts.exchange.settle({ domain, what: 'unpinned', argument: keyId, peer });
        return this.#takeFor(belief, item, { peer, relayed: false });
      }
      case 'ticks':
        return this.#ticks(peer, frame.ticks);
      case 'envelope': {
        const item: FileItem = { kind: 'envelope', envelope: decodeEnvelope(frame.bytes) };
        return this.#take(item, { peer, relayed: false });
      }
    }
  }

  /** A question for the time: answered about our own domain alone, by who knows it (§4.4). */
  #question(peer: string, tag: Tag, nonce: Uint8Array): void {
    const { exchange, authority, leaseholder, beliefs, time } = this.#parts;
    const { now } = this.#context;
    if (exchange.tag(peer, beliefs.ownDomain) !== tag || time.isUnknown(now)) return;
    this.#ledgerOf(peer).charge(peer, 'question', now.boot);
    const statement = time.statement(now, nonce);
    if (statement === null) return;
    const bytes = authority?.answer(now, statement) ?? leaseholder?.answer(now, statement) ?? null;
    if (bytes !== null) this.#effects.push(exchange.answer(peer, tag, bytes));
  }

  #answer(peer: string, tag: Tag, bytes: Uint8Array): void {
    const { exchange, beliefs, time, suite } = this.#parts;
    if (exchange.tag(peer, beliefs.ownDomain) !== tag) throw new Refusal('answer-unasked');
    const learned = time.answered(suite, this.#read, bytes);
    if (learned !== null) this.#learn(learned);
  }

  /** The writer asks whether we have taken over (PROTOCOL §2.5). */
  #turn(peer: string, tag: Tag, nonce: Uint8Array): void {
    const { exchange, authority, beliefs } = this.#parts;
    const { now } = this.#context;
    const { ownDomain } = beliefs;
    if (!exchange.isFellow(peer, ownDomain) || exchange.tag(peer, ownDomain) !== tag) return;
    this.#ledgerOf(peer).charge(peer, 'question', now.boot);
    const bytes = authority?.waiting(now, nonce) ?? null;
    if (bytes !== null) this.#effects.push(exchange.answer(peer, tag, bytes, 'waiting'));
  }

  #waiting(peer: string, tag: Tag, bytes: Uint8Array): void {
    const { exchange, authority, beliefs } = this.#parts;
    if (authority === null || exchange.tag(peer, beliefs.ownDomain) !== tag) {
      throw new Refusal('answer-unasked');
    }
    const { boot } = this.#context.now;
    const wasSilent = !authority.tether.holds(boot);
    authority.tether.take(this.#context.suite, bytes);
    if (wasSilent) this.#effects.push({ kind: 'changed', domain: beliefs.ownDomain });
  }

  #askTurn(nonce: Uint8Array): void {
    const { authority, exchange } = this.#parts;
    if (authority === null) return;
    authority.tether.ask(nonce, this.#context.now.boot);
    this.#effects.push(...exchange.askTurn(nonce));
  }

  /** A person says what time it is. */
  #told(request: number, time: UnixMs | null): void {
    this.#learn(this.#parts.time.told(this.#read, time));
    this.#effects.push(doneReply(request));
  }

  #learn({ beliefs, writes, notes }: Learned): void {
    this.#effects.push({ kind: 'persist', writes }, ...notes);
    this.#judgeAgain();
    for (const belief of beliefs) {
      this.#parts.beliefs.set(belief);
      this.#parts.watch.wasStored(belief.domain, this.#context.now);
      this.#effects.push({ kind: 'changed', domain: belief.domain });
    }
  }

  #judgeAgain(): void {
    this.#context = { ...this.#context, now: this.#parts.time.judge(this.#read) };
  }

  /** Asks for a nonce, where there is something to ask and somebody who may answer. */
  #askIfDue(): void {
    const { time, exchange } = this.#parts;
    const { now } = this.#context;
    if (!time.inquiry.isDue(now.boot) || !time.hasQuestion(now) || !exchange.hasWitness) return;
    time.inquiry.drawing(now.boot);
    this.#effects.push({ kind: 'draw', purpose: 'question', count: NONCE_BYTES });
  }

  #ask(nonce: Uint8Array): void {
    const { time, exchange } = this.#parts;
    if (!time.hasQuestion(this.#context.now)) return;
    time.inquiry.ask(nonce, this.#context.now.boot);
    this.#effects.push(...exchange.question(nonce));
  }

  /** Each for itself; what is late among them spoils no other, what is wrong ends the frame. */
  #ticks(peer: string, ticks: readonly Uint8Array[]): void {
    for (const bytes of ticks) {
      const outcome = refusalOf(() => this.#tick({ peer, bytes, relayed: false }));
      if (!(outcome instanceof Refusal)) continue;
      if (outcome.judgement === 'reject') throw outcome;
      this.#effects.push({ kind: 'refused', peer, refusal: outcome });
    }
  }

  #gossip(peer: string, bytes: Uint8Array): void {
    this.#ledgerOf(peer).charge(peer, 'gossip', this.#context.now.boot);
    // PROTOCOL §6.3 — gossip is for those who were admitted.
    if (this.#parts.exchange.isGuest(peer)) throw new Refusal('guest-lane', { what: 'gossip' });
    if (bytes.length === TICK_BYTES) {
      return this.#tick({ peer, bytes, relayed: true });
    }
    // PROTOCOL §6.1 — bound before anything is parsed: gossip carries nothing larger than a beacon.
    if (bytes.length > BEACON_BYTES_MAX) {
      throw new Refusal('too-large', { limit: BEACON_BYTES_MAX, got: bytes.length });
    }
    const envelope = decodeEnvelope(bytes);
    if (envelope.type !== 'beacon') throw new Refusal('document-type', { got: envelope.type });
    this.#take({ kind: 'envelope', envelope }, { peer, relayed: true });
  }

  #tick(from: {
    readonly peer: string;
    readonly bytes: Uint8Array;
    readonly relayed: boolean;
  }): void {
    const tick = decodeTick(from.bytes);
    const belief = this.#parts.beliefs.namedBy(tick);
    if (belief === null) {
      // Its beacon may be one we lack: the peer that relayed it can say (PROTOCOL §3.3).
      this.#effects.push(...this.#parts.exchange.stranger(from.peer, tick.tag));
      throw new Refusal('tick-unknown-beacon');
    }
    this.#takeFor(belief, { kind: 'tick', tick }, from);
  }

  /** Admits an envelope that a peer gave or relayed. */
  #take(
    item: FileItem & { readonly kind: 'envelope' },
    from: { readonly peer: string; readonly relayed: boolean },
  ): void {
    const { domain, type } = item.envelope;
    // PROTOCOL §6.3 — a guest gives evidence and negative statements, never contents; nor does a
    // frame that outlived its link, for nothing says any more who sent it.
    const { exchange } = this.#parts;
    const isProven = exchange.has(from.peer) && !exchange.isGuest(from.peer);
    if (!isProven && !isForGuests(type)) {
      throw new Refusal('guest-lane', { what: type });
    }
    const belief = this.#parts.beliefs.of(domain);
    // PROTOCOL §6.4 — a leak: what a domain keeps to itself is taken from its own nodes alone.
    if (isSecret(type) && !exchange.isFellow(from.peer, domain)) {
      throw new Refusal('document-secret', { domain, type });
    }
    exchange.settle({ domain, ...wantedAs(item.envelope), peer: from.peer });
    if (type === 'beacon') this.#lookBack(belief, item.envelope, from.peer);
    this.#takeFor(belief, item, from);
  }

  /**
   * A beacon that does not follow the one we held before it: we missed some, or its key told
   * another story to others. The beacon before it is asked for, and the one before that, until
   * they meet what we heard (PROTOCOL §5.2).
   */
  #lookBack(held: Belief, envelope: UnverifiedEnvelope, peer: string): void {
    const { domain, digest } = envelope;
    this.#parts.exchange.settle({ domain, what: 'past', argument: digest, peer });
    const previous = missedBefore(held, envelope);
    if (previous === null) return;
    const { boot } = this.#context.now;
    this.#effects.push(...this.#parts.exchange.askPast(peer, held, previous, boot));
  }

  #takeFor(
    belief: Belief,
    item: FileItem,
    from: { readonly peer: string; readonly relayed: boolean },
  ): void {
    const budget = this.#ledgerOf(from.peer).steps(from.peer, this.#context.now.boot);
    const admission = refusalOf(() => this.#admit(belief, item, budget));
    if (item.kind === 'tick') {
      const { domain, beacon } = belief;
      const want = { what: 'tick', argument: beacon?.beacon.digest ?? '' } as const;
      this.#parts.exchange.settle({ domain, ...want, peer: from.peer });
    }
    if (admission instanceof Refusal) {
      // A beacon under a Root we lack: its relayer has the Root (PROTOCOL §2.1).
      if (admission.code === 'beacon-root')
        this.#effects.push(...this.#parts.exchange.compare(from.peer));
      throw admission;
    }
    this.#effects.push(
      ...this.#parts.exchange.admitted(admission.belief, from.peer, this.#context.now.boot),
    );
    if (admission.forward) this.#effects.push(...this.#strangeToUs(belief, item));
    if (admission.forward && !from.relayed) this.#effects.push(gossipOf(item));
    if (admission.refusal !== null) throw admission.refusal;
  }

  /**
   * A beacon of our own key that came from outside: another machine writes, or our disk is old. One
   * that `before` remembers we said ourselves, and a key that is compromised took it back.
   */
  #strangeToUs(before: Belief, item: FileItem): readonly Effect[] {
    const isBeacon = item.kind === 'envelope' && item.envelope.type === 'beacon';
    if (!isBeacon || this.#parts.authority === null) return [];
    const { domain, digest } = item.envelope;
    if (domain !== this.#parts.beliefs.ownDomain) return [];
    if (before.history.some((past) => past.digest === digest)) return [];
    // That of another rank is followed, as by anybody.
    const [slot] = item.envelope.slots;
    if (!this.#parts.authority.keys.some(({ keyId }) => keyId === slot?.keyId)) return [];
    return [{ kind: 'alarm', code: 'own-beacon-unknown', domain, details: { beacon: digest } }];
  }

  /** Climbs the ladder and commits: records, a stop to others, audit, then all else to others. */
  #admit(belief: Belief, item: FileItem, budget: StepBudget): Admission {
    if (item.kind === 'envelope' && item.envelope.type === 'revocations') {
      return this.#admitRevocations(belief, item);
    }
    const admission = admit(this.#context, belief, item, budget);
    // PROTOCOL §5.7 — a flood: a partner signs as much as it likes, and fills its own share alone.
    const isOwn = belief.domain === this.#parts.beliefs.ownDomain;
    if (!isOwn && item.kind === 'envelope') checkShare(belief, admission.belief);
    const isTick = item.kind === 'tick';
    const isStop = isTick && item.tick.index === STOP_INDEX;
    const { belief: after } = admission;
    const stop = isStop && after.stop !== null ? after.stop : null;
    this.#commit(admission, stop === null ? [] : this.#parts.exchange.pushStop(after, stop));
    this.#tellProofs(belief, after);
    if (!isTick)
      this.#effects.push(...this.#parts.exchange.push(admission.belief, this.#context.now.boot));
    return admission;
  }

  /** A key that was disowned just now: whoever hears of it hears of it first (PROTOCOL §5.2). */
  #tellProofs(before: Belief, after: Belief): void {
    for (const [keyId, proof] of after.disowned) {
      if (before.disowned.has(keyId)) continue;
      this.#effects.push(...this.#parts.exchange.pushProof(after, proof));
    }
  }

  /**
   * Revocations are told at once. Where they are our own, what our beacon says is withdrawn first:
   * stop, then no tick can be made of it (PROTOCOL §3.5), then the revocations; the successor
   * pins them.
   */
  #admitRevocations(belief: Belief, item: FileItem & { readonly kind: 'envelope' }): Admission {
    const context = this.#context;
    let admission = admit(context, belief, item, UNBOUNDED_STEPS);
    const isOurs = belief.domain === this.#parts.beliefs.ownDomain;
    const stop = isOurs ? (this.#parts.authority?.fence() ?? null) : null;
    if (stop !== null) {
      this.#reveal(stop);
      admission = admit(context, this.#parts.beliefs.own, item, UNBOUNDED_STEPS);
    }
    this.#commit(admission);
    this.#effects.push(
      ...this.#parts.exchange.pushRevocations(admission.belief, item.envelope.bytes),
    );
    this.#effects.push(...this.#parts.exchange.push(admission.belief, this.#context.now.boot));
    return admission;
  }

  /**
   * Takes a grant whole: documents and lease are stored in one batch. What is held already stays
   * where it is newer; a first grant makes our domain known at all.
   */
  #takeGrant(grant: Extract<Input, { readonly kind: 'grant' }>): void {
    const { beliefs, leaseholder } = this.#parts;
    if (leaseholder === null) throw new Refusal('not-member');
    const items = decodeBundleFile(grant.file).map(decodeFileItem);
    const admission = beliefs.admitOwn(this.#context, grant.firstRoot, items);
    const verified = leaseholder.verify(grant.lease, admission.belief, this.#context.now);
    this.#commit({ ...admission, writes: [...admission.writes, verified.write] });
    leaseholder.hold(verified);
    this.#effects.push(...this.#parts.exchange.push(admission.belief, this.#context.now.boot));
    const answer = { epoch: null, imported: [] };
    this.#effects.push({ kind: 'reply', request: grant.request, answer });
  }

  /** Signs, believes, stores and spreads; answers when all that is done. */
  #revoke(request: number, targets: readonly RevocationTarget[]): void {
    if (this.#parts.authority === null) throw new Refusal('not-authority');
    const bytes = this.#parts.authority.signRevocations(this.#context, targets);
    const item: FileItem = { kind: 'envelope', envelope: decodeEnvelope(bytes) };
    this.#admit(this.#parts.beliefs.own, item, UNBOUNDED_STEPS);
    this.#effects.push({ kind: 'reply', request, answer: { epoch: null, imported: [] } });
  }

  /** Believes a tick or stop of our own writer, and gossips it. */
  #reveal(bytes: Uint8Array): void {
    const item: FileItem = { kind: 'tick', tick: decodeTick(bytes) };
    const outcome = refusalOf(() => this.#admit(this.#parts.beliefs.own, item, UNBOUNDED_STEPS));
    if (outcome instanceof Refusal) {
      this.#effects.push({ kind: 'refused', peer: null, refusal: outcome });
    } else this.#effects.push({ kind: 'gossip', message: bytes });
  }

  /** What is `urgent` goes out before it is noted: each hop of a stop waits for one disk less. */
  #commit(admission: Admission, urgent: readonly Effect[] = []): void {
    const { belief } = admission;
    const isOwn = belief.domain === this.#parts.beliefs.ownDomain;
    const more = isOwn ? this.#parts.authority?.follow(this.#parts.beliefs.own, belief) : undefined;
    const writes = [...admission.writes, ...(more?.writes ?? [])];
    const notes = [...admission.notes, ...(more?.notes ?? [])];
    if (writes.length > 0) this.#effects.push({ kind: 'persist', writes });
    this.#effects.push(...urgent, ...notes);
    const partners = this.#parts.beliefs.policy.relations;
    this.#parts.beliefs.set(belief);
    this.#parts.exchange.changed(belief, this.#context.now.boot);
    const keeping = recordKey(belief.domain, 'keeping');
    if (writes.some(({ key }) => key === keeping))
      this.#parts.watch.wasStored(belief.domain, this.#context.now);
    this.#effects.push({ kind: 'changed', domain: belief.domain });
    if (
      this.#parts.beliefs.policy.relations !== partners &&
      belief.domain === this.#parts.beliefs.ownDomain
    ) {
      this.#effects.push(...this.#parts.exchange.interestsChanged());
    }
  }

  /** Admits a carried file item by item, each for itself: one bad document spoils no other. */
  #import(request: number, file: Uint8Array): void {
    const imported: ImportOutcome[] = [];
    for (const block of decodeBundleFile(file)) {
      const outcome = refusalOf(() => {
        const item = decodeFileItem(block);
        const belief =
          item.kind === 'tick'
            ? this.#parts.beliefs.ofTick(item.tick)
            : this.#parts.beliefs.of(domainOf(item));
        const admission = this.#admit(belief, item, UNBOUNDED_STEPS);
        if (admission.refusal !== null) throw admission.refusal;
        if (admission.forward) this.#effects.push(gossipOf(item));
      });
      const refusal = outcome instanceof Refusal ? outcome : null;
      if (refusal !== null) this.#effects.push({ kind: 'refused', peer: null, refusal });
      imported.push({ type: block.label, outcome: refusal ?? 'admitted' });
    }
    this.#effects.push({ kind: 'reply', request, answer: { epoch: null, imported } });
  }

  #drawn(entropy: Uint8Array): void {
    if (this.#parts.authority === null) return;
    const issued = this.#parts.authority.issue(this.#context, entropy);
    for (const admission of issued.admissions) this.#commit(admission);
    this.#effects.push(...issued.replies);
    for (const message of issued.gossip) this.#effects.push({ kind: 'gossip', message });
    for (const { belief } of issued.admissions)
      this.#effects.push(...this.#parts.exchange.push(belief, this.#context.now.boot));
  }

  /** Others hold no more of our domain than we do, or there is nobody who could (PROTOCOL §2.6). */
  #resumeIfAnswered(): void {
    const { authority, beliefs, exchange } = this.#parts;
    const { now } = this.#context;
    if (authority === null || authority.resumption.isOver) return;
    if (!authority.resumption.isAsking(now.boot)) this.#resume('nobody');
    else if (exchange.isAnswered(beliefs.own, now.boot)) this.#resume('peer');
    else this.#effects.push(...authority.unconfirmed(now));
  }

  #resume(by: 'peer' | 'person' | 'nobody'): void {
    const { authority, beliefs } = this.#parts;
    if (authority === null) throw new Refusal('not-authority');
    authority.resumption.end();
    const domain = beliefs.ownDomain;
    this.#effects.push({ kind: 'audit', event: 'authority.resumed', fields: { domain, by } });
    this.#effects.push({ kind: 'changed', domain });
  }

  #writeIfDue(): void {
    const duty = this.#parts.authority?.duty(this.#context);
    if (duty === undefined) return;
    if (duty.writes.length > 0) this.#effects.push({ kind: 'persist', writes: duty.writes });
    if (duty.tick !== null) this.#reveal(duty.tick);
    if (duty.draw > 0) this.#effects.push({ kind: 'draw', purpose: 'beacon', count: duty.draw });
  }

  /** What people permitted for a time is over (PROTOCOL §4.9). */
  #endOverrides(): void {
    const own = this.#parts.beliefs.stored(this.#parts.beliefs.ownDomain);
    const admission = own === null ? null : endOverrides(this.#context, own);
    if (admission === null) return;
    this.#commit(admission);
    this.#effects.push(...this.#parts.exchange.push(admission.belief, this.#context.now.boot));
  }

  /** Evidence from our future is judged again once our clock has caught up with it (§4.3). */
  #retryFuture(): void {
    for (const belief of this.#parts.beliefs.spoken()) {
      const { future } = belief;
      if (future === null || future.issuedAt > believableUntil(belief, this.#context.now)) continue;
      const item: FileItem = { kind: 'envelope', envelope: decodeEnvelope(future.bytes) };
      const cleared: Admission = {
        belief: { ...belief, future: null },
        writes: [{ key: recordKey(belief.domain, 'future'), value: null }],
        notes: [],
        forward: false,
        refusal: null,
      };
      this.#commit(cleared);
      const outcome = refusalOf(() => this.#admit(cleared.belief, item, UNBOUNDED_STEPS));
      if (outcome instanceof Refusal)
        this.#effects.push({ kind: 'refused', peer: null, refusal: outcome });
    }
  }

  #refused(input: Input, refusal: Refusal): void {
    const peer = 'peer' in input ? input.peer : null;
    this.#effects.push({ kind: 'refused', peer, refusal });
    if ('request' in input) {
      this.#effects.push({ kind: 'reply', request: input.request, answer: refusal });
    }
    if (peer !== null && this.#ledgerOf(peer).strike(peer, refusal, this.#context.now.boot)) {
      this.#parts.exchange.down(peer);
      this.#effects.push({ kind: 'ban', peer, refusal });
    }
  }

  /** What we ask for costs whoever answers nothing (PROTOCOL §6.1). */
  #expectAnswers(): void {
    for (const effect of this.#effects) {
      if (effect.kind !== 'send' || effect.asks === 0) continue;
      this.#ledgerOf(effect.peer).expect(effect.peer, effect.asks, this.#context.now.boot);
    }
  }

  /** Guests have accounts of their own: new names are free for them, and would displace others'. */
  #ledgerOf(peer: string): PeerLedger {
    return this.#parts.exchange.isGuest(peer) ? this.#parts.guestLedger : this.#parts.ledger;
  }

  /** When time alone makes something due of what is believed, in boot time. */
  #dueAt(): number {
    const { watch, authority, beliefs } = this.#parts;
    const { now } = this.#context;
    let inMs = watch.wakeInMs(now);
    if (authority !== null) inMs = Math.min(inMs, authority.wakeInMs(this.#context));
    const own = beliefs.stored(beliefs.ownDomain);
    if (own !== null) inMs = Math.min(inMs, overrideEndsInMs(own, now));
    return now.boot + Math.max(1, inMs);
  }

  /** When something is due to be said or asked, in boot time: every frame may change that. */
  #talkAt(): number {
    const { exchange, time } = this.#parts;
    const { now } = this.#context;
    const isAsking = time.hasQuestion(now) && exchange.hasWitness;
    const askInMs = isAsking ? time.inquiry.wakeInMs(now.boot) : Number.POSITIVE_INFINITY;
    return Math.min(exchange.wakeAt(), now.boot + askInMs);
  }
}

/** True for what is said or noted of talk, and stores nothing. */
function isTalk({ kind }: Effect): boolean {
  return kind === 'send' || kind === 'refused';
}

/** What a document is asked for as. */
function wantedAs(envelope: UnverifiedEnvelope): Pick<Want, 'what' | 'argument'> {
  const { type, digest, members } = envelope;
  switch (type) {
    case 'root':
      return { what: 'root', argument: versionArgument(members.u64('version')) };
    case 'beacon':
    case 'manifest':
      return { what: type, argument: digest };
    case 'revocations':
    case 'override':
      return { what: 'unpinned', argument: digest };
    case 'recall':
      return { what: 'unpinned', argument: recalledMark(readRecall(envelope)) };
    default:
      return { what: 'document', argument: digest };
  }
}

function doneReply(request: number): Effect {
  return { kind: 'reply', request, answer: { epoch: null, imported: [] } };
}

function domainOf(item: Exclude<FileItem, { readonly kind: 'tick' }>): TrustDomain {
  return item.kind === 'proof' ? item.proof.domain : item.envelope.domain;
}

/** What is gossiped of an item: a tick as its 43 bytes, a beacon as its envelope. */
function gossipOf(item: FileItem): Effect {
  assert(item.kind !== 'proof', 'only evidence is gossiped');
  assert(item.kind === 'tick' || item.envelope.type === 'beacon', 'only evidence is gossiped');
  const message = item.kind === 'envelope' ? item.envelope.bytes : item.tick.bytes;
  return { kind: 'gossip', message };
}
