/**
 * The approved state of an image that no machine has booted yet: like an approved one, with the
 * PCR 11 that the image will lead to.
 *
 * PCR 4 is left out: it holds a digest of the image file as firmware computes it, in an order that
 * depends on the loaders before it, so it has to be learned of a machine. PCR 7 says whose
 * signatures were demanded, and PCR 11 what was booted; together they are what signed policies of
 * systemd rest on. Without Secure Boot a loader of somebody's own could measure the same.
 */

import { toHex, toUtf8 } from '../../core/bytes.ts';
import { hashOf } from '../../core/ciphers.ts';
import type { EventRule, ReferenceState } from '../../firmware/references.ts';
import { zeroTerminated } from '../../firmware/tpm-kdf.ts';
import { BOOT_PHASES, KERNEL_BOOT_PCR, predictPcr11, type UkiDigests } from '../../firmware/uki.ts';

const LOADERS_PCR = 4;
/** `sysinit` and `ready`, in which a service of a whole system may start. */
const PHASE_VALUES_MIN = 2;

/** Drafts the state. Refuses `uki-malformed`. */
export function draftUkiState(
  like: ReferenceState,
  image: UkiDigests,
  name: string,
): ReferenceState {
  const phases = [[], ...BOOT_PHASES.map((_, at) => BOOT_PHASES.slice(0, at + 1))];
  // A daemon in the first root file system starts before any phase: the other state says so.
  const approved = like.pcrs.get(KERNEL_BOOT_PCR)?.size ?? 0;
  const reached = phases.slice(-Math.max(PHASE_VALUES_MIN, approved));
  const values = new Set(reached.map((each) => toHex(predictPcr11(image, each))));
  const kept = [...like.pcrs].filter(([pcr]) => pcr !== LOADERS_PCR && pcr !== KERNEL_BOOT_PCR);
  const rules = like.events.filter(({ pcr }) => pcr !== LOADERS_PCR && pcr !== KERNEL_BOOT_PCR);
  return {
    ...like,
    name,
    pcrs: new Map([...kept, [KERNEL_BOOT_PCR, values]]),
    events: [...rules, imageRule(image)],
  };
}

/** Each section by its name and its contents, and the phases that may follow. */
function imageRule({ bank, sections }: UkiDigests): EventRule {
  const own = [...sections].flatMap(([section, digest]) => [
    toHex(hashOf(bank, zeroTerminated(section))),
    toHex(digest),
  ]);
  const phases = BOOT_PHASES.map((phase) => toHex(hashOf(bank, toUtf8(phase))));
  return { pcr: KERNEL_BOOT_PCR, allow: new Set([...own, ...phases]), require: new Set(own) };
}
