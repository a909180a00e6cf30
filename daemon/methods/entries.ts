/**
 * What the control socket does with registration entries: each method over the book of entries.
 *
 * Every changed entry is a line of the audit log before the answer: which one, which members,
 * what it says since, who asked. So its history stays when an entry goes, and is read there.
 */

import { assert } from '../../core/assert.ts';
import { canonicalText } from '../../core/canonical.ts';
import { ENTRY_HISTORY_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { UnixMs } from '../../core/time.ts';
import type { AuditEntry } from '../audit/audit-entry.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import {
  type ChangedEntries,
  type EntryBook,
  type EntryChange,
  membersChanged,
} from '../authority/entry-book.ts';
import { type Caller, whose } from '../control/caller.ts';
import type { ControlMethods } from '../control/server.ts';
import type { EntryChangeView, EntryCreate, EntryUpdate, EntryView } from '../control/views.ts';
import { type Entry, type EntryDraft, encodeEntry, refuseEntry } from '../identity/entry.ts';
import { formatRfc3339, formatSecond, parseRfc3339 } from '../text/rfc3339.ts';

export interface EntryMethodOptions {
  readonly book: EntryBook;
  readonly audit: AuditLog;
  /** Life of an X509-SVID whose entry names none. */
  readonly svidTtlMs: number;
}

const EVENTS = { create: 'entry.created', update: 'entry.updated', delete: 'entry.deleted' };

const HISTORY: ReadonlySet<string> = new Set(Object.values(EVENTS));

/** The methods about registration entries. */
export function entryMethods(options: EntryMethodOptions) {
  const { book, svidTtlMs } = options;
  const withTtl = (draft: EntryCreate): EntryDraft => ({
    x509SvidTtlMs: svidTtlMs,
    ...withTime(draft),
  });
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
    'entry.history': async ({ id }) => {
      const isOf = ({ event, fields }: AuditEntry) => HISTORY.has(event) && fields.id === id;
      const entries = await options.audit.find(isOf, ENTRY_HISTORY_MAX);
      if (entries.length === 0) throw new Refusal('entry-unknown', { id: id.slice(0, 64) });
      return { entries };
    },
    'entry.update': async ({ id, ...revision }, caller) => {
      const changed = await book.update(id, withTime(revision));
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
  caller: Caller,
  { changes }: ChangedEntries,
): Promise<void> {
  for (const change of changes) {
    const { id, spiffeId, revision } = change.after ?? change.before;
    const members = membersChanged(change).map(({ member }) => member);
    const which = change.kind === 'update' ? { members: members.join(' ') } : {};
    const what = change.after === null ? {} : { entry: canonicalText(encodeEntry(change.after)) };
    const fields = { id, spiffeId, revision, ...which, ...what, ...whose(caller) };
    await audit.append(EVENTS[change.kind], fields);
  }
}

/** An entry as it is shown. */
export function entryView(entry: Entry): EntryView {
  const { parent, expiresAt, createdAt, ...members } = entry;
  return {
    ...members,
    parent: parent ?? '',
    expiresAt: expiresAt === null ? '' : formatSecond(expiresAt),
    createdAt: createdAt === 0 ? '' : formatRfc3339(createdAt),
  };
}

/** What people write as text. Refuses `entry-malformed` for what is no second of the calendar. */
function withTime<T extends Pick<EntryUpdate, 'expiresAt'>>(
  asked: T,
): Omit<T, 'expiresAt'> & { readonly expiresAt?: UnixMs | null } {
  const { expiresAt: text, ...members } = asked;
  if (text === undefined) return members;
  if (text === '') return { ...members, expiresAt: null };
  const why = 'a second such as 2027-01-01T00:00:00Z';
  return { ...members, expiresAt: parseRfc3339(text) ?? refuseEntry('expiresAt', why) };
}

function changeView(change: EntryChange): EntryChangeView {
  const { id, spiffeId } = change.after ?? change.before;
  return { kind: change.kind, id, spiffeId, members: membersChanged(change) };
}
