/**
 * The state machine of a node: handle(now, input) → {effects, wakeAt, verdict}.
 *
 * It reads no clock, draws no randomness, opens no socket and no file. Whoever drives it performs
 * the effects in their order, a `persist` durably before the next one begins, and calls again at
 * `wakeAt` at the latest. Between two calls nothing changes. A refusal is a value here: this is the
 * one place that catches it.
 *
 * Reason: the order of effects is the protocol's own, and stands in one file, step by step.
 */

import { assert } from '../core/assert.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Signer, Suite } from '../core/suite.ts';
import { type BootMs, bootMs, type Instant, SECOND_MS } from '../core/time.ts';
import type { Admission, AdmitContext } from './admission.ts';
import { admit, UNBOUNDED_STEPS } from './admit.ts';
import type { StepBudget } from './admit-tick.ts';
import { evaluationClock } from './age.ts';
import { Authority } from './authority.ts';
import type { Belief } from './belief.ts';
import { Beliefs } from './beliefs.ts';
import {
  decodeBundleFile,
  decodeFileItem,
  encodeBundleFile,
  type FileItem,
} from './bundle-file.ts';
import type { Effect, ImportOutcome } from './effect.ts';
import { decodeEnvelope } from './envelope.ts';
import { Exchange } from './exchange.ts';
import type { Input } from './input.ts';
import type { AgeLimits } from './limits.ts';
import { decodeFrame, versionArgument } from './message.ts';
import { PeerLedger } from './peer-ledger.ts';
import { decodeProof, type Lease, type ProverRole, verifyProof } from './peer-proof.ts';
import type { Policy } from './policy.ts';
import { recordKey } from './record-key.ts';
import { type RevocationTarget, revocationOf } from './revocations.ts';
import { believableUntil } from './standing.ts';
import { decodeTick, STOP_INDEX, TICK_BYTES } from './tick.ts';
import { type DomainView, viewOf } from './view.ts';
import { Watch } from './watch.ts';
import type { WriterKeys, WriterSettings } from './writer.ts';

/** What a node is started with. */
export interface NodeOptions {
  readonly own: TrustDomain;
  readonly suite: Suite;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly bootId: string;
  readonly now: Instant;
  /** Local tightening of every domain's limits, or null. */
  readonly limits: AgeLimits | null;
  /** Proves this node to its peers. */
  readonly node: Signer;
  /** Present on the machine that writes for its domain. */
  readonly authority: {
    readonly keys: WriterKeys;
    /** The revocation keys that lie on this machine; none where they are kept elsewhere. */
    readonly revocation: readonly Signer[];
    readonly settings: WriterSettings;
  } | null;
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

export class FederationNode {
  readonly #suite: Suite;
  readonly #bootId: string;
  readonly #beliefs: Beliefs;
  readonly #exchange: Exchange;
  readonly #ledger = new PeerLedger();
  readonly #authority: Authority | null;
  readonly #watch: Watch;

  constructor(options: NodeOptions) {
    const { own, suite, records, bootId, now, limits, authority, node } = options;
    this.#suite = suite;
    this.#bootId = bootId;
    this.#beliefs = new Beliefs(own, records, { bootId, now }, limits);
    this.#exchange = new Exchange(own, this.#beliefs.spoken);
    this.#watch = new Watch(this.#beliefs, bootId);
    this.#authority =
      authority === null
        ? null
        : new Authority({ ...authority, node, records, beliefs: this.#beliefs, start: now.boot });
  }

  /** One step. Total: whatever the input, it returns. */
  handle(now: Instant, input: Input): Output {
    const effects: Effect[] = [];
    const outcome = refusalOf(() => this.#dispatch(now, input, effects));
    const verdict = outcome instanceof Refusal ? outcome : null;
    if (verdict !== null) this.#refused(now, input, verdict, effects);
    this.#writeIfDue(now, effects);
    this.#retryFuture(now, effects);
    effects.push(...this.#watch.look(now));
    effects.push(...this.#exchange.wake(now.boot));
    return { effects, wakeAt: this.#wakeAt(now), verdict };
  }

  /** Every domain we speak of, as it stands now; our own first. */
  view(now: Instant): readonly DomainView[] {
    const views = this.#beliefs.spoken().map((belief) => {
      const relation = this.#beliefs.relationTo(belief.domain);
      return viewOf(belief, relation, this.#beliefs.tightening(belief.domain), now);
    });
    return views.sort((a, b) => Number(b.isOwn) - Number(a.isOwn));
  }

  get policy(): Policy {
    return this.#beliefs.policy;
  }

  /** The bundle file of a domain we speak of. Refuses `domain-unrelated` and `root-unknown`. */
  exportBundle(domain: TrustDomain): string {
    return encodeBundleFile(this.#beliefs.of(domain));
  }

  /** Our proof for one handshake. Refuses `not-authority` where no lease is held. */
  prove(now: Instant, role: ProverRole, handshakeHash: Uint8Array): Uint8Array {
    if (this.#authority === null) throw new Refusal('not-authority', { why: 'no lease is held' });
    return this.#authority.prove(now, role, handshakeHash);
  }

  /** True for our own domain and for partners whose relation grants peering (PROTOCOL §6.2). */
  hasPlaceFor(domain: TrustDomain): boolean {
    const isOwn = domain === this.#beliefs.ownDomain;
    return isOwn || this.#beliefs.relationTo(domain)?.peering === true;
  }

  /** True if the domain revoked the leases of that node key. */
  hasRevoked(domain: TrustDomain, node: string): boolean {
    const belief = this.#beliefs.stored(domain);
    if (belief === null) return false;
    return revocationOf(belief.revocations, { class: 'lease', target: node }) !== undefined;
  }

  /**
   * Judges a peer's proof inside the handshake: a current lease of our own domain, or of a partner
   * whose relation grants peering (PROTOCOL §6.2). Changes nothing.
   */
  judgePeer(now: Instant, role: ProverRole, handshakeHash: Uint8Array, bytes: Uint8Array): Lease {
    const proof = decodeProof(bytes);
    const { domain } = proof.lease;
    if (!this.hasPlaceFor(domain)) {
      throw new Refusal('peer-unadmitted', { domain, why: 'no relation grants it peering' });
    }
    const belief = this.#beliefs.of(domain);
    const clock = belief.keeping === null ? now.wall : evaluationClock(belief.keeping, now);
    return verifyProof(this.#suite, proof, belief, { role, handshakeHash, clock });
  }

  #dispatch(now: Instant, input: Input, effects: Effect[]): void {
    switch (input.kind) {
      case 'wake':
        return;
      case 'drawn':
        return this.#drawn(now, input.bytes, effects);
      case 'peer-up': {
        const { peer, domain, binding } = input;
        effects.push(...this.#exchange.up(peer, domain, binding, now.boot));
        return;
      }
      case 'peer-down':
        return this.#exchange.down(input.peer);
      case 'frame':
        return this.#frame(now, input.peer, input.bytes, effects);
      case 'gossip':
        return this.#gossip(now, input.peer, input.bytes, effects);
      case 'import':
        return this.#import(now, input.request, input.file, effects);
      case 'revoke':
        return this.#revoke(now, input.request, input.targets, effects);
      default:
        if (this.#authority === null) throw new Refusal('not-authority');
        return this.#authority.request(this.#context(now), input);
    }
  }

  #frame(now: Instant, peer: string, bytes: Uint8Array, effects: Effect[]): void {
    this.#ledger.charge(peer, 'sync', now.boot);
    const frame = decodeFrame(bytes);
    switch (frame.kind) {
      case 'interest':
        effects.push(...this.#exchange.interest(peer, frame.tags));
        return;
      case 'digest':
        effects.push(...this.#exchange.digest(peer, frame.digest));
        return;
      case 'summary':
        effects.push(...this.#exchange.summary(peer, frame.rows, now.boot));
        return;
      case 'want':
        effects.push(...this.#exchange.want(peer, frame.wants));
        return;
      case 'tick':
        return this.#tick(now, { peer, bytes: frame.bytes, relayed: false }, effects);
      case 'envelope': {
        const item: FileItem = { kind: 'envelope', envelope: decodeEnvelope(frame.bytes) };
        return this.#take(now, item, { peer, relayed: false }, effects);
      }
    }
  }

  #gossip(now: Instant, peer: string, bytes: Uint8Array, effects: Effect[]): void {
    this.#ledger.charge(peer, 'gossip', now.boot);
    if (bytes.length === TICK_BYTES) {
      return this.#tick(now, { peer, bytes, relayed: true }, effects);
    }
    const envelope = decodeEnvelope(bytes);
    if (envelope.type !== 'beacon') throw new Refusal('document-type', { got: envelope.type });
    this.#take(now, { kind: 'envelope', envelope }, { peer, relayed: true }, effects);
  }

  #tick(
    now: Instant,
    from: { readonly peer: string; readonly bytes: Uint8Array; readonly relayed: boolean },
    effects: Effect[],
  ): void {
    const tick = decodeTick(from.bytes);
    const belief = refusalOf(() => this.#beliefs.ofTick(tick));
    if (belief instanceof Refusal) {
      // Its beacon may be one we lack: the peer that relayed it can say (PROTOCOL §3.3).
      effects.push(...this.#exchange.compare(from.peer));
      throw belief;
    }
    this.#takeFor(now, belief, { kind: 'tick', tick }, from, effects);
  }

  /** Admits an envelope that a peer gave or relayed. */
  #take(
    now: Instant,
    item: FileItem & { readonly kind: 'envelope' },
    from: { readonly peer: string; readonly relayed: boolean },
    effects: Effect[],
  ): void {
    const { domain, type, digest, members } = item.envelope;
    const belief = this.#beliefs.of(domain);
    this.#exchange.settle(
      type === 'root' ? 'root' : type === 'beacon' || type === 'manifest' ? type : 'document',
      type === 'root' ? versionArgument(members.u64('version')) : digest,
    );
    this.#takeFor(now, belief, item, from, effects);
  }

  #takeFor(
    now: Instant,
    belief: Belief,
    item: FileItem,
    from: { readonly peer: string; readonly relayed: boolean },
    effects: Effect[],
  ): void {
    const budget = this.#ledger.steps(from.peer, now.boot);
    const admission = refusalOf(() => this.#admit(now, belief, item, budget, effects));
    if (item.kind === 'tick') this.#exchange.settle('tick', belief.beacon?.beacon.digest ?? '');
    if (admission instanceof Refusal) {
      // A beacon under a Root we lack: its relayer has the Root (PROTOCOL §2.1).
      if (admission.code === 'beacon-root') effects.push(...this.#exchange.compare(from.peer));
      throw admission;
    }
    effects.push(...this.#exchange.admitted(admission.belief, from.peer, now.boot));
    if (admission.forward) effects.push(...this.#strangeToUs(item));
    if (admission.forward && !from.relayed) effects.push(gossipOf(item));
    if (admission.refusal !== null) throw admission.refusal;
  }

  /** A beacon of our own key that came from outside: another machine writes, or our disk is old. */
  #strangeToUs(item: FileItem): readonly Effect[] {
    const isBeacon = item.kind === 'envelope' && item.envelope.type === 'beacon';
    if (!isBeacon || this.#authority === null) return [];
    const { domain, digest } = item.envelope;
    if (domain !== this.#beliefs.ownDomain) return [];
    return [{ kind: 'alarm', code: 'own-beacon-unknown', domain, details: { beacon: digest } }];
  }

  /** Climbs the ladder and commits: records, then audit, then belief is told to others. */
  #admit(
    now: Instant,
    belief: Belief,
    item: FileItem,
    budget: StepBudget,
    effects: Effect[],
  ): Admission {
    if (item.kind === 'envelope' && item.envelope.type === 'revocations') {
      return this.#admitRevocations(now, belief, item, effects);
    }
    const admission = admit(this.#context(now), belief, item, budget);
    this.#commit(now, admission, effects);
    const isTick = item.kind === 'tick';
    if (isTick && item.tick.index === STOP_INDEX && admission.belief.stop !== null) {
      effects.push(...this.#exchange.pushStop(admission.belief, admission.belief.stop));
    }
    if (!isTick) effects.push(...this.#exchange.push(admission.belief));
    return admission;
  }

  /**
   * Revocations are told at once. Where they are our own, what our beacon says is withdrawn first:
   * stop, then no tick can be made of it (PROTOCOL §3.5), then the revocations; the successor
   * pins them.
   */
  #admitRevocations(
    now: Instant,
    belief: Belief,
    item: FileItem & { readonly kind: 'envelope' },
    effects: Effect[],
  ): Admission {
    const context = this.#context(now);
    let admission = admit(context, belief, item, UNBOUNDED_STEPS);
    const isOurs = belief.domain === this.#beliefs.ownDomain;
    const stop = isOurs ? (this.#authority?.fence() ?? null) : null;
    if (stop !== null) {
      this.#reveal(now, stop, effects);
      admission = admit(context, this.#beliefs.own, item, UNBOUNDED_STEPS);
    }
    this.#commit(now, admission, effects);
    effects.push(...this.#exchange.pushRevocations(admission.belief, item.envelope.bytes));
    effects.push(...this.#exchange.push(admission.belief));
    return admission;
  }

  /** Signs, believes, stores and spreads; answers when all that is done. */
  #revoke(
    now: Instant,
    request: number,
    targets: readonly RevocationTarget[],
    effects: Effect[],
  ): void {
    if (this.#authority === null) throw new Refusal('not-authority');
    const bytes = this.#authority.signRevocations(this.#context(now), targets);
    const item: FileItem = { kind: 'envelope', envelope: decodeEnvelope(bytes) };
    this.#admit(now, this.#beliefs.own, item, UNBOUNDED_STEPS, effects);
    effects.push({ kind: 'reply', request, answer: { epoch: null, imported: [] } });
  }

  /** Believes a tick or stop of our own writer, and gossips it. */
  #reveal(now: Instant, bytes: Uint8Array, effects: Effect[]): void {
    const item: FileItem = { kind: 'tick', tick: decodeTick(bytes) };
    const outcome = refusalOf(() =>
      this.#admit(now, this.#beliefs.own, item, UNBOUNDED_STEPS, effects),
    );
    if (outcome instanceof Refusal) {
      effects.push({ kind: 'refused', peer: null, refusal: outcome });
    } else effects.push({ kind: 'gossip', message: bytes });
  }

  #commit(now: Instant, admission: Admission, effects: Effect[]): void {
    const { belief, writes, notes } = admission;
    if (writes.length > 0) effects.push({ kind: 'persist', writes });
    effects.push(...notes);
    const partners = this.#beliefs.policy.relations;
    this.#beliefs.set(belief);
    const keeping = recordKey(belief.domain, 'keeping');
    if (writes.some(({ key }) => key === keeping)) this.#watch.wasStored(belief.domain, now);
    effects.push({ kind: 'changed', domain: belief.domain });
    if (this.#beliefs.policy.relations !== partners && belief.domain === this.#beliefs.ownDomain) {
      effects.push(...this.#exchange.interestsChanged());
    }
  }

  /** Admits a carried file item by item, each for itself: one bad document spoils no other. */
  #import(now: Instant, request: number, file: Uint8Array, effects: Effect[]): void {
    const imported: ImportOutcome[] = [];
    for (const block of decodeBundleFile(file)) {
      const outcome = refusalOf(() => {
        const item = decodeFileItem(block);
        const belief =
          item.kind === 'tick'
            ? this.#beliefs.ofTick(item.tick)
            : this.#beliefs.of(item.envelope.domain);
        const admission = this.#admit(now, belief, item, UNBOUNDED_STEPS, effects);
        if (admission.refusal !== null) throw admission.refusal;
        if (admission.forward) effects.push(gossipOf(item));
      });
      const refusal = outcome instanceof Refusal ? outcome : null;
      if (refusal !== null) effects.push({ kind: 'refused', peer: null, refusal });
      imported.push({ type: block.label, outcome: refusal ?? 'admitted' });
    }
    effects.push({ kind: 'reply', request, answer: { epoch: null, imported } });
  }

  #drawn(now: Instant, entropy: Uint8Array, effects: Effect[]): void {
    if (this.#authority === null) return;
    const issued = this.#authority.issue(this.#context(now), entropy);
    for (const admission of issued.admissions) this.#commit(now, admission, effects);
    effects.push(...issued.replies);
    for (const message of issued.gossip) effects.push({ kind: 'gossip', message });
    for (const { belief } of issued.admissions) effects.push(...this.#exchange.push(belief));
  }

  #writeIfDue(now: Instant, effects: Effect[]): void {
    const duty = this.#authority?.duty(this.#context(now));
    if (duty === undefined) return;
    if (duty.writes.length > 0) effects.push({ kind: 'persist', writes: duty.writes });
    if (duty.tick !== null) this.#reveal(now, duty.tick, effects);
    if (duty.draw > 0) effects.push({ kind: 'draw', count: duty.draw });
  }

  /** Evidence from our future is judged again once our clock has caught up with it (§4.3). */
  #retryFuture(now: Instant, effects: Effect[]): void {
    for (const belief of this.#beliefs.spoken()) {
      const { future } = belief;
      if (future === null || future.issuedAt > believableUntil(belief, now)) continue;
      const item: FileItem = { kind: 'envelope', envelope: decodeEnvelope(future.bytes) };
      const cleared: Admission = {
        belief: { ...belief, future: null },
        writes: [{ key: recordKey(belief.domain, 'future'), value: null }],
        notes: [],
        forward: false,
        refusal: null,
      };
      this.#commit(now, cleared, effects);
      const outcome = refusalOf(() =>
        this.#admit(now, cleared.belief, item, UNBOUNDED_STEPS, effects),
      );
      if (outcome instanceof Refusal)
        effects.push({ kind: 'refused', peer: null, refusal: outcome });
    }
  }

  #refused(now: Instant, input: Input, refusal: Refusal, effects: Effect[]): void {
    const peer = 'peer' in input ? input.peer : null;
    effects.push({ kind: 'refused', peer, refusal });
    if ('request' in input) {
      effects.push({ kind: 'reply', request: input.request, answer: refusal });
    }
    if (peer !== null && this.#ledger.strike(peer, refusal, now.boot)) {
      this.#exchange.down(peer);
      effects.push({ kind: 'ban', peer, refusal });
    }
  }

  #wakeAt(now: Instant): BootMs {
    const times: number[] = [now.boot + LOOK_MS];
    const inMs = (delayMs: number): number => times.push(now.boot + Math.max(1, delayMs));
    inMs(this.#watch.wakeInMs(now));
    const exchange = this.#exchange.wakeAt();
    if (exchange !== null) inMs(exchange - now.boot);
    const authority = this.#authority?.wakeInMs(this.#context(now));
    if (authority !== undefined) inMs(authority);
    return bootMs(Math.ceil(Math.min(...times)));
  }

  #context(now: Instant): AdmitContext {
    return { suite: this.#suite, now, bootId: this.#bootId };
  }
}

/** What is gossiped of an item: a tick as its 43 bytes, a beacon as its envelope. */
function gossipOf(item: FileItem): Effect {
  assert(item.kind === 'tick' || item.envelope.type === 'beacon', 'only evidence is gossiped');
  const message = item.kind === 'envelope' ? item.envelope.bytes : item.tick.bytes;
  return { kind: 'gossip', message };
}
