/** What goes to standard error when a command was refused or something failed. */

import { Failure, type FailureCode } from '../../core/failure.ts';
import { printable } from '../../core/printable.ts';
import { describeDetails, Refusal, type RefusalDetails } from '../../core/refusal.ts';
import { ControlError } from '../control/frames.ts';
import { systemCode } from '../host/files.ts';

/**
 * `holdfast: CODE: sentence (details)`, and `  mend: …` where something mends it; undefined for
 * anything but a refusal or a failure, which is a bug.
 */
export function troubleLines(error: unknown): readonly string[] | undefined {
  if (error instanceof Refusal || error instanceof ControlError) {
    const { mend: told, ...details } = error.details;
    return linesOf(error.code, error.message, details, String(told ?? error.mend));
  }
  if (error instanceof Failure) {
    const cause = systemCode(error.cause);
    return linesOf(
      error.code,
      error.message,
      cause === undefined ? {} : { cause },
      MENDS[error.code] ?? '',
    );
  }
  return undefined;
}

/** What mends a failure, where it is always the same; elsewhere its sentence says it. */
const MENDS: Partial<Readonly<Record<FailureCode, string>>> = {
  'tpm-unreachable':
    'check that the machine has a TPM and that this user may open it; --tpm names another',
  'tpm-busy': 'wait for the other programs that use the TPM, then try again',
  'tpm-lockout':
    'wait, or reset the lockout with its password: tpm2_dictionarylockout --clear-lockout',
  'tpm-full': 'flush what other programs left loaded, or use /dev/tpmrm0',
  'tpm-nv-full': 'undefine NV indices that nothing uses',
  'tpm-refused': 'holdfast tpm status shows what the chip has, and which secrets are set',
};

function linesOf(
  code: string,
  sentence: string,
  details: RefusalDetails,
  mend: string,
): readonly string[] {
  const told = describeDetails(details);
  const line = `holdfast: ${code}: ${sentence}${told === '' ? '' : ` (${told})`}`;
  return [line, ...(mend === '' ? [] : [`  mend: ${mend}`])].map(printable);
}
