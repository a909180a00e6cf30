/** What goes to standard error when a command was refused or something failed. */

import { Failure } from '../../core/failure.ts';
import { describeDetails, Refusal, type RefusalDetails } from '../../core/refusal.ts';
import { ControlError } from '../control/protocol.ts';
import { systemCode } from '../host/files.ts';
import { printable } from '../printable.ts';

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
    return linesOf(error.code, error.message, cause === undefined ? {} : { cause }, '');
  }
  return undefined;
}

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
