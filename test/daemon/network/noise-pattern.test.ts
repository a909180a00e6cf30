/** The pattern and its primitives where no peer of good will ever takes them. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex, toUtf8 } from '../../../core/bytes.ts';
import { Failure } from '../../../core/failure.ts';
import { InitiatorHandshake, ResponderHandshake } from '../../../daemon/network/noise-pattern.ts';
import { encodePayload, verifyPayload } from '../../../daemon/network/noise-payload.ts';
import { agree, generateDh, hkdf } from '../../../daemon/network/noise-primitives.ts';
import { CHANNEL_MESSAGES_MAX, CipherState } from '../../../daemon/network/noise-symmetric.ts';
import { peerKeyOf, refused } from './handshake-rig.ts';

const pattern = suite('daemon/network/noise-pattern');
const NOTHING = new Uint8Array();

/** u-coordinates whose X25519 result is zero for every private key (RFC 7748 §6.1). */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
].map(fromHex);

pattern('gives both sides the same hash and crossed keys', () => {
  const [i, r] = [new InitiatorHandshake(generateDh()), new ResponderHandshake(generateDh())];
  r.readA(i.writeA());
  assert.equal(i.readB(r.writeB(toUtf8('from r'))).payload, toUtf8('from r'));
  assert.equal(r.readC(i.writeC(toUtf8('from i'))).payload, toUtf8('from i'));
  const [left, right] = [i.finish(), r.finish()];
  assert.equal(left.hash, right.hash);
  assert.equal(right.receive.open(NOTHING, left.send.seal(NOTHING, toUtf8('x'))), toUtf8('x'));
  assert.equal(left.receive.open(NOTHING, right.send.seal(NOTHING, toUtf8('y'))), toUtf8('y'));
});

pattern('sends the sizes that the draft gives for empty payloads', () => {
  const [i, r] = [new InitiatorHandshake(generateDh()), new ResponderHandshake(generateDh())];
  const a = i.writeA();
  r.readA(a);
  const b = r.writeB(NOTHING);
  i.readB(b);
  assert.equal([a.length, b.length, i.writeC(NOTHING).length], [1_216, 1_200, 64]);
});

pattern('refuses every point of small order', async () => {
  for (const point of SMALL_ORDER) {
    await refused(() => agree(generateDh(), point), 'handshake-failed');
  }
});

pattern('refuses an encapsulation key out of range', async () => {
  const a = new InitiatorHandshake(generateDh()).writeA();
  a.fill(0xff, 32);
  const responder = new ResponderHandshake(generateDh());
  responder.readA(a);
  await refused(() => responder.writeB(NOTHING), 'handshake-failed');
});

pattern('refuses a message A that is one byte short or long', async () => {
  const a = new InitiatorHandshake(generateDh()).writeA();
  const read = (bytes: Uint8Array) => new ResponderHandshake(generateDh()).readA(bytes);
  await refused(() => read(a.subarray(1)), 'truncated');
  await refused(() => read(Uint8Array.of(...a, 0)), 'trailing-bytes');
});

pattern('derives two keys as HKDF of RFC 5869 does', () => {
  // RFC 5869 A.3 has no salt and info, as Noise has no info: its PRK step is the same HMAC.
  const [first, second] = hkdf(new Uint8Array(32), fromHex('0b'.repeat(22)));
  assert.is(
    toHex(first) + toHex(second).slice(0, 20),
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  );
});

pattern('opens each message once and in order', async () => {
  const key = new Uint8Array(32);
  const sender = new CipherState(key, 0);
  const [first, second] = [sender.seal(NOTHING, NOTHING), sender.seal(NOTHING, NOTHING)];
  await refused(() => new CipherState(key, 0).open(NOTHING, second), 'handshake-failed');
  const receiver = new CipherState(key, 0);
  receiver.open(NOTHING, first);
  await refused(() => receiver.open(NOTHING, first), 'handshake-failed');
});

pattern('seals no message past the share of a key', async () => {
  const cipher = new CipherState(new Uint8Array(32), CHANNEL_MESSAGES_MAX - 1);
  cipher.seal(NOTHING, NOTHING);
  const spent = (error: unknown) => error instanceof Failure && error.code === 'socket-failed';
  assert.throws(() => cipher.seal(NOTHING, NOTHING), spent);
});

pattern('verifies a payload for its own static key and its own peer only', async () => {
  const [key, other] = await Promise.all([peerKeyOf('a'), peerKeyOf('b')]);
  const staticKey = generateDh().publicKey;
  const payload = await encodePayload(key, staticKey, ['/yamux/1.0.0']);
  const verified = await verifyPayload(payload, staticKey, key.publicKey);
  assert.equal(verified.muxers, ['/yamux/1.0.0']);
  const fails = (attempt: () => unknown) => refused(attempt, 'handshake-failed');
  await fails(() => verifyPayload(payload, generateDh().publicKey, undefined));
  await fails(() => verifyPayload(payload, staticKey, other.publicKey));
});

pattern('refuses a payload in any other spelling', async () => {
  const staticKey = generateDh().publicKey;
  const payload = await encodePayload(await peerKeyOf('a'), staticKey, ['/yamux/1.0.0']);
  const verify = (bytes: Uint8Array) => verifyPayload(bytes, staticKey, undefined);
  await refused(() => verify(Uint8Array.of(...payload, 0)), 'trailing-bytes');
  await refused(() => verify(payload.subarray(0, -1)), 'truncated');
  await refused(() => verify(new Uint8Array(513)), 'too-large');
  const longVarint = Uint8Array.of(0x0a, 0xa4, 0x00, ...payload.subarray(2));
  await refused(() => verify(longVarint), 'handshake-failed');
  const rsa = payload.slice();
  rsa[3] = 0;
  await refused(() => verify(rsa), 'handshake-failed');
});

pattern.run();
