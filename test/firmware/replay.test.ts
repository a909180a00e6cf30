/** Logs of real machines replayed against PCR values that are known from elsewhere. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toUtf8 } from '../../core/bytes.ts';
import { hashOf } from '../../core/ciphers.ts';
import { decodeEventLog, type UnverifiedEvent } from '../../firmware/event-log.ts';
import { type BelievedPcrs, believePcrs, extendPcr } from '../../firmware/pcrs.ts';
import { replayLogs } from '../../firmware/replay.ts';
import { refuses } from '../refused.ts';
import { skip } from '../skip.ts';
import { type KnownLog, knownLogs, VECTORS_ABSENT, vector } from './vectors.ts';

const replay = suite('firmware/replay');

/** IMA measures into PCR 10, and logs elsewhere. */
const WITHOUT_IMA = (pcr: number): boolean => pcr !== 10;

function believed({ bank, pcrs }: KnownLog): BelievedPcrs {
  return believePcrs({ bank, values: pcrs }, [...pcrs.keys()]);
}

function replayKnown(known: KnownLog, bytes: Uint8Array = vector(known.file)) {
  return replayLogs({
    pcrs: believed(known),
    firmware: decodeEventLog(bytes),
    userspace: [],
    mustExplain: [...known.pcrs.keys()].filter(WITHOUT_IMA),
  });
}

function known(file: string, bank: KnownLog['bank'] = 'sha256'): KnownLog {
  const found = knownLogs().find((log) => log.file.startsWith(file) && log.bank === bank);
  if (found === undefined) throw new Error(`no such vector: ${file}`);
  return found;
}

if (VECTORS_ABSENT !== null) {
  skip('firmware/replay › logs of real machines', VECTORS_ABSENT);
} else {
  for (const log of knownLogs()) {
    replay(`leads to every PCR of ${log.file} in ${log.bank}`, () => {
      const { explained, quirks } = replayKnown(log);
      assert.equal(explained.filter(WITHOUT_IMA), [...log.pcrs.keys()].filter(WITHOUT_IMA));
      assert.equal(quirks, []);
    });
  }

  replay('completes a log that lacks ExitBootServices, and says by which quirk', () => {
    const value = fromHex('31245808d6d35849bc394f6343f2b3ff908ed5e3');
    const { events, quirks } = replayLogs({
      pcrs: believePcrs({ bank: 'sha1', values: new Map([[5, value]]) }, [5]),
      firmware: decodeEventLog(vector('ebs_event_missing_eventlog')),
      userspace: [],
      mustExplain: [5],
    });
    assert.equal(quirks, ['exit-boot-services']);
    assert.equal(events.at(-1)?.source, 'quirk');
  });

  replay('believes no data that the digest does not cover', () => {
    const { events } = replayKnown(known('debian-10', 'sha1'));
    const uncovered = events.filter((event) => event.coveredBytes === null);
    assert.ok(uncovered.some((event) => event.pcr === 7));
    for (const { coveredBytes, digest } of events) {
      if (coveredBytes !== null) assert.equal(hashOf('sha1', coveredBytes), digest);
    }
  });

  replay('refuses a log cut before the separators as short', () => {
    const log = known('qemu-ovmf-uki/');
    const bytes = vector(log.file);
    const last = decodeEventLog(bytes).unverifiedEvents[2]?.claimedBytes ?? bytes;
    const cut = bytes.subarray(0, last.byteOffset - bytes.byteOffset + last.length);
    refuses('log-short', () => replayKnown(log, cut));
  });

  replay('refuses a log that goes on after the quoted state as long', () => {
    const log = known('qemu-ovmf-uki/');
    const events = decodeEventLog(vector(log.file)).unverifiedEvents.filter((e) => e.pcr === 4);
    let value: Uint8Array = new Uint8Array(32);
    for (const event of events.slice(0, -1)) {
      value = extendPcr('sha256', value, event.digests.get('sha256') ?? new Uint8Array(0));
    }
    const pcrs = new Map(log.pcrs).set(4, value);
    refuses('log-long', () => replayKnown({ ...log, pcrs }));
  });

  replay('refuses one changed digest', () => {
    const log = known('qemu-ovmf-uki/');
    const bytes = vector(log.file);
    const digest = decodeEventLog(bytes).unverifiedEvents[4]?.digests.get('sha256');
    digest?.set([(digest[0] ?? 0) ^ 1]); // a view of `bytes`
    refuses('log-replay', () => replayKnown(log, bytes));
  });

  replay('refuses a log without digests of the quoted bank', () => {
    const log = known('debian-10', 'sha1');
    refuses('log-bank', () => replayKnown({ ...log, bank: 'sha256', pcrs: known('glinux').pcrs }));
  });

  replay('lists what it need not explain, and believes nothing of it', () => {
    const log = known('qemu-ovmf-uki/');
    const { unexplained, events } = replayKnown(log);
    assert.equal([...unexplained], [[10, 'log-short']]);
    assert.is(events.filter((event) => event.pcr === 10).length, 0);
  });

  replay('believes no event of a PCR outside the quote', () => {
    const log = known('qemu-ovmf-uki/');
    const { events } = replayKnown({ ...log, pcrs: new Map([...log.pcrs].filter(([p]) => p < 4)) });
    assert.ok(events.every((event) => event.pcr < 4));
  });

  replay('follows userspace as far as the quote does', () => {
    const log = known('qemu-ovmf-uki/');
    const words = ['enter-initrd', 'leave-initrd', 'sysinit', 'ready'];
    const userspace = words.map((word, index) => phase(word, index));
    const start = log.pcrs.get(11) ?? new Uint8Array(0);
    const first = extendPcr('sha256', start, hashOf('sha256', toUtf8('enter-initrd')));
    const pcrs = new Map(log.pcrs).set(11, first);
    const { events } = replayLogs({
      pcrs: believed({ ...log, pcrs }),
      firmware: decodeEventLog(vector(log.file)),
      userspace,
      mustExplain: [11],
    });
    const phases = events.filter((event) => event.source === 'userspace');
    assert.equal(
      phases.map((event) => event.coveredBytes),
      [toUtf8('enter-initrd')],
    );
  });
}

replay('refuses to explain a PCR that the quote does not cover', () => {
  const firmware = { format: 'sha1', banks: [], startupLocality: 0, unverifiedEvents: [] } as const;
  const pcrs = believePcrs({ bank: 'sha256', values: new Map([[0, new Uint8Array(32)]]) }, []);
  const attempt = () => replayLogs({ pcrs, firmware, userspace: [], mustExplain: [0] });
  refuses('quote-selection', attempt);
});

function phase(word: string, index: number): UnverifiedEvent {
  const claimedBytes = toUtf8(word);
  const digests = new Map([['sha256' as const, hashOf('sha256', claimedBytes)]]);
  return { source: 'userspace', index, pcr: 11, type: 'phase', digests, claimedBytes };
}

replay.run();
