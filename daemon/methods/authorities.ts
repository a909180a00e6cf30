/** The control methods of authorities: what signs, and how one authority follows another. */

import type { AuditLog } from '../audit/audit-log.ts';
import type { AuthorityBook } from '../authority/authority-book.ts';
import { type Caller, whose } from '../control/caller.ts';
import type { ControlMethods } from '../control/server.ts';
import type { SigningAuthority } from '../control/views.ts';
import type { Driver } from '../driver.ts';
import type { RollEntry } from '../identity/authority-roll.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';

type AuthorityMethods = Pick<
  ControlMethods,
  | 'authority.confirm'
  | 'authority.show'
  | 'authority.prepare'
  | 'authority.activate'
  | 'authority.taint'
  | 'authority.revoke'
>;

/** The methods over one book. Each change is audited before it is answered. */
export function authorityMethods(
  book: AuthorityBook,
  { audit, driver }: { readonly audit: AuditLog; readonly driver: Driver },
): AuthorityMethods {
  const changed = async (event: string, entry: RollEntry, caller: Caller) => {
    const { id, use, keyType } = entry;
    await audit.append(`authority.${event}`, { id, use, keyType, ...whose(caller) });
    return signingAuthority(entry);
  };
  return {
    'authority.confirm': async (_, caller) => {
      await driver.request({ kind: 'confirm' });
      await audit.append('authority.confirmed', whose(caller));
      return { resumed: true };
    },
    'authority.show': async () => ({ authorities: book.roll.map(signingAuthority) }),
    'authority.prepare': async ({ use, keyType }, caller) =>
      changed('prepared', await book.prepare({ use, keyType }), caller),
    'authority.activate': async ({ id }, caller) =>
      changed('activated', await book.activate(id), caller),
    'authority.taint': async ({ id }, caller) => changed('tainted', await book.taint(id), caller),
    'authority.revoke': async ({ id }, caller) => changed('revoked', await book.revoke(id), caller),
  };
}

function signingAuthority(entry: RollEntry): SigningAuthority {
  const { id, use, keyType, state, isTainted, notAfter } = entry;
  return { id, use, keyType, state, tainted: isTainted, notAfter: formatRfc3339(notAfter) };
}
