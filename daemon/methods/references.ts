/**
 * The control methods of approved boots: shown by every daemon, changed by an authority, at once or
 * after a second person said yes.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { Refusal } from '../../core/refusal.ts';
import type { UnixMs } from '../../core/time.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { ReferenceBook } from '../authority/reference-book.ts';
import type { BootBook, BootDraft } from '../ceremony/boot-book.ts';
import { bootsView } from '../ceremony/ceremony-views.ts';
import { type Caller, personOf, whose } from '../control/caller.ts';
import type { RoleBook } from '../control/role-book.ts';
import type { ControlMethods } from '../control/server.ts';
import type { ReferencesDraft } from '../control/views.ts';
import { type ApprovedBoots, approvedBootsText } from '../custody/approved-boots.ts';
import { parseReferencesFile } from '../tpm/references-file.ts';

type ReferenceMethods = Pick<
  ControlMethods,
  'references.offer' | 'references.approve' | 'references.withdraw'
>;

export interface ReferenceMethodOptions {
  readonly references: ReferenceBook;
  readonly boots: BootBook;
  readonly roles: RoleBook;
  readonly audit: AuditLog;
  readonly now: () => UnixMs;
}

/** The methods over what is approved, and what waits to be. Each change is audited first. */
export function referenceMethods(options: ReferenceMethodOptions): ReferenceMethods {
  const { references, boots, roles, audit, now } = options;
  return {
    'references.offer': async (given, caller) => {
      const draft = parseDraft(given);
      const waiting = await boots.offer(draft, { by: personOf(caller), now: now() });
      const fields = { name: namesOf(draft), id: waiting.digest };
      await audit.append('references.offered', { ...fields, ...whose(caller) });
      return bootsView(waiting, references.approved?.states ?? []);
    },
    'references.approve': async (given, caller) => {
      if (roles.needsSecondPerson) {
        throw new Refusal('second-person', { instead: 'holdfast references offer' });
      }
      return referencesView(await approveBoots(options, parseDraft(given), caller));
    },
    'references.withdraw': async ({ name }, caller) => {
      const approved = await references.withdraw(name);
      await noteChange(audit, 'references.withdrawn', { name, approved, caller });
      return referencesView(approved);
    },
  };
}

/**
 * Has the authority sign them, and writes down whose word it was: last, so that whoever hears of it
 * sees them wait no more.
 */
export async function approveBoots(
  { references, boots, audit }: ReferenceMethodOptions,
  draft: BootDraft,
  caller: Caller,
): Promise<ApprovedBoots> {
  const approved = await references.approve(draft.states, draft.generation);
  await boots.drop(draft);
  await noteChange(audit, 'references.approved', { name: namesOf(draft), approved, caller });
  return approved;
}

/** What is approved, as a file that anybody may carry; empty where nothing is. */
export function referencesView(approved: ApprovedBoots | null): { readonly text: string } {
  return { text: approved === null ? '' : approvedBootsText(approved) };
}

interface Change {
  readonly name: string;
  readonly approved: ApprovedBoots;
  readonly caller: Caller;
}

async function noteChange(audit: AuditLog, event: string, change: Change): Promise<void> {
  const { name, approved, caller } = change;
  const generation = String(approved.boots.generation);
  await audit.append(event, { name, generation, ...whose(caller) });
}

function parseDraft({ text, generation }: ReferencesDraft): BootDraft {
  return { states: parseReferencesFile(toUtf8(text)), generation: parseGeneration(generation) };
}

function namesOf({ states }: BootDraft): string {
  return states.map(({ name }) => name).join(', ');
}

function parseGeneration(text: string): bigint {
  if (!/^(?:0|[1-9][0-9]{0,18})$/.test(text)) {
    throw new Refusal('control-params', { member: 'generation' });
  }
  return BigInt(text); // decimal digits only, as checked
}
