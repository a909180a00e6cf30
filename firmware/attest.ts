/**
 * TPMS_ATTEST, the statement a TPM signs about itself (TPM 2.0 Part 2 §10.12.12).
 *
 * Decoding believes nothing: `attested.ts` verifies. The bytes received are kept, because they are
 * what was signed; the fields are a copy to read.
 */

import { Reader } from '../core/bytes.ts';
import { Refusal } from '../core/refusal.ts';
import { checkSize, refusedAs } from './malformed.ts';
import { type RawPcrSelection, readPcrSelections, readSized, readYesNo } from './tpm-structures.ts';

/** TPM_GENERATED_VALUE: no restricted key signs these four bytes for anybody else. */
const MAGIC = 0xff544347;
const TYPES: ReadonlyMap<number, Attest['kind']> = new Map([
  [0x8014, 'nv'],
  [0x8017, 'certify'],
  [0x8018, 'quote'],
  [0x8019, 'time'],
  [0x801a, 'creation'],
] as const);

/** Larger than any TPM's: NV contents of 2 KiB and the fields around them. */
const ATTEST_BYTES_MAX = 4_096;
/** TPM2B_NAME and TPM2B_DATA hold a hash identifier and the largest hash (SHA-512). */
const NAME_BYTES_MAX = 66;

/** TPMS_CLOCK_INFO: how long the chip has run, and how often it was started. */
export interface ClockInfo {
  /** Powered milliseconds since the chip was last cleared. */
  readonly clockMs: bigint;
  /** TPM Resets: cold starts. */
  readonly resetCount: number;
  /** TPM Restarts and Resumes since the last Reset. */
  readonly restartCount: number;
  /** False after a power cut, until the clock has passed every value it may have shown before. */
  readonly safe: boolean;
}

/** What every kind of statement holds. */
export interface AttestHeader {
  /** The bytes received: what was signed. */
  readonly raw: Uint8Array;
  readonly qualifiedSigner: Uint8Array;
  /** qualifyingData: what the asker wanted to see again. */
  readonly extraData: Uint8Array;
  readonly clock: ClockInfo;
  readonly firmwareVersion: bigint;
}

/** A digest of selected PCRs, TPMS_QUOTE_INFO. */
export interface QuoteAttest extends AttestHeader {
  readonly kind: 'quote';
  readonly selections: readonly RawPcrSelection[];
  readonly pcrDigest: Uint8Array;
}

/** An object is loaded in the same chip, TPMS_CERTIFY_INFO. */
export interface CertifyAttest extends AttestHeader {
  readonly kind: 'certify';
  readonly name: Uint8Array;
  readonly qualifiedName: Uint8Array;
}

/** An object was created in the same chip, TPMS_CREATION_INFO. */
export interface CreationAttest extends AttestHeader {
  readonly kind: 'creation';
  readonly name: Uint8Array;
  readonly creationHash: Uint8Array;
}

/** What the clocks of the chip read, TPMS_TIME_ATTEST_INFO. */
export interface TimeAttest extends AttestHeader {
  readonly kind: 'time';
  /** Milliseconds since the chip was powered up. */
  readonly timeMs: bigint;
}

/** What an NV index held, TPMS_NV_CERTIFY_INFO. */
export interface NvAttest extends AttestHeader {
  readonly kind: 'nv';
  readonly indexName: Uint8Array;
  readonly offset: number;
  readonly contents: Uint8Array;
}

/** An unverified statement of a TPM. */
export type Attest = QuoteAttest | CertifyAttest | CreationAttest | TimeAttest | NvAttest;

/**
 * Decodes one statement. Refuses `too-large`, `attest-not-tpm` when the magic is missing, and
 * `attest-malformed`.
 */
export function decodeAttest(bytes: Uint8Array): Attest {
  checkSize(bytes, ATTEST_BYTES_MAX);
  return refusedAs('attest-malformed', () => {
    const reader = new Reader(bytes);
    const magic = reader.u32();
    if (magic !== MAGIC) throw new Refusal('attest-not-tpm', { expected: MAGIC, got: magic });
    const type = reader.u16();
    const header: AttestHeader = {
      raw: bytes,
      qualifiedSigner: readSized(reader, NAME_BYTES_MAX),
      extraData: readSized(reader, NAME_BYTES_MAX),
      clock: decodeClockInfo(reader),
      firmwareVersion: reader.u64(),
    };
    const attest = decodeBody(reader, type, header);
    reader.end();
    return attest;
  });
}

function decodeBody(reader: Reader, type: number, header: AttestHeader): Attest {
  const kind = TYPES.get(type);
  switch (kind) {
    case 'quote': {
      const selections = readPcrSelections(reader);
      return { ...header, kind, selections, pcrDigest: readSized(reader, NAME_BYTES_MAX) };
    }
    case 'certify': {
      const name = readSized(reader, NAME_BYTES_MAX);
      return { ...header, kind, name, qualifiedName: readSized(reader, NAME_BYTES_MAX) };
    }
    case 'creation': {
      const name = readSized(reader, NAME_BYTES_MAX);
      return { ...header, kind, name, creationHash: readSized(reader, NAME_BYTES_MAX) };
    }
    case 'time': {
      const timeMs = reader.u64();
      decodeClockInfo(reader); // the clock and version once more, as the header has them
      reader.u64();
      return { ...header, kind, timeMs };
    }
    case 'nv': {
      const indexName = readSized(reader, NAME_BYTES_MAX);
      const offset = reader.u16();
      return { ...header, kind, indexName, offset, contents: readSized(reader, ATTEST_BYTES_MAX) };
    }
    case undefined:
      throw new Refusal('attest-malformed', { type });
  }
}

/** Reads a TPMS_CLOCK_INFO (TPM 2.0 Part 2 §10.11.1). */
export function decodeClockInfo(reader: Reader): ClockInfo {
  const clockMs = reader.u64();
  const resetCount = reader.u32();
  const restartCount = reader.u32();
  return { clockMs, resetCount, restartCount, safe: readYesNo(reader) };
}
