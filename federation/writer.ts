/**
 * The writer: the one machine that says what is current for its domain (PROTOCOL §2.5, §3).
 *
 * It allocates an epoch durably before it signs it, draws a fresh seed for each beacon, reveals
 * one step of its chain per period, and reveals the stop when something it stood by is withdrawn.
 * The seed lives in this object and nowhere else: a process that ends has destroyed it, and the
 * next start issues a successor (PROTOCOL §3.5). What it makes is admitted by the same ladder as
 * everybody's; it believes itself no more than others do.
 */

import { assert } from '../core/assert.ts';
import { toBase64Url, toUtf8 } from '../core/bytes.ts';
import type { JsonObject } from '../core/canonical.ts';
import { type Digest, digestOf } from '../core/digest.ts';
import { TICK_COUNT_MAX } from '../core/limits.ts';
import type { Signer } from '../core/suite.ts';
import { addMs, type UnixMs } from '../core/time.ts';
import {
  type Allocated,
  allocatedNow,
  decodeAllocated,
  encodeAllocated,
  highestAllocated,
} from './allocated.ts';
import { highestEpoch } from './beacon.ts';
import {
  type Belief,
  documentNamed,
  isManifestCurrent,
  lineageStart,
  namedRevocations,
  newestRoot,
} from './belief.ts';
import { isPublic } from './document.ts';
import type { Effect } from './effect.ts';
import { decodeEnvelope, signEnvelope } from './envelope.ts';
import type { Draft } from './input.ts';
import type { AgeLimits } from './limits.ts';
import { type Pin, saltedKey } from './manifest.ts';
import { OwnChain } from './own-chain.ts';
import { draftsHeld } from './own-contents.ts';
import { revocationsToPin } from './pinning.ts';
import { buildChain, chainCommitment, stopCommitment } from './tick.ts';
import type { Voice } from './voice.ts';

/** What a writer puts into every beacon: its limits, and the period of its ticks in ms. */
export interface WriterSettings {
  readonly limits: AgeLimits;
  readonly periodMs: number;
}

/**
 * Something to publish: the drafts are made when their turn comes, from what then holds and from
 * what is published before it in the same beacon.
 */
export interface Publication {
  readonly request: number;
  readonly draftsOf: (earlier: readonly Draft[]) => readonly Draft[];
  readonly withdrawal: boolean;
}

/** An epoch durably allocated, waiting for its entropy. */
export interface Allocation {
  readonly epoch: bigint;
  /** The first since the process started: everything held is signed anew with it. */
  readonly isFirst: boolean;
  readonly publications: readonly Publication[];
}

/** Fresh bytes one beacon needs: seed, stop secret, salts. */
export const WRITER_ENTROPY_BYTES = 96;

/** The writer of one domain: its queue, its allocation, its live chain. */
export class Writer {
  readonly #settings: WriterSettings;
  #chain: OwnChain | null = null;
  #queue: Publication[] = [];
  #allocation: Allocation | null = null;
  #allocated: Allocated;
  #isFirst = true;

  /** `record` is what was stored of the last allocation, if there was one. */
  constructor(settings: WriterSettings, record: Uint8Array | undefined) {
    this.#settings = settings;
    this.#allocated = decodeAllocated(record);
  }

  enqueue(publication: Publication): void {
    this.#queue.push(publication);
  }

  /** People ask for something that waits for its beacon. */
  get isAsked(): boolean {
    return this.#queue.length > 0;
  }

  /** The record of the last allocation, to be stored before anything is signed under it. */
  get allocated(): Uint8Array {
    return encodeAllocated(this.#allocated);
  }

  /** True from an allocation until its entropy comes. */
  get awaitsEntropy(): boolean {
    return this.#allocation !== null;
  }

  /**
   * True when a beacon is due: something waits, no chain is left or little of it, what is believed
   * newest is a beacon that this chain does not prove, or a Root came after it. A machine that
   * holds no contents has nothing to say: a standby that has not heard of them yet.
   */
  isBeaconDue(belief: Belief, hasKept: boolean): boolean {
    if (this.#allocation !== null) return false;
    const isEmpty = belief.manifest === null && !hasKept && this.#queue.length === 0;
    if (isEmpty) return false;
    if (belief.beacon?.beacon.rootVersion !== newestRoot(belief)?.root.version) return true;
    if (this.#chain === null || this.#queue.length > 0) return true;
    if (this.#chain.beacon !== belief.beacon?.beacon.digest) return true;
    return this.#chain.isNearEnd;
  }

  /** The earliest time at which the next epoch may be dated (PROTOCOL §5.3). */
  nextEpochAt(belief: Belief): UnixMs {
    const root = newestRoot(belief)?.root;
    const start = lineageStart(belief);
    assert(root !== undefined && start !== null, 'a writer holds its Root');
    const next = this.#nextAfterHeld(belief);
    const earliest = addMs(start, Number(next - 1n) * root.minEpochMs);
    return highestEpoch(earliest, start, root.minEpochMs) >= next ? earliest : addMs(earliest, 1);
  }

  /**
   * Allocates the next epoch and destroys the seed of the one before: from here on no tick of it
   * can be made (PROTOCOL §3.5). Returns the stop to reveal when something is being withdrawn.
   *
   * The first epoch after a start is the highest that the clock allows: it is above all this
   * domain ever signed, since each of those was under the same cap earlier. So an authority whose
   * disk was restored from a backup signs no number a second time (PROTOCOL §2.6), and what it
   * still holds is signed anew under that number, or partners would refuse its older versions.
   */
  allocate(belief: Belief, clock: UnixMs): Uint8Array | null {
    const chain = this.#chain;
    const publications = this.#queue;
    const epoch = this.#nextEpoch(belief, clock);
    this.#allocated = allocatedNow(belief, epoch);
    this.#allocation = { epoch, isFirst: this.#isFirst, publications };
    this.#isFirst = false;
    this.#queue = [];
    this.#chain = null;
    const withdraws = publications.some((publication) => publication.withdrawal);
    return withdraws ? (chain?.stop() ?? null) : null;
  }

  /** Destroys the seed in force (PROTOCOL §3.5). Returns the stop to reveal, where there is one. */
  fence(): Uint8Array | null {
    const chain = this.#chain;
    this.#chain = null;
    return chain?.stop() ?? null;
  }

  /**
   * PROTOCOL §3.5 — whoever says a tick or the stop that we did not reveal has our seeds: they are
   * forgotten, so that another beacon is due, and its people have to know.
   */
  meet(own: Belief): readonly Effect[] {
    const chain = this.#chain;
    if (chain?.isRead(own) !== true) return [];
    this.#chain = null;
    const details = { beacon: chain.beacon };
    return [{ kind: 'alarm', code: 'own-seeds-known', domain: own.domain, details }];
  }

  /** Takes the allocation that entropy has arrived for, or null if none waits. */
  takeAllocation(): Allocation | null {
    const allocation = this.#allocation;
    this.#allocation = null;
    return allocation;
  }

  /** Forgets the chain of a beacon that counts no more: another one is due. */
  abandon(): void {
    this.#chain = null;
  }

  /**
   * The beacon of an allocation never came to be: another one is due. Where what people asked for
   * spoiled the first, everything held is still to be signed anew.
   */
  failed({ isFirst, publications }: Allocation): void {
    this.abandon();
    if (publications.length > 0) this.#isFirst ||= isFirst;
  }

  /** Signs the beacon of an allocation, its manifest and its documents, beacon first. */
  sign(
    belief: Belief,
    allocation: Allocation,
    entropy: Uint8Array,
    by: {
      readonly voice: Voice;
      readonly kept: readonly Draft[];
      readonly lostNames: readonly string[];
      readonly now: UnixMs;
    },
  ): readonly Uint8Array[] {
    assert(entropy.length === WRITER_ENTROPY_BYTES, 'entropy as drawn');
    const { voice, kept, lostNames, now } = by;
    // Another documents key than before: who holds the newest Root alone takes nothing of the old.
    const isNewVoice = belief.manifest?.signedBy !== voice.documents.keyId;
    const drafts: Draft[] = [...kept];
    if (allocation.isFirst || isNewVoice) drafts.push(...draftsHeld(belief));
    for (const { draftsOf } of allocation.publications) drafts.push(...draftsOf(drafts));
    const contents = this.#signContents(belief, {
      ...{ drafts, lostNames },
      epoch: allocation.epoch,
      saltSeed: entropy.slice(64),
      signer: voice.documents,
    });
    const manifest = contents.manifest ?? belief.manifest?.bytes;
    assert(manifest !== undefined, 'a domain publishes its first manifest with its first beacon');
    const seed = entropy.slice(0, 32);
    const stopSecret = entropy.slice(32, 64);
    const beacon = this.#signBeacon(belief, {
      ...{ voice, allocation, manifest, seed, stopSecret, now },
    });
    return [beacon, ...(contents.manifest === null ? [] : [manifest]), ...contents.documents];
  }

  /** The tick whose time has come, if any: the newest only, earlier ones say nothing more. */
  releaseTick(clock: UnixMs): Uint8Array | null {
    return this.#chain?.release(clock) ?? null;
  }

  /** When the next tick is due, or null without a chain. */
  nextTickAt(): UnixMs | null {
    return this.#chain?.nextAt ?? null;
  }

  #nextEpoch(belief: Belief, clock: UnixMs): bigint {
    const next = this.#nextAfterHeld(belief);
    const root = newestRoot(belief)?.root;
    const start = lineageStart(belief);
    // A standby that takes over numbers above all that was said before it, though its rank alone
    // would do: versions follow the epoch, and other readers of a bundle know of no ranks.
    // A Root may have taken the manifest since: what the disk remembers of numbers is enough.
    const hasSpoken = belief.manifest !== null || this.#allocated.epoch > 0n;
    const resumes = this.#isFirst && hasSpoken;
    if (!resumes || root === undefined || start === null) return next;
    const highest = highestEpoch(clock, start, root.minEpochMs);
    return highest > next ? highest : next;
  }

  #nextAfterHeld(belief: Belief): bigint {
    const held = belief.beacon?.beacon.epoch ?? 0n;
    const allocated = highestAllocated(this.#allocated, belief);
    return (held > allocated ? held : allocated) + 1n;
  }

  /**
   * Signs what the drafts say, and a manifest that pins it. Versions are the epoch that first pins
   * them: like the epoch they are above all that was ever signed, whatever a disk remembers.
   */
  #signContents(
    belief: Belief,
    made: {
      readonly drafts: readonly Draft[];
      readonly lostNames: readonly string[];
      readonly epoch: bigint;
      readonly saltSeed: Uint8Array;
      readonly signer: Signer;
    },
  ): { readonly manifest: Uint8Array | null; readonly documents: readonly Uint8Array[] } {
    const { drafts, lostNames, epoch: version, saltSeed, signer } = made;
    const revocations = revocationsToPin(belief);
    const isPinned = revocations === namedRevocations(belief);
    if (drafts.length === 0 && isPinned && isManifestCurrent(belief)) {
      return { manifest: null, documents: [] };
    }
    const lost = lostNames.map((name): [string, Pin] => [name, { version, digest: null }]);
    const pins = new Map<string, Pin>(belief.manifest?.manifest.pins ?? lost);
    if (!isPinned) pins.set('revocations', { version, digest: revocations });
    const latest = new Map(drafts.map((draft) => [draft.name, draft]));
    const documents = [...latest.values()].map((draft) => {
      const held = documentNamed(belief, draft.name);
      const salt = held?.members.has('salt')
        ? held.members.digest('salt')
        : digestOf(saltSeed, toUtf8(draft.name));
      const body = documentBody(belief.domain, draft, version, salt);
      const bytes = signEnvelope(draft.type, body, [signer]);
      const key = isPublic(draft.type) ? draft.type : saltedKey(draft.name, salt);
      pins.set(key, { version, digest: decodeEnvelope(bytes).digest });
      return bytes;
    });
    const names = [...pins].map(([key, pin]) => [
      key,
      { version: String(pin.version), digest: pin.digest },
    ]);
    const manifest = signEnvelope(
      'manifest',
      { domain: belief.domain, version: String(version), names: Object.fromEntries(names) },
      [signer],
    );
    return { manifest, documents };
  }

  #signBeacon(
    belief: Belief,
    made: {
      readonly voice: Voice;
      readonly allocation: Allocation;
      readonly manifest: Uint8Array;
      readonly seed: Uint8Array;
      readonly stopSecret: Uint8Array;
      readonly now: UnixMs;
    },
  ): Uint8Array {
    const root = newestRoot(belief)?.root;
    assert(root !== undefined, 'a writer holds its Root');
    const manifest = decodeEnvelope(made.manifest);
    const { periodMs, limits } = this.#settings;
    const body = {
      domain: belief.domain,
      rootVersion: root.version,
      lineage: root.lineage,
      rank: made.voice.rank,
      epoch: made.allocation.epoch,
      issuedAt: made.now,
      manifestDigest: manifest.digest,
      periodMs,
      count: Math.min(TICK_COUNT_MAX, Math.max(1, Math.floor(root.chainMs / periodMs))),
      previous: belief.beacon?.beacon.digest ?? null,
    };
    const commitment = chainCommitment(body);
    const values = buildChain(commitment, made.seed, body.count);
    const anchor = values[0];
    assert(anchor !== undefined, 'a chain has an anchor');
    const bytes = signEnvelope(
      'beacon',
      {
        domain: body.domain,
        root: String(body.rootVersion),
        lineage: String(body.lineage),
        rank: body.rank,
        epoch: String(body.epoch),
        issuedAt: String(body.issuedAt),
        manifest: {
          version: String(manifest.members.u64('version')),
          digest: manifest.digest,
        },
        limits: { ...limits },
        tick: { anchor: toBase64Url(anchor), periodMs, count: body.count },
        stop: toBase64Url(stopCommitment(commitment, made.stopSecret)),
        previous: body.previous,
      },
      [made.voice.beacon],
    );
    const { stopSecret } = made;
    const beacon = decodeEnvelope(bytes).digest;
    this.#chain = new OwnChain({ beacon, issuedAt: made.now, periodMs, values, stopSecret });
    return bytes;
  }
}

function documentBody(domain: string, draft: Draft, version: bigint, salt: Digest): JsonObject {
  const head = { ...draft.body, domain, version: String(version) };
  if (!isPublic(draft.type)) return { ...head, name: draft.name, salt };
  // A SPIFFE reader knows the version as spiffe_sequence (SPIFFE bundle §4.1.1).
  return draft.type === 'bundle' ? { ...head, spiffe_sequence: Number(version) } : head;
}
