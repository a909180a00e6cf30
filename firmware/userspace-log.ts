/**
 * What systemd measured after firmware was gone: /run/log/systemd/tpm2-measure.log.
 *
 * Phases of the boot (PCR 11), credentials, machine id and volume keys (PCR 9, 12, 13, 15) are in
 * no firmware log, so without this one those PCRs do not replay. The format is close to TCG
 * CEL-JSON, one record after each RS character (RFC 7464). The records are as unverified as the
 * firmware's. systemd docs/TPM2_PCR_MEASUREMENTS.
 */

import { fromHex, toUtf8 } from '../core/bytes.ts';
import { isObject, type Json, type JsonObject, parseJson } from '../core/canonical.ts';
import { HASH_BYTES } from '../core/ciphers.ts';
import { LOG_EVENTS_MAX, USERSPACE_LOG_BYTES_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { UnverifiedEvent } from './event-log.ts';
import { checkSize, refusedAs } from './malformed.ts';
import type { Bank } from './pcrs.ts';
import { PCR_COUNT } from './tpm-constants.ts';

const RECORD_SEPARATOR = 0x1e;

/** Decodes the whole log, oldest record first. Refuses `too-large` and `log-malformed`. */
export function decodeUserspaceLog(bytes: Uint8Array): readonly UnverifiedEvent[] {
  checkSize(bytes, USERSPACE_LOG_BYTES_MAX);
  return refusedAs('log-malformed', () =>
    splitRecords(bytes).flatMap((record, index) => {
      const value = parseJson(record, USERSPACE_LOG_BYTES_MAX);
      if (!isObject(value)) throw new Refusal('log-malformed', { record: index });
      // A record of an NV index that stands in for a PCR extends none.
      return value.pcr === undefined ? [] : [readRecord(value, index)];
    }),
  );
}

function splitRecords(bytes: Uint8Array): readonly Uint8Array[] {
  const starts: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === RECORD_SEPARATOR) starts.push(at + 1);
  }
  const whole = bytes.length === 0 || bytes[0] === RECORD_SEPARATOR;
  if (!whole || starts.length > LOG_EVENTS_MAX) {
    throw new Refusal('log-malformed', { records: starts.length });
  }
  return starts.map((from, i) => bytes.subarray(from, (starts[i + 1] ?? bytes.length + 1) - 1));
}

function readRecord(record: JsonObject, index: number): UnverifiedEvent {
  const pcr = record.pcr;
  if (typeof pcr !== 'number' || !Number.isInteger(pcr) || pcr < 0 || pcr >= PCR_COUNT) {
    throw new Refusal('log-malformed', { record: index, member: 'pcr' });
  }
  const content = isObject(record.content) ? record.content : {};
  const type = typeof content.eventType === 'string' ? content.eventType : 'systemd';
  const text = typeof content.string === 'string' ? content.string : '';
  const digests = readDigests(record.digests, index);
  return { source: 'userspace', index, pcr, type, digests, claimedBytes: toUtf8(text) };
}

function readDigests(list: Json | undefined, index: number): ReadonlyMap<Bank, Uint8Array> {
  const refuse = (): never => {
    throw new Refusal('log-malformed', { record: index, member: 'digests' });
  };
  if (!Array.isArray(list)) return refuse();
  const digests = new Map<Bank, Uint8Array>();
  for (const item of list as readonly Json[]) {
    if (!isObject(item) || typeof item.digest !== 'string') return refuse();
    const digest = fromHex(item.digest);
    const bank = BANKS.find((name) => name === item.hashAlg);
    if (bank === undefined) continue; // a bank that we do not compute
    if (digest.length !== HASH_BYTES[bank] || digests.has(bank)) return refuse();
    digests.set(bank, digest);
  }
  return digests;
}

const BANKS = ['sha1', 'sha256', 'sha384', 'sha512'] as const satisfies readonly Bank[];
