/**
 * A key made of a passphrase: scrypt (RFC 7914) with N = 2^17, r = 8, p = 1, some 0.4 s and 128 MiB
 * for each guess. The passphrase comes from a file or the terminal, never from argv.
 */

import { scrypt } from 'node:crypto';

/** Bytes of the salt, drawn anew for each passphrase that is set. */
export const SALT_BYTES = 16;
/** Bytes of the key that comes of it. */
export const PASSPHRASE_KEY_BYTES = 32;
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 } as const;

/** The key that a passphrase makes with `salt`. */
export function stretchPassphrase(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  // One spelling of what was typed: keyboards differ in how they compose letters.
  const text = passphrase.normalize('NFC');
  return new Promise((resolve, reject) => {
    scrypt(text, salt, PASSPHRASE_KEY_BYTES, SCRYPT, (error, key) => {
      if (error === null) resolve(new Uint8Array(key));
      else reject(error);
    });
  });
}
