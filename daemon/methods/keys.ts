/**
 * The control methods of keys that a person may take along: those that a running daemon does not
 * need, and the approver, of which a copy belongs into a safe.
 *
 * They leave as key files, readable without any chip. Which files they are is all that is said: no
 * secret crosses the control socket.
 */

import { isAbsolute } from 'node:path';
import { Refusal } from '../../core/refusal.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { whose } from '../control/caller.ts';
import type { ControlMethods } from '../control/server.ts';
import { APPROVER_KEY } from '../custody/approver.ts';
import type { KeyCustody } from '../custody/custody.ts';
import { createKeyFile, keyFilePath } from '../store/key-file.ts';

/** Keys that may leave the machine for good. */
const MOVABLE: readonly string[] = ['root', 'beacon-1', 'revocation-0', 'revocation-1'];
/** Keys of which a copy may be taken. */
const PORTABLE: readonly string[] = [...MOVABLE, APPROVER_KEY];

/** The methods over one custody. */
export function keyMethods(
  custody: KeyCustody,
  audit: AuditLog,
): Pick<ControlMethods, 'key.list' | 'key.copy' | 'key.move'> {
  const copy = async (name: string, folder: string): Promise<string> => {
    if (!PORTABLE.includes(name) || !(await custody.has(name))) {
      throw new Refusal('key-unknown', { key: name.slice(0, 64), expected: PORTABLE.join(' ') });
    }
    if (!isAbsolute(folder)) throw new Refusal('control-params', { member: 'folder' });
    await createKeyFile({ folder, name }, await custody.load(name));
    return keyFilePath({ folder, name });
  };
  return {
    'key.list': async () => {
      const kept = await Promise.all(PORTABLE.map((name) => custody.has(name)));
      const here = PORTABLE.filter((_, at) => kept[at]);
      return { keys: here.map((name) => ({ name, movable: MOVABLE.includes(name) })) };
    },
    'key.copy': async ({ name, folder }, caller) => {
      const path = await copy(name, folder);
      await audit.append('key.copied', { key: name, path, ...whose(caller) });
      return { name, path };
    },
    'key.move': async ({ name, folder }, caller) => {
      if (!MOVABLE.includes(name)) throw new Refusal('key-unknown', { key: name.slice(0, 64) });
      const path = await copy(name, folder);
      await audit.append('key.moved', { key: name, path, ...whose(caller) });
      await custody.destroy(name);
      return { name, path };
    },
  };
}
