/**
 * The X509-SVIDs in use: one for each entry that somebody asked for.
 *
 * An SVID is issued on first use and renewed from then on at half its life, a tenth sooner or
 * later so that a fleet does not renew in step. Renewal goes on without anybody asking again:
 * a first issue needs fresher evidence than a renewal does (PROTOCOL §4.7), so what would be
 * dropped today could not be had back during a cut. Nothing here decides what is permitted.
 */

import { SVID_BACKDATE_MS } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { addMs, SECOND_MS, type UnixMs, unixMs } from '../../core/time.ts';
import type { Random } from '../ports.ts';
import type { Entry } from './entry.ts';
import { isLeafRevoked, type RevokedSet } from './revoked.ts';
import type { Signers } from './signers.ts';
import { issueX509Svid, type X509Svid } from './x509-svid.ts';

/** Until when an SVID may be valid, or why none may be issued (PROTOCOL §4.7). */
export interface IssuePermission {
  /** For an entry that holds no valid SVID. */
  readonly issueUntil: UnixMs | Refusal;
  /** For an entry that does. */
  readonly renewUntil: UnixMs | Refusal;
  /** What our own domain revoked. */
  readonly ownRevoked: RevokedSet;
}

interface Held {
  readonly svid: X509Svid;
  readonly renewAt: UnixMs;
  /** Revision of the entry that the SVID was issued under. */
  readonly revision: number;
}

/** Renewal comes at half of the life, plus or minus this share of the life. */
const RENEW_JITTER = 0.1;

/** The SVIDs by entry id. It reads no clock and sets no timer: `now` comes from the directory. */
export class SvidCache {
  readonly #signers: Signers;
  readonly #random: Random;
  readonly #held = new Map<string, Held>();
  readonly #onIssued: (svid: X509Svid) => void;
  #nextAt: UnixMs | undefined;

  /** `onIssued` hears of every SVID before anybody has it. */
  constructor(
    signers: Signers,
    random: Random,
    onIssued: (svid: X509Svid) => void = () => undefined,
  ) {
    this.#signers = signers;
    this.#random = random;
    this.#onIssued = onIssued;
  }

  /** The SVID of an entry, issued now if there is none; or why there is none. */
  demand(entry: Entry, permission: IssuePermission, now: UnixMs): X509Svid | Refusal {
    const held = this.#held.get(entry.id);
    const { ownRevoked, issueUntil } = permission;
    const isGone = held !== undefined && isLeafRevoked(ownRevoked, held.svid);
    if (held !== undefined && !isGone && now < held.svid.notAfter) return held.svid;
    this.#held.delete(entry.id);
    return this.#issue(entry, issueUntil, ownRevoked, now);
  }

  /**
   * Drops what ended and what has no entry any more, and renews what is due. An SVID that may not
   * be renewed stays in use until it ends. True if anything changed.
   */
  refresh(entries: ReadonlyMap<string, Entry>, permission: IssuePermission, now: UnixMs): boolean {
    let changed = false;
    for (const [id, held] of this.#held) {
      const entry = entries.get(id);
      const isGone = isLeafRevoked(permission.ownRevoked, held.svid);
      if (entry === undefined || held.svid.notAfter <= now) {
        this.#held.delete(id);
        changed = true;
      } else if (isGone || this.#isDue(held, entry, now)) {
        if (isGone) this.#held.delete(id);
        changed = this.#renew(entry, held, permission, now) || isGone || changed;
      }
    }
    this.#nextAt = this.#earliest(now);
    return changed;
  }

  /** When `refresh` has something to do next, or earlier; undefined for never. */
  get nextAt(): UnixMs | undefined {
    return this.#nextAt;
  }

  #earliest(now: UnixMs): UnixMs | undefined {
    let next: UnixMs | undefined;
    for (const { svid, renewAt } of this.#held.values()) {
      // What is due and was not renewed waits for a new permission, or for its end.
      const at = renewAt > now ? renewAt : svid.notAfter;
      if (next === undefined || at < next) next = at;
    }
    return next;
  }

  #renew(entry: Entry, held: Held, permission: IssuePermission, now: UnixMs): boolean {
    const { renewUntil: until, ownRevoked } = permission;
    // An end that may not move is no reason to issue: half of what is left would be due for
    // ever, ever sooner. What makes the SVID another one is.
    const isOther = this.#isOtherwise(held, entry, now) || isLeafRevoked(ownRevoked, held.svid);
    if (!isOther && !this.#wouldGain(entry, held, until, now)) return false;
    return !(this.#issue(entry, until, ownRevoked, now) instanceof Refusal);
  }

  #wouldGain(entry: Entry, held: Held, until: UnixMs | Refusal, now: UnixMs): boolean {
    const end = this.#endOf(entry, until, now);
    return !(end instanceof Refusal) && end > held.svid.notAfter;
  }

  #issue(
    entry: Entry,
    until: UnixMs | Refusal,
    revoked: RevokedSet,
    now: UnixMs,
  ): X509Svid | Refusal {
    const notAfter = this.#endOf(entry, until, now);
    if (notAfter instanceof Refusal) return notAfter;
    const authority = this.#signers.x509(entry.keyType);
    if (authority instanceof Refusal) return authority;
    // What is issued within the second of a revocation must not count as issued before it.
    const revokedAt = revoked.identities.get(entry.spiffeId) ?? 0;
    const issuedAt = unixMs(Math.max(now, Math.ceil(revokedAt / SECOND_MS) * SECOND_MS));
    const { spiffeId, dnsNames } = entry;
    const order = { spiffeId, dnsNames, now: issuedAt, notAfter };
    if (addMs(issuedAt, -SVID_BACKDATE_MS) > now || notAfter <= issuedAt) {
      return new Refusal('svid-revoked', { spiffeId: entry.spiffeId, revokedAt, now });
    }
    const svid = issueX509Svid(authority, order, this.#random);
    this.#onIssued(svid);
    const renewAt = this.#renewalOf(svid, now);
    this.#held.set(entry.id, { svid, renewAt, revision: entry.revision });
    if (this.#nextAt === undefined || renewAt < this.#nextAt) this.#nextAt = renewAt;
    return svid;
  }

  /** The end an SVID issued now would have, in whole seconds, or why there can be none. */
  #endOf(entry: Entry, until: UnixMs | Refusal, now: UnixMs): UnixMs | Refusal {
    if (until instanceof Refusal) return until;
    const authority = this.#signers.x509(entry.keyType);
    if (authority instanceof Refusal) return authority;
    const authorityEnd = authority.certificate.notAfter;
    const entryEnd = entry.expiresAt ?? authorityEnd;
    const end = Math.min(addMs(now, entry.x509SvidTtlMs), until, authorityEnd, entryEnd);
    const wholeSeconds = unixMs(end - (end % 1_000));
    if (now < wholeSeconds) return wholeSeconds;
    return new Refusal('tier-insufficient', { permittedUntil: until, authorityEnd, entryEnd, now });
  }

  #renewalOf(svid: X509Svid, now: UnixMs): UnixMs {
    const [high = 0, low = 0] = this.#random.bytes(2);
    const jitter = (2 * ((high * 256 + low) / 65_535) - 1) * RENEW_JITTER;
    return addMs(now, (svid.notAfter - now) * (0.5 + jitter));
  }

  #isDue(held: Held, entry: Entry, now: UnixMs): boolean {
    return held.renewAt <= now || this.#isOtherwise(held, entry, now);
  }

  /** True if an SVID issued now would be another in more than its dates. */
  #isOtherwise({ svid, revision }: Held, entry: Entry, now: UnixMs): boolean {
    // An SVID of our future was issued before the clock was set back: nobody accepts it now.
    const isOfTheFuture = svid.notBefore > now;
    return (
      isOfTheFuture || revision !== entry.revision || this.#signers.isTainted(svid.authorityId)
    );
  }
}
