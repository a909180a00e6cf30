/**
 * Boots that somebody brought to an authority to be approved, until a person says yes or no, over
 * restarts too. Nothing follows from one by itself; what is signed then is the reference book's.
 */

import { encodeCanonical, parseCanonical } from '../../core/canonical.ts';
import { type Digest, digestOf } from '../../core/digest.ts';
import { PROPOSALS_MAX, SPIFFE_ID_BYTES_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import type { UnixMs } from '../../core/time.ts';
import { Members } from '../../federation/members.ts';
import { encodeState, parseReferences, type ReferenceState } from '../../firmware/references.ts';
import type { Store } from '../ports.ts';
import { SPACES } from '../store/key-space.ts';

/** States to approve, and the generation that they are to be signed for. */
export interface BootDraft {
  readonly states: readonly ReferenceState[];
  readonly generation: bigint;
}

/** A draft as it waits. */
export interface WaitingBoots extends BootDraft {
  /** Over the draft: by it a person says yes to these states and no others. */
  readonly digest: Digest;
  /** Who brought it first, as a name that stays the same, and when. */
  readonly by: string;
  readonly since: UnixMs;
}

export class BootBook {
  readonly #store: Store;
  readonly #kept = new Map<Digest, WaitingBoots>();

  constructor(store: Store, records: ReadonlyMap<string, Uint8Array>) {
    this.#store = store;
    for (const [key, record] of records) {
      if (!key.startsWith(SPACES.boots)) continue;
      const waiting = readKept(record);
      this.#kept.set(waiting.digest, waiting);
    }
  }

  /** Those that wait, oldest first. */
  get waiting(): readonly WaitingBoots[] {
    return [...this.#kept.values()].sort((a, b) => a.since - b.since);
  }

  /** Takes a draft in; the same one again changes nothing. Refuses `too-large` for too many. */
  async offer(
    draft: BootDraft,
    { by, now }: { readonly by: string; readonly now: UnixMs },
  ): Promise<WaitingBoots> {
    const digest = digestOf(encodeDraft(draft));
    const held = this.#kept.get(digest);
    if (held !== undefined) return held;
    if (this.#kept.size >= PROPOSALS_MAX) {
      throw new Refusal('too-large', { limit: PROPOSALS_MAX, why: 'boots that wait' });
    }
    const waiting = { ...draft, digest, by, since: now };
    await this.#store.write([{ key: `${SPACES.boots}${digest}`, value: encodeKept(waiting) }]);
    this.#kept.set(digest, waiting);
    return waiting;
  }

  /** Ends the one that waits with these states, if any: it was approved, or refused. */
  async drop(draft: BootDraft): Promise<void> {
    const digest = digestOf(encodeDraft(draft));
    if (!this.#kept.has(digest)) return;
    await this.#store.write([{ key: `${SPACES.boots}${digest}`, value: null }]);
    this.#kept.delete(digest);
  }
}

function membersOf({ states, generation }: BootDraft) {
  return { states: states.map(encodeState), generation: String(generation) };
}

function encodeDraft(draft: BootDraft): Uint8Array {
  return encodeCanonical(membersOf(draft));
}

function encodeKept(waiting: WaitingBoots): Uint8Array {
  const { by, since } = waiting;
  return encodeCanonical({ ...membersOf(waiting), by, since: String(since) });
}

function readKept(record: Uint8Array): WaitingBoots {
  const members = new Members(parseCanonical(record), 'boots');
  const draft = {
    states: parseReferences(members.value('states')),
    generation: members.u64('generation'),
  };
  return {
    ...draft,
    digest: digestOf(encodeDraft(draft)),
    by: members.text('by', SPIFFE_ID_BYTES_MAX),
    since: members.time('since'),
  };
}
