/**
 * What the control socket does with registration entries: each method over the book of entries.
 *
 * Every changed entry is a line of the audit log before the answer: which one, which members, who
 * asked. A deleted entry's history stays there.
 */

import { assert } from '../core/assert.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { EntryChangeView, EntryCreate, EntryView } from './control/protocol.ts';
import type { Caller, ControlMethods } from './control/server.ts';
import {
  type ChangedEntries,
  type EntryBook,
  type EntryChange,
  membersChanged,
} from './entry-book.ts';
import type { Entry, EntryDraft } from './identity/entry.ts';

export interface EntryMethodOptions {
  readonly book: EntryBook;
  readonly audit: AuditLog;
  /** Life of an X509-SVID whose entry names none. */
  readonly svidTtlMs: number;
}

const EVENTS = { create: 'entry.created', update: 'entry.updated', delete: 'entry.deleted' };

/** The methods about registration entries. */
export function entryMethods(options: EntryMethodOptions) {
  const { book, svidTtlMs } = options;
  const withTtl = (draft: EntryCreate): EntryDraft => ({ x509SvidTtlMs: svidTtlMs, ...draft });
  return {
    'entry.create': async (draft, caller) => {
      const changed = await book.create(withTtl(draft));
      await audited(options, caller, changed);
      const [change] = changed.changes;
      assert(change?.kind === 'create', 'creating an entry is a change');
      return { ...entryView(change.after), epoch: String(changed.epoch) };
    },
    'entry.list': async () => ({ entries: book.entries.map(entryView) }),
    'entry.show': async ({ id }) => entryView(book.find(id)),
    'entry.update': async ({ id, ...revision }, caller) => {
      const changed = await book.update(id, revision);
      await audited(options, caller, changed);
      const [change] = changed.changes;
      return { ...entryView(change?.after ?? book.find(id)), epoch: String(changed.epoch) };
    },
    'entry.delete': async ({ id }, caller) => {
      const changed = await book.delete(id);
      await audited(options, caller, changed);
      return { id, epoch: String(changed.epoch) };
    },
    'entry.apply': async ({ entries, others, act }, caller) => {
      const changed = await book.apply(entries.map(withTtl), others, act);
      if (act === 'publish') await audited(options, caller, changed);
      const { changes, unchanged, epoch } = changed;
      return { changes: changes.map(changeView), unchanged, epoch: String(epoch) };
    },
  } satisfies Partial<ControlMethods>;
}

async function audited(
  { audit }: EntryMethodOptions,
  { uid, pid }: Caller,
  { changes }: ChangedEntries,
): Promise<void> {
  for (const change of changes) {
    const { id, spiffeId, revision } = change.after ?? change.before;
    const members = membersChanged(change).map(({ member }) => member);
    const which = change.kind === 'update' ? { members: members.join(' ') } : {};
    await audit.append(EVENTS[change.kind], { id, spiffeId, revision, ...which, uid, pid });
  }
}

function entryView(entry: Entry): EntryView {
  return { ...entry };
}

function changeView(change: EntryChange): EntryChangeView {
  const { id, spiffeId } = change.after ?? change.before;
  return { kind: change.kind, id, spiffeId, members: membersChanged(change) };
}
