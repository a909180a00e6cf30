/** Drafts of approved boots that differ in one PCR. */

import { fromUtf8 } from '../../core/bytes.ts';
import { encodeReferencesFile } from '../../daemon/tpm/references-file.ts';
import type { ReferenceState } from '../../firmware/references.ts';

/** A state that approves one value of PCR 4, 32 times these two hex digits. */
export function bootOf(name: string, octet: string): ReferenceState {
  return {
    ...{ name, bank: 'sha256', secureBoot: 'any', firmwareVersionMin: 0n },
    pcrs: new Map([[4, new Set([octet.repeat(32)])]]),
    events: [],
  };
}

/** The file of a draft. */
export function bootsText(...states: readonly ReferenceState[]): string {
  return fromUtf8(encodeReferencesFile(states));
}
