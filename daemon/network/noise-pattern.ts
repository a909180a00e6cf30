/**
 * The handshake `Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256`: pattern XX of Noise §7.5 with the
 * hybrid forward secrecy modifier, KEM instead of a second DH.
 *
 *     A  →  e, e1                     an X25519 key and an ML-KEM-768 key
 *     B  ←  e, ee, ekem1, s, es       … a ciphertext for the latter, the responder's static key
 *     C  →  s, se                     the initiator's static key
 *
 * Whoever records the traffic and later breaks X25519 still lacks the KEM's secret. Pure: no
 * sockets here, and no identity; payloads and what they prove are noise-payload.ts.
 */

import { assert } from '../../core/assert.ts';
import { concat, Reader, toUtf8 } from '../../core/bytes.ts';
import {
  agree,
  DH_BYTES,
  decapsulateFrom,
  encapsulateTo,
  generateDh,
  generateKem,
  KEM_CIPHERTEXT_BYTES,
  KEM_KEY_BYTES,
  type PrivatePair,
  TAG_BYTES,
} from './noise-primitives.ts';
import { type CipherState, SymmetricState } from './noise-symmetric.ts';

/** The name both sides hash first: another pattern, curve or cipher is another name (§8). */
export const NOISE_NAME = 'Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256';

/** What both sides must agree on before they speak: this protocol, this version. */
export const PROLOGUE = toUtf8('holdfast/1');

const NO_PAYLOAD = new Uint8Array();

/** What a completed handshake leaves behind. */
export interface ChannelKeys {
  readonly send: CipherState;
  readonly receive: CipherState;
  /** The handshake hash, the same on both sides and on no other channel. */
  readonly hash: Uint8Array;
}

/** A payload and the static key it was sealed with. */
export interface Introduction {
  readonly staticKey: Uint8Array;
  readonly payload: Uint8Array;
}

/** The side that dialled. Call `writeA`, `readB`, `writeC`, `finish`, each once. */
export class InitiatorHandshake {
  readonly #state = new SymmetricState(NOISE_NAME, PROLOGUE);
  readonly #own: PrivatePair;
  readonly #ephemeral = generateDh();
  readonly #kem = generateKem();
  #theirEphemeral: Uint8Array | null = null;

  constructor(own: PrivatePair) {
    this.#own = own;
  }

  /** → e, e1. Neither is secret, and no payload is sent where nothing protects it. */
  writeA(): Uint8Array {
    const state = this.#state;
    state.mixHash(this.#ephemeral.publicKey);
    const e1 = state.encryptAndHash(this.#kem.publicKey);
    return concat(this.#ephemeral.publicKey, e1, state.encryptAndHash(NO_PAYLOAD));
  }

  /** ← e, ee, ekem1, s, es. Refuses `truncated` and `handshake-failed`. */
  readB(message: Uint8Array): Introduction {
    const state = this.#state;
    const reader = new Reader(message);
    const ephemeral = reader.take(DH_BYTES);
    state.mixHash(ephemeral);
    state.mixKey(agree(this.#ephemeral, ephemeral)); // ee
    const ciphertext = state.decryptAndHash(reader.take(KEM_CIPHERTEXT_BYTES + TAG_BYTES));
    state.mixKey(decapsulateFrom(this.#kem, ciphertext)); // ekem1
    const staticKey = state.decryptAndHash(reader.take(DH_BYTES + TAG_BYTES));
    state.mixKey(agree(this.#ephemeral, staticKey)); // es
    this.#theirEphemeral = ephemeral;
    return { staticKey, payload: state.decryptAndHash(reader.take(reader.remaining)) };
  }

  /** → s, se. */
  writeC(payload: Uint8Array): Uint8Array {
    const state = this.#state;
    const s = state.encryptAndHash(this.#own.publicKey);
    state.mixKey(agree(this.#own, present(this.#theirEphemeral))); // se
    return concat(s, state.encryptAndHash(payload));
  }

  finish(): ChannelKeys {
    const { fromInitiator, fromResponder } = this.#state.split();
    return { send: fromInitiator, receive: fromResponder, hash: this.#state.hash };
  }
}

/** The side that was dialled. Call `readA`, `writeB`, `readC`, `finish`, each once. */
export class ResponderHandshake {
  readonly #state = new SymmetricState(NOISE_NAME, PROLOGUE);
  readonly #own: PrivatePair;
  readonly #ephemeral = generateDh();
  #theirEphemeral: Uint8Array | null = null;
  #theirKem: Uint8Array | null = null;

  constructor(own: PrivatePair) {
    this.#own = own;
  }

  /** → e, e1. Refuses `truncated`, and `trailing-bytes` where a payload could hide. */
  readA(message: Uint8Array): void {
    const state = this.#state;
    const reader = new Reader(message);
    this.#theirEphemeral = reader.take(DH_BYTES);
    state.mixHash(this.#theirEphemeral);
    this.#theirKem = state.decryptAndHash(reader.take(KEM_KEY_BYTES));
    state.decryptAndHash(NO_PAYLOAD);
    reader.end();
  }

  /** ← e, ee, ekem1, s, es. Refuses `handshake-failed` for a bad key in message A. */
  writeB(payload: Uint8Array): Uint8Array {
    const state = this.#state;
    const theirEphemeral = present(this.#theirEphemeral);
    state.mixHash(this.#ephemeral.publicKey);
    state.mixKey(agree(this.#ephemeral, theirEphemeral)); // ee
    const { secret, ciphertext } = encapsulateTo(present(this.#theirKem));
    const ekem1 = state.encryptAndHash(ciphertext);
    state.mixKey(secret); // only after the ciphertext is sealed
    const s = state.encryptAndHash(this.#own.publicKey);
    state.mixKey(agree(this.#own, theirEphemeral)); // es
    return concat(this.#ephemeral.publicKey, ekem1, s, state.encryptAndHash(payload));
  }

  /** → s, se. Refuses `truncated` and `handshake-failed`. */
  readC(message: Uint8Array): Introduction {
    const state = this.#state;
    const reader = new Reader(message);
    const staticKey = state.decryptAndHash(reader.take(DH_BYTES + TAG_BYTES));
    state.mixKey(agree(this.#ephemeral, staticKey)); // se
    return { staticKey, payload: state.decryptAndHash(reader.take(reader.remaining)) };
  }

  finish(): ChannelKeys {
    const { fromInitiator, fromResponder } = this.#state.split();
    return { send: fromResponder, receive: fromInitiator, hash: this.#state.hash };
  }
}

function present<T>(value: T | null): T {
  assert(value !== null, 'handshake messages in their order');
  return value;
}
