/**
 * Records as checkers read them: by the shipping decoders, each record once.
 */

import { assert } from '../core/assert.ts';
import { fromUtf8 } from '../core/bytes.ts';
import { parseCanonical } from '../core/canonical.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import { type Beacon, readBeacon } from '../federation/beacon.ts';
import { decodeEnvelope, type UnverifiedEnvelope } from '../federation/envelope.ts';
import { Members } from '../federation/members.ts';
import { type RecordKind, recordKey } from '../federation/record-key.ts';
import { decodeTick, type UnverifiedTick } from '../federation/tick.ts';

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

/** Its one spelling: read by one pattern, since every tick writes one at every node. */
const KEEPING =
  /^\{"aheadMs":(\d+),"asOf":(?:null|"(\d+)"),"bootId":"([^"\\]*)","bound":"(\d+)","boundBoot":(\d+),"ledgerBoot":(\d+),"ledgerMs":(\d+)\}$/;
/** What the date of a machine rests on, as it is stored (`federation/known-time.ts`). */
export interface TimeRecord {
  readonly basis: string;
  readonly bootId: string;
  readonly isAnchored: boolean;
  readonly isInDoubt: boolean;
  /** The date when the boot clock read `boot`. */
  readonly time: number;
  readonly boot: number;
}

/** The kinds of record that a domain has one of. */
type SingleKind = Exclude<
  RecordKind,
  'root' | 'document' | 'past' | 'disowned' | 'revocations' | 'override'
>;

const DOUBTS_MAX = 8;
/** Keys by domain and kind: a text that is put together anew is hashed anew at each look-up. */
const keys = new Map<TrustDomain, Map<SingleKind, string>>();
const times = new WeakMap<Uint8Array, TimeRecord>();
const keepings = new WeakMap<Uint8Array, Keeping>();
const ticks = new WeakMap<Uint8Array, UnverifiedTick>();
const beacons = new WeakMap<Uint8Array, Beacon>();
const envelopes = new WeakMap<Uint8Array, UnverifiedEnvelope>();

/** What a machine believes of that kind about a domain, or null. */
export function recordOf(
  { believed }: { readonly believed: ReadonlyMap<string, Uint8Array> },
  domain: TrustDomain,
  kind: SingleKind,
): Uint8Array | null {
  return believed.get(keys.get(domain)?.get(kind) ?? keyOf(domain, kind)) ?? null;
}

function keyOf(domain: TrustDomain, kind: SingleKind): string {
  const key = recordKey(domain, kind);
  const ofDomain = keys.get(domain) ?? new Map<SingleKind, string>();
  keys.set(domain, ofDomain.set(kind, key));
  return key;
}

export function keepingOf(record: Uint8Array): Keeping {
  const known = keepings.get(record);
  if (known !== undefined) return known;
  const [text, ...found] = KEEPING.exec(fromUtf8(record)) ?? [];
  assert(text !== undefined, 'bookkeeping as federation/record.ts writes it');
  const number = (i: number): number => Number.parseInt(found[i] ?? '', 10);
  const keeping = {
    aheadMs: number(0),
    asOf: found[1] === undefined ? null : number(1),
    bootId: found[2] ?? '',
    bound: number(3),
    boundBoot: number(4),
    ledgerBoot: number(5),
    ledgerMs: number(6),
  };
  keepings.set(record, keeping);
  return keeping;
}

export function timeOf(record: Uint8Array): TimeRecord {
  const known = times.get(record);
  if (known !== undefined) return known;
  const members = new Members(parseCanonical(record), 'time');
  const time = {
    basis: members.text('basis', 32),
    bootId: members.text('bootId', 64),
    isAnchored: members.flag('isAnchored'),
    isInDoubt: members.list('doubts', DOUBTS_MAX).length > 0,
    time: members.time('time'),
    boot: members.integer('boot', 0, Number.MAX_SAFE_INTEGER),
  };
  times.set(record, time);
  return time;
}

export function envelopeOf(record: Uint8Array): UnverifiedEnvelope {
  const known = envelopes.get(record) ?? decodeEnvelope(record);
  envelopes.set(record, known);
  return known;
}

/** The envelope in the record of a manifest, behind the rank. */
export function manifestOf(record: Uint8Array): UnverifiedEnvelope {
  return envelopeOf(record.subarray(1));
}

export function tickOf(record: Uint8Array): UnverifiedTick {
  const known = ticks.get(record) ?? decodeTick(record);
  ticks.set(record, known);
  return known;
}

export function beaconOf(record: Uint8Array): Beacon {
  const known = beacons.get(record) ?? readBeacon(envelopeOf(record));
  beacons.set(record, known);
  return known;
}

/** What stood in the ledger when the boot clock read `boot`, in the boot of the record. */
export function ledgerAt(keeping: Keeping, boot: number): number {
  return keeping.ledgerMs + Math.max(0, boot - keeping.ledgerBoot);
}
