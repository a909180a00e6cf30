/**
 * The control methods of a backup: the state is sealed here, under a key that the command made of a
 * passphrase, and leaves piece by piece. No secret of the node crosses the socket in clear.
 *
 * One backup is kept at a time, until its last piece was fetched or the next one begins.
 */

import { fromBase64Url, toBase64Url } from '../../core/bytes.ts';
import { GCM_NONCE_BYTES } from '../../core/ciphers.ts';
import { BACKUP_PART_BYTES } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { whose } from '../control/caller.ts';
import type { ControlMethods } from '../control/server.ts';
import { PASSPHRASE_KEY_BYTES, SALT_BYTES } from '../custody/passphrase-key.ts';
import type { Random } from '../ports.ts';
import { backupDigest, sealBackup } from './backup-file.ts';
import { chipHeldKeys, encodeSnapshot, type State, takeSnapshot } from './snapshot.ts';

/** What backups are made of. */
export interface BackupMethodOptions {
  readonly state: State;
  readonly random: Random;
}

/** The methods over the state of a running daemon. */
export function backupMethods({ state, random }: BackupMethodOptions) {
  let kept: { readonly digest: string; readonly file: Uint8Array } | null = null;
  return {
    'backup.begin': async (params, caller) => {
      const salt = bytesIn('salt', params.salt, SALT_BYTES);
      const key = bytesIn('key', params.key, PASSPHRASE_KEY_BYTES);
      const snapshot = await takeSnapshot(state);
      const nonce = random.bytes(GCM_NONCE_BYTES);
      const file = sealBackup({ salt, key, nonce }, encodeSnapshot(snapshot));
      const digest = backupDigest(file);
      const bytes = file.length;
      await state.audit.append('state.backed-up', { digest, bytes, ...whose(caller) });
      kept = { digest, file };
      return { digest, bytes, chipHeld: chipHeldKeys(snapshot) };
    },
    'backup.part': async ({ digest, part }) => {
      if (kept?.digest !== digest) throw new Refusal('control-params', { member: 'digest' });
      const end = part * BACKUP_PART_BYTES;
      const piece = kept.file.subarray(end - BACKUP_PART_BYTES, end);
      if (end >= kept.file.length) kept = null;
      return { bytes: toBase64Url(piece) };
    },
  } satisfies Partial<ControlMethods>;
}

function bytesIn(member: string, text: string, count: number): Uint8Array {
  const bytes = fromBase64Url(text);
  if (bytes.length !== count) throw new Refusal('control-params', { member });
  return bytes;
}
