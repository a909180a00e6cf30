/**
 * The network: links that lose, delay, double and reorder, and a flood of gossip over them.
 *
 * A link has two wires, one for each direction, and faults work on wires. While both wires carry
 * and both machines run, the link comes up after a redial; when one stops, both ends notice late.
 * Whatever is sent meanwhile is lost. Frames of one wire keep their order unless a fault shuffles
 * them. Gossip is forwarded by whoever admitted it, and may reach any subset, late or twice.
 *
 * A link begins with a handshake: with a guest at either end it is of the recovery lane, has no
 * gossip, and is judged anew after a while; else it ends with the first of the two leases.
 */

import { toHex, toUtf8 } from '../core/bytes.ts';
import { sha256 } from '../core/digest.ts';
import { BAN_MS, GUEST_LINK_MS_MAX, REDIAL_MS_MAX, SLOW_RATE } from '../core/limits.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import { MINUTE_MS, SECOND_MS } from '../core/time.ts';
import { scopeOf } from '../federation/lease.ts';
import type { Coverage } from './coverage.ts';
import type { Dice } from './dice.ts';
import { type Acquaintance, isGuest, type Lane, type Received } from './handshake.ts';
import type { Traffic } from './lived.ts';
import type { Machine } from './machine.ts';
import type { Delivery } from './step.ts';

/** A gossip message under way; equal bytes have an equal id. */
export interface GossipMessage {
  readonly bytes: Uint8Array;
  readonly id: string;
  readonly forgedFor: TrustDomain | null;
}

/** One direction of a link, and what ails it. */
export interface Wire {
  readonly from: Machine;
  readonly to: Machine;
  /** Faults that cut it now. */
  cuts: number;
  lossPpm: number;
  duplicatePpm: number;
  /** Mean extra delay of each frame; with `reorders`, frames overtake each other. */
  jitterMs: number;
  reorders: number;
  latencyMs: number;
  /** 0 is without limit. */
  bitsPerSecond: number;
  cloggedUntil: number;
  freeAt: number;
  arrivedAt: number;
  bytes: number;
}

/** Two wires between two machines. */
export interface Link {
  readonly wires: readonly [Wire, Wire];
  /** Both ends call it slow: without gossip (PROTOCOL §6.1). */
  readonly isSlow: boolean;
  up: boolean;
  /** What either end took the other for, while it is up: another one each time it comes up. */
  acquaintance: Acquaintance | null;
  bannedUntil: number;
  /** Changes whenever it may come up or go down; a transition planned before that is void. */
  version: number;
}

/** A link as one of its machines has it. */
interface End {
  readonly link: Link;
  /** On which that machine sends. */
  readonly wire: Wire;
}

/** What the network needs of the world. */
export interface NetworkWorld {
  readonly now: number;
  readonly coverage: Coverage;
  after(delayMs: number, run: () => void): void;
  linkChanged(link: Link): void;
  /** The handshake of two machines; null where either refuses the other. */
  introduce(a: Machine, b: Machine): Acquaintance | null;
  /** In how many milliseconds a link of theirs has to end; 0 where it has to now. */
  partIn(a: Machine, b: Machine, acquaintance: Acquaintance): number;
}

/** What all wires are like at the beginning. */
export interface WireTerms {
  readonly latencyMs: number;
  readonly bitsPerSecond: number;
  readonly lossPpm: number;
}

/** A cut that nobody was told of is noticed within so long. */
const DETECT_MS = 20 * SECOND_MS;
/** What waits longer than this for a narrow wire is dropped by the sender's queue. */
const QUEUE_MS_MAX = 2 * MINUTE_MS;
/** Whoever was refused dials again within twice this. */
const REFUSED_MS = 20 * SECOND_MS;

export class Network {
  readonly #world: NetworkWorld;
  readonly #dice: Dice;
  readonly #links: Link[] = [];
  /** The ends of each machine, by the name of the other: one is looked up for every frame. */
  readonly #of = new Map<string, Map<string, End>>();

  constructor(world: NetworkWorld, dice: Dice) {
    this.#world = world;
    this.#dice = dice;
  }

  get links(): readonly Link[] {
    return this.#links;
  }

  /** What each link has carried. */
  get traffic(): readonly Traffic[] {
    return this.#links.map(({ wires: [there, back] }) => ({
      link: `${there.from.name} – ${there.to.name}`,
      bytes: there.bytes + back.bytes,
    }));
  }

  linksOf(machine: Machine): readonly Link[] {
    return Array.from(this.#endsOf(machine), ({ link }) => link);
  }

  between(a: string, b: string): Link | undefined {
    return this.#of.get(a)?.get(b)?.link;
  }

  join(a: Machine, b: Machine, terms: WireTerms): void {
    if (this.between(a.name, b.name) !== undefined) return;
    const link: Link = {
      wires: [newWire(a, b, terms), newWire(b, a, terms)],
      isSlow: terms.bitsPerSecond > 0 && terms.bitsPerSecond <= SLOW_RATE,
      up: false,
      acquaintance: null,
      bannedUntil: 0,
      version: 0,
    };
    this.#links.push(link);
    for (const wire of link.wires) {
      const { from, to } = wire;
      const ends = this.#of.get(from.name) ?? new Map<string, End>();
      this.#of.set(from.name, ends.set(to.name, { link, wire }));
    }
    this.reconsider(link);
  }

  /** Cuts a wire, or takes back one cut. */
  cut(wire: Wire, by: 1 | -1): void {
    wire.cuts += by;
    const link = this.between(wire.from.name, wire.to.name);
    if (link !== undefined) this.reconsider(link);
  }

  /** Something changed that may bring the link up or down; the ends notice later. */
  reconsider(link: Link): void {
    const usable = isUsable(link, this.#world.now);
    if (usable === link.up) {
      link.version += 1; // whatever was under way is void: nobody noticed
      return;
    }
    const version = ++link.version;
    const delayMs = 1 + this.#dice.below(usable ? REDIAL_MS_MAX : DETECT_MS);
    this.#world.after(delayMs, () => {
      if (link.version !== version) return;
      if (usable) this.#raise(link);
      else this.#lower(link);
    });
  }

  /** A machine stopped: its own end is gone at once. */
  machineStopped(machine: Machine): void {
    for (const { link } of this.#endsOf(machine)) {
      if (link.up) this.#lower(link);
      else link.version += 1;
    }
  }

  machineStarted(machine: Machine): void {
    for (const { link } of this.#endsOf(machine)) this.reconsider(link);
  }

  /** A machine goes by something else now: it may want other links, or others want it. */
  judgeAnew(machine: Machine): void {
    for (const { link } of this.#endsOf(machine)) this.#judge(link);
  }

  /** `machine` admits no link with `peer` for the time of a ban. */
  ban(machine: Machine, peer: string): void {
    const link = this.between(machine.name, peer);
    // A stranger has no other end here.
    if (link === undefined) return machine.receive(peerDown(peer));
    link.bannedUntil = this.#world.now + BAN_MS;
    if (link.up) this.#lower(link);
    this.#world.after(BAN_MS, () => this.reconsider(link));
  }

  send(from: Machine, peer: string, bytes: Uint8Array, forgedFor: TrustDomain | null): void {
    const end = this.#of.get(from.name)?.get(peer);
    if (end?.link.up !== true) return;
    const input = { kind: 'frame', peer: from.name, bytes } as const;
    this.#carry(end.wire, bytes.length, { input, gossip: null, forgedFor });
  }

  /** Gossips to every neighbour but the one it came from. */
  flood(from: Machine, message: GossipMessage, except: string | null): void {
    const { bytes, forgedFor } = message;
    const input = { kind: 'gossip', peer: from.name, bytes } as const;
    const delivery = { input, gossip: message, forgedFor };
    for (const { link, wire } of this.#endsOf(from)) {
      const hasGossip = laneOf(link) === 'whole' && !link.isSlow;
      if (link.up && wire.to.name !== except && hasGossip)
        this.#carry(wire, bytes.length, delivery);
    }
  }

  #endsOf({ name }: Machine): Iterable<End> {
    return this.#of.get(name)?.values() ?? [];
  }

  #carry(wire: Wire, bytes: number, delivery: Delivery): void {
    const { now, coverage } = this.#world;
    wire.bytes += bytes;
    if (wire.cuts > 0) return coverage.saw('network: a frame met a cut');
    if (this.#dice.chance(wire.lossPpm)) return coverage.saw('network: a frame was lost');
    if (wire.bitsPerSecond > 0) {
      const free = Math.max(now, wire.freeAt);
      if (free - now > QUEUE_MS_MAX) return coverage.saw('network: a queue overflowed');
      wire.freeAt = free + Math.ceil((bytes * 8 * 1_000) / wire.bitsPerSecond);
    }
    this.#arrive(wire, delivery);
    if (!this.#dice.chance(wire.duplicatePpm)) return;
    coverage.saw('network: a frame came twice');
    this.#arrive(wire, delivery);
  }

  #arrive(wire: Wire, delivery: Delivery): void {
    const { now, coverage } = this.#world;
    let at = Math.max(now, wire.freeAt) + wire.latencyMs;
    if (wire.jitterMs > 0) at += this.#dice.wait(wire.jitterMs);
    if (wire.cloggedUntil > at) {
      at = wire.cloggedUntil;
      coverage.saw('network: a frame waited behind a clog');
    }
    if (wire.reorders > 0) {
      if (at < wire.arrivedAt) coverage.saw('network: a frame overtook another');
    } else at = Math.max(at, wire.arrivedAt);
    wire.arrivedAt = Math.max(at, wire.arrivedAt);
    this.#world.after(at - now, () => wire.to.receive(delivery));
  }

  #raise(link: Link): void {
    const [{ from: a, to: b }] = link.wires;
    const acquaintance = this.#world.introduce(a, b);
    if (acquaintance === null) return this.#refused(link);
    link.up = true;
    link.acquaintance = acquaintance;
    const binding = sha256(toUtf8(`${a.name}/${b.name}/${this.#world.now}`));
    const [atA, atB] = acquaintance.received;
    this.#world.coverage.saw('network: a link came up', acquaintance.lane);
    a.receive(peerUp(b, atA, link, binding));
    b.receive(peerUp(a, atB, link, binding));
    this.#world.linkChanged(link);
    this.#planEnd(link);
  }

  /** Dials again later: what was refused may be mended by then. */
  #refused(link: Link): void {
    const { version } = link;
    this.#world.coverage.saw('network: a handshake was refused');
    this.#world.after(REFUSED_MS + this.#dice.below(REFUSED_MS), () => {
      if (link.version === version) this.reconsider(link);
    });
  }

  /** Looks at a link again when its first lease ends, or when a guest has been heard enough. */
  #planEnd(link: Link): void {
    const { acquaintance } = link;
    if (acquaintance === null) return;
    if (acquaintance.lane === 'recovery') {
      return this.#world.after(GUEST_LINK_MS_MAX, () => {
        if (link.acquaintance === acquaintance) this.#lower(link);
      });
    }
    const [{ from: a, to: b }] = link.wires;
    this.#world.after(1 + this.#world.partIn(a, b, acquaintance), () => {
      if (link.acquaintance !== acquaintance) return;
      this.#judge(link);
      this.#planEnd(link);
    });
  }

  /** Ends a link that one of its ends would not have any more, or would have as more than it is. */
  #judge(link: Link): void {
    const [{ from: a, to: b }] = link.wires;
    const { acquaintance } = link;
    if (!link.up || acquaintance === null) return;
    if (acquaintance.lane === 'whole') {
      if (this.#world.partIn(a, b, acquaintance) > 0) return;
      this.#world.coverage.saw('network: a link was given up');
      return this.#lower(link);
    }
    if (this.#world.introduce(a, b)?.lane !== 'recovery') this.#lower(link);
  }

  #lower(link: Link): void {
    link.up = false;
    link.acquaintance = null;
    const [{ from: a, to: b }] = link.wires;
    a.receive(peerDown(b.name));
    b.receive(peerDown(a.name));
    this.#world.linkChanged(link);
    this.reconsider(link);
  }
}

/** A delivery that nobody forged. */
export function plain(input: Delivery['input']): Delivery {
  return { input, gossip: null, forgedFor: null };
}

/** The lane of a link; null while it is down. */
export function laneOf({ acquaintance }: Link): Lane | null {
  return acquaintance?.lane ?? null;
}

function peerUp(peer: Machine, received: Received, link: Link, binding: Uint8Array): Delivery {
  const known = { kind: 'peer-up', peer: peer.name, binding } as const;
  if (isGuest(received)) return plain({ ...known, domain: null, claims: received.claims });
  const { domain } = received;
  if (laneOf(link) === 'recovery') return plain({ ...known, domain: null, claims: domain });
  return plain({ ...known, domain, groups: scopeOf(received), isSlow: link.isSlow });
}

/** The link with a peer is over. */
export function peerDown(peer: string): Delivery {
  return plain({ kind: 'peer-down', peer });
}

/** A machine looks at its clocks: the same each time. */
export const WAKE = plain({ kind: 'wake' });

/** A gossip message as it enters the network. */
export function gossipOf(bytes: Uint8Array, forgedFor: TrustDomain | null = null): GossipMessage {
  const id = bytes.length <= 64 ? toHex(bytes) : toHex(sha256(bytes));
  return { bytes, id, forgedFor };
}

function newWire(from: Machine, to: Machine, terms: WireTerms): Wire {
  return {
    from,
    to,
    cuts: 0,
    duplicatePpm: 0,
    jitterMs: 0,
    reorders: 0,
    cloggedUntil: 0,
    freeAt: 0,
    arrivedAt: 0,
    bytes: 0,
    ...terms,
  };
}

function isUsable(link: Link, now: number): boolean {
  const [there, back] = link.wires;
  const alive = there.from.isAwake && there.to.isAwake;
  return alive && there.cuts === 0 && back.cuts === 0 && link.bannedUntil <= now;
}
