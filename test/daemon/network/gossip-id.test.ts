/** What names a message of the gossip: the topic and every byte, signatures included. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gossipId } from '../../../daemon/network/gossip.ts';
import { decodeEnvelope, encodeEnvelope } from '../../../federation/envelope.ts';
import { Climber } from '../../federation/climber.ts';
import { forgeBeacon, forgeRoot } from '../../federation/forge.ts';

const gossip = suite('daemon/network/gossip-id');

gossip('H9: an invalid twin that comes first suppresses no valid message', () => {
  const { type, slots, payload, bytes } = decodeEnvelope(forgeBeacon().bytes);
  const bent = slots.map(({ keyId, signature }) => {
    const copy = signature.slice() as typeof signature;
    copy[5] = (copy[5] ?? 0) ^ 1;
    return { keyId, signature: copy };
  });
  const twin = encodeEnvelope(type, bent, payload);
  const node = new Climber().take(forgeRoot());
  assert.is(node.give(twin), 'signature-invalid');
  assert.is(node.give(bytes), 'admitted');
  const idOf = (message: Uint8Array) => gossipId({ topic: 'x', data: message });
  assert.not.equal(idOf(twin), idOf(bytes));
});

gossip.run();
