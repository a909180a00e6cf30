/**
 * A file of registration entries, as a person keeps it under version control.
 *
 * `{"entries": [{"spiffeId": "spiffe://home.example/web", "selectors": ["unix:uid:1000"],
 * "ttl": "30m", "federatesWith": ["blue.example"], "hint": "web"}]}`; the last three may be absent,
 * and so may `group`, `parent`, `dnsNames`, `admin`, `minAssurance`, `expiresAt`, `keyType` and
 * `jwtTtl`.
 * The reader is the control protocol's own, so a file can say what a command can, and nothing
 * else: an unknown or repeated member is refused, never skipped. What the values mean is judged by
 * the daemon.
 */

import { isObject, type Json, parseJson } from '../../core/canonical.ts';
import { ENTRIES_MAX, ENTRY_FILE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { parseEntryCreate } from '../control/params.ts';
import type { EntryCreate } from '../control/views.ts';
import { parseDuration } from '../text/duration.ts';

/** Reads a file of entries. Refuses `entry-malformed` and what `parseJson` refuses. */
export function parseEntryFile(bytes: Uint8Array): readonly EntryCreate[] {
  const file = parseJson(bytes, ENTRY_FILE_BYTES_MAX);
  if (!isObject(file)) refuse('file', 'not an object');
  const unknown = Object.keys(file).find((name) => name !== 'entries');
  if (unknown !== undefined) refuse(unknown.slice(0, 64), 'nobody knows this member');
  const { entries } = file;
  if (!Array.isArray(entries)) refuse('entries', 'absent or no list');
  if (entries.length > ENTRIES_MAX) refuse('entries', `more than ${ENTRIES_MAX}`);
  return (entries as readonly Json[]).map((entry, i) => parseFileEntry(entry, i + 1));
}

function parseFileEntry(value: Json, position: number): EntryCreate {
  const entry = refusalOf(() => parseEntryCreate(withMilliseconds(value)));
  if (!(entry instanceof Refusal)) return entry;
  throw new Refusal('entry-malformed', { entry: position, ...entry.details });
}

/** Lives are text for people and milliseconds for the protocol. */
function withMilliseconds(value: Json): Json {
  if (!isObject(value)) return value;
  const { ttl, jwtTtl, ...members } = value;
  if ('x509SvidTtlMs' in members) refuse('x509SvidTtlMs', 'write ttl, such as "30m"');
  if ('jwtSvidTtlMs' in members) refuse('jwtSvidTtlMs', 'write jwtTtl, such as "5m"');
  return {
    ...members,
    ...(ttl === undefined ? {} : { x509SvidTtlMs: millisecondsOf('ttl', ttl) }),
    ...(jwtTtl === undefined ? {} : { jwtSvidTtlMs: millisecondsOf('jwtTtl', jwtTtl) }),
  };
}

function millisecondsOf(member: string, text: Json): number {
  const ms = typeof text === 'string' ? parseDuration(text) : undefined;
  return ms ?? refuse(member, 'a duration such as "30m"');
}

function refuse(member: string, why: string): never {
  throw new Refusal('entry-malformed', { member, why });
}
