/** Each side of the handshake whose keys are known, joined to the other as it ships. */

import { x25519 } from '@noble/curves/ed25519.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { InitiatorHandshake, ResponderHandshake } from '../../daemon/network/noise-pattern.ts';
import { verifyPayload } from '../../daemon/network/noise-payload.ts';
import { generateDh } from '../../daemon/network/noise-primitives.ts';
import {
  handshakeExample,
  INITIATOR,
  KnownInitiator,
  KnownResponder,
  RESPONDER,
} from './handshake.ts';

const handshakes = suite('vectors/handshake');

const SAID = Uint8Array.of(1, 2, 3);

handshakes('of the vector: who dials agrees with the responder as it ships', () => {
  const [known, shipped] = [new KnownInitiator(INITIATOR), new ResponderHandshake(generateDh())];
  shipped.readA(known.writeA());
  assert.equal(known.readB(shipped.writeB(SAID)).payload, SAID);
  const { staticKey } = shipped.readC(known.writeC(SAID));
  assert.equal(staticKey, x25519.getPublicKey(INITIATOR.own));
  assert.equal(shipped.finish().hash, known.state.hash);
});

handshakes('of the vector: who is dialled agrees with the initiator as it ships', () => {
  const [shipped, known] = [new InitiatorHandshake(generateDh()), new KnownResponder(RESPONDER)];
  known.readA(shipped.writeA());
  const { staticKey } = shipped.readB(known.writeB(SAID));
  assert.equal(staticKey, x25519.getPublicKey(RESPONDER.own));
  assert.equal(known.readC(shipped.writeC(SAID)).payload, SAID);
  assert.equal(shipped.finish().hash, known.state.hash);
});

handshakes('of the vector: both payloads are those of their static keys', async () => {
  const { payloads } = await handshakeExample();
  for (const [payload, { own }] of [
    [payloads.initiator, INITIATOR],
    [payloads.responder, RESPONDER],
  ] as const) {
    const { muxers } = await verifyPayload(payload, x25519.getPublicKey(own), undefined);
    assert.equal(muxers, ['/yamux/1.0.0']);
  }
});

handshakes.run();
