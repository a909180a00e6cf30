/**
 * libp2p as this project uses it: our own encrypter alone, yamux, and nothing discovered.
 *
 * Most lines replace a default that assumes a public network: connections that are forgotten,
 * addresses that expire, buffers without a bound, a limit that mistakes one router for one peer.
 */

import { type Identify, identify } from '@libp2p/identify';
import type { ConnectionEncrypter, MultiaddrConnection, PrivateKey } from '@libp2p/interface';
import type { Libp2pOptions } from 'libp2p';
import { CONNECTIONS_MAX, DIAL_MS_MAX } from '../../core/limits.ts';
import { SECOND_MS } from '../../core/time.ts';
import type { PeerName } from '../ports.ts';
import { gossipService } from './gossip.ts';
import { SLOW_FACTOR } from './link-policy.ts';
import type { EncrypterComponents } from './noise-encrypter.ts';
import { sparingYamux } from './sparing-yamux.ts';
import { STREAM_WINDOW_BYTES_MAX } from './sync-channel.ts';

/** Bounds one handshake and one stream negotiation, over a slow link with loss. */
const UPGRADE_MS_MAX = SLOW_FACTOR * 15 * SECOND_MS;
/** Streams of one connection and direction: gossip, sync, identify, and room for replacements. */
const STREAMS_MAX = 32;
/** Longer than any daemon lives: addresses come from people and do not expire. */
const FOR_EVER_MS = 1e12;

/** The services of one node. */
export interface Services extends Record<string, unknown> {
  identify: Identify;
  gossip: ReturnType<ReturnType<typeof gossipService>>;
}

/** How connections are made: over TCP, in any daemon. */
export type TransportOf = NonNullable<Libp2pOptions['transports']>[number];

/** What differs from node to node. */
export interface NodeSettings {
  readonly privateKey: PrivateKey;
  readonly listen: readonly string[];
  readonly transport: TransportOf;
  /** True for peers of the recovery lane and over slow links: they take no part in gossip. */
  hasNoGossip(peer: PeerName): boolean;
  encrypter(components: EncrypterComponents): ConnectionEncrypter;
  /** Asked of each connection that another opened, before anything goes over it. */
  denies(connection: MultiaddrConnection): boolean;
}

/** The options of `createLibp2p`. */
export function libp2pOptions({
  privateKey,
  listen,
  transport,
  hasNoGossip,
  encrypter,
  denies,
}: NodeSettings) {
  return {
    start: false,
    privateKey,
    addresses: { listen: [...listen] },
    nodeInfo: { name: 'holdfast', version: '1', userAgent: 'holdfast' },
    transports: [transport],
    connectionEncrypters: [encrypter],
    streamMuxers: [
      sparingYamux({
        maxInboundStreams: STREAMS_MAX,
        maxOutboundStreams: STREAMS_MAX,
        maxMessageSize: 64 * 1024,
        enableKeepAlive: false, // links.ts beats, at the pace of the link
        streamOptions: {
          maxStreamWindowSize: STREAM_WINDOW_BYTES_MAX,
          maxReadBufferLength: STREAM_WINDOW_BYTES_MAX,
          maxWriteBufferLength: STREAM_WINDOW_BYTES_MAX,
        },
      }),
    ],
    connectionManager: {
      maxConnections: 2 * CONNECTIONS_MAX, // slots.ts counts peers; each may have a second for a moment
      inboundConnectionThreshold: 50, // a second and address: many nodes share one
      maxIncomingPendingConnections: 64, // few of one host: arrivals.ts
      inboundUpgradeTimeout: UPGRADE_MS_MAX,
      inboundStreamProtocolNegotiationTimeout: UPGRADE_MS_MAX,
      outboundStreamProtocolNegotiationTimeout: UPGRADE_MS_MAX,
      dialTimeout: SLOW_FACTOR * DIAL_MS_MAX, // link-supervisor.ts ends a dial that is not slow
      addressDialTimeout: SLOW_FACTOR * DIAL_MS_MAX,
      reconnectRetries: 0, // link-supervisor.ts redials, and does not give up
    },
    connectionGater: { denyInboundConnection: denies },
    connectionMonitor: { enabled: false }, // links.ts listens for life
    peerStore: { maxAddressAge: FOR_EVER_MS, maxPeerAge: FOR_EVER_MS },
    services: {
      identify: identify(), // gossipsub learns from it who speaks gossip
      gossip: gossipService(hasNoGossip),
    },
  } satisfies Libp2pOptions<Services>;
}
