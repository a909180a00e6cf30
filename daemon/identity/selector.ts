/**
 * Selectors: facts about a caller, in one spelling each, that entries are matched by. Where SPIRE
 * has the same fact, the spelling is SPIRE's.
 *
 *     unix:uid:N · unix:user:NAME · unix:gid:N · unix:group:NAME · unix:supplementary_gid:N ·
 *     unix:supplementary_group:NAME · unix:path:/ABSOLUTE · unix:sha256:HEX ·
 *     cgroup:path:/ABSOLUTE · systemd:id:UNIT · systemd:fragment_path:/ABSOLUTE ·
 *     docker:label:KEY:VALUE · docker:env:NAME=VALUE · docker:image_id:IMAGE
 *
 * They are compared as text, so text that could be written in two ways is refused where it comes
 * in: `unix:uid:007` would otherwise be an entry that looks right and never matches.
 */

import type { Brand } from '../../core/brand.ts';
import { Refusal } from '../../core/refusal.ts';

/** A checked selector, such as `unix:uid:1000`. */
export type Selector = Brand<string, 'Selector'>;

/** uid_t and gid_t have 32 bits; the last value means "no one" (chown(2)). */
const UNIX_ID_MAX = 0xffff_fffe;
/** PATH_MAX with its terminating zero (limits.h). */
const PATH_CHARS_MAX = 4_095;
/** LOGIN_NAME_MAX (limits.h). */
const NAME = /^[A-Za-z0-9_.][A-Za-z0-9_.@-]{0,254}\$?$/;
/** A unit's name and its kind (systemd.unit(5)). */
const UNIT = /^[A-Za-z0-9:_.\\@-]{1,240}\.(?:service|scope|socket|mount|swap)$/;

/** What the value of each kind looks like. */
const FORMS: Readonly<Record<string, (value: string) => boolean>> = {
  'unix:uid': isUnixId,
  'unix:gid': isUnixId,
  'unix:supplementary_gid': isUnixId,
  'unix:user': isName,
  'unix:group': isName,
  'unix:supplementary_group': isName,
  'unix:path': isCanonicalPath,
  'unix:sha256': (value) => /^[0-9a-f]{64}$/.test(value),
  'cgroup:path': isCanonicalPath,
  'systemd:id': (value) => UNIT.test(value),
  'systemd:fragment_path': isCanonicalPath,
  'docker:label': (value) => isText(value) && value.indexOf(':') > 0,
  'docker:env': (value) => isText(value) && value.indexOf('=') > 0,
  'docker:image_id': isText,
};

/** The kinds of selectors there are, such as `unix:uid`. */
export const SELECTOR_KINDS: readonly string[] = Object.keys(FORMS);

/** Reads one selector. Refuses `selector-malformed`. */
export function parseSelector(text: string): Selector {
  const [, kind = '', value = ''] = /^([a-z]+:[a-z0-9_]+):(.*)$/s.exec(text) ?? [];
  return selectorOf(kind, value) ?? refuse(text);
}

/** The selector of a fact that was read, or undefined where the fact has no one spelling. */
export function selectorOf(kind: string, value: string | number): Selector | undefined {
  const text = String(value);
  const hasForm = Object.hasOwn(FORMS, kind) ? FORMS[kind] : undefined;
  return hasForm?.(text) === true ? (`${kind}:${text}` as Selector) : undefined;
}

function isUnixId(value: string): boolean {
  return /^(?:0|[1-9][0-9]{0,9})$/.test(value) && Number.parseInt(value, 10) <= UNIX_ID_MAX;
}

function isName(value: string): boolean {
  return NAME.test(value);
}

function isText(value: string): boolean {
  if (value === '' || value.length > PATH_CHARS_MAX || !value.isWellFormed()) return false;
  // U+FFFD stands where a name was no UTF-8: two such names would read alike.
  return !/[\u0000-\u001f\u007f\ufffd]/.test(value);
}

function isCanonicalPath(path: string): boolean {
  if (!isText(path)) return false;
  const [root, ...segments] = path.split('/');
  return (
    root === '' &&
    segments.length > 0 &&
    segments.every((segment) => !['', '.', '..'].includes(segment))
  );
}

function refuse(text: string): never {
  throw new Refusal('selector-malformed', { got: text.slice(0, 128) });
}
