/**
 * What a node shows of its chip and its boot: one bundle of bytes, for a link or for a file.
 *
 * The bundle vouches for nothing. Each part is kept as the chip, the firmware or the kernel made
 * it, since those bytes are what is signed, hashed and replayed; `boot-state.ts` verifies them.
 * There is one spelling: decoding and encoding again gives the same bytes.
 *
 * Layout, big-endian: the label, then each part behind its u32 length; a part that may be absent
 * is preceded by a u8 that is 0 or 1, a list by its u8 count. PCRs are a u16 TPM_ALG_ID, a u8
 * count, and for each PCR a u8 and its digest, ascending.
 */

import { concat, equalBytes, Reader, toUtf8, Writer } from '../core/bytes.ts';
import { HASH_BYTES } from '../core/ciphers.ts';
import {
  CERTIFICATE_BYTES_MAX,
  EVENT_LOG_BYTES_MAX,
  EVIDENCE_BYTES_MAX,
  IMA_LOG_BYTES_MAX,
  INTERMEDIATES_MAX,
  USERSPACE_LOG_BYTES_MAX,
} from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { SignedAttest } from './attested.ts';
import { checkSize, refusedAs } from './malformed.ts';
import type { ClaimedPcrs } from './pcrs.ts';
import { HASH_ALG, PCR_COUNT } from './tpm-constants.ts';
import { readHash } from './tpm-structures.ts';

const LABEL = toUtf8('holdfast/evidence/v1\0');
/** A public area, a statement, a signature: none passes a TPM's own buffers. */
const STRUCTURE_BYTES_MAX = 4_096;

/** One bundle, undecoded within. Null where the node has no such thing. */
export interface Evidence {
  /** TPMT_PUBLIC of the keys. */
  readonly attestationKey: Uint8Array;
  readonly endorsementKey: Uint8Array;
  /** The NV index as it was read, and certificates on the way to the maker's root. */
  readonly endorsementCertificate: Uint8Array | null;
  readonly intermediates: readonly Uint8Array[];
  readonly quote: SignedAttest;
  readonly pcrs: ClaimedPcrs;
  /** The three logs, as firmware, systemd and the kernel hold them. */
  readonly eventLog: Uint8Array | null;
  readonly userspaceLog: Uint8Array | null;
  readonly imaLog: Uint8Array | null;
  /** NV_Certify over the counter of the state's generation. */
  readonly counter: SignedAttest | null;
}

/** The bytes of a bundle. */
export function encodeEvidence(evidence: Evidence): Uint8Array {
  const writer = new Writer().raw(LABEL);
  part(writer, evidence.attestationKey);
  part(writer, evidence.endorsementKey);
  optionalPart(writer, evidence.endorsementCertificate);
  writer.u8(evidence.intermediates.length);
  for (const certificate of evidence.intermediates) part(writer, certificate);
  signedParts(writer, evidence.quote);
  writer.raw(encodePcrs(evidence.pcrs));
  optionalPart(writer, evidence.eventLog);
  optionalPart(writer, evidence.userspaceLog);
  optionalPart(writer, evidence.imaLog);
  writer.u8(evidence.counter === null ? 0 : 1);
  if (evidence.counter !== null) signedParts(writer, evidence.counter);
  return writer.finish();
}

/** Decodes a bundle, as views that share its memory. Refuses `too-large`, `evidence-malformed`. */
export function decodeEvidence(bytes: Uint8Array): Evidence {
  checkSize(bytes, EVIDENCE_BYTES_MAX);
  return refusedAs('evidence-malformed', () => {
    const reader = new Reader(bytes);
    if (!equalBytes(reader.take(LABEL.length), LABEL)) {
      throw new Refusal('evidence-malformed', { field: 'label' });
    }
    const evidence: Evidence = {
      attestationKey: readPart(reader, STRUCTURE_BYTES_MAX),
      endorsementKey: readPart(reader, STRUCTURE_BYTES_MAX),
      endorsementCertificate: readOptional(reader, CERTIFICATE_BYTES_MAX),
      intermediates: readIntermediates(reader),
      quote: readSigned(reader),
      pcrs: readPcrs(reader),
      eventLog: readOptional(reader, EVENT_LOG_BYTES_MAX),
      userspaceLog: readOptional(reader, USERSPACE_LOG_BYTES_MAX),
      imaLog: readOptional(reader, IMA_LOG_BYTES_MAX),
      counter: readFlag(reader) ? readSigned(reader) : null,
    };
    reader.end();
    return evidence;
  });
}

function part(writer: Writer, bytes: Uint8Array): void {
  writer.u32(bytes.length).raw(bytes);
}

function optionalPart(writer: Writer, bytes: Uint8Array | null): void {
  writer.u8(bytes === null ? 0 : 1);
  if (bytes !== null) part(writer, bytes);
}

function signedParts(writer: Writer, { attest, signature }: SignedAttest): void {
  part(writer, attest);
  part(writer, signature);
}

function encodePcrs({ bank, values }: ClaimedPcrs): Uint8Array {
  const ascending = [...values].sort(([a], [b]) => a - b);
  const head = new Writer().u16(HASH_ALG[bank]).u8(ascending.length).finish();
  return concat(head, ...ascending.map(([pcr, value]) => concat(Uint8Array.of(pcr), value)));
}

function readPart(reader: Reader, limit: number): Uint8Array {
  const size = reader.u32();
  if (size > limit) throw new Refusal('evidence-malformed', { limit, got: size });
  return reader.take(size);
}

function readFlag(reader: Reader): boolean {
  const flag = reader.u8();
  if (flag > 1) throw new Refusal('evidence-malformed', { flag });
  return flag === 1;
}

function readOptional(reader: Reader, limit: number): Uint8Array | null {
  return readFlag(reader) ? readPart(reader, limit) : null;
}

function readIntermediates(reader: Reader): readonly Uint8Array[] {
  const count = reader.u8();
  if (count > INTERMEDIATES_MAX) throw new Refusal('evidence-malformed', { intermediates: count });
  return Array.from({ length: count }, () => readPart(reader, CERTIFICATE_BYTES_MAX));
}

function readSigned(reader: Reader): SignedAttest {
  const attest = readPart(reader, STRUCTURE_BYTES_MAX);
  return { attest, signature: readPart(reader, STRUCTURE_BYTES_MAX) };
}

function readPcrs(reader: Reader): ClaimedPcrs {
  const bank = readHash(reader);
  const count = reader.u8();
  const values = new Map<number, Uint8Array>();
  let last = -1;
  for (let i = 0; i < count; i++) {
    const pcr = reader.u8();
    if (pcr <= last || pcr >= PCR_COUNT) throw new Refusal('evidence-malformed', { pcr });
    values.set(pcr, reader.take(HASH_BYTES[bank]));
    last = pcr;
  }
  return { bank, values };
}
