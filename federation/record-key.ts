/**
 * The names of stored records: one registry of key spaces. A retired name is never used again.
 *
 *     federation/<domain>/<kind>[/<part>]
 */

import type { TrustDomain } from '../core/spiffe-id.ts';

/** What every key of a federation record begins with. */
export const RECORD_PREFIX = 'federation/';

/** Every kind of record, with what its part and its value are. */
export const RECORD_KINDS = [
  'root', // part: version, 20 digits → envelope
  'beacon', // envelope of the newest admitted
  'tick', // 43 bytes of the highest verified
  'stop', // 43 bytes
  'future', // envelope dated in our future
  'manifest', // u8 rank of the beacon that named it ‖ envelope
  'document', // part: manifest key → u64 frozen asOf (all ones: pinned) ‖ envelope
  'keeping', // JCS: bound, ledger, asOf, boot
  'time', // JCS: what the date rests on in this boot; of the own domain alone
  'history', // JCS: past evidence
  'past', // part: digest → envelope of a beacon that was the newest once
  'disowned', // part: key id → u32 length ‖ envelope ‖ envelope
  'revocations', // part: digest → envelope
  'override', // part: digest → u32 length ‖ envelope ‖ envelope of its recall, or nothing
  'lease', // envelope of our own; of our own domain alone
  'writer', // JCS: highest epoch allocated, and its lineage
  'fork', // JCS: own contents that a higher rank may have dropped, until it is known
  'drafts', // JCS: own contents whose signer counts no more, to be signed anew
] as const;
/** One kind of record. */
export type RecordKind = (typeof RECORD_KINDS)[number];

type Keys = Readonly<Record<RecordKind, string>>;

/** More than a node relates to; beyond, they are put together again. */
const DOMAINS_KEPT_MAX = 16_384;

/** By domain: a text that is put together anew is hashed anew wherever it is looked up. */
const known = new Map<TrustDomain, Keys>();

/** The key of a record. */
export function recordKey(domain: TrustDomain, kind: RecordKind, part?: string): string {
  const key = (known.get(domain) ?? keysOf(domain))[kind];
  return part === undefined ? key : `${key}/${part}`;
}

function keysOf(domain: TrustDomain): Keys {
  if (known.size >= DOMAINS_KEPT_MAX) known.clear();
  const key = (kind: RecordKind) => [kind, `${RECORD_PREFIX}${domain}/${kind}`] as const;
  const keys = Object.fromEntries(RECORD_KINDS.map(key)) as Keys;
  known.set(domain, keys);
  return keys;
}
