/**
 * Records as checkers read them: by the shipping decoders, each record once.
 */

import { parseCanonical } from '../core/canonical.ts';
import { type Beacon, readBeacon } from '../federation/beacon.ts';
import { decodeEnvelope, type UnverifiedEnvelope } from '../federation/envelope.ts';
import { Members } from '../federation/members.ts';

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

const keepings = new WeakMap<Uint8Array, Keeping>();
const envelopes = new WeakMap<Uint8Array, UnverifiedEnvelope>();

export function keepingOf(record: Uint8Array): Keeping {
  const known = keepings.get(record);
  if (known !== undefined) return known;
  const members = new Members(parseCanonical(record), 'keeping');
  const count = (name: string): number => members.integer(name, 0, Number.MAX_SAFE_INTEGER);
  const keeping = {
    asOf: members.value('asOf') === null ? null : members.time('asOf'),
    bound: members.time('bound'),
    boundBoot: count('boundBoot'),
    ledgerMs: count('ledgerMs'),
    ledgerBoot: count('ledgerBoot'),
    aheadMs: count('aheadMs'),
    bootId: members.text('bootId', 64),
  };
  keepings.set(record, keeping);
  return keeping;
}

export function envelopeOf(record: Uint8Array): UnverifiedEnvelope {
  const known = envelopes.get(record) ?? decodeEnvelope(record);
  envelopes.set(record, known);
  return known;
}

export function beaconOf(record: Uint8Array): Beacon {
  return readBeacon(envelopeOf(record));
}

/** What stood in the ledger when the boot clock read `boot`, in the boot of the record. */
export function ledgerAt(keeping: Keeping, boot: number): number {
  return keeping.ledgerMs + Math.max(0, boot - keeping.ledgerBoot);
}
