/**
 * Keys of slices: one for each entry and window, all of one secret seed.
 *
 * The leaves are public and lie in the store; the seed lies in custody, in the chip where there is
 * one, and is small enough for it. A key is made of it whenever it is needed, so no list of
 * private keys lies anywhere. Who has the seed has every key up to the last window signed.
 */

import { hkdfSync } from 'node:crypto';
import type { KeyCustody } from '../custody/custody.ts';
import type { Entry } from '../identity/entry.ts';
import { type DrawnKey, deriveKey, KEY_MATERIAL_BYTES } from '../identity/private-key.ts';
import type { Random } from '../ports.ts';

const SEED = 'slice-seed';
const SEED_BYTES = 32;
const LABEL = 'holdfast/slice/v1';

/** The keys of one node's slices. */
export class SliceKeys {
  readonly #seed: Uint8Array;

  private constructor(seed: Uint8Array) {
    this.#seed = seed;
  }

  /** Opens the seed, drawing it the first time. Refuses and fails as the custody does. */
  static async open(custody: KeyCustody, random: Random): Promise<SliceKeys> {
    if (!(await custody.has(SEED))) await custody.create(SEED, random.bytes(SEED_BYTES));
    return new SliceKeys(await custody.load(SEED));
  }

  /** The key of an entry for a window: the same each time. */
  keyOf({ id, keyType }: Pick<Entry, 'id' | 'keyType'>, window: number): DrawnKey {
    const info = `${LABEL} ${id} ${keyType} ${window}`;
    const material = hkdfSync('sha256', this.#seed, '', info, KEY_MATERIAL_BYTES);
    return deriveKey(keyType, new Uint8Array(material));
  }
}
