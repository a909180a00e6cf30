/**
 * The list of files that Linux measured while running (IMA), and how far of it a quote covers.
 *
 * The list grows while it is read, so it may be longer than the quoted state: it is replayed until
 * the PCR matches, and the count is the answer. Kernels that lack the hash of a bank extend SHA-1
 * padded with zeros there; such a list is recognised, and is worth no more than SHA-1.
 * Linux security/integrity/ima/ima_fs.c, ima_template_lib.c.
 */

import type { Brand } from '../core/brand.ts';
import { concat, equalBytes, fromUtf8, toHex } from '../core/bytes.ts';
import { HASH_BYTES, hashOf } from '../core/ciphers.ts';
import { IMA_ENTRIES_MAX, IMA_LOG_BYTES_MAX } from '../core/limits.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import { LittleEndianReader } from './little-endian.ts';
import { checkSize, refusedAs } from './malformed.ts';
import { type Bank, type BelievedPcrs, extendPcr, initialPcr } from './pcrs.ts';

/** The PCR that IMA extends unless it is configured otherwise. */
export const IMA_PCR = 10;
const TEMPLATE_NAME_BYTES_MAX = 32;
/** The first template hashed its name into a fixed field; no kernel of ours writes it. */
const LEGACY_TEMPLATE = 'ima';

/** One entry as the list tells it. */
export interface UnverifiedImaEntry {
  readonly pcr: number;
  /** SHA-1 of the template's bytes; zeros mark a violation. */
  readonly sha1: Uint8Array;
  readonly template: string;
  readonly templateBytes: Uint8Array;
}

/** A file that the quoted PCR proves to have been measured. */
export type MeasuredFile = Brand<MeasuredFileFields, 'MeasuredFile'>;

interface MeasuredFileFields {
  readonly path: string;
  /** Such as `sha256:5fc11a…`. */
  readonly digest: string;
}

/** How the list led to the PCR. */
export interface ImaReplay {
  /** Entries that the quote covers; what follows them is not believed. */
  readonly count: number;
  /** `padded-sha1`: the kernel had no hash for this bank, and nothing is believed. */
  readonly hashing: 'bank' | 'padded-sha1';
  /** Violations: files written while they were measured. */
  readonly violations: number;
  /** Files of the covered entries whose template names one. */
  readonly files: readonly MeasuredFile[];
}

/** Decodes a binary_runtime_measurements of a little-endian machine. Refuses `log-malformed`. */
export function decodeImaLog(bytes: Uint8Array): readonly UnverifiedImaEntry[] {
  checkSize(bytes, IMA_LOG_BYTES_MAX);
  return refusedAs('log-malformed', () => {
    const reader = new LittleEndianReader(bytes);
    const entries: UnverifiedImaEntry[] = [];
    while (reader.remaining > 0) {
      if (entries.length >= IMA_ENTRIES_MAX) {
        throw new Refusal('log-malformed', { entries: entries.length });
      }
      entries.push(readEntry(reader));
    }
    return entries;
  });
}

function readEntry(reader: LittleEndianReader): UnverifiedImaEntry {
  const pcr = reader.u32();
  const sha1 = reader.take(HASH_BYTES.sha1);
  const nameBytes = reader.u32();
  if (nameBytes > TEMPLATE_NAME_BYTES_MAX) throw new Refusal('log-malformed', { nameBytes });
  const template = fromUtf8(reader.take(nameBytes));
  if (template === LEGACY_TEMPLATE) throw new Refusal('log-malformed', { template });
  return { pcr, sha1, template, templateBytes: reader.take(reader.u32()) };
}

/**
 * Replays the list until the believed PCR is reached. Refuses `ima-replay` if no prefix reaches
 * it, and `quote-selection` if the quote does not cover it.
 */
export function replayIma(
  pcrs: BelievedPcrs,
  entries: readonly UnverifiedImaEntry[],
  pcr: number = IMA_PCR,
): ImaReplay {
  const quoted = pcrs.values.get(pcr);
  if (quoted === undefined) throw new Refusal('quote-selection', { pcr });
  const own = entries.filter((entry) => entry.pcr === pcr);
  for (const hashing of ['bank', 'padded-sha1'] as const) {
    const count = countUntil(pcrs.bank, initialPcr(pcrs.bank, pcr, 0), quoted, own, hashing);
    if (count === null) continue;
    const covered = own.slice(0, count);
    return {
      count,
      hashing,
      violations: covered.filter(isViolation).length,
      files: hashing === 'bank' ? covered.flatMap(fileOf) : [],
    };
  }
  throw new Refusal('ima-replay', { pcr, entries: own.length });
}

function countUntil(
  bank: Bank,
  start: Uint8Array,
  quoted: Uint8Array,
  entries: readonly UnverifiedImaEntry[],
  hashing: ImaReplay['hashing'],
): number | null {
  let value = start;
  if (equalBytes(value, quoted)) return 0;
  for (const [i, entry] of entries.entries()) {
    value = extendPcr(bank, value, digestOf(bank, entry, hashing));
    if (equalBytes(value, quoted)) return i + 1;
  }
  return null;
}

/** What the kernel extended for an entry; a violation is extended as all ones. */
function digestOf(
  bank: Bank,
  entry: UnverifiedImaEntry,
  hashing: ImaReplay['hashing'],
): Uint8Array {
  const size = HASH_BYTES[bank];
  if (isViolation(entry)) return new Uint8Array(size).fill(0xff);
  if (hashing === 'bank') return hashOf(bank, entry.templateBytes);
  const sha1 = hashOf('sha1', entry.templateBytes);
  return concat(sha1, new Uint8Array(size - sha1.length));
}

function isViolation({ sha1 }: UnverifiedImaEntry): boolean {
  return sha1.every((byte) => byte === 0);
}

/** Fields d-ng and n-ng, which every template but exotic ones begins with. */
function fileOf(entry: UnverifiedImaEntry): MeasuredFile[] {
  if (isViolation(entry)) return []; // nothing covers the bytes of a violation
  const file = refusalOf(() => {
    const reader = new LittleEndianReader(entry.templateBytes);
    const digest = reader.take(reader.u32());
    const name = reader.take(reader.u32());
    const end = digest.indexOf(0); // `sha256:`, a zero byte, the digest
    const fields: MeasuredFileFields = {
      path: fromUtf8(name.subarray(0, -1)),
      digest: fromUtf8(digest.subarray(0, end)) + toHex(digest.subarray(end + 1)),
    };
    return fields as unknown as MeasuredFile;
  });
  return file instanceof Refusal ? [] : [file];
}
