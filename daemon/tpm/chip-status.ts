/**
 * A chip at one glance: what it is, what it holds, and whether it is locked.
 *
 * For people and for housekeeping. All of it is the word of the chip, or of whoever sits before
 * it; `attest` is for those who need a proof.
 */

import { fromUtf8 } from '../../core/bytes.ts';
import { Refusal, type RefusalCode, refusalOf } from '../../core/refusal.ts';
import type { UnixMs } from '../../core/time.ts';
import type { ClockInfo } from '../../firmware/attest.ts';
import { type ChipGrade, gradeMaker } from '../../firmware/ek-makers.ts';
import { TPM_PT, TPMA_PERMANENT } from '../../firmware/tpm-constants.ts';
import type { TpmRunner } from '../../firmware/tpm-runner.ts';
import {
  getHandles,
  getLockoutState,
  getPcrBanks,
  getProperties,
  type LockoutState,
  readClock,
  type TpmProperties,
} from '../../firmware/tpm-state.ts';
import type { PcrSelection } from '../../firmware/tpm-structures.ts';
import {
  type CertificateClaims,
  type EndorsementKind,
  findCertificates,
  readCertificateClaims,
} from './endorsement.ts';
import { type LockoutEnd, lockoutEnd } from './lockout.ts';
import { type NvCounter, readNvCounters } from './nv-counters.ts';

/** Everything `holdfast tpm status` tells. */
export interface ChipStatus {
  readonly maker: string;
  /** The lowest that the chip's own words and its certificates allow. */
  readonly grade: ChipGrade;
  readonly vendor: string;
  /** Revision of the specification that it follows, such as `1.59`. */
  readonly revision: string;
  readonly firmwareVersion: bigint;
  readonly banks: readonly PcrSelection[];
  readonly lockout: LockoutState;
  readonly lockoutEnd: LockoutEnd;
  /** Hierarchies and the lockout whose secret somebody set. */
  readonly secrets: readonly string[];
  readonly clock: ClockInfo;
  readonly counters: readonly NvCounter[];
  readonly certificates: readonly CertificateStatus[];
  /** Handles of what lies persistent. */
  readonly persistent: readonly number[];
  readonly nvIndices: number;
  readonly properties: TpmProperties;
}

/** One certificate, or why it cannot be read. */
export type CertificateStatus = { readonly kind: EndorsementKind } & (
  | { readonly claims: CertificateClaims }
  | { readonly trouble: RefusalCode }
);

/** Asks the chip for all of it. Nothing is changed, no key is made, no password is tried. */
export async function readChipStatus(tpm: TpmRunner, now: UnixMs): Promise<ChipStatus> {
  const fixed = await getProperties(tpm, 'fixed');
  const variable = await getProperties(tpm, 'variable');
  const lockout = await getLockoutState(tpm);
  const certificates = (await findCertificates(tpm)).map(({ kind, contents }) => {
    const claims = refusalOf(() => readCertificateClaims(contents));
    return claims instanceof Refusal ? { kind, trouble: claims.code } : { kind, claims };
  });
  const id = (fixed.get(TPM_PT.MANUFACTURER) ?? 0).toString(16).padStart(8, '0');
  const { maker, grade } = gradeMaker(id);
  return {
    maker: maker === id ? asciiOf(fixed, MAKER) : maker, // a maker that nobody listed
    grade: certificates.some(isVirtual) ? 'vtpm' : grade,
    vendor: asciiOf(fixed, VENDOR),
    revision: revisionOf(fixed),
    firmwareVersion: firmwareVersionOf(fixed),
    banks: await getPcrBanks(tpm),
    lockout,
    lockoutEnd: lockoutEnd(lockout, now),
    secrets: secretsSet(variable),
    clock: (await readClock(tpm)).clock,
    counters: await readNvCounters(tpm),
    certificates,
    persistent: await getHandles(tpm, 'persistent'),
    nvIndices: (await getHandles(tpm, 'nv')).length,
    properties: new Map([...fixed, ...variable]),
  };
}

const MAKER = [TPM_PT.MANUFACTURER];
const VENDOR = [
  TPM_PT.VENDOR_STRING_1,
  TPM_PT.VENDOR_STRING_2,
  TPM_PT.VENDOR_STRING_3,
  TPM_PT.VENDOR_STRING_4,
];

function isVirtual(certificate: CertificateStatus): boolean {
  return 'claims' in certificate && certificate.claims.grade === 'vtpm';
}

/** Four characters a property, most significant first; zeros fill up. Part 2 §6.13. */
function asciiOf(properties: TpmProperties, names: readonly number[]): string {
  const bytes = names.flatMap((name) => {
    const value = properties.get(name) ?? 0;
    return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
  });
  const text = bytes.filter((byte) => byte !== 0 && byte < 0x80);
  return fromUtf8(Uint8Array.from(text)).trim();
}

/** TPM_PT_REVISION is the revision times 100. */
function revisionOf(properties: TpmProperties): string {
  return ((properties.get(TPM_PT.REVISION) ?? 0) / 100).toFixed(2);
}

function firmwareVersionOf(properties: TpmProperties): bigint {
  const half = (name: number): bigint => BigInt(properties.get(name) ?? 0); // numbers of a chip
  return (half(TPM_PT.FIRMWARE_VERSION_1) << 32n) | half(TPM_PT.FIRMWARE_VERSION_2);
}

function secretsSet(properties: TpmProperties): readonly string[] {
  const bits = properties.get(TPM_PT.PERMANENT) ?? 0;
  const { OWNER_AUTH_SET, ENDORSEMENT_AUTH_SET, LOCKOUT_AUTH_SET } = TPMA_PERMANENT;
  const named = [
    ['owner', OWNER_AUTH_SET],
    ['endorsement', ENDORSEMENT_AUTH_SET],
    ['lockout', LOCKOUT_AUTH_SET],
  ] as const;
  return named.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name);
}
