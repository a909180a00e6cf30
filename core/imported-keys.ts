/**
 * Public keys as node:crypto holds them, remembered for as long as somebody holds their bytes.
 *
 * Importing a key costs as much as a tenth of verifying with it, and a Root's keys verify again and
 * again. The memory is weak and by identity: the bytes of a key are read once and never written
 * again (STYLE: values are readonly), and a key that nobody holds any more is forgotten.
 */

import { createPublicKey, type KeyObject } from 'node:crypto';
import { concat } from './bytes.ts';

/** Imports raw public keys of one algorithm, each once. */
export class ImportedKeys {
  readonly #spkiPrefix: Uint8Array;
  readonly #known = new WeakMap<Uint8Array, KeyObject>();

  /** `spkiPrefix` turns a raw key of this algorithm into its SubjectPublicKeyInfo. */
  constructor(spkiPrefix: Uint8Array) {
    this.#spkiPrefix = spkiPrefix;
  }

  /** The key of these bytes, whose size was checked. */
  get(publicKey: Uint8Array): KeyObject {
    const known = this.#known.get(publicKey);
    if (known !== undefined) return known;
    const der = Buffer.from(concat(this.#spkiPrefix, publicKey));
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    this.#known.set(publicKey, key);
    return key;
  }
}
