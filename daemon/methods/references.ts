/** The control methods of approved boots: shown by every daemon, changed by an authority. */

import { toUtf8 } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { ReferenceBook } from '../authority/reference-book.ts';
import { type Caller, whose } from '../control/caller.ts';
import type { ControlMethods } from '../control/server.ts';
import { type ApprovedBoots, approvedBootsText } from '../custody/approved-boots.ts';
import { parseReferencesFile } from '../tpm/references-file.ts';

type ReferenceMethods = Pick<ControlMethods, 'references.approve' | 'references.withdraw'>;

/** The methods over one book. Each change is audited before it is answered. */
export function referenceMethods(book: ReferenceBook, audit: AuditLog): ReferenceMethods {
  const changed = async (event: string, name: string, caller: Caller, approved: ApprovedBoots) => {
    const generation = String(approved.boots.generation);
    await audit.append(`references.${event}`, {
      name,
      generation,
      ...whose(caller),
    });
    return referencesView(approved);
  };
  return {
    'references.approve': async ({ text, generation }, caller) => {
      const states = parseReferencesFile(toUtf8(text));
      const approved = await book.approve(states, parseGeneration(generation));
      return changed('approved', states.map(({ name }) => name).join(', '), caller, approved);
    },
    'references.withdraw': async ({ name }, caller) =>
      changed('withdrawn', name, caller, await book.withdraw(name)),
  };
}

/** What is approved, as a file that anybody may carry; empty where nothing is. */
export function referencesView(approved: ApprovedBoots | null): { readonly text: string } {
  return { text: approved === null ? '' : approvedBootsText(approved) };
}

function parseGeneration(text: string): bigint {
  if (!/^(?:0|[1-9][0-9]{0,18})$/.test(text)) {
    throw new Refusal('control-params', { member: 'generation' });
  }
  return BigInt(text); // decimal digits only, as checked
}
