/**
 * The bundle document, whose payload is itself a SPIFFE bundle (PROTOCOL §2.4).
 *
 * SPIFFE allows extra top-level members, so `type`, `domain` and `version` ride beside `keys`, and
 * a program that knows only SPIFFE reads the payload as it stands. `keys` holds `x509-svid` and
 * `jwt-svid` only: a new `use` there would make SPIRE drop the whole bundle. This file checks the
 * shape; certificates are parsed where they are used.
 */

import { AUTHORITIES_MAX } from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import { Members } from './members.ts';
import { checkMust } from './must.ts';

const USES: ReadonlySet<string> = new Set(['x509-svid', 'jwt-svid']);
const CERTIFICATE_CHARS_MAX = 16 * 1024;
const KNOWN = new Set([
  ...['domain', 'keys', 'must', 'spiffe_refresh_hint', 'spiffe_sequence', 'type', 'version'],
]);

/** Checks a bundle's shape. Refuses `bundle-malformed`, `document-malformed`, `document-must`. */
export function readBundle(members: Members): void {
  checkMust(members, KNOWN);
  const keys = members.list('keys', AUTHORITIES_MAX);
  for (const value of keys) {
    const key = new Members(value, 'bundle.keys');
    if (!USES.has(key.text('use', 32))) {
      throw new Refusal('bundle-malformed', { why: 'an authority of another use' });
    }
    if (key.has('x5c')) {
      const chain = key.list('x5c', 1);
      const ok = chain.every((c) => typeof c === 'string' && c.length <= CERTIFICATE_CHARS_MAX);
      if (!ok) throw new Refusal('bundle-malformed', { why: 'x5c is not one certificate' });
    }
  }
  const sequence = members.integer('spiffe_sequence', 0, Number.MAX_SAFE_INTEGER);
  if (BigInt(sequence) !== members.u64('version')) {
    throw new Refusal('bundle-malformed', { why: 'spiffe_sequence is not the version' });
  }
}
