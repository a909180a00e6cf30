/**
 * A peer with a real lease of a related domain that floods a live daemon with frames and gossip:
 * first with what is only late, which costs it its budget, then with what is provably wrong, which
 * costs it its place. Meanwhile memory stays bounded, an honest peer is served, and the audit log
 * describes the flood in a few lines.
 */

import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Libp2p, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, toUtf8, Writer } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { LEASE_FOR_MS } from '../../core/limits.ts';
import { addMs, unixMs } from '../../core/time.ts';
import type { Admitter } from '../../daemon/network/admission.ts';
import { GOSSIP_TOPIC } from '../../daemon/network/gossip.ts';
import { libp2pOptions, type Services } from '../../daemon/network/libp2p-settings.ts';
import { NoiseEncrypter } from '../../daemon/network/noise-encrypter.ts';
import { SYNC_PROTOCOL } from '../../daemon/network/sync-channel.ts';
import { signLease } from '../../federation/lease.ts';
import { encodeFrame } from '../../federation/message.ts';
import { makeProof } from '../../federation/peer-proof.ts';
import { type DaemonProcess, relate } from '../daemon-process.ts';
import { admissionOf, leaseTerms } from '../fakes/admitted.ts';
import { DOMAIN, KEYS } from '../federation/forge.ts';
import { auditOf, controlling, eventually, fileBeside, type, withDaemons } from './live.ts';
import { noiseOptions } from './network/handshake-rig.ts';
import { runNode } from './network/raw-node.ts';
import { partnerFile } from './partner.ts';

const floods = suite('daemon/flood');

const MEBIBYTE = 2 ** 20;
const FLOOD_FRAMES = 10_000;
const FLOOD_MESSAGES = 2_000;
const GROWTH_BYTES_MAX = 64 * MEBIBYTE;
/** Audit entries that a flood may cause: the first refusal of each kind, once more a minute. */
const LINES_MAX = 12;

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

/** A bare libp2p node that `home` admits, joined to its gossip. */
async function withIntruder(
  home: DaemonProcess,
  body: (node: Libp2p<Services>, stream: Stream) => Promise<void>,
): Promise<void> {
  const settings = libp2pOptions({
    privateKey: await generateKeyPair('Ed25519'),
    listen: [],
    hasNoGossip: () => false,
    encrypter: (components) => new NoiseEncrypter(components, noiseOptions(leaseHolder())),
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
    await body(node, stream);
  });
}

/** Sends frames as fast as the stream takes them, and gossip beside. */
async function flood(
  node: Libp2p<Services>,
  stream: Stream,
  frameOf: (round: number) => Uint8Array,
  messageOf: (round: number) => Uint8Array,
): Promise<void> {
  const every = FLOOD_FRAMES / FLOOD_MESSAGES;
  for (let round = 0; round < FLOOD_FRAMES; round++) {
    if (stream.status !== 'open') return;
    if (!stream.send(framed(frameOf(round)))) await drained(stream);
    if (round % every === 0) await node.services.gossip.publish(GOSSIP_TOPIC, messageOf(round));
  }
}

function drained(stream: Stream): Promise<unknown> {
  return new Promise((resolve) => {
    for (const event of ['drain', 'close'] as const) {
      stream.addEventListener(event, resolve, { once: true });
    }
  });
}

/** A frame behind its length. */
function framed(frame: Uint8Array): Uint8Array {
  return concat(new Writer().u32(frame.length).finish(), frame);
}

/** 43 bytes of a beacon that nobody holds. */
function unknownTick(round: number): Uint8Array {
  const noise = sha256(toUtf8(`flood ${round}`));
  return concat(noise.slice(0, 8), Uint8Array.of(0, 0, 1), noise);
}

/** An entry of `red` reaches `home` as a later epoch: the honest peer is served. */
async function checkServed(home: DaemonProcess, red: DaemonProcess, name: string): Promise<void> {
  const line = ['--spiffe-id', `spiffe://red.example/${name}`, '--selector', 'unix:uid:0'];
  const created = await type(red, 'entry', 'create', ...line, '--json');
  const epoch = BigInt(JSON.parse(created.out).epoch);
  await eventually('the honest peer is heard', async () => {
    const { domains } = await controlling(home, (control) => control.call('status', {}));
    const seen = domains.find(({ domain }) => domain === 'red.example');
    return seen !== undefined && BigInt(seen.epoch) >= epoch ? true : undefined;
  });
}

function peersOf(home: DaemonProcess, domain: string): Promise<number> {
  return controlling(home, async (control) => {
    const { peers } = await control.call('status', {});
    return peers.filter((peer) => peer.domain === domain).length;
  });
}

floods('from an admitted peer spend its own budget, and then its place', async () => {
  await withDaemons(['home.example', 'red.example'], async (home, red) => {
    await relate(home, red);
    const file = fileBeside(home, 'partner.bundle', partnerFile());
    assert.is((await type(home, 'federation', 'add', file)).code, 0);
    await withIntruder(home, async (node, stream) => {
      await eventually('the intruder is up', async () =>
        (await peersOf(home, DOMAIN)) === 1 ? true : undefined,
      );
      const before = { bytes: home.residentBytes(), lines: auditOf(home).length };
      const late = (round: number) => encodeFrame({ kind: 'tick', bytes: unknownTick(round) });
      const message = (round: number) => unknownTick(round + FLOOD_FRAMES);
      const flooding = flood(node, stream, late, message);
      await checkServed(home, red, 'during');
      await flooding;
      assert.is(await peersOf(home, DOMAIN), 1, 'what is only late costs no place');
      // Its budget is spent: of what is wrong only a little gets through, and that is enough.
      await eventually('the intruder is banned', async () => {
        if (stream.status === 'open') stream.send(framed(Uint8Array.of(0xff)));
        return (await peersOf(home, DOMAIN)) === 0 ? true : undefined;
      });
      await checkServed(home, red, 'after');

      const added = auditOf(home).slice(before.lines);
      const peer = node.peerId.toString();
      const ours = added.filter(({ fields }) => fields.peer === peer);
      assert.ok(ours.length <= LINES_MAX, `${ours.length} lines for a flood`);
      const codes = ours.map(({ fields }) => fields.code);
      assert.ok(codes.includes('tick-unknown-beacon'), codes.join());
      assert.is(ours.filter(({ event }) => event === 'peer.banned').length, 1);
      const grown = home.residentBytes() - before.bytes;
      const grownMiB = (grown / MEBIBYTE).toFixed(1);
      console.log(`took: ${grownMiB} MiB more, ${ours.length} audit lines`);
      assert.ok(grown < GROWTH_BYTES_MAX, `grew by ${grownMiB} MiB`);
    });
    assert.ok(home.said.filter((line) => line.includes('link.budget')).length < 10);
    assert.is(home.process.exitCode, null);
  });
});

floods.run();
