/**
 * A backup as one file: what a snapshot holds, sealed under a passphrase, and a digest that tells a
 * damaged file from a wrong passphrase. What stands in a snapshot is not looked at here.
 *
 *     holdfast/backup\0 ‖ version ‖ 16 bytes of salt ‖ 12 bytes of nonce ‖ u32 length
 *     ‖ AES-256-GCM of the snapshot, bound to all before it ‖ SHA-256 of all before it
 *
 * The version stands for this layout, the stretching of the passphrase (passphrase-key.ts) and the
 * layout of the state inside; it rises with any of them.
 */

import { assert } from '../../core/assert.ts';
import { concat, equalBytes, Reader, toUtf8, Writer } from '../../core/bytes.ts';
import { decryptAesGcm, encryptAesGcm, GCM_NONCE_BYTES } from '../../core/ciphers.ts';
import { type Digest, digestOf, sha256 } from '../../core/digest.ts';
import { BACKUP_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { SALT_BYTES, stretchPassphrase } from '../custody/passphrase-key.ts';

const MAGIC = toUtf8('holdfast/backup\0');
const VERSION = 1;
const DIGEST_BYTES = 32;

/** What a backup is sealed with: a key that was made of a passphrase and `salt`. */
export interface BackupSeal {
  readonly salt: Uint8Array;
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
}

/** A backup that was opened. */
export interface OpenedBackup {
  readonly snapshot: Uint8Array;
  readonly digest: Digest;
}

/** Seals an encoded snapshot. Refuses `too-large`. */
export function sealBackup({ salt, key, nonce }: BackupSeal, snapshot: Uint8Array): Uint8Array {
  assert(salt.length === SALT_BYTES && nonce.length === GCM_NONCE_BYTES, 'a backup has its seal');
  const head = new Writer().raw(MAGIC).u8(VERSION).raw(salt).raw(nonce).finish();
  const sealed = encryptAesGcm({ key, nonce, bound: head, bytes: snapshot });
  const body = concat(head, new Writer().u32(sealed.length).finish(), sealed);
  const got = body.length + DIGEST_BYTES;
  if (got > BACKUP_BYTES_MAX) throw new Refusal('too-large', { limit: BACKUP_BYTES_MAX, got });
  return concat(body, sha256(body));
}

/** The digest by which people know a backup: over the whole file. */
export function backupDigest(file: Uint8Array): Digest {
  return digestOf(file);
}

/**
 * Opens a backup. Refuses `backup-malformed`, `backup-version`, `truncated` and `trailing-bytes`
 * before anybody is asked for the passphrase, and `passphrase-wrong`.
 */
export async function openBackup(
  file: Uint8Array,
  ask: () => Promise<string>,
): Promise<OpenedBackup> {
  const reader = new Reader(file);
  const magic = reader.take(MAGIC.length);
  if (!equalBytes(magic, MAGIC)) throw new Refusal('backup-malformed', { why: 'no backup' });
  const version = reader.u8();
  if (version !== VERSION) {
    throw new Refusal('backup-version', { expected: VERSION, got: version });
  }
  const salt = reader.take(SALT_BYTES);
  const nonce = reader.take(GCM_NONCE_BYTES);
  const head = file.subarray(0, file.length - reader.remaining);
  const sealed = reader.take(reader.u32());
  const body = file.subarray(0, file.length - reader.remaining);
  const sum = reader.take(DIGEST_BYTES);
  reader.end();
  if (!equalBytes(sum, sha256(body))) throw new Refusal('backup-malformed', { why: 'digest' });
  const key = await stretchPassphrase(await ask(), salt);
  const snapshot = decryptAesGcm({ key, nonce, bound: head, bytes: sealed });
  if (snapshot === undefined) throw new Refusal('passphrase-wrong');
  return { snapshot, digest: backupDigest(file) };
}
