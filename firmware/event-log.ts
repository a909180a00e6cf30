/**
 * The event log that firmware hands to the operating system: TCG crypto-agile, and SHA-1 only.
 *
 * What comes out are **unverified** events: anybody with root can write a log. Only `replay.ts`
 * makes believed events of them. The header's list of hashes is the only set an event may use,
 * and an event that reaches past the end is refused. PC Client Platform Firmware Profile 1.06 §10.
 */

import { HASH_BYTES } from '../core/ciphers.ts';
import { EVENT_BYTES_MAX, EVENT_LOG_BYTES_MAX, LOG_EVENTS_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { EV_NO_ACTION } from './event-types.ts';
import { LittleEndianReader } from './little-endian.ts';
import { checkSize, refusedAs } from './malformed.ts';
import type { Bank } from './pcrs.ts';
import { HASH_ALG, PCR_COUNT } from './tpm-constants.ts';
import { hashNameOf } from './tpm-structures.ts';

const SPEC_ID = 'Spec ID Event03\0';
const STARTUP_LOCALITY = 'StartupLocality\0';
const SIGNATURE_BYTES = 16;
/** Hashes a header may declare; the registry has fewer. */
const ALGORITHMS_MAX = 16;
const DIGEST_BYTES_MAX = 64;

/** One event as a log tells it. Nothing here is proven. */
export interface UnverifiedEvent {
  readonly source: 'firmware' | 'userspace' | 'quirk';
  /** Place in its log, from 0 for the first one. */
  readonly index: number;
  readonly pcr: number;
  /** The TCG number of a firmware event, the word of a userspace one. */
  readonly type: number | string;
  /** The digests of the banks that we compute. */
  readonly digests: ReadonlyMap<Bank, Uint8Array>;
  /** A hint, until a digest is seen to cover it. */
  readonly claimedBytes: Uint8Array;
}

/** A log that was read and not yet replayed. */
export interface UnverifiedEventLog {
  readonly format: 'sha1' | 'crypto-agile';
  /** Banks the header declares and we compute. */
  readonly banks: readonly Bank[];
  /** Locality of TPM2_Startup, which PCR 0 starts with: 0, or 3 or 4 (§10.4.5.3). */
  readonly startupLocality: number;
  /** Events that extend a PCR; EV_NO_ACTION is left out. */
  readonly unverifiedEvents: readonly UnverifiedEvent[];
}

/** Decodes a whole log. Refuses `too-large` and `log-malformed`. */
export function decodeEventLog(bytes: Uint8Array): UnverifiedEventLog {
  checkSize(bytes, EVENT_LOG_BYTES_MAX);
  return refusedAs('log-malformed', () => new LogReader(bytes).read());
}

class LogReader {
  readonly #reader: LittleEndianReader;
  /** Where the bytes begin that are all zeros, or all ones, up to the end. */
  readonly #zerosFrom: number;
  readonly #onesFrom: number;
  /** Digest lengths by TPM_ALG_ID, as the header declares them. */
  #sizes: ReadonlyMap<number, number> = new Map([[HASH_ALG.sha1, HASH_BYTES.sha1]]);
  #format: UnverifiedEventLog['format'] = 'sha1';
  #startupLocality = 0;
  readonly #events: UnverifiedEvent[] = [];

  constructor(bytes: Uint8Array) {
    this.#reader = new LittleEndianReader(bytes);
    this.#zerosFrom = bytes.findLastIndex((byte) => byte !== 0) + 1;
    this.#onesFrom = bytes.findLastIndex((byte) => byte !== 0xff) + 1;
  }

  read(): UnverifiedEventLog {
    for (let index = 0; !this.#atPadding(); index++) {
      if (index >= LOG_EVENTS_MAX) throw new Refusal('log-malformed', { events: index });
      const event = this.#event(index);
      if (event.type !== EV_NO_ACTION) this.#events.push(event);
      else this.#noAction(event);
    }
    const banks = [...this.#sizes.keys()].map(hashNameOf).filter((bank) => bank !== undefined);
    return {
      format: this.#format,
      banks,
      startupLocality: this.#startupLocality,
      unverifiedEvents: this.#events,
    };
  }

  /** Some firmware hands out its whole buffer: zeros or ones follow the last event. */
  #atPadding(): boolean {
    const { at, remaining } = this.#reader;
    return remaining === 0 || at >= this.#zerosFrom || at >= this.#onesFrom;
  }

  #event(index: number): UnverifiedEvent {
    const pcr = this.#reader.u32();
    const type = this.#reader.u32();
    const digests = this.#format === 'sha1' ? this.#oneDigest() : this.#digests(index);
    const size = this.#reader.u32();
    if (size > EVENT_BYTES_MAX) throw new Refusal('log-malformed', { event: index, bytes: size });
    const claimedBytes = this.#reader.take(size);
    // Events that are not extended may name any PCR: SP800-155 ones use all ones (§10.4.5.2).
    if (type !== EV_NO_ACTION && pcr >= PCR_COUNT) {
      throw new Refusal('log-malformed', { event: index, pcr });
    }
    return { source: 'firmware', index, pcr, type, digests, claimedBytes };
  }

  #oneDigest(): ReadonlyMap<Bank, Uint8Array> {
    return new Map([['sha1', this.#reader.take(HASH_BYTES.sha1)]]);
  }

  #digests(index: number): ReadonlyMap<Bank, Uint8Array> {
    const count = this.#reader.u32();
    if (count > this.#sizes.size) throw new Refusal('log-malformed', { event: index, count });
    const digests = new Map<Bank, Uint8Array>();
    const seen = new Set<number>();
    for (let i = 0; i < count; i++) {
      const algorithm = this.#reader.u16();
      const size = this.#sizes.get(algorithm);
      if (size === undefined || seen.has(algorithm)) {
        throw new Refusal('log-malformed', { event: index, algorithm });
      }
      seen.add(algorithm);
      const digest = this.#reader.take(size);
      const bank = hashNameOf(algorithm);
      if (bank !== undefined) digests.set(bank, digest);
    }
    return digests;
  }

  #noAction({ index, pcr, claimedBytes }: UnverifiedEvent): void {
    if (index === 0 && startsWith(claimedBytes, SPEC_ID)) this.#specId(claimedBytes);
    else if (startsWith(claimedBytes, STARTUP_LOCALITY)) this.#locality(pcr, claimedBytes);
  }

  /** TCG_EfiSpecIDEvent (§10.4.5.1): which hashes follow, and how long each is. */
  #specId(bytes: Uint8Array): void {
    const reader = new LittleEndianReader(bytes);
    reader.take(SIGNATURE_BYTES + 4); // signature, platform class
    reader.u8(); // minor
    const major = reader.u8();
    reader.take(2); // errata, size of a UINTN
    const count = reader.u32();
    if (major !== 2 || count === 0 || count > ALGORITHMS_MAX) {
      throw new Refusal('log-malformed', { major, algorithms: count });
    }
    const sizes = new Map<number, number>();
    for (let i = 0; i < count; i++) {
      const algorithm = reader.u16();
      const size = reader.u16();
      const bank = hashNameOf(algorithm);
      const right = bank === undefined ? size <= DIGEST_BYTES_MAX : size === HASH_BYTES[bank];
      if (!right || sizes.has(algorithm)) throw new Refusal('log-malformed', { algorithm, size });
      sizes.set(algorithm, size);
    }
    reader.take(reader.u8()); // vendor information
    reader.end();
    this.#sizes = sizes;
    this.#format = 'crypto-agile';
  }

  #locality(pcr: number, bytes: Uint8Array): void {
    // After the first extend of PCR 0 it could no longer have been its start.
    const late = this.#events.some((event) => event.pcr === 0);
    const locality = bytes[SIGNATURE_BYTES];
    if (pcr !== 0 || late || locality === undefined || locality > 4) {
      throw new Refusal('log-malformed', { field: 'StartupLocality', pcr });
    }
    this.#startupLocality = locality;
  }
}

function startsWith(bytes: Uint8Array, ascii: string): boolean {
  if (bytes.length < ascii.length) return false;
  for (let i = 0; i < ascii.length; i++) if (bytes[i] !== ascii.charCodeAt(i)) return false;
  return true;
}
