/**
 * The identity directory: what a caller with certain selectors may have at this moment.
 *
 * The daemon hands in a `TrustView` whenever what it believes has changed; the directory keeps the
 * SVIDs that follow from it, renews them in time, and wakes the streams. It judges no evidence:
 * tiers were applied when the view was made, so that what is absent from the view is absent from
 * the next message (SPIFFE Workload API §5.2.1: each message is the complete state).
 */

import { Refusal } from '../../core/refusal.ts';
import type { TrustDomain } from '../../core/spiffe-id.ts';
import { bootMs, MINUTE_MS, type UnixMs } from '../../core/time.ts';
import type { Clock, Random } from '../ports.ts';
import { Changes } from './changes.ts';
import type { Entry } from './entry.ts';
import { EntryIndex } from './entry-index.ts';
import type { Selector } from './selector.ts';
import { type IssuePermission, SvidCache } from './svid-cache.ts';
import type { X509Authority } from './x509-authority.ts';
import type { X509Svid } from './x509-svid.ts';

/** What the daemon believes, as far as identities follow from it. */
export interface TrustView extends IssuePermission {
  readonly domain: TrustDomain;
  readonly entries: readonly Entry[];
  /** CA certificates of the own domain, DER. */
  readonly ownAuthorities: readonly Uint8Array[];
  /** CA certificates of partners, DER; only of those whose tier permits their use now. */
  readonly foreignAuthorities: ReadonlyMap<TrustDomain, readonly Uint8Array[]>;
}

/** CA certificates by domain, in the order of the names. */
export type AuthoritiesByDomain = ReadonlyMap<TrustDomain, readonly Uint8Array[]>;

/** All that a caller may have. */
export interface WorkloadIdentities {
  /** At least one, in the order of entry ids; the first is the default identity. */
  readonly identities: readonly { readonly entry: Entry; readonly svid: X509Svid }[];
  readonly ownAuthorities: readonly Uint8Array[];
  /** Of the partners that any of the entries names. */
  readonly federated: AuthoritiesByDomain;
}

/** What the directory works with. */
export interface IdentityDirectoryOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What signs, or why this node has no authority. */
  readonly authority: X509Authority | Refusal;
  readonly view: TrustView;
}

/** Somebody may set the wall clock while we wait, so no wait is longer than this. */
const WAIT_MS_MAX = MINUTE_MS;

/** Owns one wake-up of the clock while it holds SVIDs; `close` gives it back. */
export class IdentityDirectory {
  readonly #clock: Clock;
  readonly #svids: SvidCache;
  readonly #changes = new Changes();
  #view: TrustView;
  #entries: EntryIndex;
  #cancelWake: (() => void) | undefined;
  /** What the wake-up is for; undefined while there is none. */
  #armedFor: UnixMs | undefined;

  constructor(options: IdentityDirectoryOptions) {
    this.#clock = options.clock;
    this.#svids = new SvidCache(options.authority, options.random);
    this.#view = options.view;
    this.#entries = new EntryIndex(options.view.entries);
  }

  /** True if any entry asks for `unix:sha256`, so that executables need to be hashed. */
  get asksForSha256(): boolean {
    return this.#entries.asksForSha256;
  }

  /** Takes over a new view: renews, drops, and wakes every stream. */
  update(view: TrustView): void {
    this.#view = view;
    this.#entries = new EntryIndex(view.entries);
    this.#refresh();
    this.#changes.notify();
  }

  /**
   * The identities of a caller. Refuses `workload-no-identity` if no entry matches; if entries
   * match and none may be issued, the refusal that says why.
   */
  identitiesOf(selectors: readonly Selector[]): WorkloadIdentities {
    const { wall } = this.#clock.now();
    const entries = this.#match(selectors);
    const answers = entries.map((entry) => ({
      entry,
      svid: this.#svids.demand(entry, this.#view, wall),
    }));
    this.#arm();
    const identities = answers.flatMap(({ entry, svid }) =>
      svid instanceof Refusal ? [] : [{ entry, svid }],
    );
    if (identities.length === 0) {
      for (const { svid } of answers) if (svid instanceof Refusal) throw svid;
    }
    const held = identities.map(({ entry }) => entry);
    return {
      identities,
      ownAuthorities: this.#view.ownAuthorities,
      federated: this.#federatedOf(held),
    };
  }

  /** What a caller may verify with, its own domain first. Refuses `workload-no-identity`. */
  bundlesOf(selectors: readonly Selector[]): AuthoritiesByDomain {
    const entries = this.#match(selectors);
    const own = [this.#view.domain, this.#view.ownAuthorities] as const;
    return new Map([own, ...this.#federatedOf(entries)]);
  }

  /** Yields at once, and again whenever an answer may have changed, until `signal` aborts. */
  follow(signal: AbortSignal): AsyncGenerator<void> {
    return this.#changes.follow(signal);
  }

  /** Ends the renewals. */
  close(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#armedFor = undefined;
  }

  #match(selectors: readonly Selector[]): readonly Entry[] {
    const entries = this.#entries.match(selectors);
    if (entries.length === 0) {
      throw new Refusal('workload-no-identity', { shown: selectors.join(' ') });
    }
    return entries;
  }

  #federatedOf(entries: readonly Entry[]): AuthoritiesByDomain {
    const names = new Set(entries.flatMap(({ federatesWith }) => federatesWith));
    const present = [...names].sort().flatMap((name) => {
      const authorities = this.#view.foreignAuthorities.get(name);
      return authorities === undefined ? [] : [[name, authorities] as const];
    });
    return new Map(present);
  }

  #refresh(): boolean {
    const changed = this.#svids.refresh(this.#entries.byId, this.#view, this.#clock.now().wall);
    this.#arm();
    return changed;
  }

  #arm(): void {
    const next = this.#svids.nextAt;
    if (next === this.#armedFor) return;
    this.close();
    if (next === undefined) return;
    this.#armedFor = next;
    const { wall, boot } = this.#clock.now();
    const waitMs = Math.min(WAIT_MS_MAX, Math.max(0, next - wall));
    this.#cancelWake = this.#clock.wakeAt(bootMs(boot + waitMs), () => {
      this.#armedFor = undefined;
      if (this.#refresh()) this.#changes.notify();
    });
  }
}
