/**
 * What was asked for and has not come yet: one body is fetched once, of one peer (PROTOCOL §6.1).
 *
 * A row is an offer that nobody can check. Whoever offers what it never gives would hold the place
 * of those who would give it, so what is overdue goes to another peer, whoever leaves offers
 * unkept owes for it, and what a debtor was asked for may be asked of anybody else at once.
 */

import { DEBTOR_WANTS_MAX, DEBTS_MAX, WANTS_OPEN_MAX } from '../core/limits.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { BootMs } from '../core/time.ts';
import type { Want } from './message.ts';

/** One thing asked of a peer. */
export interface Asked extends Pick<Want, 'what' | 'argument'> {
  readonly domain: TrustDomain;
  readonly peer: string;
}

/** One thing that was asked for and has not come. */
export interface OpenWant extends Asked {
  /** Counts as unanswered from then on. */
  readonly until: BootMs;
  /** Peers that left it unanswered before. */
  readonly tried: ReadonlySet<string>;
}

/** What is open with one peer, and what it still owes. */
interface Account {
  open: number;
  debts: number;
}

/** Wants that are open, over all links of one node. */
export class WantBook {
  readonly #open = new Map<string, OpenWant>();
  readonly #accounts = new Map<string, Account>();
  /** When the next is overdue; null where that has to be found out. */
  #dueAt: number | null = null;

  /** True where `peer` may be asked for this: nobody was, or one who does not keep his word. */
  isFree(want: Asked): boolean {
    const open = this.#open.get(keyOf(want));
    return open === undefined || (open.peer !== want.peer && this.owes(open.peer));
  }

  /** How much more `peer` may be asked for, where at most `most` may be open with it. */
  roomFor(peer: string, most: number = WANTS_OPEN_MAX): number {
    const { open, debts } = this.#accounts.get(peer) ?? { open: 0, debts: 0 };
    return Math.max(0, (debts < DEBTS_MAX ? most : DEBTOR_WANTS_MAX) - open);
  }

  /** True for a peer that left offers unkept which it has not made good since. */
  owes(peer: string): boolean {
    return (this.#accounts.get(peer)?.debts ?? 0) > 0;
  }

  /** Notes that `want.peer` is asked; whoever was before is asked no more. */
  ask(want: OpenWant): void {
    const key = keyOf(want);
    this.#remove(key);
    this.#open.set(key, want);
    this.#dueAt = null;
    this.#account(want.peer).open += 1;
  }

  /** It came from `peer`: it may be asked for again. False where nobody was asked for it. */
  settle(want: Asked): boolean {
    if (this.#open.size === 0) return false;
    const open = this.#remove(keyOf(want));
    if (open === undefined) return false;
    const account = this.#accounts.get(want.peer);
    if (open.peer === want.peer && account !== undefined) {
      account.debts = Math.max(0, account.debts - 1);
    }
    return true;
  }

  /** Takes what `want.peer` was asked for out of the book; null where it was not. */
  take(want: Asked): OpenWant | null {
    const key = keyOf(want);
    return this.#open.get(key)?.peer === want.peer ? (this.#remove(key) ?? null) : null;
  }

  /** What is unanswered by now; it is open no more, and what was offered is owed. */
  overdue(now: BootMs): readonly OpenWant[] {
    if (this.dueAt() > now) return [];
    const late = [...this.#open].filter(([, { until }]) => until <= now);
    return late.map(([key, want]) => {
      this.#remove(key);
      if (isOffer(want)) this.#account(want.peer).debts += 1;
      return want;
    });
  }

  /** Forgets a peer whose link ended. */
  down(peer: string): void {
    for (const [key, want] of this.#open) if (want.peer === peer) this.#open.delete(key);
    this.#accounts.delete(peer);
    this.#dueAt = null;
  }

  /** When the next one is overdue. */
  dueAt(): number {
    if (this.#dueAt !== null) return this.#dueAt;
    let dueAt = Number.POSITIVE_INFINITY;
    for (const { until } of this.#open.values()) dueAt = Math.min(dueAt, until);
    this.#dueAt = dueAt;
    return dueAt;
  }

  #remove(key: string): OpenWant | undefined {
    const open = this.#open.get(key);
    if (open === undefined) return undefined;
    this.#open.delete(key);
    this.#dueAt = null;
    this.#account(open.peer).open -= 1;
    return open;
  }

  #account(peer: string): Account {
    const account = this.#accounts.get(peer) ?? { open: 0, debts: 0 };
    this.#accounts.set(peer, account);
    return account;
  }
}

/** True for what a peer said that it has; the rest is asked on a guess. */
export function isOffer({ what }: Pick<Want, 'what'>): boolean {
  return what === 'root' || what === 'beacon' || what === 'unpinned';
}

/** What nothing pins is small and urgent, and asked of each who says it; the rest of one. */
function keyOf({ domain, what, argument, peer }: Asked): string {
  return `${domain}/${what}/${argument}${what === 'unpinned' ? `/${peer}` : ''}`;
}
