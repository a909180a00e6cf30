/**
 * Two encrypters joined by a wire in memory that a test can tap.
 *
 * The wire carries whole libp2p message streams, so what runs here is what runs over TCP, minus
 * the sockets.
 */

import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import type { MessageStream, MultiaddrConnection, StreamMuxerFactory } from '@libp2p/interface';
import { multiaddrConnectionPair } from '@libp2p/utils';
import { yamux } from '@libp2p/yamux';
import { concat, equalBytes, toUtf8 } from '../../../core/bytes.ts';
import { sha256 } from '../../../core/digest.ts';
import { Refusal, type RefusalCode } from '../../../core/refusal.ts';
import type { Admitter } from '../../../daemon/network/admission.ts';
import { GuestAllowances } from '../../../daemon/network/guest-allowance.ts';
import { NoiseEncrypter, type NoiseOptions } from '../../../daemon/network/noise-encrypter.ts';
import { Slots } from '../../../daemon/network/slots.ts';
import type { HandshakeRole } from '../../../daemon/ports.ts';
import { admissionOf } from '../../fakes/admitted.ts';

/** Yamux under its name, as an upgrader hands it out. */
const MUXERS = new Map<string, StreamMuxerFactory>([['/yamux/1.0.0', yamux()()]]);

/** An upgrader of which an encrypter asks one thing. */
export const upgrader = { getStreamMuxers: () => MUXERS };

/** The peer key of a name. */
export function peerKeyOf(name: string) {
  return generateKeyPairFromSeed('Ed25519', sha256(toUtf8(name)));
}

/** Proves by echoing role and hash, and admits whoever does so. */
export const openDoor: Admitter = {
  prove: (role, hash) => proofOf(role, hash),
  admit(role, hash, proof) {
    if (!equalBytes(proof, proofOf(role, hash))) throw new Refusal('peer-unadmitted');
    return admissionOf({ node: role });
  },
};

function proofOf(role: HandshakeRole, hash: Uint8Array): Uint8Array {
  return concat(toUtf8(role), hash);
}

/** An encrypter of the peer called `name`. */
export async function encrypterOf(name: string, options: Partial<NoiseOptions> = {}) {
  const components = { privateKey: await peerKeyOf(name), upgrader };
  return new NoiseEncrypter(components, { ...noiseOptions(openDoor), ...options });
}

/** An encrypter's options for a node of `blue.example` that bans nobody. */
export function noiseOptions(admitter: Admitter): NoiseOptions {
  return {
    admitter,
    slots: new Slots('blue.example'),
    allowances: new GuestAllowances(),
    paceOf: () => null,
    isBanned: () => false,
    sessions: new WeakMap(),
    settled: () => undefined,
    refused: () => undefined,
  };
}

/** Which way a message travels. */
export type Direction = 'to-responder' | 'to-initiator';

/** May change a message under way; `index` counts the messages of that direction from 0. */
export type Tap = (bytes: Uint8Array, direction: Direction, index: number) => Uint8Array;

/** The two ends of a wire, with `tap` in the middle of it. */
export function wire(tap: Tap): { initiator: MultiaddrConnection; responder: MultiaddrConnection } {
  const [initiator, left] = multiaddrConnectionPair();
  const [right, responder] = multiaddrConnectionPair();
  forward(left, right, (bytes, index) => tap(bytes, 'to-responder', index));
  forward(right, left, (bytes, index) => tap(bytes, 'to-initiator', index));
  return { initiator, responder };
}

function forward(
  from: MessageStream,
  to: MessageStream,
  tap: (bytes: Uint8Array, index: number) => Uint8Array,
): void {
  let index = 0;
  from.addEventListener('message', ({ data }) => {
    if (to.status === 'open') to.send(tap(data.slice(), index++));
  });
  from.addEventListener('close', ({ error }) => to.abort(error ?? new Error('closed')));
}

/** Both sides of one handshake over `tap`, settled. */
export async function shake(
  sides: { initiator: NoiseEncrypter; responder: NoiseEncrypter; signal?: AbortSignal },
  tap: Tap = (bytes) => bytes,
) {
  const ends = wire(tap);
  const options = sides.signal === undefined ? {} : { signal: sides.signal };
  const [initiator, responder] = await Promise.allSettled([
    sides.initiator.secureOutbound(ends.initiator, options),
    sides.responder.secureInbound(ends.responder, options),
  ]);
  return { initiator, responder, ends };
}

/** Fails unless `attempt`, which may be asynchronous, ends in a refusal of `code`. */
export async function refused(attempt: () => unknown, code: RefusalCode): Promise<void> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof Refusal && error.code === code) return;
    throw error;
  }
  throw new Error(`taken, though ${code} was due`);
}
