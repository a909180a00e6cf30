/**
 * The member's side of its identities: what it was granted, and what it makes of it for workloads
 * (PROTOCOL §7.2).
 *
 * Of `slices` it hands out, window by window, leaves that were signed in advance; of `cell` and
 * `domain` it signs leaves below its own intermediate. All of it is durable and needs nobody, so a
 * member that starts while cut off serves at once. Tokens alone are asked of an authority.
 */

import { equalBytes, toHex } from '../../core/bytes.ts';
import { Failure } from '../../core/failure.ts';
import {
  SLICE_WINDOWS_MAX,
  SLICES_PER_ENROLMENT_MAX,
  SLICES_PER_REQUEST_MAX,
} from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { trustDomainOf } from '../../core/spiffe-id.ts';
import type { UnixMs } from '../../core/time.ts';
import type { IssuingKey } from '../custody/custody.ts';
import { cellOf } from '../identity/cell.ts';
import type { Entry } from '../identity/entry.ts';
import type { Made } from '../identity/identity-source.ts';
import type { JwtOrder } from '../identity/jwt-svid.ts';
import {
  issueBelow,
  type NodeIntermediate,
  openIntermediate,
} from '../identity/x509-intermediate.ts';
import type { SvidOrder, X509Svid } from '../identity/x509-svid.ts';
import type { Clock, Random } from '../ports.ts';
import {
  decodeAnswer,
  encodeRequest,
  type SliceRequest,
  type TokenRequest,
} from './issuing-messages.ts';
import type { IssuingTerms, MemberIssuing } from './issuing-port.ts';
import type { SliceBook } from './slice-book.ts';
import type { SliceKeys } from './slice-keys.ts';
import { windowOf } from './slice-window.ts';

/** What a member issues by. */
export interface HeldIssuingOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Signs below an intermediate, in the chip where there is one; until `signBy`. */
  readonly key: IssuingKey;
  readonly keys: SliceKeys;
  readonly slices: SliceBook;
  /** The entries that this node serves. */
  readonly entries: () => readonly Entry[];
  /** True if this authority is in the bundle of the own domain, or nobody knows yet. */
  readonly isTrusted: (authorityKeyId: string) => boolean;
  /** True if the own domain revoked the certificate, or all of this node. */
  readonly isRevoked: (serial: string) => boolean;
  /** Asks an authority in reach. Refuses as it does; fails where none is. */
  readonly ask: (request: Uint8Array) => Promise<Uint8Array>;
}

const ML_DSA_65_WEIGHT = 8;

export class HeldIssuing implements MemberIssuing {
  readonly #options: HeldIssuingOptions;
  #key: IssuingKey;
  #intermediate: NodeIntermediate | null = null;

  constructor(options: HeldIssuingOptions) {
    this.#options = options;
    this.#key = options.key;
  }

  /** Signs by this key from now on. What was granted for another one is of no use any more. */
  signBy(key: IssuingKey): void {
    if (equalBytes(key.spki, this.#key.spki)) return;
    this.#key = key;
    this.#intermediate = null;
  }

  /** Takes up what was granted before. What does not read any more is left aside. */
  resume(lease: IssuingTerms): void {
    const der = this.#options.slices.intermediate;
    if (der !== null) this.#intermediate = this.#open(lease, der);
  }

  /** As `requestMore`, as far as a request for a lease has room for it. */
  async request(): Promise<Uint8Array> {
    return this.requestMore(SLICES_PER_ENROLMENT_MAX);
  }

  /**
   * The public key of the node, and keys of every entry for the windows that it has no leaf for,
   * `limit` in all. Before the first lease there are no entries.
   */
  requestMore(limit: number = SLICES_PER_REQUEST_MAX): Uint8Array {
    const { entries, keys, slices, clock, isRevoked } = this.#options;
    const first = windowOf(clock.now().wall);
    const asked: SliceRequest[] = [];
    let left = limit;
    for (const [at, entry] of entries().entries()) {
      const from = Math.max(first, slices.end(entry, isRevoked));
      const weight = entry.keyType === 'ml-dsa-65' ? ML_DSA_65_WEIGHT : 1;
      const share = Math.floor(left / (entries().length - at) / weight);
      const count = Math.min(first + SLICE_WINDOWS_MAX - from, share);
      if (count <= 0) continue;
      left -= count * weight;
      const windows = Array.from({ length: count }, (_, i) => keys.keyOf(entry, from + i).spki);
      asked.push({ entry: entry.id, first: from, keys: windows });
    }
    return encodeRequest({ key: this.#key.spki, slices: asked, token: null });
  }

  async install(lease: IssuingTerms, granted: Uint8Array): Promise<void> {
    if (granted.length === 0) return;
    const { intermediate, slices } = decodeAnswer(granted);
    const opened = intermediate === null ? null : this.#open(lease, intermediate);
    const { clock, entries } = this.#options;
    await this.#options.slices.install(intermediate, slices, entries(), clock.now().wall);
    this.#intermediate = opened;
  }

  /** True if more could be had by now than is held, of what may live until `until`. */
  lacks({ kind }: IssuingTerms, until: UnixMs): boolean {
    const { clock, entries, slices, isRevoked, isTrusted } = this.#options;
    const now = clock.now().wall;
    if (kind === 'slices') {
      const last = windowOf(until);
      return entries().some((entry) => slices.end(entry, isRevoked) < last);
    }
    if (this.#intermediate === null) return true;
    const { notBefore, notAfter, authorityKeyId, serial } = this.#intermediate.certificate;
    const isHalfLived = now - notBefore >= (notAfter - notBefore) / 2 && notAfter < until;
    const issuer = toHex(authorityKeyId ?? new Uint8Array(0));
    return isHalfLived || !isTrusted(issuer) || isRevoked(toHex(serial));
  }

  endOf(entry: Entry, now: UnixMs): UnixMs | Refusal {
    const below = this.#below(entry);
    if (below instanceof Refusal) return below;
    if (below !== null) return below.certificate.notAfter;
    const slice = this.#options.slices.at(entry, now);
    return slice instanceof Refusal ? slice : slice.notAfter;
  }

  svid(entry: Entry, order: SvidOrder): Made<X509Svid> {
    const below = this.#below(entry);
    if (below instanceof Refusal) return below;
    const { random, slices, keys } = this.#options;
    if (below !== null) return issueBelow(below, order, random);
    const slice = slices.at(entry, order.now);
    if (slice instanceof Refusal) return slice;
    const { isTrusted, isRevoked } = this.#options;
    if (!isTrusted(slice.authorityId) || isRevoked(slice.serial)) {
      return new Refusal('slice-absent', { entry: entry.id, serial: slice.serial });
    }
    const { privateKeyPkcs8 } = keys.keyOf(entry, slice.window);
    const { window: _window, ...svid } = slice;
    return { ...svid, spiffeId: entry.spiffeId, privateKeyPkcs8 };
  }

  async token(entry: Entry, order: JwtOrder): Promise<string | Refusal> {
    const token: TokenRequest = { entry: entry.id, audience: order.audience };
    try {
      const request = encodeRequest({ key: null, slices: [], token });
      const answer = decodeAnswer(await this.#options.ask(request));
      return answer.token ?? new Refusal('token-authority', { entry: entry.id });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return new Refusal('token-authority', { entry: entry.id, cause: error.code });
    }
  }

  isTainted(authorityId: string): boolean {
    const below = this.#intermediate;
    if (below === null) return !this.#options.isTrusted(authorityId);
    // A renewed intermediate has the same key, and so the same id.
    return authorityId !== below.id;
  }

  /** The first issue was the grant: what a lease lets a node issue while cut off renews that. */
  isRenewal(entry: Entry, now: UnixMs): boolean {
    return !(this.endOf(entry, now) instanceof Refusal);
  }

  /** The intermediate, if it covers the entry; null for a node of slices. */
  #below({ id, spiffeId, keyType }: Entry): NodeIntermediate | null | Refusal {
    const below = this.#intermediate;
    if (below === null) return null;
    const isCovered = trustDomainOf(spiffeId) === below.domain && keyType === 'ec-p256';
    return isCovered ? below : new Refusal('issuing-scope', { entry: id, covers: below.domain });
  }

  #open({ kind, group, domain }: IssuingTerms, der: Uint8Array): NodeIntermediate {
    const own = kind === 'cell' ? cellOf(group, domain) : domain;
    return openIntermediate(der, own, this.#key);
  }
}
