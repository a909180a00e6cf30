/**
 * The file that binds a folder of keys to a chip: a wrapping key that only this chip, after an
 * approved boot, hands out; and whose approvals it obeys.
 *
 * One sealed object instead of one a secret: a discrete chip takes about a second for each, and a
 * start should not. Each secret is a file of its own under the wrapping key (`sealed-custody.ts`).
 */

import { join } from 'node:path';
import { fromBase64Url, fromHex, toBase64Url, toHex, toUtf8 } from '../../core/bytes.ts';
import { canonicalText, parseCanonical } from '../../core/canonical.ts';
import { KEY_FILE_BYTES_MAX, TPM_BUFFER_BYTES_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import { Members } from '../../federation/members.ts';
import type { ObjectBlob } from '../../firmware/tpm-keys.ts';
import { readPrivate, replaceFile } from '../host/files.ts';
import { createPrivateFile, hasPrivateFile } from '../store/private-file.ts';

/** Whose chip, whose approvals, and the wrapping key as the chip sealed it. */
export interface Binding {
  /** Name of the storage root key. */
  readonly storageKey: Uint8Array;
  /** The approver's public key: x ‖ y. */
  readonly approver: Uint8Array;
  readonly wrappingKey: ObjectBlob;
}

const NAME_BYTES = 34;
const POINT_BYTES = 64;

/** Path of the binding of a folder. */
export function bindingPath(keysFolder: string): string {
  return join(keysFolder, 'wrapping-key.chip');
}

/** True if the keys of the folder are bound to a chip. */
export function hasBinding(keysFolder: string): Promise<boolean> {
  return hasPrivateFile(bindingPath(keysFolder));
}

/** Loads the binding. Refuses `permissions-wide` and `key-malformed`; fails `file-unreadable`. */
export async function loadBinding(keysFolder: string): Promise<Binding> {
  const path = bindingPath(keysFolder);
  const bytes = await readPrivate(path, KEY_FILE_BYTES_MAX);
  const binding = refusalOf(() => decodeBinding(bytes));
  if (binding instanceof Refusal) throw new Refusal('key-malformed', { path });
  return binding;
}

/** Binds a folder; after a crash it is bound or not. Fails `file-unwritable` if it was. */
export function createBinding(keysFolder: string, binding: Binding): Promise<void> {
  return createPrivateFile(bindingPath(keysFolder), encodeBinding(binding));
}

/** Replaces the binding: the same wrapping key, sealed anew. */
export function replaceBinding(keysFolder: string, binding: Binding): Promise<void> {
  return replaceFile(bindingPath(keysFolder), encodeBinding(binding), 0o600);
}

function encodeBinding({ storageKey, approver, wrappingKey }: Binding): Uint8Array {
  const text = canonicalText({
    storageKey: toHex(storageKey),
    approver: toBase64Url(approver),
    public: toBase64Url(wrappingKey.publicArea),
    private: toBase64Url(wrappingKey.privateArea),
  });
  return toUtf8(text);
}

function decodeBinding(bytes: Uint8Array): Binding {
  const members = new Members(parseCanonical(bytes), 'binding');
  const blob = (name: string): Uint8Array =>
    fromBase64Url(members.text(name, 2 * TPM_BUFFER_BYTES_MAX));
  return {
    storageKey: hexOf(members, 'storageKey', NAME_BYTES),
    approver: members.bytes('approver', POINT_BYTES),
    wrappingKey: { publicArea: blob('public'), privateArea: blob('private') },
  };
}

function hexOf(members: Members, name: string, count: number): Uint8Array {
  const text = members.text(name, 2 * count);
  return new RegExp(`^[0-9a-f]{${2 * count}}$`).test(text) ? fromHex(text) : members.refuse(name);
}
