/**
 * Selectors: facts about a caller, in one spelling each, that entries are matched by.
 *
 * `unix:uid:N`, `unix:gid:N`, `unix:path:/ABSOLUTE` and `unix:sha256:HEX`. They are compared as
 * text, so text that could be written in two ways is refused where it comes in: `unix:uid:007`
 * would otherwise be an entry that looks right and never matches.
 */

import type { Brand } from '../../core/brand.ts';
import type { Digest } from '../../core/digest.ts';
import { Refusal } from '../../core/refusal.ts';

/** A checked selector, such as `unix:uid:1000`. */
export type Selector = Brand<string, 'Selector'>;

/** uid_t and gid_t have 32 bits; the last value means "no one" (chown(2)). */
const UNIX_ID_MAX = 0xffff_fffe;
/** PATH_MAX with its terminating zero (limits.h). */
const PATH_CHARS_MAX = 4_095;

/** Reads one selector. Refuses `selector-malformed`. */
export function parseSelector(text: string): Selector {
  const [, kind, value = ''] = /^unix:(uid|gid|path|sha256):(.*)$/s.exec(text) ?? [];
  if (kind === undefined || !hasForm(kind, value)) {
    throw new Refusal('selector-malformed', { got: text.slice(0, 128) });
  }
  return text as Selector;
}

/** The selector of a user id. */
export function uidSelector(uid: number): Selector {
  return parseSelector(`unix:uid:${uid}`);
}

/** The selector of a primary group id. */
export function gidSelector(gid: number): Selector {
  return parseSelector(`unix:gid:${gid}`);
}

/** The selector of an executable's path, or undefined where the path has no one spelling. */
export function pathSelector(path: string): Selector | undefined {
  return hasForm('path', path) ? (`unix:path:${path}` as Selector) : undefined;
}

/** The selector of an executable's contents. */
export function sha256Selector(digest: Digest): Selector {
  return parseSelector(`unix:sha256:${digest}`);
}

function hasForm(kind: string, value: string): boolean {
  switch (kind) {
    case 'uid':
    case 'gid':
      return /^(?:0|[1-9][0-9]{0,9})$/.test(value) && Number.parseInt(value, 10) <= UNIX_ID_MAX;
    case 'path':
      return isCanonicalPath(value);
    default:
      return /^[0-9a-f]{64}$/.test(value);
  }
}

function isCanonicalPath(path: string): boolean {
  if (path.length > PATH_CHARS_MAX || !path.isWellFormed()) return false;
  // U+FFFD stands where a name was no UTF-8: two such names would read alike.
  if (/[\u0000-\u001f\u007f\ufffd]/.test(path)) return false;
  const [root, ...segments] = path.split('/');
  return (
    root === '' &&
    segments.length > 0 &&
    segments.every((segment) => !['', '.', '..'].includes(segment))
  );
}
