/** systemd's own measurement log: records as systemd writes them, and as nobody may. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, toUtf8 } from '../../core/bytes.ts';
import { hashOf } from '../../core/ciphers.ts';
import { decodeUserspaceLog } from '../../firmware/userspace-log.ts';
import { refuses } from '../refused.ts';

const userspaceLog = suite('firmware/userspace-log');

const DIGEST = toHex(hashOf('sha256', toUtf8('enter-initrd')));

const PHASE = {
  pcr: 11,
  digests: [
    { hashAlg: 'sha256', digest: DIGEST },
    { hashAlg: 'sm3_256', digest: '00'.repeat(32) },
  ],
  content_type: 'systemd',
  content: {
    string: 'enter-initrd',
    bootId: '7d4a63d1c8404d6ba3ee5d2b5d9d5e0c',
    timestamp: 2_000_000,
    eventType: 'phase',
  },
};

/** Records behind their RS characters, each with its line feed (RFC 7464). */
function log(...records: readonly unknown[]): Uint8Array {
  return toUtf8(records.map((record) => `\x1e${JSON.stringify(record)}\n`).join(''));
}

userspaceLog('yields a phase with the digests of known banks', () => {
  const [event, ...more] = decodeUserspaceLog(log(PHASE));
  assert.equal(more, []);
  assert.is(event?.pcr, 11);
  assert.is(event?.type, 'phase');
  assert.is(event?.source, 'userspace');
  assert.equal([...(event?.digests.keys() ?? [])], ['sha256']);
  assert.equal(event?.claimedBytes, toUtf8('enter-initrd'));
});

userspaceLog('keeps the order, and passes over what extends no PCR', () => {
  const { pcr, ...nvIndex } = PHASE;
  const events = decodeUserspaceLog(log(PHASE, { ...nvIndex, nv_index: 0x1d1_0200 }, PHASE));
  assert.equal(
    events.map(({ index }) => index),
    [0, 2],
  );
  assert.is(pcr, 11);
});

userspaceLog('may be empty', () => {
  assert.equal(decodeUserspaceLog(new Uint8Array(0)), []);
});

const broken: readonly (readonly [string, Uint8Array])[] = [
  ['text before the first record', toUtf8(`{}${new TextDecoder().decode(log(PHASE))}`)],
  ['half a record', log(PHASE).subarray(0, 60)],
  ['a record that is no object', log([1])],
  ['a PCR that does not exist', log({ ...PHASE, pcr: 24 })],
  ['a PCR that is no number', log({ ...PHASE, pcr: '11' })],
  ['no digests', log({ pcr: 11 })],
  ['a digest of the wrong length', log({ pcr: 11, digests: [{ hashAlg: 'sha1', digest: '00' }] })],
  ['a digest in capitals', log({ pcr: 11, digests: [{ hashAlg: 'sha1', digest: 'AB' }] })],
  ['one bank twice', log({ pcr: 11, digests: [PHASE.digests[0], PHASE.digests[0]] })],
];

for (const [name, bytes] of broken) {
  userspaceLog(`refuses ${name}`, () => {
    refuses('log-malformed', () => decodeUserspaceLog(bytes));
  });
}

userspaceLog('refuses a log that is too large', () => {
  refuses('too-large', () => decodeUserspaceLog(new Uint8Array(300_000)));
});

userspaceLog.run();
