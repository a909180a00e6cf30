/**
 * The desk: how followers come by another lease before theirs ends, or after (PROTOCOL §7.1).
 *
 * A machine asks its authority from half the life of its lease on, again and again until it is
 * granted one. Its clock may be turned and its disk put back, so that it looks at both every few
 * minutes, as a daemon does. What they say to each other takes as long as their wire does, and is
 * lost with it.
 * Evidence of a chip is not part of this world: whoever the authority knows is granted a lease.
 */

import { toUtf8 } from '../core/bytes.ts';
import { ENROL_RETRY_MS_MAX } from '../core/limits.ts';
import { Refusal, refusalOf } from '../core/refusal.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import { SECOND_MS } from '../core/time.ts';
import { decodeEnvelope } from '../federation/envelope.ts';
import type { Lease } from '../federation/lease.ts';
import { recordKey } from '../federation/record-key.ts';
import { FIRST_ROOT, FOLLOWER_TERMS } from './founding.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

/** Whoever was granted nothing asks again after so long. */
const RETRY_MS = 15 * SECOND_MS;

/** Plans the visits of all followers of a run, one at a time for each. */
export class Desk {
  readonly #world: World;
  readonly #expected = new Set<Machine>();
  /** How many reasons the people of a domain have to grant nothing now. */
  readonly #closed = new Map<TrustDomain, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Plans the next look of a follower that has power, and its visit where one is due by then. */
  expect(member: Machine): void {
    if (member.isAuthority || this.#expected.has(member)) return;
    this.#expected.add(member);
    const restMs = Math.min(ENROL_RETRY_MS_MAX, this.#restMs(member));
    this.#world.after(Math.max(RETRY_MS, restMs), () => {
      this.#expected.delete(member);
      if (member.power === 'off') return;
      if (this.#restMs(member) <= 0) this.#visit(member);
      this.expect(member);
    });
  }

  /** The people of a domain grant nothing, or take back one reason for it. */
  close(domain: TrustDomain, by: 1 | -1): void {
    this.#closed.set(domain, (this.#closed.get(domain) ?? 0) + by);
  }

  /** How long there is nothing to ask for: until half the life of the lease is over. */
  #restMs(member: Machine): number {
    const { node, clock, domain } = member;
    if (node === null) return 0;
    const now = clock.now(this.#world.now);
    const lease = node.heldLease(now);
    return lease === null ? 0 : halfLifeOf(lease) - node.clockOf(domain, now);
  }

  #visit(member: Machine): void {
    const { domain } = member;
    const authority = this.#world.authorityOf(domain);
    const wayMs = authority === undefined ? null : this.#wayMs(member, authority);
    if (authority === undefined || wayMs === null) return;
    if ((this.#closed.get(domain) ?? 0) > 0) return;
    this.#world.after(wayMs, () =>
      authority.whenDurable((node) => {
        const now = authority.clock.now(this.#world.now);
        const grant = refusalOf(() => node.grant(now, member.publicPair, FOLLOWER_TERMS));
        if (grant instanceof Refusal) {
          return this.#world.coverage.saw('people: a lease was refused', grant.code);
        }
        if (this.#wayMs(member, authority) === null) return;
        this.#world.after(wayMs, () => this.#hand(member, grant));
      }),
    );
  }

  #hand(member: Machine, { lease, file }: { readonly lease: Uint8Array; readonly file: string }) {
    const first = member.believed.get(recordKey(member.domain, 'root', FIRST_ROOT));
    if (first === undefined) return;
    const firstRoot = decodeEnvelope(first).digest;
    member.request({ kind: 'grant', firstRoot, file: toUtf8(file), lease }, ({ answer }) => {
      const outcome = answer instanceof Refusal ? answer.code : 'granted';
      this.#world.coverage.saw('people: a lease was renewed', outcome);
    });
  }

  /** How long a word takes to the authority; null where none gets through. */
  #wayMs(member: Machine, authority: Machine): number | null {
    const link = this.#world.network.between(member.name, authority.name);
    if (authority.power !== 'on' || member.power !== 'on' || link?.up !== true) return null;
    return Math.max(...link.wires.map(({ latencyMs }) => latencyMs));
  }
}

function halfLifeOf({ issuedAt, notAfter }: Lease): number {
  return issuedAt + (notAfter - issuedAt) / 2;
}
