/**
 * One handshake of `/holdfast/noise-hfs/1` whose keys are all known (PROTOCOL §6.2): the file
 * protocol/handshake.json. The two sides here know their secrets beforehand, which what ships never
 * does; handshake.test.ts joins each of them to the other side as it ships.
 */

import { x25519 } from '@noble/curves/ed25519.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { concat, fromHex, Reader, toHex } from '../../core/bytes.ts';
import type { JsonObject } from '../../core/canonical.ts';
import { NOISE_NAME, PROLOGUE } from '../../daemon/network/noise-pattern.ts';
import { encodePayload } from '../../daemon/network/noise-payload.ts';
import {
  DH_BYTES,
  KEM_CIPHERTEXT_BYTES,
  KEM_KEY_BYTES,
  TAG_BYTES,
} from '../../daemon/network/noise-primitives.ts';
import { SymmetricState } from '../../daemon/network/noise-symmetric.ts';
import { peerKeyOf } from '../daemon/network/handshake-rig.ts';
import { type Kind, sumOf, type VectorFile, type Verdict } from './kind.ts';
import { namedBytes } from './still-kem.ts';

const NOTHING: Uint8Array = new Uint8Array();

/** The secrets of one side: X25519 twice, and 64 bytes or 32 for the KEM. */
export interface Secrets {
  readonly own: Uint8Array;
  readonly ephemeral: Uint8Array;
  readonly kem: Uint8Array;
}

/** The secrets of the two sides of the vector. */
export const INITIATOR: Secrets = {
  own: namedBytes('initiator/static', 32),
  ephemeral: namedBytes('initiator/ephemeral', 32),
  kem: namedBytes('initiator/kem', 64),
};
export const RESPONDER: Secrets = {
  own: namedBytes('responder/static', 32),
  ephemeral: namedBytes('responder/ephemeral', 32),
  kem: namedBytes('responder/kem', 32),
};

/** The side that dials. */
export class KnownInitiator {
  readonly state = new SymmetricState(NOISE_NAME, PROLOGUE);
  readonly #secrets: Secrets;
  #theirs: Uint8Array = NOTHING;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  writeA(): Uint8Array {
    const e = x25519.getPublicKey(this.#secrets.ephemeral);
    this.state.mixHash(e);
    const e1 = this.state.encryptAndHash(ml_kem768.keygen(this.#secrets.kem).publicKey);
    return concat(e, e1, this.state.encryptAndHash(NOTHING));
  }

  readB(message: Uint8Array): { readonly staticKey: Uint8Array; readonly payload: Uint8Array } {
    const { state } = this;
    const { ephemeral, kem } = this.#secrets;
    const reader = new Reader(message);
    this.#theirs = reader.take(DH_BYTES);
    state.mixHash(this.#theirs);
    state.mixKey(x25519.getSharedSecret(ephemeral, this.#theirs));
    const ciphertext = state.decryptAndHash(reader.take(KEM_CIPHERTEXT_BYTES + TAG_BYTES));
    state.mixKey(ml_kem768.decapsulate(ciphertext, ml_kem768.keygen(kem).secretKey));
    const staticKey = state.decryptAndHash(reader.take(DH_BYTES + TAG_BYTES));
    state.mixKey(x25519.getSharedSecret(ephemeral, staticKey));
    return { staticKey, payload: state.decryptAndHash(reader.take(reader.remaining)) };
  }

  writeC(payload: Uint8Array): Uint8Array {
    const s = this.state.encryptAndHash(x25519.getPublicKey(this.#secrets.own));
    this.state.mixKey(x25519.getSharedSecret(this.#secrets.own, this.#theirs));
    return concat(s, this.state.encryptAndHash(payload));
  }
}

/** The side that is dialled. */
export class KnownResponder {
  readonly state = new SymmetricState(NOISE_NAME, PROLOGUE);
  readonly #secrets: Secrets;
  #theirs: Uint8Array = NOTHING;
  #theirKem: Uint8Array = NOTHING;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  readA(message: Uint8Array): void {
    const reader = new Reader(message);
    this.#theirs = reader.take(DH_BYTES);
    this.state.mixHash(this.#theirs);
    this.#theirKem = this.state.decryptAndHash(reader.take(KEM_KEY_BYTES));
    this.state.decryptAndHash(NOTHING);
    reader.end();
  }

  writeB(payload: Uint8Array): Uint8Array {
    const { state } = this;
    const { own, ephemeral, kem } = this.#secrets;
    const e = x25519.getPublicKey(ephemeral);
    state.mixHash(e);
    state.mixKey(x25519.getSharedSecret(ephemeral, this.#theirs));
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(this.#theirKem, kem);
    const ekem1 = state.encryptAndHash(cipherText);
    state.mixKey(sharedSecret);
    const s = state.encryptAndHash(x25519.getPublicKey(own));
    state.mixKey(x25519.getSharedSecret(own, this.#theirs));
    return concat(e, ekem1, s, state.encryptAndHash(payload));
  }

  readC(message: Uint8Array): { readonly staticKey: Uint8Array; readonly payload: Uint8Array } {
    const reader = new Reader(message);
    const staticKey = this.state.decryptAndHash(reader.take(DH_BYTES + TAG_BYTES));
    this.state.mixKey(x25519.getSharedSecret(this.#secrets.ephemeral, staticKey));
    return { staticKey, payload: this.state.decryptAndHash(reader.take(reader.remaining)) };
  }
}

/** What a peer says of itself beside this static key. */
export async function payloadOf(name: string, { own }: Secrets): Promise<Uint8Array> {
  return encodePayload(await peerKeyOf(name), x25519.getPublicKey(own), ['/yamux/1.0.0']);
}

/** What the two sides say of themselves. */
export interface Payloads {
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
}

/** The whole handshake: its messages, and what both sides know then. */
export function transcript(
  secrets: { readonly initiator: Secrets; readonly responder: Secrets },
  payloads: Payloads,
) {
  const initiator = new KnownInitiator(secrets.initiator);
  const responder = new KnownResponder(secrets.responder);
  const a = initiator.writeA();
  responder.readA(a);
  const b = responder.writeB(payloads.responder);
  initiator.readB(b);
  const c = initiator.writeC(payloads.initiator);
  responder.readC(c);
  const { fromInitiator, fromResponder } = initiator.state.split();
  return {
    ...{ a, b, c, hash: initiator.state.hash },
    // The first message of each side, empty: its tag says whether the keys are the same.
    firstOfInitiator: fromInitiator.seal(NOTHING, NOTHING),
    firstOfResponder: fromResponder.seal(NOTHING, NOTHING),
  };
}

const SECRETS = { initiator: INITIATOR, responder: RESPONDER };

/** The payloads of the vector, and its messages. */
export async function handshakeExample() {
  const payloads = {
    initiator: await payloadOf('initiator', INITIATOR),
    responder: await payloadOf('responder', RESPONDER),
  };
  return { payloads, messages: transcript(SECRETS, payloads) };
}

/** The file `protocol/handshake.json`. */
export async function handshakeVector(): Promise<JsonObject> {
  const hex = (all: object): JsonObject =>
    Object.fromEntries(Object.entries(all).map(([name, bytes]) => [name, toHex(bytes)]));
  const { payloads, messages } = await handshakeExample();
  return {
    about: 'PROTOCOL §6.2. All is hex. `kem` is the seed d ‖ z of a key, or the message m to it.',
    holdfast: 'handshake',
    initiator: hex(INITIATOR),
    responder: hex(RESPONDER),
    payloads: hex(payloads),
    messages: hex(messages),
  };
}

/** A handshake from its secrets, message by message. */
export const handshakeKind: Kind = {
  name: 'handshake (our own)',
  claims: ({ json }) => json?.holdfast === 'handshake',
  judge: (files) => sumOf(files.map(judgeHandshake)),
};

function judgeHandshake({ path, json }: VectorFile): Verdict {
  const membersOf = (name: string) => (json?.[name] ?? {}) as Readonly<Record<string, string>>;
  const bytesIn = (name: string) => (member: string) => fromHex(membersOf(name)[member] ?? '');
  const secretsOf = (name: string): Secrets => {
    const secret = bytesIn(name);
    return { own: secret('own'), ephemeral: secret('ephemeral'), kem: secret('kem') };
  };
  const payload = bytesIn('payloads');
  const messages = transcript(
    { initiator: secretsOf('initiator'), responder: secretsOf('responder') },
    { initiator: payload('initiator'), responder: payload('responder') },
  );
  const wrong = Object.entries(messages)
    .filter(([name, bytes]) => toHex(bytes) !== membersOf('messages')[name])
    .map(([name]) => `${path}#${name}: is another`);
  return { taken: Object.keys(messages).length, wrong, skipped: [] };
}
