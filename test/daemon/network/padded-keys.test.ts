/** The keys of a channel: what they seal is of a size class, and nothing else opens (§6.9). */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../../core/bytes.ts';
import { sha256 } from '../../../core/digest.ts';
import { PADDED_BYTES_MIN } from '../../../core/padding.ts';
import { TAG_BYTES } from '../../../daemon/network/noise-primitives.ts';
import { CipherState } from '../../../daemon/network/noise-symmetric.ts';
import { padded } from '../../../daemon/network/padded-keys.ts';
import { refuses } from '../../refused.ts';

const keys = suite('daemon/network/padded-keys');

const NOTHING = new Uint8Array();
const stateOf = () => new CipherState(sha256(toUtf8('a channel')), 0);

keys('of a channel open what they sealed, and seal short messages alike', () => {
  const { send, receive } = padded({ send: stateOf(), receive: stateOf() });
  for (const length of [0, 12, 43, 63]) {
    const message = new Uint8Array(length).fill(0x80);
    const sealed = send.seal(NOTHING, message);
    assert.is(sealed.length, PADDED_BYTES_MIN + TAG_BYTES, `${length} bytes`);
    assert.equal(receive.open(NOTHING, sealed), message);
  }
});

keys('of a channel open nothing that is padded otherwise', () => {
  for (const bytes of [new Uint8Array(), new Uint8Array(43).fill(1), new Uint8Array(64)]) {
    const bare = stateOf();
    const { receive } = padded({ send: stateOf(), receive: stateOf() });
    refuses('handshake-failed', () => receive.open(NOTHING, bare.seal(NOTHING, bytes)));
  }
});

keys.run();
