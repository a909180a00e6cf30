/**
 * The Noise core against another's: classical XX, written here over our symmetric state, spoken to
 * @libp2p/noise in both roles. The product ships no classical pattern; what agrees here byte for
 * byte is hashing, key derivation, X25519, the AEAD, the payload and the transport framing.
 */

import type { MessageStream, MultiaddrConnection, Upgrader } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { multiaddrConnectionPair } from '@libp2p/utils';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, fromUtf8, Reader, toUtf8 } from '../../../core/bytes.ts';
import { messagesOver } from '../../../daemon/network/admission.ts';
import { prefix16 } from '../../../daemon/network/length-prefix.ts';
import { encodePayload, verifyPayload } from '../../../daemon/network/noise-payload.ts';
import {
  agree,
  DH_BYTES,
  generateDh,
  TAG_BYTES,
} from '../../../daemon/network/noise-primitives.ts';
import { SecuredStream } from '../../../daemon/network/noise-stream.ts';
import { SymmetricState } from '../../../daemon/network/noise-symmetric.ts';
import { peerKeyOf, upgrader } from './handshake-rig.ts';

const oracle = suite('daemon/network/noise-oracle');

const CLASSICAL = 'Noise_XX_25519_ChaChaPoly_SHA256';
const PROLOGUE = toUtf8('any prologue');
const MUXERS = ['/yamux/1.0.0'];
const SEALED_KEY_BYTES = DH_BYTES + TAG_BYTES;
const NOTHING = new Uint8Array();

async function theirs(name: string, connection: MultiaddrConnection) {
  const privateKey = await peerKeyOf(name);
  return noise({ prologueBytes: PROLOGUE })({
    privateKey,
    peerId: peerIdFromPrivateKey(privateKey),
    logger: { forComponent: () => connection.log },
    upgrader: upgrader as unknown as Upgrader, // it asks for the muxers alone
  });
}

/** XX as the initiator: → e | ← e, ee, s, es | → s, se. */
async function initiate(connection: MessageStream): Promise<SecuredStream> {
  const messages = messagesOver(connection, prefix16(0, 1_712));
  const state = new SymmetricState(CLASSICAL, PROLOGUE);
  const [own, ephemeral] = [generateDh(), generateDh()];

  state.mixHash(ephemeral.publicKey);
  await messages.write(concat(ephemeral.publicKey, state.encryptAndHash(NOTHING)));

  const b = new Reader((await messages.read()).slice());
  const theirEphemeral = b.take(DH_BYTES);
  state.mixHash(theirEphemeral);
  state.mixKey(agree(ephemeral, theirEphemeral));
  const theirStatic = state.decryptAndHash(b.take(SEALED_KEY_BYTES));
  state.mixKey(agree(ephemeral, theirStatic));
  const payload = state.decryptAndHash(b.take(b.remaining));
  const peer = await verifyPayload(payload, theirStatic, undefined);
  assert.ok(peer.key.equals((await peerKeyOf('theirs')).publicKey));
  assert.equal(peer.muxers, MUXERS);

  const sealedStatic = state.encryptAndHash(own.publicKey);
  state.mixKey(agree(own, theirEphemeral));
  const mine = await encodePayload(await peerKeyOf('ours'), own.publicKey, MUXERS);
  await messages.write(concat(sealedStatic, state.encryptAndHash(mine)));

  const { fromInitiator, fromResponder } = state.split();
  const keys = { send: fromInitiator, receive: fromResponder, hash: state.hash };
  return new SecuredStream(messages.unwrap(), keys);
}

/** XX as the responder. */
async function respond(connection: MessageStream): Promise<SecuredStream> {
  const messages = messagesOver(connection, prefix16(0, 1_712));
  const state = new SymmetricState(CLASSICAL, PROLOGUE);
  const [own, ephemeral] = [generateDh(), generateDh()];

  const a = new Reader((await messages.read()).slice());
  const theirEphemeral = a.take(DH_BYTES);
  state.mixHash(theirEphemeral);
  state.decryptAndHash(a.take(a.remaining));

  state.mixHash(ephemeral.publicKey);
  state.mixKey(agree(ephemeral, theirEphemeral));
  const sealedStatic = state.encryptAndHash(own.publicKey);
  state.mixKey(agree(own, theirEphemeral));
  const mine = await encodePayload(await peerKeyOf('ours'), own.publicKey, MUXERS);
  const payload = state.encryptAndHash(mine);
  await messages.write(concat(ephemeral.publicKey, sealedStatic, payload));

  const c = new Reader((await messages.read()).slice());
  const theirStatic = state.decryptAndHash(c.take(SEALED_KEY_BYTES));
  state.mixKey(agree(ephemeral, theirStatic));
  await verifyPayload(state.decryptAndHash(c.take(c.remaining)), theirStatic, undefined);

  const { fromInitiator, fromResponder } = state.split();
  const keys = { send: fromResponder, receive: fromInitiator, hash: state.hash };
  return new SecuredStream(messages.unwrap(), keys);
}

/** Sends `text` one way and waits for it at the other end. */
async function carries(from: MessageStream, to: MessageStream, text: string): Promise<void> {
  const arrived = new Promise<string>((resolve) =>
    to.addEventListener('message', ({ data }) => resolve(fromUtf8(data.slice())), { once: true }),
  );
  from.send(toUtf8(text));
  assert.is(await arrived, text);
}

oracle('speaks classical XX to @libp2p/noise as the initiator', async () => {
  const [left, right] = multiaddrConnectionPair();
  const peer = await theirs('theirs', right);
  const [ours, answered] = await Promise.all([initiate(left), peer.secureInbound(right)]);
  assert.is(
    answered.remotePeer.toString(),
    peerIdFromPrivateKey(await peerKeyOf('ours')).toString(),
  );
  await carries(ours, answered.connection, 'out');
  await carries(answered.connection, ours, 'back');
  ours.abort(new Error('test over'));
});

oracle('speaks classical XX to @libp2p/noise as the responder', async () => {
  const [left, right] = multiaddrConnectionPair();
  const peer = await theirs('theirs', left);
  const [dialled, ours] = await Promise.all([peer.secureOutbound(left), respond(right)]);
  assert.is(
    dialled.remotePeer.toString(),
    peerIdFromPrivateKey(await peerKeyOf('ours')).toString(),
  );
  await carries(dialled.connection, ours, 'out');
  await carries(ours, dialled.connection, 'back');
  ours.abort(new Error('test over'));
});

oracle.run();
