/**
 * The proposals that wait at an authority for the signatures of people (PROTOCOL §2.7), over
 * restarts too. A copy with more signatures adds them to the one that waits.
 *
 * Of a file that is offered the envelope alone is kept, and it is judged upon the Roots that this
 * daemon holds: with the next Root a proposal upon the one before is over, and leaves.
 */

import { fromBase64Url, toBase64Url, toUtf8 } from '../../core/bytes.ts';
import { encodeCanonical, parseCanonical } from '../../core/canonical.ts';
import type { Digest } from '../../core/digest.ts';
import { DOCUMENT_BYTES_MAX, PROPOSALS_MAX, SPIFFE_ID_BYTES_MAX } from '../../core/limits.ts';
import { Refusal, refusalOf } from '../../core/refusal.ts';
import type { Suite } from '../../core/suite.ts';
import type { UnixMs } from '../../core/time.ts';
import { Members } from '../../federation/members.ts';
import { decodeProposal, mergeProposals, type Proposal } from '../../federation/proposal.ts';
import type { Store } from '../ports.ts';
import { SPACES } from '../store/key-space.ts';

/** An envelope as it waits. */
interface Kept {
  readonly envelope: Uint8Array;
  /** Who brought it first, as a name that stays the same, and when. */
  readonly by: string;
  readonly since: UnixMs;
}

/** A proposal upon the Root that is held, and who brought it. */
export interface WaitingProposal extends Omit<Kept, 'envelope'> {
  readonly proposal: Proposal;
}

export interface ProposalBookOptions {
  readonly store: Store;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly suite: Suite;
  /** The file of a proposal of our own domain, upon all Roots that are held. */
  readonly fileOf: (envelope: Uint8Array) => string;
}

/** Who brings a proposal or signatures of it, and when. */
export interface Bringer {
  readonly by: string;
  readonly now: UnixMs;
  /** True where who brought a proposal may not bring further signatures of it. */
  readonly needsOther: boolean;
}

/** Twice the bytes hold any base64url of them. */
const ENVELOPE_CHARS_MAX = 2 * DOCUMENT_BYTES_MAX;

export class ProposalBook {
  readonly #options: ProposalBookOptions;
  readonly #kept = new Map<Digest, Kept>();

  constructor(options: ProposalBookOptions) {
    this.#options = options;
    for (const [key, record] of options.records) {
      if (!key.startsWith(SPACES.proposal)) continue;
      this.#kept.set(key.slice(SPACES.proposal.length) as Digest, readKept(record));
    }
  }

  /** Those that can still be signed, oldest first. */
  get waiting(): readonly WaitingProposal[] {
    return [...this.#kept.values()]
      .sort((a, b) => a.since - b.since)
      .flatMap(({ envelope, by, since }) => {
        const proposal = refusalOf(() => this.#judge(envelope));
        return proposal instanceof Refusal ? [] : [{ proposal, by, since }];
      });
  }

  /**
   * Takes a proposal in, or the signatures of a copy. Refuses as `decodeProposal` does for what
   * cannot be signed upon the Root that is held, `too-large` where too many wait, and
   * `second-person`.
   */
  async offer(file: Uint8Array, bringer: Bringer): Promise<WaitingProposal> {
    const { suite } = this.#options;
    const offered = this.#judge(decodeProposal(suite, file).envelope.bytes);
    const { digest } = offered.envelope;
    const waiting = this.waiting;
    const held = waiting.find(({ proposal }) => proposal.envelope.digest === digest);
    if (held === undefined && waiting.length >= PROPOSALS_MAX) {
      throw new Refusal('too-large', { limit: PROPOSALS_MAX, why: 'proposals that wait' });
    }
    if (held !== undefined && bringer.needsOther && held.by === bringer.by) {
      throw new Refusal('second-person', { proposal: digest, broughtBy: held.by });
    }
    const envelope =
      held === undefined ? offered.envelope.bytes : mergeProposals(held.proposal, offered);
    const { by, since } = held ?? { by: bringer.by, since: bringer.now };
    const over = [...this.#kept.keys()].filter(
      (key) => !waiting.some(({ proposal }) => proposal.envelope.digest === key),
    );
    await this.#write(over, digest, { envelope, by, since });
    return { proposal: this.#judge(envelope), by, since };
  }

  /** Ends one: it was refused, or published. */
  async drop(digest: Digest): Promise<void> {
    await this.#options.store.write([{ key: `${SPACES.proposal}${digest}`, value: null }]);
    this.#kept.delete(digest);
  }

  /** A proposal as a file, for a machine that no network reaches. */
  fileOf({ envelope }: Proposal): string {
    return this.#options.fileOf(envelope.bytes);
  }

  async #write(over: readonly Digest[], digest: Digest, kept: Kept): Promise<void> {
    await this.#options.store.write([
      ...over.map((key) => ({ key: `${SPACES.proposal}${key}`, value: null })),
      { key: `${SPACES.proposal}${digest}`, value: encodeKept(kept) },
    ]);
    for (const key of over) this.#kept.delete(key);
    this.#kept.set(digest, kept);
  }

  #judge(envelope: Uint8Array): Proposal {
    const { suite, fileOf } = this.#options;
    return decodeProposal(suite, toUtf8(fileOf(envelope)));
  }
}

function encodeKept({ envelope, by, since }: Kept): Uint8Array {
  return encodeCanonical({ envelope: toBase64Url(envelope), by, since: String(since) });
}

function readKept(record: Uint8Array): Kept {
  const members = new Members(parseCanonical(record), 'proposal');
  return {
    envelope: fromBase64Url(members.text('envelope', ENVELOPE_CHARS_MAX)),
    by: members.text('by', SPIFFE_ID_BYTES_MAX),
    since: members.time('since'),
  };
}
