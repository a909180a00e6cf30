/**
 * A chip made of software, as far as attesting goes: it signs TPMS_ATTEST with a key whose public
 * area is that of an attestation key. Real chips are in the swtpm tests.
 */

import { generateKeyPairSync, sign } from 'node:crypto';
import { concat, fromBase64Url, Writer } from '../../core/bytes.ts';
import { HASH_BYTES, hashOf } from '../../core/ciphers.ts';
import type { ClockInfo } from '../../firmware/attest.ts';
import { type Challenge, qualifyingBytes, type SignedAttest } from '../../firmware/attested.ts';
import type { Evidence } from '../../firmware/evidence.ts';
import { type Bank, type ClaimedPcrs, extendPcr, initialPcr } from '../../firmware/pcrs.ts';
import { CURVE_ID, HASH_ALG, TPM_ALG, TPMA_OBJECT } from '../../firmware/tpm-constants.ts';
import { encodeEcdsa, encodePcrSelections, sized } from '../../firmware/tpm-structures.ts';

const MAGIC = 0xff544347;
const QUOTE = 0x8018;
const NV = 0x8014;
const EMPTY = new Uint8Array(0);
const ATTESTING =
  TPMA_OBJECT.FIXED_TPM |
  TPMA_OBJECT.FIXED_PARENT |
  TPMA_OBJECT.SENSITIVE_DATA_ORIGIN |
  TPMA_OBJECT.RESTRICTED |
  TPMA_OBJECT.SIGN;
const CLOCK: ClockInfo = { clockMs: 90_000n, resetCount: 3, restartCount: 0, safe: true };

/** What a boot measured: the log as firmware hands it out, and the PCRs it leads to. */
export interface SoftBoot {
  readonly eventLog: Uint8Array;
  readonly pcrs: ClaimedPcrs;
}

/** One measurement; `shown` is what the log says instead of `bytes`. */
export interface Measurement {
  readonly pcr: number;
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly shown?: Uint8Array;
}

export class SoftChip {
  readonly publicArea: Uint8Array;
  readonly firmwareVersion = 0x0007_0002_0000_0000n;
  readonly #pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  constructor() {
    const { x = '', y = '' } = this.#pair.publicKey.export({ format: 'jwk' });
    this.publicArea = new Writer()
      .u16(TPM_ALG.ECC)
      .u16(HASH_ALG.sha256)
      .u32(ATTESTING)
      .raw(sized(EMPTY))
      .u16(TPM_ALG.NULL)
      .u16(TPM_ALG.ECDSA)
      .u16(HASH_ALG.sha256)
      .u16(CURVE_ID.p256)
      .u16(TPM_ALG.NULL)
      .raw(sized(fromBase64Url(x)))
      .raw(sized(fromBase64Url(y)))
      .finish();
  }

  /** TPM2_Quote over every value shown. */
  quote({ bank, values }: ClaimedPcrs, challenge: Challenge): SignedAttest {
    const selected = [...values.keys()].sort((a, b) => a - b);
    const digest = hashOf('sha256', ...selected.map((pcr) => values.get(pcr) ?? EMPTY));
    const selection = encodePcrSelections([{ bank, pcrs: selected }]);
    return this.#attest(QUOTE, challenge, concat(selection, sized(digest)));
  }

  /** TPM2_NV_Certify over a counter. */
  certifyCounter(name: Uint8Array, value: bigint, challenge: Challenge): SignedAttest {
    const contents = new Writer().u64(value).finish();
    return this.#attest(NV, challenge, concat(sized(name), new Uint8Array(2), sized(contents)));
  }

  /** A bundle about one boot. */
  evidence({ eventLog, pcrs }: SoftBoot, challenge: Challenge): Evidence {
    return {
      attestationKey: this.publicArea,
      endorsementKey: this.publicArea,
      endorsementCertificate: null,
      intermediates: [],
      quote: this.quote(pcrs, challenge),
      pcrs,
      eventLog,
      userspaceLog: null,
      imaLog: null,
      counter: null,
    };
  }

  #attest(type: number, challenge: Challenge, body: Uint8Array): SignedAttest {
    const attest = new Writer()
      .u32(MAGIC)
      .u16(type)
      .raw(sized(EMPTY))
      .raw(sized(qualifyingBytes(challenge)))
      .u64(CLOCK.clockMs)
      .u32(CLOCK.resetCount)
      .u32(CLOCK.restartCount)
      .u8(1)
      .u64(this.firmwareVersion)
      .raw(body)
      .finish();
    const key = { key: this.#pair.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    const pair = new Uint8Array(sign('sha256', attest, key));
    const signature = encodeEcdsa('sha256', pair.subarray(0, 32), pair.subarray(32));
    return { attest, signature };
  }
}

/** Boots: a crypto-agile log of one bank, and the values of PCR 0 to 7 and all others measured. */
export function bootOf(bank: Bank, measurements: readonly Measurement[]): SoftBoot {
  const values = new Map<number, Uint8Array>();
  for (let pcr = 0; pcr < 8; pcr++) values.set(pcr, initialPcr(bank, pcr, 0));
  const events = measurements.map(({ pcr, type, bytes, shown = bytes }) => {
    const digest = hashOf(bank, bytes);
    values.set(pcr, extendPcr(bank, values.get(pcr) ?? initialPcr(bank, pcr, 0), digest));
    const head = concat(u32(pcr), u32(type), u32(1), u16(HASH_ALG[bank]), digest);
    return concat(head, u32(shown.length), shown);
  });
  return { eventLog: concat(specId(bank), ...events), pcrs: { bank, values } };
}

/** The header of a crypto-agile log that declares one bank. */
function specId(bank: Bank): Uint8Array {
  const signature = new TextEncoder().encode('Spec ID Event03\0');
  const version = Uint8Array.of(0, 2, 0, 2);
  const algorithm = concat(u32(1), u16(HASH_ALG[bank]), u16(HASH_BYTES[bank]));
  const body = concat(signature, u32(0), version, algorithm, Uint8Array.of(0));
  return concat(u32(0), u32(3), new Uint8Array(20), u32(body.length), body);
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >> 8);
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
