/**
 * The X509-SVIDs in use: one for each entry that somebody asked for.
 *
 * An SVID is made on first use and renewed from then on at half its life, a tenth sooner or later
 * so that a fleet does not renew in step. Renewal goes on without anybody asking again: a first
 * issue needs fresher evidence than a renewal does (PROTOCOL §4.7), so what would be dropped today
 * could not be had back during a cut. While one is made, the one before is served; many that are
 * due together are made in batches, so that nobody waits for all of them. Nothing here decides what
 * is permitted.
 */

import type { Digest } from '../../core/digest.ts';
import { Failure } from '../../core/failure.ts';
import {
  SVID_BACKDATE_MS,
  SVID_RETRY_MS,
  SVIDS_IN_MAKING_MAX,
  SVIDS_PER_BATCH_MAX,
} from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { addMs, SECOND_MS, type UnixMs, unixMs } from '../../core/time.ts';
import type { Random } from '../ports.ts';
import type { Entry } from './entry.ts';
import type { IdentitySource, Made } from './identity-source.ts';
import type { KeyType } from './private-key.ts';
import { isLeafRevoked, type RevokedSet } from './revoked.ts';
import type { SvidOrder, X509Svid } from './x509-svid.ts';

/** Until when an SVID may be valid, or why none may be issued (PROTOCOL §4.7). */
export interface IssuePermission {
  /** For an entry that holds no valid SVID. */
  readonly issueUntil: UnixMs | Refusal;
  /** For an entry that does. */
  readonly renewUntil: UnixMs | Refusal;
  /** The override that each of the two takes, which is stamped into what it allows. */
  readonly underOverride: { readonly issue: Digest | null; readonly renew: Digest | null };
  /** What our own domain revoked. */
  readonly ownRevoked: RevokedSet;
}

/** What a tier permits by itself. */
export const NO_OVERRIDE: IssuePermission['underOverride'] = { issue: null, renew: null };

interface Held {
  readonly svid: X509Svid;
  readonly renewAt: UnixMs;
  /** Not to be renewed before, since that failed. */
  readonly retryAt: UnixMs;
  /** Revision of the entry that the SVID was issued under. */
  readonly revision: number;
}

export interface SvidCacheOptions {
  readonly source: IdentitySource;
  readonly random: Random;
  /** Hears of every SVID before anybody has it. */
  readonly onIssued?: ((svid: X509Svid) => void) | undefined;
  /** A renewal that took its time has ended. */
  readonly onRenewed: () => void;
}

/** Renewal comes at half of the life, plus or minus this share of the life. */
const RENEW_JITTER = 0.1;
/** What making one costs, in those of P-256. */
const WEIGHTS: Readonly<Record<KeyType, number>> = { 'ec-p256': 1, 'ml-dsa-65': 8 };

/** The SVIDs by entry id. It reads no clock and sets no timer: `now` comes from the directory. */
export class SvidCache {
  readonly #options: SvidCacheOptions;
  readonly #held = new Map<string, Held>();
  /** Those being made by somebody else, by entry id and revision. */
  readonly #making = new Map<string, Promise<X509Svid | Refusal>>();
  #nextAt: UnixMs | undefined;

  constructor(options: SvidCacheOptions) {
    this.#options = options;
  }

  /** The SVID of an entry, made now if there is none; or why there is none. */
  demand(entry: Entry, permission: IssuePermission, now: UnixMs): Made<X509Svid> {
    const held = this.#held.get(entry.id);
    const { ownRevoked } = permission;
    const isGone = held !== undefined && isLeafRevoked(ownRevoked, held.svid);
    if (held !== undefined && !isGone && now < held.svid.notAfter) return held.svid;
    this.#held.delete(entry.id);
    const isRenewal = !isGone && this.#options.source.isRenewal(entry, now);
    return this.#issue(entry, isRenewal ? renewalBy(permission) : firstBy(permission), now);
  }

  /**
   * Drops what ended and what has no entry any more, and renews of what is due a batch; then
   * `nextAt` is now. An SVID that may not be renewed stays in use until it ends. True if anything
   * changed.
   */
  refresh(entries: ReadonlyMap<string, Entry>, permission: IssuePermission, now: UnixMs): boolean {
    let changed = false;
    let left = SVIDS_PER_BATCH_MAX;
    for (const [id, held] of this.#held) {
      const entry = entries.get(id);
      const isGone = isLeafRevoked(permission.ownRevoked, held.svid);
      if (entry === undefined || held.svid.notAfter <= now || isGone) this.#held.delete(id);
      const isKept = this.#held.has(id);
      changed = changed || !isKept;
      if (entry === undefined || held.svid.notAfter <= now) continue;
      if (isKept && (left <= 0 || !this.#isDue(held, entry, now))) continue;
      if (!this.#renew(entry, held, permission, now)) continue;
      left -= WEIGHTS[entry.keyType];
      changed = true;
    }
    this.#nextAt = left > 0 ? this.#earliest(now) : now;
    return changed;
  }

  /** When `refresh` has something to do next, or earlier; undefined for never. */
  get nextAt(): UnixMs | undefined {
    return this.#nextAt;
  }

  #earliest(now: UnixMs): UnixMs | undefined {
    let next: UnixMs | undefined;
    for (const { svid, renewAt, retryAt } of this.#held.values()) {
      // What is due and was not renewed waits for a new permission, or for its end.
      const at = [renewAt, retryAt].find((due) => due > now) ?? svid.notAfter;
      if (next === undefined || at < next) next = at;
    }
    return next;
  }

  /** True if the SVID is another one now; one that takes its time is not yet. */
  #renew(entry: Entry, held: Held, permission: IssuePermission, now: UnixMs): boolean {
    const { renewUntil, ownRevoked } = permission;
    // An end that may not move is no reason to issue: half of what is left would be due for
    // ever, ever sooner. What makes the SVID another one is.
    const isOther = this.#isOtherwise(held, entry, now) || isLeafRevoked(ownRevoked, held.svid);
    // One that was made in advance ends when it ends; the next one follows it.
    const isInTurn = held.svid.renewAt !== undefined;
    if (!isOther && !isInTurn && !this.#wouldGain(entry, held, renewUntil, now)) return false;
    // First issues go before: somebody waits for those, and for a renewal nobody does.
    if (this.#making.size >= SVIDS_IN_MAKING_MAX) return false;
    const made = this.#issue(entry, renewalBy(permission), now);
    if (made instanceof Refusal) return false;
    if (!(made instanceof Promise)) return true;
    void made.then(this.#options.onRenewed);
    return false;
  }

  #wouldGain(entry: Entry, held: Held, until: UnixMs | Refusal, now: UnixMs): boolean {
    const end = this.#endOf(entry, until, now);
    return !(end instanceof Refusal) && end > held.svid.notAfter;
  }

  #issue(entry: Entry, { until, override, revoked }: Terms, now: UnixMs): Made<X509Svid> {
    const making = this.#making.get(makingKey(entry));
    if (making !== undefined) return making;
    const notAfter = this.#endOf(entry, until, now);
    if (notAfter instanceof Refusal) return notAfter;
    // What is issued within the second of a revocation must not count as issued before it.
    const revokedAt = revoked.identities.get(entry.spiffeId) ?? 0;
    const issuedAt = unixMs(Math.max(now, Math.ceil(revokedAt / SECOND_MS) * SECOND_MS));
    const { spiffeId, dnsNames } = entry;
    if (addMs(issuedAt, -SVID_BACKDATE_MS) > now || notAfter <= issuedAt) {
      return new Refusal('svid-withheld', { spiffeId, revokedAt, now });
    }
    const order = { spiffeId, dnsNames, now: issuedAt, notAfter, override };
    const made = this.#options.source.svid(entry, order);
    return made instanceof Promise ? this.#await(entry, order, made) : this.#take(entry, made, now);
  }

  /** Lets all who ask meanwhile wait for the same one. */
  #await(
    entry: Entry,
    { now }: SvidOrder,
    made: Promise<X509Svid | Refusal>,
  ): Promise<X509Svid | Refusal> {
    const key = makingKey(entry);
    const taken = made
      .catch(signerFailed)
      .then((svid) => {
        const held = this.#held.get(entry.id);
        if (!(svid instanceof Refusal)) return this.#take(entry, svid, now);
        const retryAt = addMs(now, SVID_RETRY_MS);
        if (held !== undefined) this.#held.set(entry.id, { ...held, retryAt });
        return svid;
      })
      .finally(() => this.#making.delete(key));
    this.#making.set(key, taken);
    return taken;
  }

  #take(entry: Entry, svid: X509Svid | Refusal, now: UnixMs): X509Svid | Refusal {
    if (svid instanceof Refusal) return svid;
    this.#options.onIssued?.(svid);
    const renewAt = svid.renewAt ?? this.#renewalOf(svid, now);
    const { revision } = entry;
    this.#held.set(entry.id, { svid, renewAt, retryAt: unixMs(0), revision });
    if (this.#nextAt === undefined || renewAt < this.#nextAt) this.#nextAt = renewAt;
    return svid;
  }

  /** The end an SVID issued now would have, in whole seconds, or why there can be none. */
  #endOf(entry: Entry, until: UnixMs | Refusal, now: UnixMs): UnixMs | Refusal {
    if (until instanceof Refusal) return until;
    const sourceEnd = this.#options.source.endOf(entry, now);
    if (sourceEnd instanceof Refusal) return sourceEnd;
    const entryEnd = entry.expiresAt ?? sourceEnd;
    const end = Math.min(addMs(now, entry.x509SvidTtlMs), until, sourceEnd, entryEnd);
    const wholeSeconds = unixMs(end - (end % 1_000));
    if (now < wholeSeconds) return wholeSeconds;
    return new Refusal('tier-insufficient', { permittedUntil: until, sourceEnd, entryEnd, now });
  }

  #renewalOf(svid: X509Svid, now: UnixMs): UnixMs {
    const [high = 0, low = 0] = this.#options.random.bytes(2);
    const jitter = (2 * ((high * 256 + low) / 65_535) - 1) * RENEW_JITTER;
    return addMs(now, (svid.notAfter - now) * (0.5 + jitter));
  }

  #isDue(held: Held, entry: Entry, now: UnixMs): boolean {
    if (now < held.retryAt || this.#making.has(makingKey(entry))) return false;
    return held.renewAt <= now || this.#isOtherwise(held, entry, now);
  }

  /** True if an SVID issued now would be another in more than its dates. */
  #isOtherwise({ svid, revision }: Held, entry: Entry, now: UnixMs): boolean {
    // An SVID of our future was issued before the clock was set back: nobody accepts it now.
    const isOfTheFuture = svid.notBefore > now;
    const { source } = this.#options;
    return isOfTheFuture || revision !== entry.revision || source.isTainted(svid.authorityId);
  }
}

/** What is outside of us failed; a bug goes on. */
function signerFailed(error: unknown): Refusal {
  if (error instanceof Failure) return new Refusal('signer-failed', { cause: error.code });
  throw error;
}

/** An entry that changed is made anew, whatever is being made of it. */
function makingKey({ id, revision }: Entry): string {
  return `${id} ${revision}`;
}

/** What one SVID is issued by. */
interface Terms {
  readonly until: UnixMs | Refusal;
  readonly override: Digest | null;
  readonly revoked: RevokedSet;
}

function firstBy({ issueUntil, underOverride, ownRevoked }: IssuePermission): Terms {
  return { until: issueUntil, override: underOverride.issue, revoked: ownRevoked };
}

function renewalBy({ renewUntil, underOverride, ownRevoked }: IssuePermission): Terms {
  return { until: renewUntil, override: underOverride.renew, revoked: ownRevoked };
}
