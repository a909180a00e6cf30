/** Event logs as bytes: what is read, and what is refused before anything is believed. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat } from '../../core/bytes.ts';
import { EVENT_LOG_BYTES_MAX, LOG_EVENTS_MAX } from '../../core/limits.ts';
import { decodeEventLog } from '../../firmware/event-log.ts';
import { eventTypeName } from '../../firmware/event-types.ts';
import { refuses } from '../refused.ts';
import { skip } from '../skip.ts';
import { VECTORS_ABSENT, vector } from './vectors.ts';

const eventLog = suite('firmware/event-log');

/** One SHA-1-only event. */
function event(pcr: number, type: number, size: number, declared = size): Uint8Array {
  const bytes = new Uint8Array(32 + size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, pcr, true);
  view.setUint32(4, type, true);
  view.setUint32(28, declared, true);
  bytes[8] = 1; // a digest that is no padding
  return bytes;
}

if (VECTORS_ABSENT !== null) {
  skip('firmware/event-log › logs of real machines', VECTORS_ABSENT);
} else {
  eventLog('reads a log of one short EV_NO_ACTION', () => {
    const log = decodeEventLog(vector('short_no_action_eventlog'));
    assert.is(log.startupLocality, 3);
    assert.equal(log.unverifiedEvents, []);
  });

  eventLog('refuses vendor information outside of the header event', () => {
    refuses('log-malformed', () => decodeEventLog(vector('t2t-specid-vendordata.bin')));
  });

  eventLog('reads a log with option ROMs', () => {
    const { unverifiedEvents } = decodeEventLog(vector('option_rom_eventlog'));
    const drivers = unverifiedEvents.filter(
      ({ type }) => eventTypeName(type) === 'EV_EFI_BOOT_SERVICES_DRIVER',
    );
    assert.ok(drivers.length > 0);
  });

  eventLog('stops at padding of zeros or ones', () => {
    const bytes = vector('qemu-ovmf-uki/binary_bios_measurements');
    const { unverifiedEvents } = decodeEventLog(bytes);
    for (const fill of [0, 0xff]) {
      const padded = concat(bytes, new Uint8Array(999).fill(fill));
      assert.is(decodeEventLog(padded).unverifiedEvents.length, unverifiedEvents.length);
    }
  });

  eventLog('refuses a log that is cut inside an event', () => {
    const bytes = vector('qemu-ovmf-uki/binary_bios_measurements');
    refuses('log-malformed', () => decodeEventLog(bytes.subarray(0, bytes.length - 1)));
  });

  eventLog('refuses a hash that the header does not declare', () => {
    const bytes = vector('qemu-ovmf-uki/binary_bios_measurements');
    const first = decodeEventLog(bytes).unverifiedEvents[0]?.digests.get('sha256');
    assert.ok(first !== undefined);
    bytes[first.byteOffset - bytes.byteOffset - 2] = 0x12; // SM3
    refuses('log-malformed', () => decodeEventLog(bytes));
  });
}

eventLog('holds no event of an empty log', () => {
  assert.equal(decodeEventLog(new Uint8Array(0)).unverifiedEvents, []);
});

eventLog('names the last PCR, and refuses the next', () => {
  assert.is(decodeEventLog(event(23, 5, 1)).unverifiedEvents[0]?.pcr, 23);
  refuses('log-malformed', () => decodeEventLog(event(24, 5, 1)));
});

eventLog('refuses an event that reaches past the end', () => {
  refuses('log-malformed', () => decodeEventLog(event(0, 5, 8, 9)));
  refuses('log-malformed', () => decodeEventLog(event(0, 5, 8, 0xffff_ffff)));
});

eventLog('takes as many events as the limit, and refuses one more', () => {
  const most = Array.from({ length: LOG_EVENTS_MAX }, () => event(1, 5, 0));
  assert.is(decodeEventLog(concat(...most)).unverifiedEvents.length, LOG_EVENTS_MAX);
  refuses('log-malformed', () => decodeEventLog(concat(...most, event(1, 5, 0))));
});

eventLog('refuses a log that is too large before reading it', () => {
  refuses('too-large', () => decodeEventLog(new Uint8Array(EVENT_LOG_BYTES_MAX + 1)));
});

eventLog('names types, known and unknown', () => {
  assert.is(eventTypeName(4), 'EV_SEPARATOR');
  assert.is(eventTypeName(0x8000_00ff), '0x800000ff');
  assert.is(eventTypeName('phase'), 'phase');
});

eventLog.run();
