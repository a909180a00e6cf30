/**
 * The voice of a machine: what it signs with now, of all the keys that lie on it (PROTOCOL §2.5).
 *
 * A machine is not told its rank: the newest Root says which rank its beacon key has, and what is
 * disowned says whether the turn is its. So a standby writes from the moment on in which every rank
 * below it is disowned, the machine it takes over from falls silent once it learns of that, and a
 * key that is made while the daemon runs speaks as soon as a Root names it.
 */

import { Refusal, refusalOf } from '../core/refusal.ts';
import type { Signer } from '../core/suite.ts';
import { type Belief, isDisowned, newestRoot, rankInForce } from './belief.ts';
import type { Effect } from './effect.ts';
import { beaconKeyOf } from './root.ts';

/** What a writer signs with. */
export interface Voice {
  readonly rank: number;
  readonly beacon: Signer;
  readonly documents: Signer;
}

/**
 * The voice that `keys` give in the domain of `own`. Refuses `key-revoked` where what made it one
 * was disowned, and `not-writer` where another machine writes.
 */
export function voiceOf(own: Belief, keys: readonly Signer[]): Voice {
  const root = newestRoot(own)?.root;
  const rank = rankInForce(own);
  const inForce = root === undefined || rank === null ? undefined : beaconKeyOf(root, rank);
  const beacon = keys.find(({ keyId }) => keyId === inForce?.keyId);
  const documents = documentsKeyOf(own, keys);
  if (rank !== null && beacon !== undefined && documents !== null) {
    return { rank, beacon, documents };
  }
  const gone = keys.find(({ keyId }) => isDisowned(own, keyId));
  if (gone !== undefined) throw new Refusal('key-revoked', { key: gone.keyId });
  throw new Refusal('not-writer', { rank: rank ?? -1 });
}

/** Whether a machine has a voice: asked at each step, and the same while what it rests on is. */
export class VoiceBook {
  #known: (Pick<Belief, 'roots' | 'disowned' | 'revocations'> & Entry) | null = null;

  /** True where `voiceOf` refuses nothing. */
  has(own: Belief, keys: readonly Signer[]): boolean {
    const { roots, disowned, revocations } = own;
    const known = this.#known;
    const isSame = known?.keys === keys && known.roots === roots && known.disowned === disowned;
    if (isSame && known.revocations === revocations) return known.has;
    const has = hasVoice(own, keys);
    this.#known = { roots, disowned, revocations, keys, has };
    return has;
  }

  /** PROTOCOL §2.5 — who had the word and has it no more: its people have to know. */
  follow(before: Belief, after: Belief, keys: readonly Signer[]): readonly Effect[] {
    if (!this.has(before, keys) || this.has(after, keys)) return [];
    const details = { inForce: rankInForce(after) ?? -1 };
    return [{ kind: 'alarm', code: 'deposed', domain: after.domain, details }];
  }
}

function hasVoice(own: Belief, keys: readonly Signer[]): boolean {
  return !(refusalOf(() => voiceOf(own, keys)) instanceof Refusal);
}

interface Entry {
  readonly keys: readonly Signer[];
  readonly has: boolean;
}

/** The lowest rank that Root gives one of `keys` and nothing disowns; null for none. */
export function rankAmong(own: Belief, keys: readonly Signer[]): number | null {
  const ours = newestRoot(own)?.root.beaconKeys.find(({ keyId }) => {
    return keys.some((key) => key.keyId === keyId) && !isDisowned(own, keyId);
  });
  return ours?.rank ?? null;
}

/** The documents key of these that Root names and nothing disowns, or null. */
export function documentsKeyOf(own: Belief, keys: readonly Signer[]): Signer | null {
  const role = newestRoot(own)?.root.documents.keys;
  return keys.find(({ keyId }) => role?.has(keyId) === true && !isDisowned(own, keyId)) ?? null;
}
