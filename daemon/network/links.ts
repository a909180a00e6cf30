/**
 * Which peers are up, and over which connection: one link for each peer, whatever libp2p opens.
 *
 * Two daemons that dial each other at once have two connections for a moment. The preferred one
 * becomes the link at once, the other ends after `DUPLICATE_GRACE_MS`. A peer whose link moves to
 * another connection goes down and comes up again, because the binding of its link has changed.
 */

import type { Connection, Stream } from '@libp2p/interface';
import { assert } from '../../core/assert.ts';
import { GUEST_LINK_MS_MAX } from '../../core/limits.ts';
import { type BootMs, bootMs, elapsedMs } from '../../core/time.ts';
import type { Clock, NetworkHandler, PeerName, Sending } from '../ports.ts';
import type { Budgets } from './budgets.ts';
import {
  DUPLICATE_GRACE_MS,
  GOSSIP_ATTACH_MS_MAX,
  GOSSIP_GRACE_MS,
  HEARTBEAT_MS,
  type LinkDirection,
  replaces,
  SILENT_MS_MAX,
  SLOW_FACTOR,
} from './link-policy.ts';
import type { Session } from './noise-encrypter.ts';
import { SLOW_SHARE } from './pace.ts';
import type { QuietLog } from './quiet-log.ts';
import { SyncChannel } from './sync-channel.ts';

/** Connections of one peer: the one that stands, and both sides dialling anew. */
const LINKS_PER_PEER_MAX = 3;
const BITS_PER_BYTE = 8;
/** Of a link whose gossip streams are as they should be. */
const WHOLE = { seen: true, lostAt: null } as const;

/** What the links need of the network around them. */
export interface LinksOptions {
  readonly self: PeerName;
  readonly clock: Clock;
  readonly log: QuietLog;
  readonly budgets: Budgets;
  readonly handler: Pick<NetworkHandler, 'peerUp' | 'peerDown' | 'frame'>;
  sessionOf(connection: Connection): Session;
  /** Has the gossip streams of a connection opened, where another one held them. */
  attachGossip(connection: Connection): void;
}

/** One connection, and what is known of its health. */
interface Link {
  readonly peer: PeerName;
  readonly connection: Connection;
  readonly session: Session;
  readonly channel: SyncChannel;
  readonly openedAt: BootMs;
  heard: number;
  heardAt: BootMs;
  beatAt: BootMs;
  /** Streams of gossip whose bytes are counted. */
  readonly counted: WeakSet<Stream>;
  /** Nothing is read of it until the next look: its peer is past a budget. */
  rests: boolean;
  /** Whether its gossip streams were ever whole, and since when they are not. */
  gossip: { readonly seen: boolean; readonly lostAt: BootMs | null };
}

export class Links {
  readonly #options: LinksOptions;
  /** Every open connection, by itself. */
  readonly #links = new Map<Connection, Link>();
  /** The link of each peer that is up. */
  readonly #current = new Map<PeerName, Link>();
  readonly #pending = new Set<() => void>();
  #closed = false;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  has(peer: PeerName): boolean {
    return this.#current.has(peer);
  }

  /** libp2p opened a connection; its peer is admitted already. */
  opened(connection: Connection): void {
    if (connection.status !== 'open') return;
    const peer = connection.remotePeer.toString();
    if (this.#closed || this.#linksOf(peer).length >= LINKS_PER_PEER_MAX) {
      connection.abort(new Error('no room for this link'));
      return;
    }
    const link = this.#linkOf(peer, connection);
    this.#links.set(connection, link);
    void link.channel.open();

    const held = this.#current.get(peer);
    if (held === undefined) {
      this.#rise(link);
      return;
    }
    const ends = { self: this.#options.self, peer };
    const isBetter =
      isGuest(held) === isGuest(link)
        ? replaces(ends, held.connection.direction, connection.direction)
        : isGuest(held);
    if (isBetter) {
      this.#fall(held);
      this.#rise(link);
    }
    const heard = new Map(this.#linksOf(peer).map((each) => [each, each.session.heard]));
    for (const each of heard.keys()) each.channel.beat(); // a peer that lives does the same
    this.#after(DUPLICATE_GRACE_MS, () => this.#dedupe(peer, heard));
  }

  /** A connection ended, by whomever. */
  closed(connection: Connection): void {
    const link = this.#links.get(connection);
    if (link === undefined) return;
    this.#links.delete(connection);
    link.channel.close();
    if (this.#current.get(link.peer) !== link) return;
    this.#fall(link);
    const [other] = this.#linksOf(link.peer);
    if (other !== undefined) this.#rise(other);
  }

  /** The peer opened a stream of frames. */
  accept(stream: Stream, connection: Connection): void {
    const link = this.#links.get(connection);
    if (link === undefined) stream.abort(new Error('no link'));
    else link.channel.accept(stream);
  }

  send(peer: PeerName, frame: Uint8Array, { isUrgent = false, asks = 0 }: Sending): void {
    const link = this.#current.get(peer);
    if (link === undefined) return;
    this.#options.budgets.expect(peer, asks);
    link.channel.send(frame, isUrgent);
  }

  /** The link of a peer that is up, and whom the handshake found there. */
  of(peer: PeerName): Pick<Link, 'connection' | 'session'> | undefined {
    return this.#current.get(peer);
  }

  /** Ends every connection of `peer`. */
  abort(peer: PeerName, reason: string): void {
    const current = this.#current.get(peer);
    const others = this.#linksOf(peer).filter((link) => link !== current);
    for (const link of others) this.#end(link, reason); // first, or one of them would rise
    if (current !== undefined) this.#end(current, reason);
  }

  /**
   * The peer sent more than its budget: nothing is read of it until the next look, so that a flood
   * fills its own network, and costs nobody here more than what was on its way.
   */
  rest(peer: PeerName): void {
    for (const link of this.#linksOf(peer)) {
      if (link.rests) continue;
      link.rests = true;
      link.session.rest();
    }
  }

  /** Looks after each link, after budgets were refilled: beats, and ends the dead and the deaf. */
  check(): void {
    const now = this.#options.clock.now().boot;
    for (const link of [...this.#links.values()]) {
      this.#countGossip(link);
      if (link.rests) {
        link.rests = false;
        link.session.resume();
      }
      if (link.session.heard !== link.heard) {
        link.heard = link.session.heard;
        link.heardAt = now;
      }
      const factor = link.session.terms.bitsPerS === null ? 1 : SLOW_FACTOR;
      if (elapsedMs(link.heardAt, now) >= factor * SILENT_MS_MAX) this.#recycle(link, 'silent');
      if (elapsedMs(link.beatAt, now) >= factor * HEARTBEAT_MS) {
        link.beatAt = now;
        if (!link.channel.hasSpoken()) link.channel.beat();
      }
    }
    for (const link of [...this.#current.values()]) {
      // Both sides judge each other anew now and then (PROTOCOL §6.3).
      const isDue = isGuest(link) && elapsedMs(link.openedAt, now) >= GUEST_LINK_MS_MAX;
      if (isDue) this.#end(link, 'judged anew');
      else if (!isSparse(link)) this.#checkGossip(link, now);
    }
  }

  /** Ends everything. */
  close(): void {
    for (const cancel of this.#pending) cancel();
    this.#pending.clear();
    this.#closed = true;
    for (const peer of [...this.#current.keys()]) this.abort(peer, 'closing');
  }

  #linkOf(peer: PeerName, connection: Connection): Link {
    const { budgets, clock, handler, log, sessionOf } = this.#options;
    const session = sessionOf(connection);
    const now = clock.now().boot;
    const { bitsPerS } = session.terms;
    const slow =
      bitsPerS === null ? null : { bytesPerS: bitsPerS / BITS_PER_BYTE, share: SLOW_SHARE };
    const channel = new SyncChannel(
      { connection, clock, slow },
      {
        frame: (bytes) => {
          if (!this.#current.has(peer)) return; // the link ended while bytes were under way
          if (budgets.spend(peer, 'sync')) return handler.frame(peer, bytes);
          log.warn('link.budget', peer, { peer, protocol: 'sync' });
          this.rest(peer);
        },
        dropped: () => log.warn('link.slow', peer, { peer }),
        broken: (error) => log.warn('link.broken', peer, { peer, reason: error.message }),
      },
    );
    const { heard } = session;
    const gossip = { seen: false, lostAt: null };
    const reading = { counted: new WeakSet<Stream>(), rests: false };
    const times = { openedAt: now, heardAt: now, beatAt: now };
    return { peer, connection, session, channel, heard, ...times, ...reading, gossip };
  }

  #linksOf(peer: PeerName): Link[] {
    return [...this.#links.values()].filter((link) => link.peer === peer);
  }

  #rise(link: Link): void {
    assert(!this.#current.has(link.peer), 'one link for each peer');
    this.#current.set(link.peer, link);
    this.#options.handler.peerUp(link.peer, link.session.terms, link.session.binding);
  }

  #fall(link: Link): void {
    this.#current.delete(link.peer);
    this.#options.handler.peerDown(link.peer);
  }

  /** Leaves one connection: the link, or, where that one has fallen silent, one that has not. */
  #dedupe(peer: PeerName, heardBefore: ReadonlyMap<Link, number>): void {
    const current = this.#current.get(peer);
    if (current === undefined) return;
    const alive = (link: Link) => link.session.heard !== heardBefore.get(link);
    const links = this.#linksOf(peer);
    const kept = alive(current) ? current : (links.find(alive) ?? current);
    for (const link of links) if (link !== kept) this.#end(link, 'duplicate');
    if (!isSparse(kept)) this.#options.attachGossip(kept.connection);
  }

  /** Replays end in gossipsub, which tells nobody: what its streams carry is counted in bytes. */
  #countGossip({ peer, connection, counted }: Link): void {
    const { budgets, log } = this.#options;
    for (const stream of connection.streams) {
      if (stream.direction !== 'inbound' || counted.has(stream) || !isGossip(stream)) continue;
      counted.add(stream);
      stream.addEventListener('message', ({ data }) => {
        if (budgets.spend(peer, 'gossipBytes', data.byteLength)) return;
        log.warn('link.budget', peer, { peer, protocol: 'gossip' });
        this.rest(peer);
      });
    }
  }

  /** libp2p's gossip needs a stream each way, and never replaces one that was lost. */
  #checkGossip(link: Link, now: BootMs): void {
    if (this.#hasGossip(link.peer, 'outbound') && this.#hasGossip(link.peer, 'inbound')) {
      link.gossip = WHOLE;
      return;
    }
    const { seen, lostAt } = link.gossip;
    link.gossip = { seen, lostAt: lostAt ?? now };
    const graceMs = seen ? GOSSIP_GRACE_MS : GOSSIP_ATTACH_MS_MAX;
    if (elapsedMs(lostAt ?? now, now) >= graceMs) this.#recycle(link, 'no gossip');
  }

  #hasGossip(peer: PeerName, way: LinkDirection): boolean {
    for (const link of this.#links.values()) {
      if (link.peer !== peer) continue;
      const isOpen = link.connection.streams.some(
        (stream) => stream.direction === way && stream.status === 'open' && isGossip(stream),
      );
      if (isOpen) return true;
    }
    return false;
  }

  #recycle(link: Link, reason: string): void {
    this.#options.log.warn('link.recycled', link.peer, { peer: link.peer, reason });
    this.#end(link, reason);
  }

  #end(link: Link, reason: string): void {
    link.connection.abort(new Error(reason));
  }

  #after(delayMs: number, act: () => void): void {
    const { clock } = this.#options;
    const cancel = clock.wakeAt(bootMs(clock.now().boot + delayMs), () => {
      this.#pending.delete(cancel);
      act();
    });
    this.#pending.add(cancel);
  }
}

function isGossip({ protocol }: Stream): boolean {
  return protocol.startsWith('/meshsub/');
}

/** True for a link of the recovery lane. */
function isGuest({ session }: Pick<Link, 'session'>): boolean {
  return session.terms.admitted === null;
}

/** True for a link without gossip: a guest's, or a slow one. */
export function isSparse(link: Pick<Link, 'session'>): boolean {
  return isGuest(link) || link.session.terms.bitsPerS !== null;
}
