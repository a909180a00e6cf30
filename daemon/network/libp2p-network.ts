/**
 * The `Network` port on libp2p: what composes the files of this folder.
 *
 * libp2p carries streams and gossip; who may speak (noise-encrypter.ts), which connection is the
 * link of a peer (links.ts) and when to dial again (link-supervisor.ts) is decided here. A node
 * is started once and stopped once.
 */

import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import type { Connection, Libp2p, MultiaddrConnection, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { createLibp2p } from 'libp2p';
import { assert } from '../../core/assert.ts';
import { Failure } from '../../core/failure.ts';
import {
  DESK_REQUESTS_PER_PEER_MAX,
  FRAME_BYTES_MAX,
  GOSSIP_BYTES_MAX,
} from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { bootMs, elapsedMs } from '../../core/time.ts';
import type {
  Clock,
  HandshakeRole,
  Log,
  Network,
  NetworkHandler,
  PeerBudget,
  PeerName,
  Random,
  Sending,
} from '../ports.ts';
import { Arrivals } from './arrivals.ts';
import { Bans } from './bans.ts';
import { Budgets } from './budgets.ts';
import { DESK_PROTOCOL, Desk } from './desk.ts';
import { GOSSIP_TOPIC, guardGossip, publishGossip } from './gossip.ts';
import { GuestAllowances } from './guest-allowance.ts';
import { libp2pOptions, type Services, type TransportOf } from './libp2p-settings.ts';
import { CHECK_MS } from './link-policy.ts';
import { LinkSupervisor } from './link-supervisor.ts';
import { isSparse, Links } from './links.ts';
import { NoiseEncrypter, type NoiseOptions } from './noise-encrypter.ts';
import type { Pace } from './pace.ts';
import { hostIn, ipIn, parseAddress } from './peer-address.ts';
import { QuietLog } from './quiet-log.ts';
import { Slots } from './slots.ts';
import { SYNC_PROTOCOL, URGENT_PROTOCOL } from './sync-channel.ts';
import { errorOf } from './thrown.ts';

/** What a network is made of. */
export interface NetworkOptions {
  /** 32 bytes: the Ed25519 seed of the peer key, which names this daemon and grants nothing. */
  readonly transportSeed: Uint8Array;
  /** Our own trust domain, for whose nodes half of all places are kept. */
  readonly ownDomain: string;
  /** Multiaddresses to listen on; port 0 takes any free one. */
  readonly listen: readonly string[];
  /** What is known of links to a host; `paceOf` (pace.ts) tells it by networks. */
  readonly paceOf: (host: string) => Pace;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * A network on TCP that is not started yet. Refuses `config-value` for an address it cannot listen
 * on.
 */
export function createLibp2pNetwork(options: NetworkOptions): Network {
  return createNetworkOver(tcp(), options);
}

/** The same over another transport. */
export function createNetworkOver(transport: TransportOf, options: NetworkOptions): Network {
  for (const address of options.listen) parseAddress(address);
  return new Libp2pNetwork(transport, options);
}

/** Sync streams of one connection and direction: one, and the one that replaces it. */
const SYNC_STREAMS_MAX = 2;
/** Desk streams of one connection and direction: those that are answered, and some told to wait. */
const DESK_STREAMS_MAX = 4 * DESK_REQUESTS_PER_PEER_MAX;

/** What libp2p says once a connection is taken, before anything goes over it. */
const HANDSHAKE_BEGINS = 'upgrader:encrypt-outbound-connection';

/** Everything that exists between start and stop. */
interface Running {
  readonly node: Libp2p<Services>;
  readonly links: Links;
  readonly desk: Desk;
  readonly supervisor: LinkSupervisor;
  cancelCheck: () => void;
}

class Libp2pNetwork implements Network {
  readonly #transport: TransportOf;
  readonly #options: NetworkOptions;
  readonly #log: QuietLog;
  readonly #bans = new Bans();
  readonly #budgets = new Budgets();
  readonly #allowances = new GuestAllowances();
  readonly #arrivals = new Arrivals();
  /** How connections that others opened give their places back. */
  readonly #leaves = new WeakMap<object, () => void>();
  #running: Running | null = null;

  constructor(transport: TransportOf, options: NetworkOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#log = new QuietLog(options.clock, options.log);
  }

  get addresses(): readonly string[] {
    return this.#running?.node.getMultiaddrs().map(String) ?? [];
  }

  async start(handler: NetworkHandler): Promise<void> {
    assert(this.#running === null, 'a network starts once');
    const { transportSeed, listen } = this.#options;
    const privateKey = await generateKeyPairFromSeed('Ed25519', transportSeed);
    const noise = this.#noiseOptions(handler);
    const hasNoGossip = (peer: PeerName) => this.#hasNoGossip(peer);
    const node = await createLibp2p<Services>(
      libp2pOptions({
        privateKey,
        listen,
        transport: this.#transport,
        hasNoGossip,
        encrypter: (components) => new NoiseEncrypter(components, noise),
        denies: (connection) => this.#denies(connection),
      }),
    );
    const running = this.#compose(node, handler, noise.sessions);
    for (const protocol of [SYNC_PROTOCOL, URGENT_PROTOCOL]) {
      await node.handle(protocol, (stream, at) => running.links.accept(stream, at), {
        maxInboundStreams: SYNC_STREAMS_MAX,
        maxOutboundStreams: SYNC_STREAMS_MAX,
      });
    }
    await node.handle(DESK_PROTOCOL, (stream, at) => this.#takeRequest(running, stream, at), {
      maxInboundStreams: DESK_STREAMS_MAX,
      maxOutboundStreams: DESK_STREAMS_MAX,
    });
    const { gossip } = node.services;
    const rest = (peer: PeerName) => running.links.rest(peer);
    guardGossip(gossip, { handler, hasNoGossip, rest, budgets: this.#budgets, log: this.#log });
    this.#running = running; // a peer may be up before `start` returns
    await openNode(node, listen);
    gossip.subscribe(GOSSIP_TOPIC);
    this.#checkLater(running);
  }

  send(peer: PeerName, frame: Uint8Array, sending: Sending = {}): void {
    assert(frame.length > 0 && frame.length <= FRAME_BYTES_MAX, `frame of ${frame.length} bytes`);
    this.#running?.links.send(peer, frame, sending);
  }

  async ask(peer: PeerName, request: Uint8Array): Promise<Uint8Array> {
    const running = this.#running;
    const link = running?.links.of(peer);
    if (running === null || link === undefined) {
      throw new Failure('peer-unreachable', 'there is no link to this peer');
    }
    return running.desk.ask(link.connection, request);
  }

  publish(message: Uint8Array): void {
    assert(message.length <= GOSSIP_BYTES_MAX, `gossip of ${message.length} bytes`);
    const node = this.#running?.node;
    if (node !== undefined) void publishGossip(node.services.gossip, message, this.#log);
  }

  link(address: string): void {
    this.#started().supervisor.link(address);
  }

  unlink(address: string): void {
    this.#started().supervisor.unlink(address);
  }

  budgetOf(peer: PeerName): PeerBudget {
    return this.#budgets.of(peer);
  }

  disconnect(peer: PeerName): void {
    this.#running?.links.abort(peer, 'disconnected');
  }

  ban(peer: PeerName): void {
    const session = this.#running?.links.of(peer)?.session;
    // A guest comes back under a new name, and would push older bans out: its host pays instead.
    if (session?.terms.admitted === null) this.#allowances.forfeit(session.host);
    else this.#bans.add(peer, this.#options.clock.now().boot);
    this.#running?.links.abort(peer, 'banned');
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    running.cancelCheck();
    running.supervisor.close();
    running.links.close();
    await running.node.stop();
  }

  #started(): Running {
    assert(this.#running !== null, 'the network is started');
    return this.#running;
  }

  #noiseOptions(handler: NetworkHandler): NoiseOptions {
    const { clock, ownDomain, paceOf } = this.#options;
    return {
      admitter: handler,
      slots: new Slots(ownDomain),
      paceOf,
      allowances: this.#allowances,
      sessions: new WeakMap(),
      isBanned: (peer) => this.#bans.has(peer, clock.now().boot),
      settled: (connection) => this.#leaves.get(connection)?.(),
      refused: (refusal, role, from) => this.#noteRefused(refusal, role, from),
    };
  }

  /** Who opened a connection has a place until its handshake has ended, or it itself. */
  #denies(connection: MultiaddrConnection): boolean {
    const { remoteAddr } = connection;
    const from = this.#options.clock.now().boot;
    const yields = (why: Refusal) => connection.abort(why);
    const entered = refusalOf(() => this.#arrivals.enter(hostIn(remoteAddr), { from, yields }));
    if (entered instanceof Refusal) {
      this.#noteRefused(entered, 'responder', String(remoteAddr));
      return true;
    }
    this.#leaves.set(connection, entered);
    connection.addEventListener('close', entered, { once: true });
    return false;
  }

  #noteRefused({ code, details }: Refusal, role: HandshakeRole, from: string): void {
    this.#log.warn('link.refused', `${role} ${code}`, { role, from, code, ...details });
  }

  #compose(
    node: Libp2p<Services>,
    handler: NetworkHandler,
    sessions: NoiseOptions['sessions'],
  ): Running {
    const { clock, random, log } = this.#options;
    const self = node.peerId.toString();
    const links: Links = new Links({
      self,
      clock,
      log: this.#log,
      budgets: this.#budgets,
      handler: {
        frame: (peer, bytes) => handler.frame(peer, bytes),
        peerUp: (peer, terms, binding) => {
          supervisor.peerUp(peer);
          handler.peerUp(peer, terms, binding);
        },
        peerDown: (peer) => {
          supervisor.peerDown(peer);
          handler.peerDown(peer);
        },
      },
      sessionOf: ({ remotePeer }) => {
        const session = sessions.get(remotePeer);
        assert(session !== undefined, 'no connection without a handshake');
        return session;
      },
      attachGossip: (connection) => void this.#attachGossip(node, connection),
    });
    const supervisor = new LinkSupervisor({
      self,
      clock,
      random,
      log,
      isUp: (peer) => links.has(peer),
      isSlow: (address) => this.#options.paceOf(ipIn(address)) !== null,
      dial: async (address, signal, taken) => {
        const onProgress = ({ type }: { readonly type: string }) => {
          if (type === HANDSHAKE_BEGINS) taken();
        };
        return (await node.dial(address, { signal, onProgress })).remotePeer.toString();
      },
    });
    node.addEventListener('connection:open', ({ detail }) => links.opened(detail));
    node.addEventListener('connection:close', ({ detail }) => links.closed(detail));
    const desk = new Desk({ clock, log: this.#log, handler });
    return { node, links, desk, supervisor, cancelCheck: () => undefined };
  }

  /** Requests are taken from whoever is up, as whom the handshake found there. */
  #takeRequest({ links, desk }: Running, stream: Stream, { remotePeer }: Connection): void {
    const peer = remotePeer.toString();
    const link = links.of(peer);
    if (link === undefined) stream.abort(new Error('no link'));
    else void desk.accept(stream, peer, link.session.terms.admitted);
  }

  #hasNoGossip(peer: PeerName): boolean {
    const link = this.#running?.links.of(peer);
    return link !== undefined && isSparse(link);
  }

  /** Identifies the peer again, which is what makes gossipsub open a stream to it. */
  async #attachGossip(node: Libp2p<Services>, connection: Connection): Promise<void> {
    try {
      await node.services.identify.identify(connection);
    } catch (thrown) {
      const peer = connection.remotePeer.toString();
      this.#log.warn('gossip.unattached', peer, { peer, reason: errorOf(thrown).message });
    }
  }

  #checkLater(running: Running): void {
    const { clock } = this.#options;
    const from = clock.now().boot;
    running.cancelCheck = clock.wakeAt(bootMs(from + CHECK_MS), () => {
      const sinceMs = elapsedMs(from, clock.now().boot);
      this.#budgets.refill(sinceMs);
      this.#allowances.refill(sinceMs);
      running.links.check();
      if (this.#running === running) this.#checkLater(running);
    });
  }
}

/** Starts listening, or leaves nothing open. Refuses `port-busy`; fails `socket-failed`. */
async function openNode(node: Libp2p<Services>, listen: readonly string[]): Promise<void> {
  try {
    await node.start();
  } catch (thrown) {
    const error = errorOf(thrown);
    // libp2p joins the reasons of all addresses into one text, and keeps no other trace of them
    if (error.message.includes('EADDRINUSE')) {
      const busy = listen.find((address) => error.message.includes(`${address}: `));
      throw new Refusal('port-busy', { address: busy ?? listen.join(' ') });
    }
    throw new Failure('socket-failed', 'cannot listen', error);
  }
}
