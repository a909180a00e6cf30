/**
 * A session with a TPM: its nonces, its key, and what both prove.
 *
 * Every command under a session carries an HMAC over the names it acts on and its parameters, and
 * every answer one over what came back, so that whoever taps or bends the bus between processor
 * and chip is noticed; a salt keeps the key of the session from one who only listens. TPM 2.0
 * Part 1 §19.6 and §21. Pure: nonces are drawn by the caller, and the state changes in one
 * place, `accept`.
 */

import { assert } from '../core/assert.ts';
import { concat, equalBytes } from '../core/bytes.ts';
import {
  decryptAesCfb,
  encryptAesCfb,
  HASH_BYTES,
  type HashName,
  hmacOf,
} from '../core/ciphers.ts';
import { Refusal } from '../core/refusal.ts';
import type { CommandAuth, ResponseAuth } from './tpm-command.ts';
import { TPMA_SESSION } from './tpm-constants.ts';
import { kdfa } from './tpm-kdf.ts';
import { EMPTY, type Entity, entityOf } from './tpm-structures.ts';

/** What StartAuthSession established. */
export interface SessionStart {
  readonly handle: number;
  readonly kind: 'hmac' | 'policy';
  readonly hash: HashName;
  /** Empty for a session without salt. */
  readonly key: Uint8Array;
  readonly nonceTpm: Uint8Array;
  /** Whether AES-128-CFB was agreed on, to hide first parameters. */
  readonly encrypts: boolean;
}

/** AES-128-CFB: key and initial vector come out of one derivation. Part 1 §21.3. */
const CIPHER_KEY_BYTES = 16;
const CIPHER_BITS = 256;

/** A live session. It belongs to one connection, and is used by one command at a time. */
export class Session {
  readonly handle: number;
  readonly kind: 'hmac' | 'policy';
  readonly hash: HashName;
  readonly encrypts: boolean;
  readonly #key: Uint8Array;
  #nonceTpm: Uint8Array;
  #provesAuth: boolean;

  constructor(start: SessionStart) {
    this.handle = start.handle;
    this.kind = start.kind;
    this.hash = start.hash;
    this.encrypts = start.encrypts;
    this.#key = start.key;
    this.#nonceTpm = start.nonceTpm;
    this.#provesAuth = start.kind === 'hmac';
  }

  /** The session as the object of a policy command. */
  get entity(): Entity {
    return entityOf(this.handle);
  }

  get nonceTpm(): Uint8Array {
    return this.#nonceTpm;
  }

  /** After PolicyAuthValue the HMAC also proves the secret of the entity. Part 3. */
  demandAuthValue(): void {
    assert(this.kind === 'policy', 'only a policy session learns this');
    this.#provesAuth = true;
  }

  /**
   * The authorization of one command. `digest` is cpHash; `foreign` is the TPM's nonce of another
   * session that encrypts, which the first session vouches for. Part 1 §19.6.5.
   */
  authorize(input: {
    readonly digest: Uint8Array;
    readonly nonce: Uint8Array;
    readonly attributes: number;
    readonly auth: Uint8Array;
    readonly foreign: Uint8Array;
  }): CommandAuth {
    const { digest, nonce, auth, foreign } = input;
    const attributes = input.attributes | TPMA_SESSION.CONTINUE;
    const tail = Uint8Array.of(attributes);
    const hmac = this.#hmac(auth, digest, nonce, this.#nonceTpm, foreign, tail);
    return { handle: this.handle, nonce, attributes, hmac };
  }

  /**
   * Checks the HMAC of an answer and moves on to its nonce. `digest` is rpHash, `nonce` the one
   * the command carried. Refuses `tpm-answer-forged`.
   */
  accept(input: {
    readonly digest: Uint8Array;
    readonly nonce: Uint8Array;
    readonly auth: Uint8Array;
    readonly answer: ResponseAuth;
  }): void {
    const { digest, nonce, auth, answer } = input;
    const tail = Uint8Array.of(answer.attributes);
    const expected = this.#hmac(auth, digest, answer.nonce, nonce, tail);
    if (!equalBytes(expected, answer.hmac) || answer.nonce.length !== HASH_BYTES[this.hash]) {
      throw new Refusal('tpm-answer-forged', { session: this.handle });
    }
    this.#nonceTpm = answer.nonce;
    // An authorization uses a policy up: the TPM forgets what the session had shown.
    this.#provesAuth = this.kind === 'hmac';
  }

  /** Hides a first parameter on its way to the TPM; `nonce` is the one this command carries. */
  conceal(plaintext: Uint8Array, nonce: Uint8Array, auth: Uint8Array): Uint8Array {
    return encryptAesCfb({ ...this.#cipher(nonce, this.#nonceTpm, auth), bytes: plaintext });
  }

  /** Opens a first parameter that came back. Call it after `accept`: it needs the new nonce. */
  reveal(ciphertext: Uint8Array, nonce: Uint8Array, auth: Uint8Array): Uint8Array {
    return decryptAesCfb({ ...this.#cipher(this.#nonceTpm, nonce, auth), bytes: ciphertext });
  }

  /** Empty where nothing can be proved: a policy session with no salt and no secret asked for. */
  #hmac(auth: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
    const key = concat(this.#key, this.#provesAuth ? auth : EMPTY);
    if (this.kind === 'policy' && key.length === 0) return EMPTY;
    return hmacOf(this.hash, key, ...parts);
  }

  #cipher(
    newer: Uint8Array,
    older: Uint8Array,
    auth: Uint8Array,
  ): { readonly key: Uint8Array; readonly iv: Uint8Array } {
    const both = kdfa({
      hash: this.hash,
      key: concat(this.#key, auth),
      label: 'CFB',
      contextU: newer,
      contextV: older,
      bits: CIPHER_BITS,
    });
    return { key: both.subarray(0, CIPHER_KEY_BYTES), iv: both.subarray(CIPHER_KEY_BYTES) };
  }
}
