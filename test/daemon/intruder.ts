/**
 * A peer with a real lease of a related domain, in hands that say over it what they like: a bare
 * libp2p node with our settings and our handshake, linked to a live daemon.
 */

import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Libp2p, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { concat, Writer } from '../../core/bytes.ts';
import { LEASE_FOR_MS } from '../../core/limits.ts';
import { addMs, unixMs } from '../../core/time.ts';
import type { Admitter } from '../../daemon/network/admission.ts';
import { GOSSIP_TOPIC } from '../../daemon/network/gossip.ts';
import { libp2pOptions, type Services } from '../../daemon/network/libp2p-settings.ts';
import { NoiseEncrypter } from '../../daemon/network/noise-encrypter.ts';
import { SYNC_PROTOCOL } from '../../daemon/network/sync-channel.ts';
import { signLease } from '../../federation/lease.ts';
import { encodeFrame, type Frame } from '../../federation/message.ts';
import { makeProof } from '../../federation/peer-proof.ts';
import type { DaemonProcess } from '../daemon-process.ts';
import { admissionOf, leaseTerms } from '../fakes/admitted.ts';
import { DOMAIN, KEYS } from '../federation/forge.ts';
import { controlling, eventually, fileBeside, type } from './live.ts';
import { noiseOptions } from './network/handshake-rig.ts';
import { runNode } from './network/raw-node.ts';
import { partnerFile } from './partner.ts';

/** An intruder whose link is up. */
export interface Intruder {
  readonly node: Libp2p<Services>;
  readonly stream: Stream;
  /** The handshake hash of its link. */
  readonly binding: Uint8Array;
  say(frame: Frame): void;
}

/** Proves with a real lease of the partner domain, and admits whoever answers. */
function leaseHolder(): Admitter {
  const issuedAt = unixMs(Date.now());
  const terms = leaseTerms({ domain: DOMAIN, issuedAt, notAfter: addMs(issuedAt, LEASE_FOR_MS) });
  const lease = signLease(KEYS.documents, KEYS.node.publicPair, terms);
  return {
    prove: (role, hash) => makeProof(KEYS.node, lease, role, hash),
    admit: () => admissionOf({ domain: 'home.example' }),
  };
}

/** Relates `home` to the partner, and lets a node of it in, joined to the gossip. */
export async function withIntruder(
  home: DaemonProcess,
  body: (intruder: Intruder) => Promise<void>,
): Promise<void> {
  const file = fileBeside(home, 'partner.bundle', partnerFile());
  const added = await type(home, 'federation', 'add', file);
  if (added.code !== 0) throw new Error(added.err);
  await withPartnerNode(home, body);
}

/** Lets a node of the partner in, which `home` is related to already. */
export async function withPartnerNode(
  home: DaemonProcess,
  body: (intruder: Intruder) => Promise<void>,
): Promise<void> {
  const before = await peersOf(home, DOMAIN);
  const noise = noiseOptions(leaseHolder());
  const settings = libp2pOptions({
    privateKey: await generateKeyPair('Ed25519'),
    listen: [],
    transport: tcp(),
    hasNoGossip: () => false,
    denies: () => false,
    encrypter: (components) => new NoiseEncrypter(components, noise),
  });
  await runNode(await createLibp2p<Services>(settings), async (node) => {
    const { listen } = await controlling(home, (control) => control.call('status', {}));
    const connection = await node.dial(multiaddr(listen[0] ?? ''));
    const stream = await connection.newStream(SYNC_PROTOCOL);
    const { gossip } = node.services;
    gossip.subscribe(GOSSIP_TOPIC);
    await eventually('gossip is joined', () =>
      gossip.getSubscribers(GOSSIP_TOPIC).length > 0 ? true : undefined,
    );
    await eventually('the intruder is up', async () =>
      (await peersOf(home, DOMAIN)) > before ? true : undefined,
    );
    const binding = noise.sessions.get(connection.remotePeer)?.binding ?? new Uint8Array();
    const say = (frame: Frame): void => void stream.send(framed(encodeFrame(frame)));
    await body({ node, stream, binding, say });
  });
}

/** A frame behind its length. */
export function framed(frame: Uint8Array): Uint8Array {
  return concat(new Writer().u32(frame.length).finish(), frame);
}

/** Links that a daemon has with nodes of a domain. */
export function peersOf(home: DaemonProcess, domain: string): Promise<number> {
  return controlling(home, async (control) => {
    const { peers } = await control.call('status', {});
    return peers.filter((peer) => peer.domain === domain).length;
  });
}

/** An entry of `red` reaches `home` as a later epoch: the honest peer is served. */
export async function checkServed(home: DaemonProcess, red: DaemonProcess, name: string) {
  const line = ['--spiffe-id', `spiffe://red.example/${name}`, '--selector', 'unix:uid:0'];
  const created = await type(red, 'entry', 'create', ...line, '--json');
  const epoch = BigInt(JSON.parse(created.out).epoch);
  await eventually('the honest peer is heard', async () => {
    const { domains } = await controlling(home, (control) => control.call('status', {}));
    const seen = domains.find(({ domain }) => domain === 'red.example');
    return seen !== undefined && BigInt(seen.epoch) >= epoch ? true : undefined;
  });
}
