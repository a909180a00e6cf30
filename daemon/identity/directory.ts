/**
 * The identity directory: what a caller with certain selectors may have at this moment.
 *
 * The daemon hands in a `TrustView` whenever what it believes has changed; the directory keeps the
 * SVIDs that follow from it, renews them in time, and wakes the streams. It judges no evidence:
 * tiers were applied when the view was made, so that what is absent from the view is absent from
 * the next message (SPIFFE Workload API §5.2.1: each message is the complete state).
 */

import { Refusal } from '../../core/refusal.ts';
import { type SpiffeId, type TrustDomain, trustDomainOf } from '../../core/spiffe-id.ts';
import { bootMs, MINUTE_MS, SECOND_MS, type UnixMs, unixMs } from '../../core/time.ts';
import type { Assurance } from '../../federation/assurance.ts';
import type { Policy } from '../../federation/policy.ts';
import { checkHonoured } from '../../federation/relation.ts';
import type { CostlyFacts } from '../attestation/workload-attestor.ts';
import type { Clock, Random } from '../ports.ts';
import { vouchingFor } from './cell.ts';
import { Changes } from './changes.ts';
import type { Entry } from './entry.ts';
import { EntryIndex } from './entry-index.ts';
import type { IdentitySource } from './identity-source.ts';
import type { JwtAuthority } from './jwt-authority.ts';
import { type VerifiedJwtSvid, verifyJwtSvid } from './jwt-verify.ts';
import type { KeyType } from './private-key.ts';
import { isIdentityRevoked, type RevokedByDomain } from './revoked.ts';
import type { Selector } from './selector.ts';
import type { AuthoritySet, DomainAuthorities } from './spiffe-bundle.ts';
import { type IssuePermission, SvidCache } from './svid-cache.ts';
import type { X509Svid } from './x509-svid.ts';

/** What the daemon believes, as far as identities follow from it. */
export interface TrustView extends IssuePermission {
  readonly domain: TrustDomain;
  /** Why nobody has anything of this node now; null while it serves. */
  readonly closed: Refusal | null;
  /** The entries that this node serves. */
  readonly entries: readonly Entry[];
  /** Those that ask for more assurance than this node has: they match, and give nothing. */
  readonly withheld: readonly Entry[];
  readonly assurance: Assurance;
  readonly ownAuthorities: DomainAuthorities;
  /** Of partners; only of those whose tier permits their use now. */
  readonly foreignAuthorities: ReadonlyMap<TrustDomain, DomainAuthorities>;
  /** Domains, our own too, whose Root allows cells: they vouch for theirs (PROTOCOL §7.2). */
  readonly cellsOf: ReadonlySet<TrustDomain>;
  /** Partners whose word does not count here now, though their bundles may be handed out. */
  readonly unaccepted: ReadonlySet<TrustDomain>;
  /** Which identities of partners are honoured, and whose bundles are handed out (§2.4). */
  readonly relations: Policy['relations'];
  /** What partners revoked. */
  readonly foreignRevoked: RevokedByDomain;
  /** CRLs of each domain, DER. */
  readonly crls: ReadonlyMap<TrustDomain, readonly Uint8Array[]>;
}

/** Authorities by domain, in the order of the names, of the kinds that a caller knows. */
export type AuthoritiesByDomain = ReadonlyMap<TrustDomain, AuthoritySet>;

/** All that a caller may have. */
export interface WorkloadIdentities {
  /** At least one, in the order of entry ids; the first is the default identity. */
  readonly identities: readonly WorkloadIdentity[];
  /** Of the partners and cells that any of the entries names; of our own domain for a cell's. */
  readonly federated: AuthoritiesByDomain;
  /** Of the own domain and of those partners. */
  readonly crls: readonly Uint8Array[];
}

/** One identity of a caller. */
export interface WorkloadIdentity {
  readonly entry: Entry;
  readonly svid: X509Svid;
  /** CA certificates of the own domain, DER, of the kind that signed the SVID. */
  readonly ownAuthorities: readonly Uint8Array[];
}

/** A token for an entry of the caller. */
export interface WorkloadToken {
  readonly entry: Entry;
  readonly token: string;
}

/** What the directory works with. */
export interface IdentityDirectoryOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly source: IdentitySource;
  readonly view: TrustView;
  /** Hears of every X509-SVID that is issued; absent where nobody has to remember them. */
  readonly onIssued?: (svid: X509Svid) => void;
}

/** Somebody may set the wall clock while we wait, so no wait is longer than this. */
const WAIT_MS_MAX = MINUTE_MS;

/** Owns one wake-up of the clock while it holds SVIDs; `close` gives it back. */
export class IdentityDirectory {
  /** What everything here is counted by. */
  readonly clock: Clock;
  readonly #source: IdentitySource;
  readonly #svids: SvidCache;
  readonly #changes: Changes;
  #view: TrustView;
  #entries: EntryIndex;
  #withheld: EntryIndex;
  #cancelWake: (() => void) | undefined;
  /** Something was renewed that nobody who follows was told of. */
  #isUntold = false;
  #isClosed = false;
  /** What the wake-up is for; undefined while there is none. */
  #armedFor: UnixMs | undefined;

  constructor(options: IdentityDirectoryOptions) {
    this.clock = options.clock;
    this.#source = options.source;
    this.#changes = new Changes(options.clock);
    const { source, random, onIssued } = options;
    this.#svids = new SvidCache({ source, random, onIssued, onRenewed: () => this.#wake() });
    this.#view = options.view;
    this.#entries = new EntryIndex(options.view.entries);
    this.#withheld = new EntryIndex(options.view.withheld);
    this.#arm();
  }

  /** The own trust domain. */
  get domain(): TrustDomain {
    return this.#view.domain;
  }

  /** What entries ask for of that which is costly to read about a caller. */
  get asked(): CostlyFacts {
    return this.#entries.asked;
  }

  /** Takes over a new view: renews, drops, and wakes every stream. */
  update(view: TrustView): void {
    this.#view = view;
    this.#entries = new EntryIndex(view.entries);
    this.#withheld = new EntryIndex(view.withheld);
    this.#refresh();
    this.#changes.notify();
  }

  /**
   * The identities of a caller. Refuses `workload-no-identity` if no entry matches,
   * `assurance-insufficient` if all that match ask for more than this node has; if entries match
   * and none may be issued, the refusal that says why.
   */
  async identitiesOf(selectors: readonly Selector[]): Promise<WorkloadIdentities> {
    const answers = await this.#demand(() => this.#match(selectors));
    const entries = answers.map(({ entry }) => entry);
    const identities = answers.map((answer) => ({
      ...answer,
      ownAuthorities: ofKind(this.#view.ownAuthorities, answer.entry.keyType).x509Authorities,
    }));
    return { identities, federated: this.#federatedOf(entries), crls: this.#crlsOf(entries) };
  }

  /**
   * Tokens for `audience`: of each entry of the caller, or of `spiffeId` alone. Whoever holds an
   * X509-SVID, which renews by itself, may have a token for as long as that could be renewed: so a
   * workload of tokens alone lives through a cut as one of certificates does. Refuses as
   * `identitiesOf` does.
   */
  async tokensOf(
    selectors: readonly Selector[],
    audience: readonly string[],
    spiffeId: SpiffeId | undefined,
  ): Promise<readonly WorkloadToken[]> {
    const isAsked = (entry: Entry) => spiffeId === undefined || entry.spiffeId === spiffeId;
    const held = await this.#demand(() => {
      const entries = this.#match(selectors).filter(isAsked);
      if (entries.length > 0) return entries;
      throw new Refusal('workload-no-identity', { asked: spiffeId ?? '' });
    });
    return Promise.all(held.map(({ entry }) => this.#tokenOf(entry, audience)));
  }

  async #tokenOf(entry: Entry, audience: readonly string[]): Promise<WorkloadToken> {
    const { renewUntil, underOverride } = this.#view;
    if (renewUntil instanceof Refusal) throw renewUntil;
    const { wall: now } = this.clock.now();
    const entryEnd = entry.expiresAt ?? renewUntil;
    const notAfter = unixMs(Math.min(now + entry.jwtSvidTtlMs, renewUntil, entryEnd));
    if (notAfter < now + 2 * SECOND_MS) {
      throw new Refusal('tier-insufficient', { permittedUntil: renewUntil, now });
    }
    const { spiffeId } = entry;
    const order = { spiffeId, audience, override: underOverride.renew, now, notAfter };
    const token = await this.#source.token(entry, order);
    if (token instanceof Refusal) throw token;
    return { entry, token };
  }

  /** What a caller may verify with, its own domain first. Refuses `workload-no-identity`. */
  bundlesOf(selectors: readonly Selector[]): AuthoritiesByDomain {
    const entries = this.#match(selectors);
    const own = known(this.#view.ownAuthorities, entries);
    return new Map([[this.#view.domain, own], ...this.#federatedOf(entries)]);
  }

  /** The CRLs of the domains that a caller may verify. Refuses `workload-no-identity`. */
  crlsFor(selectors: readonly Selector[]): readonly Uint8Array[] {
    return this.#crlsOf(this.#match(selectors));
  }

  /**
   * Verifies a token for the caller, with the bundles that it may have; a kind of key is no
   * obstacle here, where no library of the caller's has to know it. Refuses
   * `workload-no-identity`, what `verifyJwtSvid` does, and `relation-scope` and
   * `relation-assurance` for an identity that our relation does not honour.
   */
  verifyToken(selectors: readonly Selector[], token: string, audience: string): VerifiedJwtSvid {
    const { domain, ownAuthorities, foreignAuthorities, unaccepted } = this.#view;
    const federated = this.#match(selectors).flatMap(({ federatesWith }) => federatesWith);
    const trusted = new Map<TrustDomain, DomainAuthorities>([[domain, ownAuthorities]]);
    for (const name of federated) {
      const authorities = unaccepted.has(name) ? undefined : foreignAuthorities.get(name);
      if (authorities !== undefined) trusted.set(name, authorities);
    }
    const keys = new Map(Array.from(trusted, ([name, set]) => [name, jwtKeysOf(set)]));
    const verified = verifyJwtSvid(token, audience, keys, this.clock.now().wall);
    this.#checkRevoked(verified);
    const relation = this.#view.relations.get(trustDomainOf(verified.spiffeId));
    if (relation !== undefined) checkHonoured(relation, verified);
    return verified;
  }

  /** A token without its date is taken for older than any revocation of its identity. */
  #checkRevoked({ spiffeId, claims }: VerifiedJwtSvid): void {
    const { domain, ownRevoked, foreignRevoked } = this.#view;
    const issuer = trustDomainOf(spiffeId);
    const revoked = issuer === domain ? ownRevoked : foreignRevoked.get(issuer);
    const issuedAt = typeof claims.iat === 'number' ? claims.iat * SECOND_MS : 0;
    if (revoked === undefined || !isIdentityRevoked(revoked, spiffeId, issuedAt as UnixMs)) return;
    throw new Refusal('svid-revoked', { spiffeId, issuedAt });
  }

  /** Calls `wake` whenever an answer may have changed, until the function it returns is called. */
  follow(wake: () => void): () => void {
    return this.#changes.follow(wake);
  }

  /** Ends the renewals. */
  close(): void {
    this.#isClosed = true;
    this.#changes.close();
    this.#disarm();
  }

  #disarm(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#armedFor = undefined;
  }

  #match(selectors: readonly Selector[]): readonly Entry[] {
    if (this.#view.closed !== null) throw this.#view.closed;
    const { wall } = this.clock.now();
    const entries = this.#entries.match(selectors, wall);
    if (entries.length > 0) return entries;
    const [withheld] = this.#withheld.match(selectors, wall);
    if (withheld === undefined) {
      throw new Refusal('workload-no-identity', { shown: selectors.join(' ') });
    }
    const { spiffeId, minAssurance: needs } = withheld;
    const { assurance } = this.#view;
    throw new Refusal('assurance-insufficient', { spiffeId, needs, assurance });
  }

  /**
   * The SVIDs of the entries that match; what cannot be issued is absent, unless that is all. What
   * took its time to make is asked for again if the view changed meanwhile: the entry may be gone.
   */
  async #demand(
    match: () => readonly Entry[],
  ): Promise<readonly Pick<WorkloadIdentity, 'entry' | 'svid'>[]> {
    for (;;) {
      const view = this.#view;
      const { wall } = this.clock.now();
      const making = match().map(async (entry) => ({
        entry,
        svid: await this.#svids.demand(entry, view, wall),
      }));
      const answers = await Promise.all(making);
      this.#arm();
      if (view === this.#view) return present(answers);
    }
  }

  #federatedOf(entries: readonly Entry[]): AuthoritiesByDomain {
    const { domain } = this.#view;
    const own = entries.map(({ spiffeId }) => trustDomainOf(spiffeId));
    const cells = own.filter((name) => name !== domain);
    const names = new Set(entries.flatMap(({ federatesWith }) => federatesWith));
    // Whoever is of a cell is of our domain too, and judges those beside it.
    for (const name of cells.length > 0 ? [domain, ...cells] : []) names.add(name);
    const here = [...names].sort().flatMap((name) => {
      const authorities = this.#authoritiesOf(name);
      return authorities === undefined ? [] : [[name, known(authorities, entries)] as const];
    });
    return new Map(here);
  }

  /**
   * What is handed out of a domain, here and now; a cell trusts those of its domain, for
   * certificates. Whoever is handed a bundle takes all that it vouches for, so a relation that is
   * narrower keeps it back, unless it says otherwise (PROTOCOL §2.4).
   */
  #authoritiesOf(name: TrustDomain): DomainAuthorities | undefined {
    const { domain, ownAuthorities, foreignAuthorities, cellsOf, relations } = this.#view;
    if (name === domain) return ownAuthorities;
    const above = vouchingFor(name, foreignAuthorities, cellsOf);
    if (relations.get(above)?.serveBundle === false) return undefined;
    const found = above === domain ? ownAuthorities : foreignAuthorities.get(above);
    return found === undefined || above === name ? found : withoutTokens(found);
  }

  #crlsOf(entries: readonly Entry[]): readonly Uint8Array[] {
    const { domain, crls, cellsOf } = this.#view;
    const partners = [...this.#federatedOf(entries).keys()];
    const above = partners.map((name) => vouchingFor(name, crls, cellsOf));
    return [...new Set([domain, ...above])].flatMap((name) => crls.get(name) ?? []);
  }

  #refresh(): boolean {
    const { wall } = this.clock.now();
    const ended = this.#entries.end(wall);
    const changed = this.#svids.refresh(this.#entries.byId, this.#view, wall);
    this.#arm();
    return ended || changed;
  }

  #arm(): void {
    if (this.#isClosed) return; // something was made after the end
    const next = earlier(this.#svids.nextAt, this.#entries.nextEnd);
    if (next === this.#armedFor) return;
    this.#disarm();
    if (next === undefined) return;
    this.#armedFor = next;
    const { wall, boot } = this.clock.now();
    const waitMs = Math.min(WAIT_MS_MAX, Math.max(0, next - wall));
    this.#cancelWake = this.clock.wakeAt(bootMs(boot + waitMs), () => {
      this.#armedFor = undefined;
      this.#wake();
    });
  }

  /** Renews what is due; whoever follows hears of it once all batches of it are done. */
  #wake(): void {
    this.#isUntold = this.#refresh() || this.#isUntold;
    const isBehind = (this.#svids.nextAt ?? Number.POSITIVE_INFINITY) <= this.clock.now().wall;
    if (!this.#isUntold || isBehind) return;
    this.#isUntold = false;
    this.#changes.notify();
  }
}

function present(
  answers: readonly { readonly entry: Entry; readonly svid: X509Svid | Refusal }[],
): readonly Pick<WorkloadIdentity, 'entry' | 'svid'>[] {
  const held = answers.flatMap(({ entry, svid }) =>
    svid instanceof Refusal ? [] : [{ entry, svid }],
  );
  if (held.length > 0) return held;
  for (const { svid } of answers) if (svid instanceof Refusal) throw svid;
  return held;
}

function earlier(a: UnixMs | undefined, b: UnixMs | undefined): UnixMs | undefined {
  return a === undefined || (b !== undefined && b < a) ? b : a;
}

/** Tokens have no chain, so that nobody can sign one for a cell. */
function withoutTokens({ mlDsa65, ...authorities }: DomainAuthorities): DomainAuthorities {
  const none = { jwtAuthorities: [] };
  return { ...authorities, ...none, mlDsa65: { ...mlDsa65, ...none } };
}

function jwtKeysOf({ jwtAuthorities, mlDsa65 }: DomainAuthorities): readonly JwtAuthority[] {
  return [...jwtAuthorities, ...mlDsa65.jwtAuthorities];
}

function ofKind(authorities: DomainAuthorities, keyType: KeyType): AuthoritySet {
  return keyType === 'ml-dsa-65' ? authorities.mlDsa65 : authorities;
}

/** ML-DSA is shown to those alone whose entry asks for it: most libraries fail on such keys. */
function known(authorities: DomainAuthorities, entries: readonly Entry[]): AuthoritySet {
  const { x509Authorities, jwtAuthorities, mlDsa65 } = authorities;
  if (!entries.some(({ keyType }) => keyType === 'ml-dsa-65')) {
    return { x509Authorities, jwtAuthorities };
  }
  return {
    x509Authorities: [...x509Authorities, ...mlDsa65.x509Authorities],
    jwtAuthorities: [...jwtAuthorities, ...mlDsa65.jwtAuthorities],
  };
}
