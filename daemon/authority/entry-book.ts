/**
 * The registration entries of our own domain, as operators change them.
 *
 * Changes are made one after the other, each from what the one before left, and each is one epoch.
 * An entry is named by its ID, its selectors and its place (group and parent), so these never
 * change: what is updated is the rest, under a revision one higher. Whoever applies a list of
 * entries says what should be, and gets the difference to what is; applying it again makes no
 * epoch. History is kept by the audit log.
 */

import { canonicalText, type Json, type JsonObject } from '../../core/canonical.ts';
import { ENTRIES_MAX, ENTRY_GROUPS_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import type { UnixMs } from '../../core/time.ts';
import { isAssured } from '../../federation/assurance.ts';
import type { Draft } from '../../federation/input.ts';
import type { DomainView } from '../../federation/view.ts';
import type { Driver } from '../driver.ts';
import {
  createEntry,
  DEFAULT_GROUP,
  type Entry,
  type EntryDraft,
  encodeEntry,
} from '../identity/entry.ts';
import { encodeEntries, groupDocument, parseGroup } from '../identity/entry-group.ts';
import { entriesOf } from '../trust-view.ts';

/** One entry as it was and as it shall be; null where there was or shall be none. */
export type EntryChange =
  | { readonly kind: 'create'; readonly before: null; readonly after: Entry }
  | { readonly kind: 'update'; readonly before: Entry; readonly after: Entry }
  | { readonly kind: 'delete'; readonly before: Entry; readonly after: null };

/** What came of a change: all of it, and the epoch in which it holds. */
export interface ChangedEntries {
  readonly changes: readonly EntryChange[];
  readonly unchanged: number;
  readonly epoch: bigint;
}

/** What may be changed of an entry that stands. */
export type EntryRevision = Omit<
  Partial<EntryDraft>,
  'spiffeId' | 'selectors' | 'group' | 'parent'
>;

export interface EntryBookOptions {
  readonly domain: TrustDomain;
  readonly driver: Driver;
  readonly ownView: () => DomainView;
  readonly now: () => UnixMs;
}

export class EntryBook {
  readonly #options: EntryBookOptions;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: EntryBookOptions) {
    this.#options = options;
  }

  /** Every entry, as published last. */
  get entries(): readonly Entry[] {
    return entriesOf(this.#options.ownView());
  }

  /** The entry of this name. Refuses `entry-unknown`. */
  find(id: string): Entry {
    const found = this.entries.find((entry) => entry.id === id);
    if (found === undefined) throw new Refusal('entry-unknown', { id: id.slice(0, 64) });
    return found;
  }

  /** Adds one entry. Refuses `entry-exists`, `too-large`, and what `createEntry` refuses. */
  create(draft: EntryDraft): Promise<ChangedEntries> {
    return this.#inTurn(() => {
      const after = this.#draftOf(draft);
      const exists = this.entries.some(({ id }) => id === after.id);
      if (exists) throw new Refusal('entry-exists', { id: after.id });
      return this.#publish([{ kind: 'create', before: null, after }]);
    });
  }

  /** Changes one entry. Refuses `entry-unknown`, and what `createEntry` refuses. */
  update(id: string, revision: EntryRevision): Promise<ChangedEntries> {
    return this.#inTurn(() => {
      const before = this.find(id);
      return this.#publish(changesTo(before, this.#draftOf({ ...before, ...revision })));
    });
  }

  /** Takes one entry away. Refuses `entry-unknown`. */
  delete(id: string): Promise<ChangedEntries> {
    return this.#inTurn(() =>
      this.#publish([{ kind: 'delete', before: this.find(id), after: null }]),
    );
  }

  /**
   * Makes the entries be what `drafts` say; others stay, or go if `others` is `delete`. Refuses
   * `entry-malformed` for an entry given twice, `too-large`, and what `createEntry` refuses;
   * then nothing was changed.
   */
  apply(
    drafts: readonly EntryDraft[],
    others: 'keep' | 'delete',
    act: 'publish' | 'preview',
  ): Promise<ChangedEntries> {
    return this.#inTurn(() => {
      const changes = this.#difference(drafts, others);
      return act === 'publish' ? this.#publish(changes) : this.#unpublished(changes);
    });
  }

  #difference(drafts: readonly EntryDraft[], others: 'keep' | 'delete'): readonly EntryChange[] {
    const held = new Map(this.entries.map((entry) => [entry.id, entry]));
    const wanted = new Map<string, Entry>();
    for (const draft of drafts) {
      const entry = this.#draftOf(draft);
      if (wanted.has(entry.id)) {
        const why = 'given twice';
        throw new Refusal('entry-malformed', { member: 'entries', why, spiffeId: entry.spiffeId });
      }
      wanted.set(entry.id, entry);
    }
    const asked = [...wanted.values()].flatMap((after) => changesTo(held.get(after.id), after));
    if (others === 'keep') return asked;
    const surplus = [...held.values()].filter(({ id }) => !wanted.has(id));
    return [
      ...asked,
      ...surplus.map((before) => ({ kind: 'delete', before, after: null }) as const),
    ];
  }

  #draftOf(draft: EntryDraft): Entry {
    if (draft.group !== undefined) parseGroup(draft.group);
    return createEntry(draft, this.#options.domain, this.#options.now());
  }

  async #publish(changes: readonly EntryChange[]): Promise<ChangedEntries> {
    const outcome = this.#unpublished(changes);
    if (changes.length === 0) return outcome;
    const entries = new Map(this.entries.map((entry) => [entry.id, entry]));
    for (const { before, after } of changes) {
      if (before !== null) entries.delete(before.id);
      if (after !== null) entries.set(after.id, after);
    }
    if (entries.size > ENTRIES_MAX) throw new Refusal('too-large', { limit: ENTRIES_MAX });
    const drafts = this.#documents(changes, [...entries.values()]);
    const withdrawal = changes.some(isWithdrawal);
    const answer = await this.#options.driver.request({ kind: 'publish', drafts, withdrawal });
    return { ...outcome, epoch: answer.epoch ?? outcome.epoch };
  }

  /** The documents of the groups that change: a group is one from its first entry on, for ever. */
  #documents(changes: readonly EntryChange[], entries: readonly Entry[]): readonly Draft[] {
    const changed = new Set(changes.map(({ before, after }) => (after ?? before).group));
    const names = new Set([...changed, ...entries.map(({ group }) => group)]);
    if (names.size > ENTRY_GROUPS_MAX) throw new Refusal('too-large', { limit: ENTRY_GROUPS_MAX });
    return [...changed].sort().map((group) => ({
      type: 'entries' as const,
      name: groupDocument(group),
      body: encodeEntries(group, entries),
    }));
  }

  #unpublished(changes: readonly EntryChange[]): ChangedEntries {
    const { epoch } = this.#options.ownView();
    const touched = changes.filter(({ before }) => before !== null).length;
    return { changes, unchanged: this.entries.length - touched, epoch };
  }

  #inTurn<T>(act: () => T | Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** What nobody decides about an entry: it follows from the rest, or from the moment. */
const FOLLOWING: ReadonlySet<string> = new Set(['createdAt', 'id', 'revision']);

/** Members that differ, sorted by name; `null` stands for what is left out. */
export function membersChanged({
  before,
  after,
}: EntryChange): readonly { readonly member: string; readonly from: Json; readonly to: Json }[] {
  const from = before === null ? {} : membersOf(before);
  const to = after === null ? {} : membersOf(after);
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return names
    .filter((name) => !FOLLOWING.has(name))
    .map((member) => ({ member, from: from[member] ?? null, to: to[member] ?? null }))
    .filter((change) => canonicalText(change.from) !== canonicalText(change.to));
}

function membersOf(entry: Entry): JsonObject {
  const { group } = entry;
  return { ...encodeEntry(entry), ...(group === DEFAULT_GROUP ? {} : { group }) };
}

/** Nothing where the entry is as it should be. */
function changesTo(before: Entry | undefined, wanted: Entry): readonly EntryChange[] {
  if (before === undefined) return [{ kind: 'create', before: null, after: wanted }];
  const { createdAt } = before;
  const after = { ...wanted, createdAt, revision: before.revision + 1 };
  const change = { kind: 'update', before, after } as const;
  return membersChanged(change).length === 0 ? [] : [change];
}

/** True if a workload had something that it shall not have any more (PROTOCOL §3.4). */
function isWithdrawal({ before, after }: EntryChange): boolean {
  if (before === null) return false;
  if (after === null) return true;
  const endsSooner =
    (after.expiresAt ?? Number.POSITIVE_INFINITY) < (before.expiresAt ?? Number.POSITIVE_INFINITY);
  return (
    endsSooner ||
    !isAssured(before.minAssurance, after.minAssurance) ||
    (before.admin && !after.admin) ||
    before.dnsNames.some((name) => !after.dnsNames.includes(name)) ||
    before.federatesWith.some((domain) => !after.federatesWith.includes(domain))
  );
}
