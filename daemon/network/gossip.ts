/**
 * Gossip, the fast path that may lose anything (PROTOCOL §6.1): one topic on libp2p's gossipsub.
 *
 * A message has no author here and no signature of libp2p's; what it claims, the federation
 * verifies. Settings are those of small coalitions whose nodes share addresses: the penalty for
 * peers behind one address is off, or a site behind one router would be cut off.
 */

import {
  type GossipSub,
  type GossipSubComponents,
  gossipsub,
  type Message,
  TopicValidatorResult,
} from '@libp2p/gossipsub';
import { createTopicScoreParams } from '@libp2p/gossipsub/score';
import type { PeerId } from '@libp2p/interface';
import { toUtf8, Writer } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { GOSSIP_BYTES_MAX } from '../../core/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import type { NetworkHandler, PeerName } from '../ports.ts';
import type { Budgets } from './budgets.ts';
import type { QuietLog } from './quiet-log.ts';
import { errorOf, escapeIfBug } from './thrown.ts';

/** The only topic. */
export const GOSSIP_TOPIC = '/holdfast/gossip/1';

/** One RPC of gossipsub: a few messages at once. Past it, libp2p closes the stream. */
const RPC_BYTES_MAX = 64 * 1024;
/** What may wait for a slow peer before its gossip stream is ended. */
const OUTBOUND_BYTES_MAX = 1_000_000;

const VERDICTS = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const;

/** A message's name: SHA-256 over u32 length ‖ topic ‖ all its bytes, uncut. */
export function gossipId({ topic, data }: Pick<Message, 'topic' | 'data'>): Uint8Array {
  const name = toUtf8(topic);
  return sha256(new Writer().u32(name.length).raw(name).finish(), data);
}

/**
 * The gossipsub service of one node. Peers that `hasNoGossip` names are scored below any threshold:
 * nothing is taken from them, and nothing but our subscription is sent to them.
 */
export function gossipService(
  hasNoGossip: (peer: PeerName) => boolean,
): (components: GossipSubComponents) => GossipSub {
  return gossipsub({
    globalSignaturePolicy: 'StrictNoSign',
    emitSelf: false,
    msgIdFn: gossipId,
    allowedTopics: [GOSSIP_TOPIC],
    fallbackToFloodsub: false,
    floodPublish: true, // a tick has to reach every neighbour, and coalitions are small
    doPX: false, // addresses come from people, not from peers
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    tagMeshPeers: false,
    ...MESH,
    ...BOUNDS,
    scoreParams: { ...SCORES, appSpecificScore: (peer) => (hasNoGossip(peer) ? APART_SCORE : 0) },
    scoreThresholds: { gossipThreshold: -10, publishThreshold: -50, graylistThreshold: -80 },
  });
}

/** Below the threshold at which all that a peer sends is dropped. */
const APART_SCORE = -1_000;

const MESH = {
  D: 4,
  Dlo: 2,
  Dhi: 8,
  Dscore: 2,
  Dout: 1,
  Dlazy: 4,
  gossipFactor: 0.25,
  // Most of what an idle daemon does is heartbeats: each tells peers beyond the mesh what passed in
  // the last `mcacheGossip` of them. What they would mend sooner, sync mends (PROTOCOL §6.1).
  heartbeatInterval: 3 * SECOND_MS,
  mcacheLength: 10,
  mcacheGossip: 5,
  seenTTL: 10 * MINUTE_MS,
  fanoutTTL: MINUTE_MS,
  gossipsubIWantFollowupMs: 15 * SECOND_MS,
  pruneBackoff: 10 * SECOND_MS,
  unsubcribeBackoff: 10 * SECOND_MS, // spelt so by gossipsub
} as const;

const BOUNDS = {
  maxInboundDataLength: RPC_BYTES_MAX,
  maxOutboundBufferSize: OUTBOUND_BYTES_MAX,
  maxTopicBytesPerPeer: 8 * 1024,
  decodeRpcLimits: {
    maxSubscriptions: 16,
    maxMessages: 64,
    maxIhaveMessageIDs: 512,
    maxIwantMessageIDs: 512,
    maxIdontwantMessageIDs: 512,
    maxControlMessages: 64,
    maxPeerInfos: 0,
  },
} as const;

/** Low traffic must not look like idleness: only what is provably wrong costs anything. */
const SCORES = {
  IPColocationFactorWeight: 0,
  appSpecificWeight: 1,
  behaviourPenaltyWeight: -10,
  behaviourPenaltyThreshold: 6,
  behaviourPenaltyDecay: 0.8,
  topics: {
    [GOSSIP_TOPIC]: createTopicScoreParams({
      topicWeight: 1,
      timeInMeshWeight: 0,
      firstMessageDeliveriesWeight: 0,
      meshMessageDeliveriesWeight: 0,
      meshFailurePenaltyWeight: 0,
      invalidMessageDeliveriesWeight: -20,
      invalidMessageDeliveriesDecay: 0.9,
    }),
  },
};

/** What a validator needs of the network around it. */
export interface ValidatorOptions {
  readonly budgets: Budgets;
  readonly log: QuietLog;
  readonly handler: Pick<NetworkHandler, 'gossip'>;
  hasNoGossip(peer: PeerName): boolean;
  /** The peer is past its budget. */
  rest(peer: PeerName): void;
}

/**
 * Sets the handler over the topic, before a first message can arrive. gossipsub awaits the verdict
 * before it delivers or relays anything, and only `accept` relays.
 */
export function guardGossip(service: GossipSub, options: ValidatorOptions): void {
  service.topicValidators.set(GOSSIP_TOPIC, (peer, message) => validate(peer, message, options));
}

/** Publishes to every neighbour. Bytes published within the last `seenTTL` are not sent again. */
export async function publishGossip(
  service: GossipSub,
  bytes: Uint8Array,
  log: QuietLog,
): Promise<void> {
  try {
    await service.publish(GOSSIP_TOPIC, bytes);
  } catch (thrown) {
    log.warn('gossip.unpublished', '', { reason: errorOf(thrown).message });
  }
}

async function validate(
  from: PeerId,
  { data }: Message,
  { budgets, handler, hasNoGossip, log, rest }: ValidatorOptions,
): Promise<TopicValidatorResult> {
  const peer = from.toString();
  if (data.length > GOSSIP_BYTES_MAX) return TopicValidatorResult.Reject;
  if (hasNoGossip(peer)) return TopicValidatorResult.Ignore; // its score may be older than its lane
  if (!budgets.spend(peer, 'gossip')) {
    log.warn('link.budget', peer, { peer, protocol: 'gossip' });
    rest(peer);
    return TopicValidatorResult.Ignore;
  }
  try {
    return VERDICTS[await handler.gossip(peer, data)];
  } catch (error) {
    escapeIfBug(error);
    throw error;
  }
}
