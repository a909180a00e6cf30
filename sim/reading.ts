/**
 * Records as checkers read them: by the shipping decoders, each record once.
 */

import { assert } from '../core/assert.ts';
import { fromUtf8 } from '../core/bytes.ts';
import { parseCanonical } from '../core/canonical.ts';
import { readOnce } from '../core/read-once.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import { type Beacon, readBeacon } from '../federation/beacon.ts';
import { decodeEnvelope } from '../federation/envelope.ts';
import { Members } from '../federation/members.ts';
import { recordKey } from '../federation/record-key.ts';
import { type Root, readRoot } from '../federation/root.ts';
import { decodeTick } from '../federation/tick.ts';

/** The bookkeeping of time as it is stored (`federation/record.ts`). */
export interface Keeping {
  readonly asOf: number | null;
  readonly bound: number;
  readonly boundBoot: number;
  readonly ledgerMs: number;
  readonly ledgerBoot: number;
  readonly aheadMs: number;
  readonly bootId: string;
}

/** What the date of a machine rests on, as it is stored (`federation/known-time.ts`). */
export interface TimeRecord {
  readonly basis: string;
  readonly bootId: string;
  readonly isAnchored: boolean;
  readonly isInDoubt: boolean;
  /** In a doubt that a date ends: what the store gives reason for ends by itself. */
  readonly isAsking: boolean;
  /** The date when the boot clock read `boot`. */
  readonly time: number;
  readonly boot: number;
}

/** The kinds of record that a domain has one of, as far as they are looked up here. */
type SingleKind = 'beacon' | 'tick' | 'stop' | 'manifest' | 'keeping' | 'time';

const DOUBTS_MAX = 8;
const RANK_BYTES = 1;
const FROZEN_BYTES = 8;
const ZERO = 0x30;
const QUOTE = 0x22;

/** What a machine believes of that kind about a domain, or null. */
export function recordOf(
  { believed }: { readonly believed: ReadonlyMap<string, Uint8Array> },
  domain: TrustDomain,
  kind: SingleKind,
): Uint8Array | null {
  return recordIn(believed, domain, kind);
}

/** The record of that kind about a domain, or null. */
export function recordIn(
  records: ReadonlyMap<string, Uint8Array>,
  domain: TrustDomain,
  kind: SingleKind,
): Uint8Array | null {
  return records.get(recordKey(domain, kind)) ?? null;
}

export const keepingOf = readOnce(readKeeping);
export const timeOf = readOnce(readTime);
export const envelopeOf = readOnce(decodeEnvelope);
/** The envelope in the record of a manifest, behind the rank. */
export const manifestOf = readOnce((record: Uint8Array) =>
  decodeEnvelope(record.subarray(RANK_BYTES)),
);
/** The same of a content document, behind the time since when it is frozen. */
export const documentOf = readOnce((record: Uint8Array) =>
  decodeEnvelope(record.subarray(FROZEN_BYTES)),
);
export const tickOf = readOnce(decodeTick);
export function beaconOf(record: Uint8Array): Beacon {
  return readBeacon(envelopeOf(record));
}

/** Reads its one spelling byte by byte: every tick writes one at every node. */
function readKeeping(record: Uint8Array): Keeping {
  let at = 0;
  const pass = (label: string): void => {
    for (let i = 0; i < label.length; i++) {
      assert(record[at++] === label.charCodeAt(i), 'bookkeeping as federation/record.ts writes it');
    }
  };
  const number = (label: string): number => {
    pass(label);
    let value = 0;
    for (let digit = digitAt(record, at); digit >= 0; digit = digitAt(record, ++at)) {
      value = 10 * value + digit;
    }
    return value;
  };
  const aheadMs = number('{"aheadMs":');
  pass(',"asOf":');
  const asOf = record[at] === QUOTE ? number('"') : null;
  pass(asOf === null ? 'null,"bootId":"' : '","bootId":"');
  const end = record.indexOf(QUOTE, at);
  const bootId = fromUtf8(record.subarray(at, end));
  at = end;
  const bound = number('","bound":"');
  const boundBoot = number('","boundBoot":');
  const ledgerBoot = number(',"ledgerBoot":');
  const ledgerMs = number(',"ledgerMs":');
  pass('}');
  return { aheadMs, asOf, bootId, bound, boundBoot, ledgerBoot, ledgerMs };
}

/** The digit that stands there, or −1. */
function digitAt(record: Uint8Array, at: number): number {
  const digit = (record[at] ?? 0) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : -1;
}

function readTime(record: Uint8Array): TimeRecord {
  const members = new Members(parseCanonical(record), 'time');
  const doubts = members.list('doubts', DOUBTS_MAX);
  return {
    basis: members.text('basis', 32),
    bootId: members.text('bootId', 64),
    isAnchored: members.flag('isAnchored'),
    isInDoubt: doubts.length > 0,
    isAsking: doubts.some((doubt) => doubt !== 'store'),
    time: members.time('time'),
    boot: members.integer('boot', 0, Number.MAX_SAFE_INTEGER),
  };
}

/** The Roots of a domain that a machine believes, the oldest first. */
export function rootsOf(
  machine: { readonly believed: ReadonlyMap<string, Uint8Array> },
  domain: TrustDomain,
): readonly Root[] {
  return rootRecordsOf(machine, domain).map((record) => readRoot(envelopeOf(record)));
}

/** The same as they are stored. */
export function rootRecordsOf(
  { believed }: { readonly believed: ReadonlyMap<string, Uint8Array> },
  domain: TrustDomain,
): readonly Uint8Array[] {
  const prefix = recordKey(domain, 'root', '');
  const held = [...believed].filter(([key]) => key.startsWith(prefix));
  return held.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
}

/** What stood in the ledger when the boot clock read `boot`, in the boot of the record. */
export function ledgerAt(keeping: Keeping, boot: number): number {
  return keeping.ledgerMs + Math.max(0, boot - keeping.ledgerBoot);
}
