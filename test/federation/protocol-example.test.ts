/** The worked example of PROTOCOL §1, made anew: what the page shows is what the code writes. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8, toHex } from '../../core/bytes.ts';
import { DAY_MS, unixMs } from '../../core/time.ts';
import { readBeacon } from '../../federation/beacon.ts';
import { decodeEnvelope } from '../../federation/envelope.ts';
import { recordKey } from '../../federation/record-key.ts';
import { chainCommitment, decodeTick, encodeTick, verifyTick } from '../../federation/tick.ts';
import { Coalition } from '../fakes/coalition.ts';
import { ROOT } from '../root.ts';
import { CONTENTS, forgeRevocations, NOW } from './forge.ts';

const example = suite('federation/protocol-example');

const PAGE = readFileSync(join(ROOT, 'docs/PROTOCOL.md'), 'utf8');
/** The page breaks lines where the bytes have none, and groups hex by blanks and code marks. */
const TIGHT = PAGE.replace(/[\s`]/g, '');

/** The machine of the example and the envelope of its first beacon. */
function blue() {
  const world = new Coalition();
  const machine = world.add({ name: 'blue' });
  const record = (kind: 'beacon' | 'tick'): Uint8Array =>
    machine.records.get(recordKey(machine.domain, kind)) ?? new Uint8Array();
  return { world, record, envelope: decodeEnvelope(record('beacon')) };
}

example('shows the bytes of a beacon up to its signature, and its sizes', () => {
  const { bytes, payload } = blue().envelope;
  // Ed25519 signs the same bytes alike; ML-DSA-65 is hedged, so the page leaves it out.
  assert.ok(TIGHT.includes(toHex(bytes.subarray(12, 44))), 'key id');
  assert.ok(TIGHT.includes(toHex(bytes.subarray(44, 60))), 'Ed25519');
  assert.ok(PAGE.includes(`**${bytes.length.toLocaleString('en')} bytes**`), 'size');
  assert.ok(PAGE.includes(`the payload has ${payload.length}`), 'size of the payload');
});

example('shows the payload, its digest, and C', () => {
  const { envelope } = blue();
  assert.ok(TIGHT.includes(fromUtf8(envelope.payload)), 'payload');
  assert.ok(TIGHT.includes(envelope.digest), 'digest');
  assert.ok(TIGHT.includes(toHex(chainCommitment(readBeacon(envelope)))), 'C');
});

example('shows a tick that leads to the anchor', () => {
  const { world, record, envelope } = blue();
  world.advance(3_000);
  const { index, value } = decodeTick(record('tick'));
  const beacon = readBeacon(envelope);
  assert.ok(TIGHT.includes(toHex(encodeTick(envelope.digest, index, value))));
  assert.ok(TIGHT.includes(toHex(beacon.anchor)));
  verifyTick(chainCommitment(beacon), { index, value }, { index: 0, value: beacon.anchor });
});

example('shows payloads of manifest, bundle, entries and revocations as they are signed', () => {
  const dates = { at: unixMs(NOW), notAfter: unixMs(NOW + DAY_MS) };
  const revocations = forgeRevocations([{ class: 'leaf', target: '0a', ...dates }]);
  for (const bytes of [...Object.values(CONTENTS), revocations]) {
    const { type, payload } = decodeEnvelope(bytes);
    assert.ok(TIGHT.includes(fromUtf8(payload)), type);
  }
});

example.run();
