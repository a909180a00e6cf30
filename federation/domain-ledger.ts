/**
 * What each foreign domain costs us in bytes (PROTOCOL §6.2): what its nodes move over their links
 * here, all of them together and both ways, and what is new of itself, whoever brings it. Beside
 * that each peer has its budget of messages (`peer-ledger.ts`). How much that is, our relation to
 * the domain says.
 *
 * Our own domain has no account, and what withdraws anything has room of its own: a partner that
 * floods spends what is the partner's, and is still heard when it takes something back.
 */

import {
  DOMAIN_BUDGET_MIB,
  DOMAIN_MOVED_BURST,
  DOMAIN_MOVED_PER_S,
  DOMAIN_NEWS_BURST,
  DOMAIN_NEWS_PER_S,
  DOMAIN_RESERVE_BURST,
  DOMAIN_RESERVE_PER_S,
} from '../core/limits.ts';
import { Refusal } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { BootMs } from '../core/time.ts';
import { Bucket, type Rate } from './budget.ts';

interface Account {
  /** What the relation granted when it was opened. */
  readonly budgetMib: number;
  /** Bytes over links with its nodes. */
  readonly moved: Bucket;
  /** The same of negative statements, once `moved` is spent. */
  readonly reserve: Bucket;
  /** Bytes of its own documents that were new here. */
  readonly news: Bucket;
}

/** What a domain has left, in whole percent of what it may have at once. */
export interface DomainBudget {
  readonly moved: number;
  readonly news: number;
}

/** What a foreign domain fills and has left, as it is shown. */
export interface DomainShare {
  readonly storedBytes: number;
  readonly left: DomainBudget;
}

/** Domains beyond this are forgotten oldest first: more than may be related at once. */
const ACCOUNTS_MAX = 1_024;

/** The accounts of all foreign domains; none is kept across a start. */
export class DomainLedger {
  readonly #own: TrustDomain;
  readonly #budgetMibOf: (domain: TrustDomain) => number;
  readonly #accounts = new Map<TrustDomain, Account>();

  /** `budgetMibOf` says what our relation to a domain grants it now. */
  constructor(own: TrustDomain, budgetMibOf: (domain: TrustDomain) => number) {
    this.#own = own;
    this.#budgetMibOf = budgetMibOf;
  }

  /** A node of the domain sent so many bytes, or is to be sent them. Refuses `domain-budget`. */
  move(
    domain: TrustDomain,
    { bytes, isNegative }: { readonly bytes: number; readonly isNegative: boolean },
    now: BootMs,
  ): void {
    if (domain === this.#own) return;
    const { moved, reserve } = this.#account(domain, now);
    if (moved.spend(bytes, now) || (isNegative && reserve.spend(bytes, now))) return;
    throw new Refusal('domain-budget', { domain, of: 'moved', bytes });
  }

  /** So many bytes of the domain are believed from now on: they may be owed. */
  learn(domain: TrustDomain, bytes: number, now: BootMs): void {
    if (domain !== this.#own) this.#account(domain, now).news.owe(bytes, now);
  }

  /** False while a foreign domain owes for what it published: nothing more of it is asked for. */
  mayLearn(domain: TrustDomain, now: BootMs): boolean {
    return domain === this.#own || !this.#account(domain, now).news.isOwing(now);
  }

  /** Refuses `domain-budget` where `mayLearn` says no. */
  checkNews(domain: TrustDomain, now: BootMs): void {
    if (!this.mayLearn(domain, now)) throw new Refusal('domain-budget', { domain, of: 'news' });
  }

  /** What is left to a foreign domain. */
  left(domain: TrustDomain, now: BootMs): DomainBudget {
    const { moved, news } = this.#account(domain, now);
    return { moved: moved.leftPercent(now), news: news.leftPercent(now) };
  }

  #account(domain: TrustDomain, now: BootMs): Account {
    const known = this.#accounts.get(domain);
    const budgetMib = this.#budgetMibOf(domain);
    if (known?.budgetMib === budgetMib) return known;
    const bucket = ({ perSecond, burst }: Rate): Bucket => {
      const share = budgetMib / DOMAIN_BUDGET_MIB;
      return new Bucket({ perSecond: perSecond * share, burst: burst * share }, now);
    };
    // Other terms open another account: what was spent under the former ones is forgotten.
    const account: Account = {
      budgetMib,
      moved: bucket({ perSecond: DOMAIN_MOVED_PER_S, burst: DOMAIN_MOVED_BURST }),
      // What takes back is no favour, which a relation could grant less of.
      reserve:
        known?.reserve ??
        new Bucket({ perSecond: DOMAIN_RESERVE_PER_S, burst: DOMAIN_RESERVE_BURST }, now),
      news: bucket({ perSecond: DOMAIN_NEWS_PER_S, burst: DOMAIN_NEWS_BURST }),
    };
    this.#accounts.delete(domain);
    const oldest = this.#accounts.keys().next();
    if (this.#accounts.size >= ACCOUNTS_MAX && !oldest.done) this.#accounts.delete(oldest.value);
    this.#accounts.set(domain, account);
    return account;
  }
}
