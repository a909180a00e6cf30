/**
 * The private KEM key of a node, made when it is first asked for and kept in custody like its other
 * secrets: sealed by the chip where there is one. It never leaves the daemon; what it opens is the
 * key of one file.
 */

import { KEM_SEED_BYTES } from '../../core/hybrid-kem.ts';
import { Refusal } from '../../core/refusal.ts';
import type { KeyCustody } from '../custody/custody.ts';
import type { Random } from '../ports.ts';

const NAME = 'courier';

/** How to come by the key: made once, whoever asks first. Refuses `key-malformed`. */
export function courierSeed(custody: KeyCustody, random: Random): () => Promise<Uint8Array> {
  let turn: Promise<unknown> = Promise.resolve();
  return () => {
    const seed = turn.then(async () => {
      if (!(await custody.has(NAME))) await custody.create(NAME, random.bytes(KEM_SEED_BYTES));
      const kept = await custody.load(NAME);
      if (kept.length !== KEM_SEED_BYTES) throw new Refusal('key-malformed', { key: NAME });
      return kept;
    });
    turn = seed.catch(() => undefined); // the next asker tries again
    return seed;
  };
}
