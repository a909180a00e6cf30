/**
 * A machine: the shipping state machine, a disk, two clocks, and a driver that keeps the contract
 * of `daemon/driver.ts`: a `persist` durable before what follows it, what a failed disk did not
 * take owed before anything else. Each input is a step of its own here, and each batch a sync:
 * where many share one, a crash finds fewer moments, and none that this one lacks.
 *
 * Around every persist and send is a boundary at which a fault may end the machine.
 *
 * Reason: one life, from power to power; its parts would share every field.
 */

import { toUtf8 } from '../core/bytes.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { KeyId, PublicPair, Signer, Suite } from '../core/suite.ts';
import type { Write } from '../daemon/ports.ts';
import type { Effect } from '../federation/effect.ts';
import type { Input } from '../federation/input.ts';
import { FederationNode, type NodeOptions } from '../federation/node.ts';
import type { Adversary } from './adversary.ts';
import type { Dice } from './dice.ts';
import { Disk, type WriteOutcome } from './disk.ts';
import { GossipMemory } from './gossip-memory.ts';
import { isOfLaterVersion } from './later-version.ts';
import { MachineClock } from './machine-clock.ts';
import { Memory } from './memory.ts';
import { gossipOf, peerDown, plain, WAKE } from './network.ts';
import { Round } from './round.ts';
import type { Delivery } from './step.ts';
import type { World } from './world.ts';

/** Moments at which an armed fault may cut the power. */
export type Boundary = 'before persist' | 'after persist' | 'before send' | 'after send';
/** `off`: no power; `paused`: the process stands still; `asleep`: the whole machine does. */
export type Power = 'on' | 'off' | 'paused' | 'asleep';

export interface MachineOptions {
  readonly name: string;
  readonly domain: TrustDomain;
  readonly suite: Suite;
  readonly node: Signer;
  readonly records: readonly Write[];
  readonly authority: NodeOptions['authority'];
  readonly entropy: Dice;
  readonly diskDice: Dice;
}

type RequestInput = Extract<Input, { readonly request: number }>;
type Unnumbered<T> = T extends unknown ? Omit<T, 'request'> : never;
/** A step is over: all it asked for is done, or a write failed and the rest is owed. */
type Done = (outcome: WriteOutcome) => void;
type Replied = (reply: Extract<Effect, { readonly kind: 'reply' }>) => void;

/** The first bytes of frames that carry an envelope, or a tick (`federation/message.ts`). */
const EVIDENCE_FRAMES = [5, 6];
/** People who want something while the disk is busy ask again so often, and so many times. */
const TAKING_WAIT_MS = 100;
const TAKING_TRIES = 600;
/** Inputs that wait for a paused or busy process; more are lost. */
const INBOX_MAX = 10_000;

export class Machine {
  readonly name: string;
  readonly domain: TrustDomain;
  readonly clock: MachineClock;
  readonly disk: Disk;
  /** Who of those that it speaks of is to be looked at when. */
  readonly round: Round;
  readonly isAuthority: boolean;
  /** What the process believes, as records; the disk may lag behind it. */
  believed = new Map<string, Uint8Array>();
  /** The gossip that the process has had. */
  heard = new GossipMemory();
  /** Set from the start of a run for a machine that some fault will turn. */
  adversary: Adversary | null = null;
  /** Its process is of a later version, which reads what this one does not. */
  isLater = false;
  /** Was ever put back to an older state by a person. */
  restored = false;
  /** The disk was full at some time: powered time may have gone unrecorded (PROTOCOL §4.4). */
  diskFailed = false;
  /** What its process drew for its newest beacon: there a thief finds the seeds of that. */
  drawn: Uint8Array | null = null;
  /** Its memory may be asked for: some fault will put it back. */
  remembers = false;
  /** It was put back with its memory: what it destroyed since, such as a seed, it has again. */
  isImage = false;
  /** Boundaries until power is cut, or 0. */
  armed = 0;
  readonly #world: World;
  readonly #options: MachineOptions;
  #node: FederationNode | null = null;
  #memory: Memory | null = null;
  #power: Power = 'off';
  #life = 0;
  #inbox: Delivery[] = [];
  #busy = false;
  #owed: readonly Write[] = [];
  #wakeDue = Number.POSITIVE_INFINITY;
  #wakeEntered = Number.POSITIVE_INFINITY;
  #requests = 0;
  #isWritable = true;
  /** Since when the process stood still, until its first step after that is done. */
  #stoodStillAt: number | null = null;
  /** What a paused process was about to do when its write came back. */
  #held: (() => void) | null = null;
  readonly #waiting = new Map<number, Replied>();

  constructor(world: World, options: MachineOptions) {
    this.#world = world;
    this.#options = options;
    this.name = options.name;
    this.domain = options.domain;
    this.isAuthority = options.authority !== null;
    this.clock = new MachineClock(options.name);
    this.round = new Round(world.scenario.limits.freshForMs);
    this.disk = new Disk(world, options.diskDice, options.records);
  }

  get power(): Power {
    return this.#power;
  }

  /** True while the outside can reach the process, or thinks so. */
  get isAwake(): boolean {
    return this.#power === 'on' || this.#power === 'paused';
  }

  get isHonest(): boolean {
    return this.adversary === null;
  }

  /** The state machine; null without power. */
  get node(): FederationNode | null {
    return this.#node;
  }

  /** Power comes, and the process with it. */
  boot(): void {
    this.clock.boot(this.#world.now);
    this.startProcess();
  }

  /** The process starts on what the disk holds, in the boot under way. */
  startProcess(): void {
    if (!this.disk.isSound) return this.#world.refusedToStart(this);
    const options = this.#nodeOptions();
    this.#memory = this.remembers ? new Memory(options) : null;
    this.#begin(new FederationNode(options));
    this.receive(WAKE);
  }

  #begin(node: FederationNode): void {
    this.#life += 1;
    this.#power = 'on';
    this.#inbox = [];
    this.#busy = false;
    this.#owed = [];
    this.#held = null;
    this.#isWritable = true;
    this.#stoodStillAt = null;
    this.#waiting.clear();
    this.#wakeEntered = Number.POSITIVE_INFINITY;
    this.believed = new Map(this.disk.records);
    this.heard = new GossipMemory();
    this.#node = node;
    this.#world.machineStarted(this);
  }

  /**
   * An image of disk, memory and boot clock, taken between two steps; what comes back puts all of
   * it in place again, and the process goes on as if nothing had been. Null while that cannot be.
   */
  image(): (() => void) | null {
    const memory = this.#memory;
    const isBetween = this.#power === 'on' && !this.#busy && this.#owed.length === 0;
    if (memory === null || !isBetween || !this.disk.isSound) return null;
    const [disk, makeNode] = [this.disk.image(), memory.image()];
    const { boot } = this.clock.now(this.#world.now);
    const { bootId } = this.clock;
    return () => {
      if (this.#power !== 'on' || this.clock.bootId !== bootId) return;
      this.restored = true;
      this.isImage = true;
      this.#world.putBack.add(this.domain);
      this.#world.machineStopped(this);
      disk();
      this.clock.putBack(this.#world.now, boot);
      this.#memory = null;
      this.#begin(makeNode());
      // Its connections are gone; whom it was linked with then, it is not linked with now.
      for (const { wires } of this.#world.network.linksOf(this)) {
        const [{ from, to }] = wires;
        this.receive(peerDown(from === this ? to.name : from.name));
      }
      this.receive(WAKE);
    };
  }

  /** The public keys by which others know this machine. */
  get publicPair(): PublicPair {
    return this.#options.node.publicPair;
  }

  /** True where this role key lies here. */
  holds(keyId: KeyId): boolean {
    return this.#options.authority?.keys.some((key) => key.keyId === keyId) === true;
  }

  /** A twin for a checker to ask, on what the process believes. */
  newNode(): FederationNode {
    return new FederationNode({ ...this.#nodeOptions(), records: new Map(this.believed) });
  }

  #nodeOptions(): NodeOptions {
    const { domain, suite, authority, node } = this.#options;
    return {
      own: domain,
      suite,
      records: this.disk.records,
      bootId: this.clock.bootId,
      now: this.clock.now(this.#world.now),
      continuity: 'software',
      limits: null,
      dice: toUtf8(`${this.name}/${this.clock.bootId}`),
      node,
      authority,
    };
  }

  /** The process ends; with `power`, the boot ends too. */
  stop(power: boolean): void {
    if (this.#power === 'off') return;
    this.#life += 1;
    this.#power = 'off';
    this.#node = null;
    if (this.disk.cut()) this.#world.coverage.saw('disk: an unsynced batch was lost');
    if (power) this.clock.powerOff(this.#stoodStillAt ?? this.#world.now);
    this.#world.machineStopped(this);
  }

  pause(): void {
    if (this.#power !== 'on') return;
    this.#power = 'paused';
    this.#stoodStillAt ??= this.#world.now;
  }

  sleep(): void {
    if (this.#power !== 'on') return;
    this.#power = 'asleep';
    this.#stoodStillAt ??= this.#world.now;
    this.#world.machineStopped(this);
  }

  /** Goes on where it stood; whatever waited is handled now. */
  resume(): void {
    if (this.#power !== 'paused' && this.#power !== 'asleep') return;
    const slept = this.#power === 'asleep';
    this.#power = 'on';
    const held = this.#held;
    this.#held = null;
    held?.();
    if (slept) this.#world.machineStarted(this);
    this.receive(WAKE);
  }

  receive(delivery: Delivery): void {
    if (this.#power === 'off') return;
    const isLink = delivery.input.kind === 'peer-up' || delivery.input.kind === 'peer-down';
    if (this.#power === 'asleep' && !isLink) return;
    if (this.isLater && isOfLaterVersion(delivery.input)) return;
    if (!this.#busy && this.#power === 'on' && this.#inbox.length === 0) {
      this.#handle(delivery);
      return this.#pump();
    }
    if (this.#inbox.length >= INBOX_MAX) return this.#world.coverage.saw('machine: a full inbox');
    this.#inbox.push(delivery);
    this.#pump();
  }

  /**
   * Lets people take something away from here. Nothing leaves that the disk does not know: they
   * wait while a write is under way or owed, and go without after a minute.
   */
  whenDurable(take: (node: FederationNode) => void, tries = TAKING_TRIES): void {
    if (this.#node === null || tries === 0) return;
    if (this.disk.busy || this.#owed.length > 0) {
      const again = (): void => this.whenDurable(take, tries - 1);
      return this.#world.after(TAKING_WAIT_MS, again);
    }
    take(this.#node);
  }

  /** Hands in a request of the people here; `replied` is called with the answer, if one comes. */
  request(input: Unnumbered<RequestInput>, replied: Replied): void {
    const request = ++this.#requests;
    this.#waiting.set(request, replied);
    this.receive(plain({ ...input, request } as RequestInput));
  }

  #pump(): void {
    while (!this.#busy && this.#power === 'on') {
      const delivery = this.#inbox.shift();
      if (delivery === undefined) return;
      this.#handle(delivery);
    }
  }

  #handle(delivery: Delivery): void {
    const node = this.#node;
    if (node === null || this.#world.isKnownGossip(this, delivery)) return;
    const now = this.clock.now(this.#world.now);
    const stoodStillAt = this.#stoodStillAt;
    this.#world.labour.begin();
    this.#memory?.heard(now, delivery.input);
    const output = node.handle(now, delivery.input);
    this.#busy = true;
    this.#world.stepped(this, now, delivery, output);
    this.#wakeDue = this.clock.timeOf(output.wakeAt);
    this.#perform(output.effects, 0, (outcome) => {
      const { gossip, input } = delivery;
      // As the driver's verdict: what was admitted and is not durable is not relayed.
      if (gossip !== null && output.verdict === null && outcome === 'durable') {
        this.#flood(gossip, 'peer' in input ? input.peer : null);
      }
      if (this.#stoodStillAt === stoodStillAt) this.#stoodStillAt = null;
      this.#busy = false;
      this.#planWake();
    });
  }

  /** Performs the effects from `first` on; a persist continues when it is durable. */
  #perform(effects: readonly Effect[], first: number, done: Done): void {
    for (let i = first; i < effects.length; i++) {
      const effect = effects[i];
      if (effect === undefined) continue;
      if (effect.kind === 'persist') return this.#persist(effect.writes, effects, i + 1, done);
      const sends = effect.kind === 'send' || effect.kind === 'gossip';
      // What a failed disk did not take is believed already: nothing leaves before it is durable.
      if (sends && this.#owed.length > 0) return this.#persist([], effects, i, done);
      if (sends && this.#endsAt('before send')) return;
      this.#performOne(effect);
      if (sends && this.#endsAt('after send')) return;
    }
    done('durable');
  }

  #persist(writes: readonly Write[], effects: readonly Effect[], next: number, done: Done): void {
    if (this.#endsAt('before persist')) return;
    const life = this.#life;
    const batch = this.#owed.length === 0 ? writes : [...this.#owed, ...writes];
    this.disk.write(batch, (outcome) => {
      if (life !== this.#life) return;
      const goOn = (): void => {
        if (outcome === 'durable') return this.#written(() => this.#perform(effects, next, done));
        const later = effects.slice(next).flatMap((e) => (e.kind === 'persist' ? e.writes : []));
        this.#notWritten([...batch, ...later], done);
      };
      if (this.#power === 'on') goOn();
      else this.#held = goOn;
    });
  }

  /** After a write that is durable: on with the step. */
  #written(goOn: () => void): void {
    this.#owed = [];
    this.#noteStore(true);
    if (this.#endsAt('after persist')) return;
    goOn();
    this.#pump();
  }

  /** The disk failed: on to the next step, and all that this one was to write is owed. */
  #notWritten(debts: readonly Write[], done: Done): void {
    this.#owed = debts;
    this.diskFailed = true;
    this.#noteStore(false);
    this.#world.coverage.saw('disk: a batch failed');
    done('failed');
    this.#pump();
  }

  /** Tells the state machine when the disk begins to fail, and when it is well again. */
  #noteStore(isWritable: boolean): void {
    if (this.#isWritable === isWritable) return;
    this.#isWritable = isWritable;
    this.receive(plain({ kind: 'store', isWritable }));
  }

  #performOne(effect: Exclude<Effect, { readonly kind: 'persist' }>): void {
    switch (effect.kind) {
      case 'draw': {
        const { purpose, count } = effect;
        const bytes = this.#options.entropy.bytes(count);
        if (purpose === 'beacon') this.drawn = bytes;
        return this.receive(plain({ kind: 'drawn', purpose, bytes }));
      }
      case 'send':
        if (EVIDENCE_FRAMES.includes(effect.frame[0] ?? 0)) {
          this.#world.sent(this, effect.frame.subarray(1));
        }
        if (this.adversary !== null) this.adversary.sends(effect.peer, effect.frame);
        else this.#world.network.send(this, effect.peer, effect.frame, null);
        return;
      case 'gossip':
        return this.#flood(gossipOf(effect.message), null);
      case 'reply': {
        const replied = this.#waiting.get(effect.request);
        this.#waiting.delete(effect.request);
        replied?.(effect);
        return;
      }
      case 'ban':
        return this.#world.network.ban(this, effect.peer);
      case 'audit':
      case 'alarm':
      case 'refused':
      case 'changed':
        return;
    }
  }

  #flood(message: ReturnType<typeof gossipOf>, except: string | null): void {
    this.heard.keep(message, this.#world.now);
    this.#world.sent(this, message.bytes);
    if (this.adversary !== null) this.adversary.floods(message, except);
    else this.#world.network.flood(this, message, except);
  }

  /** Keeps one wake on the agenda, at the latest when it is due. */
  #planWake(): void {
    if (this.#wakeEntered <= this.#wakeDue) return;
    const life = this.#life;
    const at = Math.max(this.#world.now, this.#wakeDue);
    this.#wakeEntered = at;
    this.#world.after(at - this.#world.now, () => {
      if (life !== this.#life || this.#wakeEntered !== at) return;
      this.#wakeEntered = Number.POSITIVE_INFINITY;
      if (this.#wakeDue > this.#world.now) return this.#planWake();
      if (!this.#busy) this.receive(WAKE);
    });
  }

  /** True when an armed fault cuts the power right here. */
  #endsAt(boundary: Boundary): boolean {
    if (this.armed === 0) return false;
    this.armed -= 1;
    if (this.armed > 0) return false;
    this.#world.crashedAt(this, boundary);
    return true;
  }
}
