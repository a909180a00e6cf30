/**
 * The partners that speak SPIFFE federation alone: kept in the store, polled at their hint, handed
 * out while they are DEGRADED or better.
 *
 * A poll that fails changes nothing: the last good bundle stays and ages, and the next poll comes
 * at its usual time, for an endpoint in trouble is not helped by haste (SPIFFE Federation §5.2.4).
 * Polls are jittered, so that domains that started together do not stay together. An expired
 * bundle still identifies its endpoint, or nobody could come back by himself.
 */

import { Failure } from '../../core/failure.ts';
import { ENDPOINT_FETCH_MS_MAX, REFRESH_MS_MIN, RELATIONS_MAX } from '../../core/limits.ts';
import { Refusal } from '../../core/refusal.ts';
import { type TrustDomain, trustDomainOf } from '../../core/spiffe-id.ts';
import { bootMs, MINUTE_MS } from '../../core/time.ts';
import type { AgeLimits } from '../../federation/limits.ts';
import { isPermitted, type Tier } from '../../federation/tier.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { NOTHING_REVOKED } from '../identity/revoked.ts';
import type { SpiffeBundle } from '../identity/spiffe-bundle.ts';
import type { Clock, Log, Random, Store } from '../ports.ts';
import type { RefusalAudit } from '../refusal-audit.ts';
import { SPACES } from '../store/key-space.ts';
import type { EndpointTerms } from './endpoint-terms.ts';
import { type BundleRequest, fetchBundle } from './fetch-bundle.ts';
import {
  checkpoint,
  isSameTrust,
  learn,
  newPartner,
  type Partner,
  type PartnerStanding,
  pollIntervalMs,
  standingOf,
} from './partner.ts';
import { decodePartner, encodePartner } from './partner-record.ts';
import type { WebRoots } from './web-roots.ts';

export interface SpiffePartnersOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: Store;
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly audit: AuditLog;
  readonly refusals: RefusalAudit;
  /** Our own limits: such a partner sends none. */
  readonly limits: AgeLimits;
  /** What other domains are known by now, for endpoints that one domain serves for another. */
  readonly knownBy: (domain: TrustDomain) => KnownBy;
  readonly webRoots: WebRoots;
  /** Where this node does not transmit, nothing is fetched. */
  readonly transmits: boolean;
  /** Least time between two polls; `REFRESH_MS_MIN` where absent. */
  readonly pollFloorMs?: number;
}

/** What certificates of a domain are judged by. */
export type KnownBy = Pick<BundleRequest, 'roots' | 'revoked' | 'relation'>;

/** A partner as it stands, and what the last poll ran into. */
export interface PartnerState {
  readonly partner: Partner;
  readonly standing: PartnerStanding;
  readonly trouble: Refusal | Failure | null;
}

interface Slot {
  partner: Partner;
  trouble: Refusal | Failure | null;
  /** What was told last: a fall to another tier is a change. */
  tier: Tier | 'NONE';
  polling: Promise<void> | null;
  attempt: AbortController | null;
  cancelPoll: () => void;
  cancelWatch: () => void;
}

/** A poll comes so much sooner or later than the interval says. */
const JITTER = 0.1;

export class SpiffePartners {
  readonly #options: SpiffePartnersOptions;
  readonly #slots = new Map<TrustDomain, Slot>();
  #isClosed = false;
  /** Called after anything that may be handed out has changed. */
  onChanged: () => void = () => undefined;

  constructor(options: SpiffePartnersOptions) {
    this.#options = options;
    const { clock, records } = options;
    for (const [key, value] of records) {
      if (!key.startsWith(SPACES.spiffePartner)) continue;
      const partner = decodePartner(value, clock.bootId);
      this.#slots.set(partner.terms.domain, this.#slotOf(partner));
    }
  }

  /** Stores every ledger a step ahead, and begins to poll. */
  async open(): Promise<void> {
    const partners = [...this.#slots.values()].map(({ partner }) => partner);
    if (partners.length > 0) await this.#save(...partners);
    for (const slot of this.#slots.values()) this.#begin(slot);
  }

  /** All, in the order of their names. */
  get states(): readonly PartnerState[] {
    const names = [...this.#slots.keys()].sort();
    return names.flatMap((name) => this.find(name) ?? []);
  }

  find(domain: TrustDomain): PartnerState | undefined {
    const slot = this.#slots.get(domain);
    if (slot === undefined) return undefined;
    return { partner: slot.partner, standing: this.#standing(slot), trouble: slot.trouble };
  }

  /** The bundles that may be handed out now: of those that are `needs` or better. */
  bundles(needs: Tier): ReadonlyMap<TrustDomain, SpiffeBundle> {
    return new Map(
      [...this.#slots].flatMap(([domain, slot]) => {
        const { tier } = this.#standing(slot);
        const bundle = slot.partner.held?.bundle;
        if (bundle === undefined || tier === 'NONE' || !isPermitted(tier, needs)) return [];
        return [[domain, bundle] as const];
      }),
    );
  }

  /**
   * Adds a partner, durably, and polls it at once without waiting. `bootstrap` is a bundle that a
   * person carried here. Refuses `relation-exists`, `endpoint-identity` where nothing identifies
   * the endpoint, `too-large`, and what a bundle may be refused for.
   */
  async add(terms: EndpointTerms, bootstrap: Uint8Array | null): Promise<void> {
    if (this.#slots.has(terms.domain)) {
      throw new Refusal('relation-exists', { domain: terms.domain });
    }
    if (this.#slots.size >= RELATIONS_MAX) throw new Refusal('too-large', { limit: RELATIONS_MAX });
    const partner = newPartner(terms, bootstrap);
    if (terms.profile.kind === 'https_spiffe' && this.#knownBy(partner).roots.length === 0) {
      const why = 'no bundle to know the endpoint by';
      throw new Refusal('endpoint-identity', { why, expected: terms.profile.endpointId });
    }
    await this.#save(partner);
    const slot = this.#slotOf(partner);
    this.#slots.set(terms.domain, slot);
    this.#begin(slot);
  }

  /** Forgets a partner, its bundle and its mark. False if there is none of that name. */
  async remove(domain: TrustDomain): Promise<boolean> {
    const slot = this.#slots.get(domain);
    if (slot === undefined) return false;
    await this.#options.store.write([{ key: keyOf(domain), value: null }]);
    this.#slots.delete(domain);
    this.#end(slot);
    await slot.polling;
    this.onChanged();
    return true;
  }

  /** Polls now and waits for what comes of it. Refuses `relation-unknown`; throws the trouble. */
  async refresh(domain: TrustDomain): Promise<void> {
    const slot = this.#slots.get(domain);
    if (slot === undefined) throw new Refusal('relation-unknown', { domain });
    await this.#poll(slot);
    if (slot.trouble !== null) throw slot.trouble;
  }

  /** Ends what is under way, and stores how old everything is. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const slots = [...this.#slots.values()];
    for (const slot of slots) this.#end(slot);
    await Promise.all(slots.map(({ polling }) => polling));
    if (slots.length > 0) await this.#save(...slots.map(({ partner }) => partner));
  }

  #slotOf(partner: Partner): Slot {
    const none = (): void => undefined;
    return {
      ...{ partner, trouble: null, tier: 'NONE', polling: null, attempt: null },
      ...{ cancelPoll: none, cancelWatch: none },
    };
  }

  #begin(slot: Slot): void {
    slot.tier = this.#standing(slot).tier;
    this.#watch(slot);
    void this.#poll(slot);
  }

  #end(slot: Slot): void {
    slot.cancelPoll();
    slot.cancelWatch();
    slot.attempt?.abort(new Failure('timed-out', 'this daemon ends the attempt'));
  }

  /** Whoever asks while a poll is under way waits for that one. */
  #poll(slot: Slot): Promise<void> {
    slot.polling ??= this.#attempt(slot).finally(() => {
      slot.polling = null;
    });
    return slot.polling;
  }

  async #attempt(slot: Slot): Promise<void> {
    slot.cancelPoll();
    const { domain } = slot.partner.terms;
    try {
      const bytes = await this.#fetch(slot);
      const next = learn(slot.partner, bytes, this.#options.clock.now());
      if (!this.#isKept(slot)) return;
      await this.#save(next); // before anybody is told, or a crash could take it back
      const isFirst = slot.partner.fetched === null || slot.trouble !== null;
      const isOther = isFirst || !isSameTrust(slot.partner, next);
      slot.partner = next;
      slot.trouble = null;
      this.#tell(slot, isOther);
      if (isOther) {
        const sequence = String(next.held?.bundle.sequence ?? 'none');
        await this.#options.audit.append('partner.fetched', { domain, sequence });
      }
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Failure)) throw error;
      if (this.#isKept(slot)) await this.#note(slot, error);
    }
    this.#arm(slot);
  }

  async #fetch(slot: Slot): Promise<Uint8Array> {
    const { clock, transmits, webRoots } = this.#options;
    if (!transmits) throw new Failure('peer-unreachable', 'this node does not transmit');
    const { url, profile } = slot.partner.terms;
    const attempt = new AbortController();
    const { boot, wall } = clock.now();
    const cancel = clock.wakeAt(bootMs(boot + ENDPOINT_FETCH_MS_MAX), () =>
      attempt.abort(new Failure('timed-out', `${url} took too long`)),
    );
    slot.attempt = attempt;
    try {
      const known = this.#knownBy(slot.partner);
      const { signal } = attempt;
      const isWeb = profile.kind === 'https_web';
      const roots = { ...known, webRoots: isWeb ? await webRoots() : undefined };
      return await fetchBundle({ url, profile, ...roots, now: wall, signal });
    } finally {
      cancel();
      slot.attempt = null;
    }
  }

  /** The newest bundle held, whatever its age (SPIFFE Federation §5.2.2). */
  #knownBy({ terms: { domain, profile }, held }: Partner): KnownBy {
    if (profile.kind === 'https_web')
      return { roots: [], revoked: NOTHING_REVOKED, relation: null };
    const named = trustDomainOf(profile.endpointId);
    if (named !== domain) return this.#options.knownBy(named);
    const { bundle, revoked = NOTHING_REVOKED } = held ?? {};
    return { roots: bundle?.x509Authorities ?? [], revoked, relation: null };
  }

  /** A poll that came to nothing: audited, and the time that has passed is stored. */
  async #note(slot: Slot, trouble: Refusal | Failure): Promise<void> {
    const { audit, refusals, log } = this.#options;
    const { domain, url } = slot.partner.terms;
    const { code } = trouble;
    const isNew = slot.trouble?.code !== code;
    slot.trouble = trouble;
    log.warn('partner not fetched', { domain, code, why: trouble.message });
    try {
      if (trouble instanceof Refusal) await refusals.note(domain, trouble);
      else if (isNew) await audit.append('partner.failed', { domain, url, code });
      await this.#save(slot.partner);
    } catch (error) {
      // A disk that takes nothing is told once more here, and asked again at the next poll.
      if (!(error instanceof Failure)) throw error;
      log.warn('age not stored', { domain, code: error.code });
    }
  }

  async #save(...partners: readonly Partner[]): Promise<void> {
    const { store, clock } = this.#options;
    const now = clock.now();
    const batch = partners.map((partner) => {
      // Until the record after this one: the longest wait, and the longest attempt.
      const waitMs = Math.ceil((1 + JITTER) * pollIntervalMs(partner, this.#floorMs));
      const ahead = { bootId: clock.bootId, aheadMs: waitMs + ENDPOINT_FETCH_MS_MAX };
      const value = encodePartner(checkpoint(partner, now), ahead);
      return { key: keyOf(partner.terms.domain), value };
    });
    await store.write(batch);
  }

  #arm(slot: Slot): void {
    if (!this.#isKept(slot)) return;
    const { clock, random } = this.#options;
    const [byte = 0] = random.bytes(1);
    const share = 1 + JITTER * (byte / 127.5 - 1);
    const waitMs = Math.ceil(share * pollIntervalMs(slot.partner, this.#floorMs));
    slot.cancelPoll = clock.wakeAt(bootMs(clock.now().boot + waitMs), () => void this.#poll(slot));
  }

  /** Notices a fall to another tier, by time or because somebody set the clock. */
  #watch(slot: Slot): void {
    const { clock } = this.#options;
    const inMs = this.#standing(slot).cliff?.inMs ?? MINUTE_MS;
    const waitMs = Math.min(MINUTE_MS, Math.max(1, Math.ceil(inMs)));
    slot.cancelWatch = clock.wakeAt(bootMs(clock.now().boot + waitMs), () => {
      this.#tell(slot, false);
      this.#watch(slot);
    });
  }

  #tell(slot: Slot, isOther: boolean): void {
    const { tier } = this.#standing(slot);
    const fell = tier !== slot.tier;
    slot.tier = tier;
    if (isOther || fell) this.onChanged();
  }

  #standing({ partner }: Slot): PartnerStanding {
    return standingOf(partner, this.#options.limits, this.#options.clock.now());
  }

  #isKept(slot: Slot): boolean {
    return !this.#isClosed && this.#slots.get(slot.partner.terms.domain) === slot;
  }

  get #floorMs(): number {
    return this.#options.pollFloorMs ?? REFRESH_MS_MIN;
  }
}

function keyOf(domain: TrustDomain): string {
  return `${SPACES.spiffePartner}${domain}`;
}
