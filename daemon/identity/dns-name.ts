/**
 * Names of hosts as certificates carry them (RFC 5280 §4.2.1.6, RFC 1123 §2.1).
 *
 * Only lower case is taken, so that a name has one spelling. A first label of `*` stands for any
 * one label, as TLS libraries match it (RFC 6125 §6.4.3), but never for all names of a top level.
 */

import { DNS_NAME_CHARS_MAX } from '../../core/limits.ts';

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** True for `web.blue.example` or `*.blue.example`; an address is no name. */
export function isDnsName(text: string): boolean {
  if (text.length > DNS_NAME_CHARS_MAX) return false;
  const [first = '', ...rest] = text.split('.');
  const isWild = first === '*' && rest.length >= 2;
  const last = rest.at(-1) ?? first;
  return (
    (isWild || LABEL.test(first)) &&
    rest.every((label) => LABEL.test(label)) &&
    !/^[0-9]+$/.test(last)
  );
}
