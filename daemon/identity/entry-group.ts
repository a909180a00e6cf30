/**
 * Groups of registration entries: one signed document `entries/<group>` for each (PROTOCOL §2.4).
 *
 * A node belongs to one group and is given the entries of no other, so it knows its own while cut
 * off, and a captured one tells of no more. The body is `{group, entries}`, entries sorted by id;
 * the document's other members are the federation's.
 */

import type { Json, JsonObject } from '../../core/canonical.ts';
import { ENTRIES_MAX } from '../../core/limits.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import { checkRising, type Entry, encodeEntry, parseEntry, refuseEntry } from './entry.ts';

const GROUP = /^[a-z0-9][a-z0-9-]{0,62}$/;
const PREFIX = 'entries/';

/** Reads the name of a group, 1 to 63 of `a-z 0-9 -`. Refuses `entry-malformed`. */
export function parseGroup(text: Json | undefined): string {
  const isName = typeof text === 'string' && GROUP.test(text);
  return isName ? text : refuseEntry('group', '1 to 63 of a-z, 0-9 and dash, a dash not first');
}

/** The name of a group's document. */
export function groupDocument(group: string): string {
  return `${PREFIX}${group}`;
}

/** True for the name of a document of entries. */
export function isGroupDocument(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** Reads the document of a group. Refuses `entry-malformed`, and what `parseEntry` does. */
export function parseEntries(body: JsonObject, domain: TrustDomain): readonly Entry[] {
  const group = parseGroup(body.group);
  const list = body.entries;
  if (!Array.isArray(list)) refuseEntry('entries', 'absent or no list');
  if (list.length > ENTRIES_MAX) refuseEntry('entries', `more than ${ENTRIES_MAX}`);
  const entries = (list as readonly Json[]).map((value) => parseEntry(value, domain, group));
  checkRising(
    'entries',
    entries.map(({ id }) => id),
  );
  return entries;
}

/** The body of the document of a group; entries of other groups are left out. */
export function encodeEntries(group: string, entries: readonly Entry[]): JsonObject {
  const own = entries.filter((entry) => entry.group === group);
  return { group, entries: own.sort(byId).map(encodeEntry) };
}

function byId(a: Entry, b: Entry): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
