/**
 * Custody under a wrapping key: each secret a file of its own, `<name>.sealed`, of AES-256-GCM.
 *
 *     holdfast/sealed-key/v1\0 ‖ 12 bytes of nonce ‖ ciphertext ‖ 16 bytes of tag
 *
 * The ciphertext is bound to the name, so that no file stands in for another. Who hands out the
 * wrapping key is not asked here (`chip-custody.ts`); without it the files are noise. A file that
 * was destroyed and copied before can be opened by whoever gets the wrapping key.
 */

import { join } from 'node:path';
import { assert } from '../../core/assert.ts';
import { concat, equalBytes, toUtf8 } from '../../core/bytes.ts';
import { decryptAesGcm, encryptAesGcm, GCM_NONCE_BYTES } from '../../core/ciphers.ts';
import { KEY_FILE_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { readPrivate } from '../host/files.ts';
import type { Random } from '../ports.ts';
import { createPrivateFile, destroyPrivateFile, hasPrivateFile } from '../store/private-file.ts';
import type { KeyCustody } from './custody.ts';

/** How a file of this kind ends. */
export const SEALED_SUFFIX = '.sealed';
const LABEL = toUtf8('holdfast/sealed-key/v1\0');
const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

export class SealedCustody implements KeyCustody {
  readonly #folder: string;
  readonly #wrappingKey: Uint8Array;
  readonly #random: Random;

  constructor(folder: string, wrappingKey: Uint8Array, random: Random) {
    this.#folder = folder;
    this.#wrappingKey = wrappingKey;
    this.#random = random;
  }

  has(name: string): Promise<boolean> {
    return hasPrivateFile(this.#pathOf(name));
  }

  async create(name: string, secret: Uint8Array): Promise<void> {
    const nonce = this.#random.bytes(GCM_NONCE_BYTES);
    const key = this.#wrappingKey;
    const sealed = encryptAesGcm({ key, nonce, bound: boundTo(name), bytes: secret });
    const bytes = concat(LABEL, nonce, sealed);
    assert(bytes.length <= KEY_FILE_BYTES_MAX, 'a key fits its file');
    await createPrivateFile(this.#pathOf(name), bytes);
  }

  async load(name: string): Promise<Uint8Array> {
    const path = this.#pathOf(name);
    const bytes = await readPrivate(path, KEY_FILE_BYTES_MAX);
    const nonceAt = LABEL.length;
    const at = nonceAt + GCM_NONCE_BYTES;
    const isOurs = equalBytes(bytes.subarray(0, nonceAt), LABEL) && bytes.length > at;
    const nonce = bytes.subarray(nonceAt, at);
    const input = {
      key: this.#wrappingKey,
      nonce,
      bound: boundTo(name),
      bytes: bytes.subarray(at),
    };
    const secret = isOurs ? decryptAesGcm(input) : undefined;
    if (secret === undefined) throw new Refusal('key-malformed', { path });
    return secret;
  }

  destroy(name: string): Promise<void> {
    return destroyPrivateFile(this.#pathOf(name));
  }

  #pathOf(name: string): string {
    assert(NAME.test(name), 'a key has a plain name');
    return join(this.#folder, `${name}${SEALED_SUFFIX}`);
  }
}

function boundTo(name: string): Uint8Array {
  return concat(LABEL, toUtf8(name));
}
