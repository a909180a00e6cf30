/** Secure Boot on, off and pretended. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concat, fromHex } from '../../core/bytes.ts';
import { hashOf } from '../../core/ciphers.ts';
import { decodeEventLog, type UnverifiedEvent } from '../../firmware/event-log.ts';
import { EV_EFI_VARIABLE_DRIVER_CONFIG, EV_SEPARATOR } from '../../firmware/event-types.ts';
import { believePcrs, extendPcr } from '../../firmware/pcrs.ts';
import { replayLogs } from '../../firmware/replay.ts';
import { type SecureBoot, secureBootOf } from '../../firmware/secure-boot.ts';
import { refuses } from '../refused.ts';
import { skip } from '../skip.ts';
import { knownLogs, VECTORS_ABSENT, vector } from './vectors.ts';

const secureBoot = suite('firmware/secure-boot');

const GLOBAL = fromHex('61dfe48bca93d211aa0d00e098032b8c');

/** UEFI_VARIABLE_DATA of `SecureBoot`. */
function variable(...value: readonly number[]): Uint8Array {
  const name = new Uint8Array([...'SecureBoot'].flatMap((letter) => [letter.charCodeAt(0), 0]));
  const sizes = new Uint8Array(16);
  sizes[0] = 'SecureBoot'.length;
  sizes[8] = value.length;
  return concat(GLOBAL, sizes, name, Uint8Array.from(value));
}

interface Planned {
  readonly type: number;
  readonly bytes: Uint8Array;
  /** What the log shows instead of `bytes`. */
  readonly shown?: Uint8Array;
}

const config = (...value: readonly number[]): Planned => ({
  type: EV_EFI_VARIABLE_DRIVER_CONFIG,
  bytes: variable(...value),
});
const separator: Planned = { type: EV_SEPARATOR, bytes: new Uint8Array(4) };

/** The state after a boot that measured these into PCR 7. */
function stateAfter(...planned: readonly Planned[]): SecureBoot {
  let value: Uint8Array = new Uint8Array(32);
  const unverifiedEvents = planned.map(({ type, bytes, shown }, index): UnverifiedEvent => {
    const digest = hashOf('sha256', bytes);
    value = extendPcr('sha256', value, digest);
    const digests = new Map([['sha256' as const, digest]]);
    return { source: 'firmware', index, pcr: 7, type, digests, claimedBytes: shown ?? bytes };
  });
  const replay = replayLogs({
    pcrs: believePcrs({ bank: 'sha256', values: new Map([[7, value]]) }, [7]),
    firmware: { format: 'crypto-agile', banks: ['sha256'], startupLocality: 0, unverifiedEvents },
    userspace: [],
    mustExplain: [7],
  });
  return secureBootOf(replay);
}

secureBoot('is on when one byte of 1 is measured before the separator', () => {
  assert.equal(stateAfter(config(1), separator), { state: 'on', authorities: [], anomalies: [] });
});

secureBoot('is off when one byte of 0 is', () => {
  assert.is(stateAfter(config(0), separator).state, 'off');
});

secureBoot('of length 0 is off, and an anomaly', () => {
  const { state, anomalies } = stateAfter(config(), separator);
  assert.is(state, 'off');
  assert.is(anomalies.length, 1);
});

secureBoot('is not believed when it is measured after the separator', () => {
  assert.is(stateAfter(separator, config(1)).state, 'unknown');
  assert.is(stateAfter(config(0), separator, config(1), separator).state, 'off');
});

secureBoot('is unknown when it is measured twice', () => {
  assert.is(stateAfter(config(0), config(1), separator).state, 'unknown');
});

secureBoot('is unknown when an earlier event hides what it measured', () => {
  const hidden = { ...config(0), shown: new Uint8Array(9) };
  assert.is(stateAfter(hidden, config(1), separator).state, 'unknown');
});

secureBoot('is unknown without a separator', () => {
  assert.is(stateAfter(config(1)).state, 'unknown');
});

secureBoot('is unknown after an error of firmware', () => {
  const failed = { type: EV_SEPARATOR, bytes: fromHex('ffffffff') };
  assert.is(stateAfter(config(1), failed).state, 'unknown');
});

secureBoot('is unknown in debug mode', () => {
  const debug = { type: 0x8000_0007, bytes: new TextEncoder().encode('UEFI Debug Mode') };
  assert.is(stateAfter(config(1), debug, separator).state, 'unknown');
});

secureBoot('refuses a separator that is called something else', () => {
  // Secure Boot is off; root extends a forged SecureBoot = 1 and a second separator afterwards.
  const disguised = { type: 0xd, bytes: new Uint8Array(4) };
  refuses('log-event-type', () =>
    stateAfter({ ...config(0), type: 0xd }, disguised, config(1), separator),
  );
});

secureBoot('is unknown where firmware invents separators', () => {
  const invented = { type: EV_SEPARATOR, bytes: new Uint8Array(50) };
  assert.is(stateAfter(config(1), invented).state, 'unknown');
  assert.is(stateAfter(config(1), invented, separator).state, 'unknown');
  assert.is(stateAfter({ ...config(1), type: EV_SEPARATOR }, separator).state, 'unknown');
});

if (VECTORS_ABSENT !== null) {
  skip('firmware/secure-boot › logs of real machines', VECTORS_ABSENT);
} else {
  const stateOf = (file: string): SecureBoot => {
    const log = knownLogs().find((known) => known.file.startsWith(file) && known.pcrs.has(7));
    if (log === undefined) throw new Error(`no such vector: ${file}`);
    const { bank, pcrs: values } = log;
    const pcrs = believePcrs({ bank, values }, [...values.keys()]);
    const firmware = decodeEventLog(vector(log.file));
    return secureBootOf(replayLogs({ pcrs, firmware, userspace: [], mustExplain: [7] }));
  };

  secureBoot('is told apart in two boots of one image', () => {
    assert.is(stateOf('qemu-ovmf-uki/').state, 'off');
    const { state, authorities, anomalies } = stateOf('qemu-ovmf-uki-secureboot/');
    assert.is(state, 'on');
    assert.is(authorities.length, 1);
    assert.equal(anomalies, []);
  });

  secureBoot('of length 0 on a real machine does not read as on', () => {
    const { state, anomalies } = stateOf('arch-linux-workstation');
    assert.is(state, 'off');
    assert.ok(anomalies.length > 0);
  });

  const known = [
    ['glinux-alex', 'off'],
    ['debian-10', 'on'],
    ['eventlogwithsp800155', 'on'],
    ['t2t-event-moklisttrusted', 'on'],
  ] as const;
  for (const [file, expected] of known) {
    secureBoot(`of ${file} is ${expected}`, () => {
      const { state, anomalies } = stateOf(file);
      assert.is(state, expected);
      assert.equal(anomalies, []);
    });
  }
}

secureBoot.run();
