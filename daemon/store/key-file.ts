/**
 * Files that hold private material: one key a file, armoured, 0600, in a folder of 0700.
 *
 *     -----BEGIN HOLDFAST KEY-----
 *     name: beacon-1
 *     Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFy
 *     checksum: 8f434346648f6b96
 *     -----END HOLDFAST KEY-----
 *
 * One spelling: base64 in lines of 64 characters, line feeds only, nothing before or after. The
 * name inside stops a file from standing in for another; the checksum tells a damaged file from a
 * wrong key. Neither is protection from somebody who may write here: that is the TPM's part. No
 * error and no log ever holds any of the content.
 */

import { join } from 'node:path';
import { assert } from '../../core/assert.ts';
import {
  concat,
  equalBytes,
  fromBase64,
  fromUtf8,
  toBase64,
  toHex,
  toUtf8,
} from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { KEY_FILE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { openPrivateFolder, readPrivate } from '../host/files.ts';
import { createPrivateFile, destroyPrivateFile, hasPrivateFile } from './private-file.ts';

const BEGIN = '-----BEGIN HOLDFAST KEY-----\n';
const END = '-----END HOLDFAST KEY-----\n';
const LABEL = toUtf8('holdfast/key-file/v1\0');
const CHECKSUM_BYTES = 8;
const LINE_CHARS = 64;
const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
const LAYOUT = new RegExp(
  `^${BEGIN}name: [a-z0-9-]+\n([A-Za-z0-9+/=\n]+)\nchecksum: [0-9a-f]{16}\n${END}$`,
);

/** Which key: the file `<name>.key` in `folder`. A name is ours, never input. */
export interface KeyFile {
  readonly folder: string;
  readonly name: string;
}

/** Path of a key file. */
export function keyFilePath({ folder, name }: KeyFile): string {
  assert(NAME.test(name), 'a key has a plain name');
  return join(folder, `${name}.key`);
}

/**
 * Writes a new key durably: after a crash the file is whole or absent. Never replaces a file that
 * stands: that fails `file-unwritable`, since an overwritten key is gone for good.
 */
export async function createKeyFile(key: KeyFile, secret: Uint8Array): Promise<void> {
  const text = encodeKey(key.name, secret);
  assert(text.length <= KEY_FILE_BYTES_MAX, 'a key fits its file');
  await createPrivateFile(keyFilePath(key), toUtf8(text));
}

/**
 * Reads a key back. Refuses `permissions-wide` if anyone but the owner may touch the file or its
 * folder, `key-malformed` for anything but the one spelling; fails `file-unreadable`.
 */
export async function loadKeyFile(key: KeyFile): Promise<Uint8Array> {
  await openPrivateFolder(key.folder);
  const path = keyFilePath(key);
  const bytes = await readPrivate(path, KEY_FILE_BYTES_MAX);
  return decodeKey(bytes, key.name) ?? refuseMalformed(path);
}

/** True if the key's file stands; says nothing about its content. */
export function hasKeyFile(key: KeyFile): Promise<boolean> {
  return hasPrivateFile(keyFilePath(key));
}

/**
 * Destroys a key: overwrites it, then takes its name away, both synced (PROTOCOL §3.5). A disk that
 * remaps its blocks may keep a copy; only keys that a TPM seals are surely gone. An absent file is
 * destroyed already.
 */
export function destroyKeyFile(key: KeyFile): Promise<void> {
  return destroyPrivateFile(keyFilePath(key));
}

function encodeKey(name: string, secret: Uint8Array): string {
  const lines = toBase64(secret).match(new RegExp(`.{1,${LINE_CHARS}}`, 'g')) ?? [];
  const body = lines.join('\n');
  return `${BEGIN}name: ${name}\n${body}\nchecksum: ${checksumOf(name, secret)}\n${END}`;
}

/** The secret, or undefined unless `bytes` are exactly what `encodeKey` makes of it. */
function decodeKey(bytes: Uint8Array, name: string): Uint8Array | undefined {
  try {
    const body = LAYOUT.exec(fromUtf8(bytes))?.[1];
    if (body === undefined) return undefined;
    const secret = fromBase64(body.replaceAll('\n', ''));
    return equalBytes(toUtf8(encodeKey(name, secret)), bytes) ? secret : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined; // its details could tell of the content
    throw error;
  }
}

function refuseMalformed(path: string): never {
  throw new Refusal('key-malformed', { path });
}

function checksumOf(name: string, secret: Uint8Array): string {
  return toHex(sha256(concat(LABEL, toUtf8(`${name}\0`), secret)).subarray(0, CHECKSUM_BYTES));
}
