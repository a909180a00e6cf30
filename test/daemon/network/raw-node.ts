/** A bare libp2p node that shares our settings and our handshake, for what no daemon would do. */

import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Libp2p } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { createLibp2p } from 'libp2p';
import { concat, toUtf8 } from '../../../core/bytes.ts';
import { libp2pOptions, type Services } from '../../../daemon/network/libp2p-settings.ts';
import { NoiseEncrypter } from '../../../daemon/network/noise-encrypter.ts';
import { noiseOptions } from './handshake-rig.ts';
import { Scribe } from './network-rig.ts';

/** A libp2p node with our settings and our encrypter, in hands that do with it what they like. */
export async function withRawNode(word: string, body: (node: Libp2p<Services>) => Promise<void>) {
  const settings = libp2pOptions({
    privateKey: await generateKeyPair('Ed25519'),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    transport: tcp(),
    hasNoGossip: () => false,
    denies: () => false,
    encrypter: (components) => new NoiseEncrypter(components, noiseOptions(new Scribe(word))),
  });
  await runNode(await createLibp2p<Services>(settings), body);
}

/** Starts `node`, and stops it whatever happens. */
export async function runNode(
  node: Libp2p<Services>,
  body: (node: Libp2p<Services>) => Promise<void>,
) {
  await node.start();
  try {
    await body(node);
  } finally {
    await node.stop();
  }
}

/**
 * One RPC of gossipsub that says the same message so many times, behind its length: what no honest
 * publisher would send (`RPC.publish` is field 2; `Message.data` 2, `Message.topic` 4).
 */
export function rpcOf(topic: string, text: Uint8Array, times: number): Uint8Array {
  const message = concat(field(2, text), field(4, toUtf8(topic)));
  const rpc = concat(...Array.from({ length: times }, () => field(2, message)));
  return concat(varint(rpc.length), rpc);
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  return concat(varint(number * 8 + 2), varint(bytes.length), bytes);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}
