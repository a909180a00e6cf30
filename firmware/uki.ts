/**
 * Predicts PCR 11 of a unified kernel image: what systemd-stub measures of it, and the phases of
 * the boot that systemd-pcrphase adds.
 *
 * So a new image can be approved before any machine has booted it. systemd src/fundamental/uki.c
 * (order), systemd-stub(7), systemd-pcrphase.service(8).
 */

import { equalBytes, toUtf8 } from '../core/bytes.ts';
import { HASH_BYTES, hashOf } from '../core/ciphers.ts';
import { Refusal } from '../core/refusal.ts';
import { type Bank, extendPcr, initialPcr } from './pcrs.ts';
import { zeroTerminated } from './tpm-kdf.ts';

/** The PCR of systemd-stub and systemd-pcrphase. */
export const KERNEL_BOOT_PCR = 11;

/**
 * Sections in the order they are measured, which is not the order in the file. `.pcrsig` is left
 * out: it holds signatures over this very value.
 */
const MEASURED_SECTIONS = [
  ...['.linux', '.osrel', '.cmdline', '.initrd', '.ucode', '.splash', '.dtb', '.uname', '.sbat'],
  ...['.pcrpkey', '.profile', '.dtbauto', '.hwids', '.efifw'],
] as const;

/** A section that the stub measures. */
export type UkiSection = (typeof MEASURED_SECTIONS)[number];

/** Whether the stub measures a section of this name. */
export function isMeasuredSection(name: string): name is UkiSection {
  return MEASURED_SECTIONS.some((measured) => measured === name);
}

/** The phases of a whole boot, in order (systemd-pcrphase.service(8)). */
export const BOOT_PHASES = ['enter-initrd', 'leave-initrd', 'sysinit', 'ready'] as const;

/** A phase word; `shutdown` and `final` follow the four of a boot. */
export type BootPhase = (typeof BOOT_PHASES)[number] | 'shutdown' | 'final';

/** An image by the digests of its sections, in the bank to predict. */
export interface UkiDigests {
  readonly bank: Bank;
  readonly sections: ReadonlyMap<UkiSection, Uint8Array>;
}

/**
 * PCR 11 once the stub and then `phases` were measured. Refuses `uki-malformed` without a kernel,
 * for a section that is not measured, and for a digest that is not of the bank.
 */
export function predictPcr11(image: UkiDigests, phases: readonly BootPhase[]): Uint8Array {
  const { bank, sections } = image;
  for (const [name, digest] of sections) {
    if (!isMeasuredSection(name) || digest.length !== HASH_BYTES[bank]) {
      throw new Refusal('uki-malformed', { section: name, bytes: digest.length });
    }
  }
  if (!sections.has('.linux')) throw new Refusal('uki-malformed', { lacks: '.linux' });
  let value = initialPcr(bank, KERNEL_BOOT_PCR, 0);
  for (const name of MEASURED_SECTIONS) {
    const digest = sections.get(name);
    if (digest === undefined) continue;
    value = extendPcr(bank, value, hashOf(bank, zeroTerminated(name)));
    value = extendPcr(bank, value, digest);
  }
  for (const phase of phases) value = extendPcr(bank, value, phaseDigest(bank, phase));
  return value;
}

/**
 * How many phases of `BOOT_PHASES` the value of PCR 11 tells for this image; null when it is not
 * this image, or something else was measured.
 */
export function phasesReached(image: UkiDigests, pcr11: Uint8Array): number | null {
  let value = predictPcr11(image, []);
  if (equalBytes(value, pcr11)) return 0;
  for (const [i, phase] of BOOT_PHASES.entries()) {
    value = extendPcr(image.bank, value, phaseDigest(image.bank, phase));
    if (equalBytes(value, pcr11)) return i + 1;
  }
  return null;
}

/** A value that PCR 11 takes, and what was measured since the stub ended. */
export interface PhaseValue {
  readonly value: Uint8Array;
  /** Digests of the phases, in order. */
  readonly phases: readonly Uint8Array[];
}

/**
 * The values of PCR 11 in which a service of this boot may find it, given the digests that the stub
 * measured and a value seen: a service starts in `sysinit` or later, and may start again. Empty
 * where the value is not what the stub measured and phases after it.
 */
export function phaseValues(
  bank: Bank,
  stub: readonly Uint8Array[],
  seen: Uint8Array,
): readonly PhaseValue[] {
  let value = initialPcr(bank, KERNEL_BOOT_PCR, 0);
  for (const digest of stub) value = extendPcr(bank, value, digest);
  let phases: readonly Uint8Array[] = [];
  const all: PhaseValue[] = [{ value, phases }];
  for (const phase of BOOT_PHASES) {
    const digest = phaseDigest(bank, phase);
    value = extendPcr(bank, value, digest);
    phases = [...phases, digest];
    all.push({ value, phases });
  }
  const at = all.findIndex((each) => equalBytes(each.value, seen));
  return at < 0 ? [] : all.slice(Math.min(at, SERVICE_PHASES_MIN));
}

/** `enter-initrd`, `leave-initrd`, `sysinit`: before these no service of ours runs. */
const SERVICE_PHASES_MIN = 3;

function phaseDigest(bank: Bank, phase: BootPhase): Uint8Array {
  return hashOf(bank, toUtf8(phase));
}
