/**
 * Was Secure Boot on? Answered from what PCR 7 proves, and from nothing else.
 *
 * Two lies are expected. Data that no digest covers says nothing. And whoever has root can extend
 * PCR 7 after the boot with `SecureBoot = 1`, then call the true separator something else to make
 * the forgery look early: so the separator is known by its digest, and a log that names it
 * otherwise is refused. PC Client Platform Firmware Profile 1.06 §3.3.4.8, §10.4.5.
 */

import { equalBytes, fromHex, toHex, toUtf8 } from '../core/bytes.ts';
import { hashOf } from '../core/ciphers.ts';
import { Refusal } from '../core/refusal.ts';
import { EV_SEPARATOR } from './event-types.ts';
import type { MeasuredEvent, Replay } from './replay.ts';
import { decodeUefiVariable } from './uefi-variable.ts';

const PCR = 7;
/** EFI_GLOBAL_VARIABLE, in the byte order of UEFI. */
const GLOBAL_VARIABLE = fromHex('61dfe48bca93d211aa0d00e098032b8c');
const DEBUG_MODE = toUtf8('UEFI Debug Mode');
const NO_ERROR = new Uint8Array(4);
const ERROR = fromHex('ffffffff');

/** What PCR 7 says. `unknown` grants no more than `off`. */
export interface SecureBoot {
  readonly state: 'on' | 'off' | 'unknown';
  /** Digests of the keys and hashes that let something run after the separator, in order. */
  readonly authorities: readonly string[];
  /** What a sound log would not hold, in words. With one of these the state is never `on`. */
  readonly anomalies: readonly string[];
}

/** Reads the state off a replayed log. Refuses `log-event-type` for a disguised separator. */
export function secureBootOf(replay: Replay): SecureBoot {
  const events = replay.events.filter((event) => event.pcr === PCR);
  const normal = hashOf(replay.bank, NO_ERROR);
  const failed = hashOf(replay.bank, ERROR);
  const isSeparator = (event: MeasuredEvent): boolean =>
    equalBytes(event.digest, normal) || equalBytes(event.digest, failed);
  for (const event of events) {
    if (isSeparator(event) && event.claimedType !== EV_SEPARATOR) {
      throw new Refusal('log-event-type', { pcr: PCR, event: event.index });
    }
  }
  const end = events.findIndex(isSeparator);
  if (end < 0) {
    return { state: 'unknown', authorities: [], anomalies: ['PCR 7 has no proven separator'] };
  }
  const { value, anomalies } = readConfiguration(events.slice(0, end));
  const last = events[end];
  if (last !== undefined && equalBytes(last.digest, failed)) {
    anomalies.push('the separator of PCR 7 reports an error of firmware');
  }
  const after = events.slice(end + 1).filter((event) => event.source === 'firmware');
  const authorities = after.map((event) => toHex(event.digest));
  return { state: stateOf(value, anomalies), authorities, anomalies };
}

function stateOf(value: number | undefined, anomalies: readonly string[]): SecureBoot['state'] {
  if (value === 1) return anomalies.length === 0 ? 'on' : 'unknown';
  return value === undefined ? 'unknown' : 'off';
}

/** The value of SecureBoot before the separator; no byte at all counts as 0, and as an anomaly. */
function readConfiguration(events: readonly MeasuredEvent[]): {
  readonly value: number | undefined;
  readonly anomalies: string[];
} {
  const anomalies: string[] = [];
  let value: number | undefined;
  for (const event of events) {
    // Some firmware measures separators of its own invention; they close nothing.
    if (event.claimedType === EV_SEPARATOR) {
      anomalies.push(`event ${event.index}: a separator of unknown bytes`);
      continue;
    }
    if (event.coveredBytes === null) {
      anomalies.push(`event ${event.index}: its digest does not cover its data`);
      continue;
    }
    if (equalBytes(event.coveredBytes, DEBUG_MODE)) anomalies.push('UEFI debug mode');
    const variable = decodeUefiVariable(event.coveredBytes);
    if (variable === null || variable.name !== 'SecureBoot') continue;
    if (!equalBytes(variable.vendor, GLOBAL_VARIABLE)) continue;
    if (value !== undefined) anomalies.push('SecureBoot is measured twice');
    if (variable.value.length !== 1) {
      anomalies.push(`SecureBoot has ${variable.value.length} bytes where it should have one`);
    }
    value = variable.value.length === 1 ? (variable.value[0] ?? 0) : 0;
  }
  if (value === undefined) anomalies.push('SecureBoot is not measured');
  return { value, anomalies };
}
