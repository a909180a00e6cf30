/**
 * CipherState and SymmetricState of the Noise Protocol Framework, revision 34, §5.1 and §5.2.
 *
 * Pure: bytes in, bytes out. Which tokens are mixed in which order is the pattern's business
 * (noise-pattern.ts). A state whose `open` failed is not used again: both sides end the channel.
 */

import { assert } from '../../core/assert.ts';
import { concat, toUtf8 } from '../../core/bytes.ts';
import { DIGEST_BYTES, sha256 } from '../../core/digest.ts';
import { Failure } from '../../core/failure.ts';
import { Refusal } from '../../core/refusal.ts';
import { hkdf, open, seal } from './noise-primitives.ts';

/** Messages one key seals: far below the nonce's end, so a counter never loses precision. */
export const CHANNEL_MESSAGES_MAX = 2 ** 32;

const NOTHING = new Uint8Array();

/** One direction of a channel: a key and the number of the next message. */
export class CipherState {
  readonly #key: Uint8Array;
  #nonce: number;

  constructor(key: Uint8Array, firstNonce: number) {
    assert(Number.isInteger(firstNonce) && firstNonce >= 0, 'a nonce is a count');
    this.#key = key;
    this.#nonce = firstNonce;
  }

  /** Seals the next message. Fails `socket-failed` once the key has done its share. */
  seal(associated: Uint8Array, plaintext: Uint8Array): Uint8Array {
    return seal({ key: this.#key, nonce: this.#next(), associated }, plaintext);
  }

  /** Opens the next message. Refuses `handshake-failed` for bytes the peer did not seal so. */
  open(associated: Uint8Array, sealed: Uint8Array): Uint8Array {
    const plaintext = open({ key: this.#key, nonce: this.#next(), associated }, sealed);
    if (plaintext === null) throw new Refusal('handshake-failed', { reason: 'authentication tag' });
    return plaintext;
  }

  #next(): number {
    if (this.#nonce >= CHANNEL_MESSAGES_MAX) {
      throw new Failure('socket-failed', 'the channel has carried all the messages of its key');
    }
    return this.#nonce++;
  }
}

/** The running hash and key of a handshake. */
export class SymmetricState {
  #hash: Uint8Array;
  #chainingKey: Uint8Array;
  #cipher: CipherState | null = null;

  /** Begins a handshake; the prologue is what both sides must already agree on. */
  constructor(protocolName: string, prologue: Uint8Array) {
    const name = toUtf8(protocolName);
    const short = name.length <= DIGEST_BYTES;
    this.#hash = short ? concat(name, new Uint8Array(DIGEST_BYTES - name.length)) : sha256(name);
    this.#chainingKey = this.#hash;
    this.mixHash(prologue);
  }

  /** The handshake hash so far: after the last message, the channel's unique name (§11.2). */
  get hash(): Uint8Array {
    return this.#hash;
  }

  mixHash(bytes: Uint8Array): void {
    this.#hash = sha256(this.#hash, bytes);
  }

  mixKey(secret: Uint8Array): void {
    const [chainingKey, key] = hkdf(this.#chainingKey, secret);
    this.#chainingKey = chainingKey;
    this.#cipher = new CipherState(key, 0);
  }

  /** Seals under the key mixed last; before any key, the bytes go out as they are (§5.2). */
  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const sealed = this.#cipher?.seal(this.#hash, plaintext) ?? plaintext;
    this.mixHash(sealed);
    return sealed;
  }

  /** Opens what `encryptAndHash` made. Refuses `handshake-failed`. */
  decryptAndHash(sealed: Uint8Array): Uint8Array {
    const plaintext = this.#cipher?.open(this.#hash, sealed) ?? sealed;
    this.mixHash(sealed);
    return plaintext;
  }

  /** The two directions of the channel: first from the initiator, second from the responder. */
  split(): { fromInitiator: CipherState; fromResponder: CipherState } {
    const [first, second] = hkdf(this.#chainingKey, NOTHING);
    return { fromInitiator: new CipherState(first, 0), fromResponder: new CipherState(second, 0) };
  }
}
