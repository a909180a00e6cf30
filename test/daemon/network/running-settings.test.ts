/**
 * What a running node was really given, read from inside of it: a setting that is misspelt, or that
 * a newer libp2p no longer knows, is lost in silence.
 */

import type { Libp2p } from '@libp2p/interface';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MINUTE_MS, SECOND_MS } from '../../../core/time.ts';
import { GOSSIP_TOPIC } from '../../../daemon/network/gossip.ts';
import type { Services } from '../../../daemon/network/libp2p-settings.ts';
import { withRawNode } from './raw-node.ts';

const settings = suite('daemon/network/running-settings');

const FOR_EVER_MS = 1e12;
const MEBIBYTE = 2 ** 20;

/** What the gossip runs with; a name that gossipsub spells so is spelt so. */
const GOSSIP = {
  ...{ D: 4, Dlo: 2, Dhi: 8, Dscore: 2, Dout: 1, Dlazy: 4, gossipFactor: 0.25 },
  ...{ heartbeatInterval: 3 * SECOND_MS, mcacheLength: 10, mcacheGossip: 5 },
  ...{ seenTTL: 10 * MINUTE_MS, fanoutTTL: MINUTE_MS, gossipsubIWantFollowupMs: 15 * SECOND_MS },
  ...{ pruneBackoff: 10 * SECOND_MS, unsubcribeBackoff: 10 * SECOND_MS },
  ...{ floodPublish: true, emitSelf: false, doPX: false, fallbackToFloodsub: false },
  ...{ allowPublishToZeroTopicPeers: true, ignoreDuplicatePublishError: true },
  ...{ maxInboundDataLength: 64 * 1024, maxOutboundBufferSize: 1_000_000 },
  ...{ maxTopicBytesPerPeer: 8 * 1024, globalSignaturePolicy: 'StrictNoSign' },
};
const RPC_LIMITS = {
  ...{ maxSubscriptions: 16, maxMessages: 64, maxControlMessages: 64, maxPeerInfos: 0 },
  ...{ maxIhaveMessageIDs: 512, maxIwantMessageIDs: 512, maxIdontwantMessageIDs: 512 },
};
const SCORES = { IPColocationFactorWeight: 0, behaviourPenaltyWeight: -10, appSpecificWeight: 1 };
const THRESHOLDS = { gossipThreshold: -10, publishThreshold: -50, graylistThreshold: -80 };
const STREAMS = {
  ...{ maxInboundStreams: 32, maxOutboundStreams: 32, maxMessageSize: 64 * 1024 },
  enableKeepAlive: false,
};
const BUFFERS = {
  ...{ maxStreamWindowSize: MEBIBYTE, maxReadBufferLength: MEBIBYTE },
  maxWriteBufferLength: MEBIBYTE,
};

/** Anything inside of a node, by a path of names. */
function at(thing: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inside, name) => (inside as Readonly<Record<string, unknown>> | undefined)?.[name],
    thing,
  );
}

/** Those of the expected settings that a node has otherwise. */
function differing(has: unknown, expected: Readonly<Record<string, unknown>>) {
  return Object.entries(expected).filter(([name, value]) => at(has, name) !== value);
}

async function withInside(read: (node: Libp2p<Services>, inside: unknown) => void) {
  await withRawNode('friend', async (node) => read(node, at(node, 'components', 'components')));
}

settings('of the gossip are those of a small coalition behind few addresses', async () => {
  await withInside(({ services: { gossip } }) => {
    assert.equal(differing(at(gossip, 'opts'), GOSSIP), []);
    assert.equal(differing(at(gossip, 'opts', 'scoreParams'), SCORES), []);
    assert.equal(differing(at(gossip, 'opts', 'scoreThresholds'), THRESHOLDS), []);
    assert.equal(at(gossip, 'decodeRpcLimits'), RPC_LIMITS);
    assert.equal([...(at(gossip, 'allowedTopics') as Set<string>)], [GOSSIP_TOPIC]);
  });
});

settings('of connections admit many of one host, and leave redialling to us', async () => {
  await withInside((_, inside) => {
    const connections = at(inside, 'connectionManager');
    assert.is(at(connections, 'maxConnections'), 128);
    assert.is(at(connections, 'maxIncomingPendingConnections'), 64);
    assert.is(at(connections, 'inboundConnectionRateLimiter', 'points'), 50);
    assert.is(at(connections, 'reconnectQueue', 'retries'), 0);
    for (const name of ['dialTimeout', 'addressDialTimeout']) {
      assert.is(at(connections, 'dialQueue', name), 80 * SECOND_MS);
    }
    for (const name of ['inboundUpgradeTimeout', 'inboundStreamProtocolNegotiationTimeout']) {
      assert.is(at(inside, 'upgrader', name), MINUTE_MS);
    }
  });
});

settings('have no monitor that ends healthy connections, and a memory without end', async () => {
  await withInside((_, inside) => {
    assert.is(at(inside, 'connectionMonitor'), undefined);
    const ages = { maxAddressAge: FOR_EVER_MS, maxPeerAge: FOR_EVER_MS };
    assert.equal(differing(at(inside, 'peerStore', 'store'), ages), []);
  });
});

settings('offer one encrypter and one multiplexer with bounded buffers', async () => {
  await withInside((_, inside) => {
    const upgrader = at(inside, 'upgrader') as {
      getConnectionEncrypters(): ReadonlyMap<string, unknown>;
      getStreamMuxers(): ReadonlyMap<string, unknown>;
    };
    assert.equal([...upgrader.getConnectionEncrypters().keys()], ['/holdfast/noise-hfs/1']);
    const muxers = upgrader.getStreamMuxers();
    assert.equal([...muxers.keys()], ['/yamux/1.0.0']);
    const muxer = at(muxers.get('/yamux/1.0.0'), '_init');
    assert.equal(differing(muxer, STREAMS), []);
    assert.equal(differing(at(muxer, 'streamOptions'), BUFFERS), []);
  });
});

settings('speak what identifies and gossips, and discover nobody', async () => {
  await withInside((node, inside) => {
    const spoken = ['/ipfs/id/1.0.0', ...['0', '1', '2'].map((minor) => `/meshsub/1.${minor}.0`)];
    assert.equal(node.getProtocols().sort(), spoken);
    const parts = Object.keys(inside as object);
    const discovering = parts.filter((name) => /discovery|dht|mdns|bootstrap|ping/i.test(name));
    assert.equal(discovering, []);
  });
});

settings.run();
