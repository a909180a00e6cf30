/**
 * libp2p's ConnectionEncrypter: Noise XXhfs, then admission, then a connection (PROTOCOL §6.2).
 *
 * The protocol id is private and the only one offered, so there is nothing to downgrade to: a peer
 * that speaks only classical Noise finds no common protocol. libp2p keeps of an error its message
 * alone, therefore `refused` is told the refusal itself before libp2p hears of it.
 */

import type {
  ConnectionEncrypter,
  MessageStream,
  PeerId,
  PrivateKey,
  SecureConnectionOptions,
  SecuredConnection,
  StreamMuxerFactory,
  Upgrader,
} from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { isMultiaddr } from '@multiformats/multiaddr';
import { Refusal } from '../../core/refusal.ts';
import type { HandshakeRole, LinkTerms, PeerName } from '../ports.ts';
import { type Admitter, exchangeAdmission, messagesOver } from './admission.ts';
import type { GuestAllowances } from './guest-allowance.ts';
import { prefix16 } from './length-prefix.ts';
import { type ChannelKeys, InitiatorHandshake, ResponderHandshake } from './noise-pattern.ts';
import {
  encodePayload,
  PAYLOAD_BYTES_MAX,
  type VerifiedPeer,
  verifyPayload,
} from './noise-payload.ts';
import {
  DH_BYTES,
  generateDh,
  KEM_CIPHERTEXT_BYTES,
  KEM_KEY_BYTES,
  TAG_BYTES,
} from './noise-primitives.ts';
import { SecuredStream } from './noise-stream.ts';
import type { Pace } from './pace.ts';
import { padded } from './padded-keys.ts';
import { hostIn, ipIn } from './peer-address.ts';
import type { Slots } from './slots.ts';
import { errorOf } from './thrown.ts';

/** The one protocol offered for securing a connection. */
export const NOISE_PROTOCOL = '/holdfast/noise-hfs/1';

const MESSAGE_A_BYTES = DH_BYTES + KEM_KEY_BYTES;
const MESSAGE_BYTES_MAX =
  DH_BYTES + KEM_CIPHERTEXT_BYTES + DH_BYTES + 3 * TAG_BYTES + PAYLOAD_BYTES_MAX;
const HANDSHAKE = prefix16(DH_BYTES, Math.max(MESSAGE_A_BYTES, MESSAGE_BYTES_MAX));

/** What the handshake learned about one connection. */
export interface Session {
  readonly terms: LinkTerms;
  /** Where the peer is, as `hostOf` says it. */
  readonly host: string;
  /** The handshake hash. */
  readonly binding: Uint8Array;
  /** Authentic messages heard so far: grows as long as the peer lives. */
  readonly heard: number;
  /** Reads nothing more of the peer until `resume`: its own network holds what it sends. */
  rest(): void;
  resume(): void;
}

/** What the encrypter needs of the network around it. */
export interface NoiseOptions {
  readonly admitter: Admitter;
  /** Places for whoever was judged; asked before anything is proved to a peer that dialled. */
  readonly slots: Slots;
  readonly allowances: GuestAllowances;
  /** What we were told of links to a host. */
  paceOf(host: string): Pace;
  /** Asked once the peer's key is verified and before anything is signed for it. */
  isBanned(peer: PeerName): boolean;
  /** Where the session of each connection is left, by the very PeerId object it will carry. */
  readonly sessions: WeakMap<PeerId, Session>;
  /** Told of each handshake that another began, once it has ended. */
  settled(connection: MessageStream): void;
  /** Told of each handshake that ended in a refusal, our role in it and the address of the peer. */
  refused(refusal: Refusal, role: HandshakeRole, from: string): void;
}

/** The parts of libp2p an encrypter is given. */
export interface EncrypterComponents {
  readonly privateKey: PrivateKey;
  readonly upgrader: Pick<Upgrader, 'getStreamMuxers'>;
}

/** An encrypter for one libp2p node. The static key lives as long as the process. */
export class NoiseEncrypter implements ConnectionEncrypter {
  readonly protocol = NOISE_PROTOCOL;
  readonly [Symbol.toStringTag] = NOISE_PROTOCOL;
  readonly #components: EncrypterComponents;
  readonly #options: NoiseOptions;
  readonly #static = generateDh();

  constructor(components: EncrypterComponents, options: NoiseOptions) {
    this.#components = components;
    this.#options = options;
  }

  secureOutbound(connection: MessageStream, options?: SecureConnectionOptions) {
    return this.#secure(connection, 'initiator', options ?? {});
  }

  secureInbound(connection: MessageStream, options?: SecureConnectionOptions) {
    return this.#secure(connection, 'responder', options ?? {});
  }

  async #secure(
    connection: MessageStream,
    role: HandshakeRole,
    options: SecureConnectionOptions,
  ): Promise<SecuredConnection> {
    try {
      return await this.#handshake(connection, role, options);
    } catch (thrown) {
      const error = errorOf(thrown);
      const refusal =
        error instanceof Refusal
          ? error
          : new Refusal('handshake-failed', { reason: error.message });
      connection.abort(refusal); // the peer learns of it now, not when its patience ends
      this.#options.refused(refusal, role, addressOf(connection));
      throw refusal;
    } finally {
      if (role === 'responder') this.#options.settled(connection);
    }
  }

  async #handshake(
    connection: MessageStream,
    role: HandshakeRole,
    options: SecureConnectionOptions,
  ): Promise<SecuredConnection> {
    const { admitter, slots, allowances, paceOf } = this.#options;
    const { peer, keys, carrier } = await this.#exchangeKeys(connection, role, options);
    const remotePeer = peerIdFromPublicKey(peer.key);
    const name = remotePeer.toString();
    if (this.#options.isBanned(name)) {
      throw new Refusal('peer-unadmitted', { peer: name, banned: true });
    }
    const streamMuxer = this.#chooseMuxer(peer, options);

    const sealed = new SecuredStream(carrier, padded(keys));
    const signal = options.signal;
    const host = hostOf(connection);
    const seated: Admitter = {
      prove: (side, hash) => admitter.prove(side, hash),
      admit: (prover, hash, proof) => {
        const admission = admitter.admit(prover, hash, proof);
        const leave = slots.take({ peer: name, admission, role, host });
        sealed.addEventListener('close', leave, { once: true });
        return admission;
      },
    };
    const { channel, terms } = await exchangeAdmission(sealed, {
      role,
      hash: keys.hash,
      admitter: seated,
      pace: paceOf(ipOf(connection)),
      ...(signal === undefined ? {} : { signal }),
    });
    if (terms.admitted === null) sealed.meter((bytes) => allowances.spend(host, bytes));
    this.#options.sessions.set(remotePeer, {
      terms,
      host,
      binding: keys.hash,
      get heard() {
        return sealed.messagesHeard;
      },
      rest: () => sealed.rest(),
      resume: () => sealed.resumeFromRest(),
    });
    return { connection: channel, remotePeer, ...(streamMuxer === null ? {} : { streamMuxer }) };
  }

  async #exchangeKeys(
    connection: MessageStream,
    role: HandshakeRole,
    options: SecureConnectionOptions,
  ): Promise<{ peer: VerifiedPeer; keys: ChannelKeys; carrier: MessageStream }> {
    const { privateKey } = this.#components;
    const abort = options.signal === undefined ? {} : { signal: options.signal };
    const expected = options.remotePeer?.publicKey;
    const messages = messagesOver(connection, HANDSHAKE);
    const read = async () => (await messages.read(abort)).slice();
    const payload = await encodePayload(privateKey, this.#static.publicKey, this.#muxers(options));

    if (role === 'initiator') {
      const handshake = new InitiatorHandshake(this.#static);
      await messages.write(handshake.writeA(), abort);
      const b = handshake.readB(await read());
      const peer = await verifyPayload(b.payload, b.staticKey, expected);
      await messages.write(handshake.writeC(payload), abort);
      return { peer, keys: handshake.finish(), carrier: messages.unwrap() };
    }
    const handshake = new ResponderHandshake(this.#static);
    handshake.readA(await read());
    await messages.write(handshake.writeB(payload), abort);
    const c = handshake.readC(await read());
    const peer = await verifyPayload(c.payload, c.staticKey, expected);
    return { peer, keys: handshake.finish(), carrier: messages.unwrap() };
  }

  #muxers(options: SecureConnectionOptions): string[] {
    if (options.skipStreamMuxerNegotiation === true) return [];
    return [...this.#components.upgrader.getStreamMuxers().keys()];
  }

  /** The multiplexer both speak, which saves libp2p a round trip of negotiation. */
  #chooseMuxer(peer: VerifiedPeer, options: SecureConnectionOptions): StreamMuxerFactory | null {
    if (options.skipStreamMuxerNegotiation === true) return null;
    const ours = this.#components.upgrader.getStreamMuxers();
    const name = peer.muxers.find((muxer) => ours.has(muxer));
    const chosen = name === undefined ? undefined : ours.get(name);
    if (chosen === undefined) throw new Refusal('handshake-failed', { reason: 'no common muxer' });
    return chosen;
  }
}

/** Where the peer is: libp2p hands over the socket's connection, typed as any message stream. */
function addressOf(connection: MessageStream): string {
  return 'remoteAddr' in connection ? String(connection.remoteAddr) : 'unknown';
}

/** The host alone; all that we know nothing of share one. */
function hostOf(connection: MessageStream): string {
  return 'remoteAddr' in connection && isMultiaddr(connection.remoteAddr)
    ? hostIn(connection.remoteAddr)
    : 'unknown';
}

function ipOf(connection: MessageStream): string {
  return 'remoteAddr' in connection && isMultiaddr(connection.remoteAddr)
    ? ipIn(connection.remoteAddr)
    : '';
}
