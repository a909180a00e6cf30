/**
 * The date that a machine goes by: as it is, and as checkers bound it from below.
 *
 * While the wall clock is gone by, it is that. Once somebody vouched for another date it is true
 * time, less by what those who vouch may be slow: a person confirms a clock that is a minute off,
 * and within the lead that Root allows no rule notices anything. Who was put back with its memory
 * counts on from a reading that is gone, and nothing in it tells (PROTOCOL, The guarantee); nor
 * does anything in a node of its domain that asks it for the date.
 */

import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Instant } from '../core/time.ts';
import type { FederationNode } from '../federation/node.ts';
import type { Machine } from './machine.ts';
import { START_MS } from './machine-clock.ts';
import { keepingOf, recordOf, timeOf } from './reading.ts';
import type { World } from './world.ts';

/** By so much a date that somebody vouched for may be slow: twice the lead of Root. */
export const VOUCHED_SLOW_MS = 4 * 60_000;

/** The earliest date that the machine may go by now. */
export function dateOf(world: World, machine: Machine): number {
  if (!isAnchored(machine)) return machine.clock.now(world.now).wall;
  return machine.restored ? Number.NEGATIVE_INFINITY : vouchedDate(world, machine.domain);
}

/** The date that the machine does go by at `t`, whatever its evidence says (PROTOCOL §4.4). */
export function dateGoneBy(machine: Machine, t: number): number {
  const { wall, boot } = machine.clock.now(t);
  const time = readTime(machine);
  return time?.isAnchored === true ? time.time + boot - time.boot : wall;
}

/** O: the later of that date and the bound of a domain (PROTOCOL §4.1). */
export function clockAbout(machine: Machine, domain: TrustDomain, t: number): number {
  const date = dateGoneBy(machine, t);
  const record = recordOf(machine, domain, 'keeping');
  if (record === null) return date;
  const { bound, boundBoot, bootId } = keepingOf(record);
  const { clock } = machine;
  const elapsedMs = bootId === clock.bootId ? clock.now(t).boot - boundBoot : 0;
  return Math.max(date, bound + elapsedMs);
}

/** True while somebody vouches for the date, in this boot. */
export function isVouched(machine: Machine): boolean {
  const time = readTime(machine);
  return time !== null && time.basis !== 'wall';
}

/** True while the machine asks for a date, whoever vouched for the one before. */
export function isAsking(machine: Machine): boolean {
  return readTime(machine)?.isAsking === true;
}

/**
 * True where a machine answers a question with the beacon key in force, which is enough: it knows
 * the time, and that key has spoken. Another answers as one node of a quorum (PROTOCOL §4.4).
 */
export function isWitness({ node, domain, clock }: Machine, t: number): boolean {
  return node !== null && answersByKey(node, domain, clock.now(t));
}

/** The same of a node alone. */
export function answersByKey(node: FederationNode, domain: TrustDomain, now: Instant): boolean {
  const view = node.viewOf(domain, now);
  if (view === null || view.beacon === null) return false;
  return node.time(now).isKnown && node.rank === view.rank;
}

/** True while the wall clock is not gone by. */
export function isAnchored(machine: Machine): boolean {
  return readTime(machine)?.isAnchored === true;
}

/** What has passed at the least since `asOf`, for a machine that somebody vouched to. */
export function passedMs(world: World, { domain }: Machine, asOf: number): number {
  return vouchedDate(world, domain) - asOf;
}

/** The earliest date that anybody of a domain may vouch for now. */
function vouchedDate(world: World, domain: TrustDomain): number {
  if (world.putBack.has(domain)) return Number.NEGATIVE_INFINITY;
  return START_MS + world.now - VOUCHED_SLOW_MS;
}

function readTime(machine: Machine): ReturnType<typeof timeOf> | null {
  const record = recordOf(machine, machine.domain, 'time');
  const time = record === null ? null : timeOf(record);
  return time?.bootId === machine.clock.bootId ? time : null;
}
