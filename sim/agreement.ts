/**
 * Agreement: what is required of a coalition that was healed, and of whom.
 *
 * Whoever speaks of a domain and is reached by others who do has to hold its newest Root and all it
 * took back. Evidence bears a date, and passes through those alone who go by one of today: they
 * have to come to the same beacon, stop and highest tick, and to find the domain FRESH where its
 * authority is among them. Who is spared what, and why, stands in docs/SIMULATOR.md.
 */

import { TICK_BATCH_MS } from '../core/limits.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import type { KeyId } from '../core/suite.ts';
import { MINUTE_MS } from '../core/time.ts';
import { recordKey } from '../federation/record-key.ts';
import { revocationOf } from '../federation/revocations.ts';
import type { DomainView } from '../federation/view.ts';
import { Stuck } from './checker.ts';
import { clockAbout, dateGoneBy, isWitness } from './date.ts';
import { isGuest, type Received } from './handshake.ts';
import { deniedAt, lacksForGood } from './lost-revocations.ts';
import type { Machine } from './machine.ts';
import { START_MS } from './machine-clock.ts';
import type { Link } from './network.ts';
import { envelopeOf, recordOf, rootsOf } from './reading.ts';
import type { World } from './world.ts';

/** A wall clock ahead by more than this has dated evidence that others only hold. */
const LEAD_MS = 2 * MINUTE_MS;

/** Whoever was told later asks on; and a quorum may differ by the lead. */
const TOLD_AHEAD_MS = LEAD_MS / 2 + LEAD_MS;

/** A machine, and how a domain looks from there. */
interface Seen {
  readonly machine: Machine;
  readonly view: DomainView;
}

/** Throws `Stuck` unless the core of a healed coalition agrees about each of its domains. */
export function judgeAgreement(world: World, core: ReadonlySet<Machine>): void {
  for (const domain of new Set([...core].map((machine) => machine.domain))) {
    const speaks = (machine: Machine): boolean => viewOf(world, machine, domain) !== null;
    for (const group of groupsOf(world, core, domain, speaks)) judgeUndated(world, domain, group);
    const passes = (machine: Machine): boolean => passesOn(world, machine, domain);
    for (const group of groupsOf(world, core, domain, passes)) {
      // A thief goes on until something proves him; then the next rank speaks, and all agree.
      if (!world.stolen.has(domain) || isProvenIn(world, domain, group))
        judge(world, domain, group);
    }
  }
}

/** True where the authority of a domain is among these, and knows that its key was stolen. */
function isProvenIn(world: World, domain: TrustDomain, group: readonly Machine[]): boolean {
  const authority = world.authorityOf(domain);
  if (authority === undefined || !group.includes(authority)) return false;
  const prefix = recordKey(domain, 'disowned', '');
  return [...authority.believed.keys()].some((key) => key.startsWith(prefix));
}

/** The machines of which that holds, in groups that reach each other through such machines. */
function groupsOf(
  world: World,
  core: ReadonlySet<Machine>,
  domain: TrustDomain,
  holds: (machine: Machine) => boolean,
): readonly (readonly Machine[])[] {
  const speakers = new Set([...core].filter(holds));
  const groups: Machine[][] = [];
  for (const first of speakers) {
    speakers.delete(first);
    groups.push(
      reachedFrom(world, first, (link, other) => {
        return carries(link, domain) && speakers.delete(other);
      }),
    );
  }
  return groups;
}

/** A machine, and whom it reaches over links that are taken, one after the other. */
function reachedFrom(
  world: World,
  first: Machine,
  takes: (link: Link, other: Machine) => boolean,
): Machine[] {
  const reached = [first];
  for (const machine of reached) {
    for (const link of world.network.linksOf(machine)) {
      const [{ from, to }] = link.wires;
      const other = from === machine ? to : from;
      if (takes(link, other)) reached.push(other);
    }
  }
  return reached;
}

/**
 * True for a machine that takes what is said of a domain today, and so passes it on. What a writer
 * says of its own domain it dates itself, and knows unless it was put back.
 */
function passesOn(world: World, machine: Machine, domain: TrustDomain): boolean {
  const view = viewOf(world, machine, domain);
  if (view === null) return false;
  const isItsWriter = machine === world.authorityOf(domain) && !machine.restored;
  return isItsWriter || !isSpared(world, { machine, view });
}

/** True for a machine that no evidence of today is required of. */
function isSpared(world: World, { machine, view }: Seen): boolean {
  return isWaiting(view) || isBehind(world, machine, view.domain);
}

/** True for a machine that was set up anew, and told no date by which to judge anything. */
function isWaiting({ standing: { asOf, timeUnknown } }: DomainView): boolean {
  return asOf === null && timeUnknown;
}

/** True where what is said of a domain today is of the future: held, or refused (PROTOCOL §4.3). */
function isBehind(world: World, machine: Machine, domain: TrustDomain): boolean {
  return isLongGone(world, machine, domain, clockAbout(machine, domain, world.now));
}

/**
 * True where a machine goes by a date that is long gone to whoever writes for `domain`: it was
 * put back with its memory, or told the date by one of its domain that was (PROTOCOL, The
 * guarantee).
 */
function isLongGone(world: World, machine: Machine, domain: TrustDomain, date: number): boolean {
  return world.putBack.has(machine.domain) && date < dateOfWriter(world, domain) - LEAD_MS;
}

/** By which date evidence of a domain is dated: its writer may be ahead, within the lead. */
function dateOfWriter(world: World, domain: TrustDomain): number {
  const today = trueDate(world);
  const writer = world.authorityOf(domain);
  if (writer === undefined || writer.node === null) return today;
  return Math.min(today + LEAD_MS, Math.max(today, clockAbout(writer, domain, world.now)));
}

function trueDate({ now }: World): number {
  return START_MS + now;
}

/** True where a domain is spoken of on a link: with a guest, only those of the two (§6.3). */
function carries({ acquaintance, wires: [{ from, to }] }: Link, domain: TrustDomain): boolean {
  if (acquaintance === null) return false;
  if (acquaintance.lane === 'whole') return true;
  if (from.domain === to.domain) return domain === from.domain;
  const [atFrom, atTo] = acquaintance.received;
  const isNamed = (by: Received, of: Machine): boolean =>
    of.domain === domain && (!isGuest(by) || by.claims === domain);
  return isNamed(atFrom, to) || isNamed(atTo, from);
}

/**
 * True for a writer that may go on: the word was not given away, and if Root ties it to whoever is
 * next in turn, that one is here (PROTOCOL §2.5).
 */
function mayWrite(world: World, group: readonly Machine[], { domain, node }: Machine): boolean {
  if (world.scenario.standbys === 0) return true;
  if (node?.hasVoice !== true) return false;
  const isTied = world.scenario.writerForMs > 0;
  return !isTied || world.authoritiesOf(domain).every((one) => group.includes(one));
}

/** Of a group those who reach the authority without a guest on the way: they are given all. */
function wholeFrom(world: World, authority: Machine, group: readonly Machine[]): Set<Machine> {
  const left = new Set(group);
  left.delete(authority);
  const takes = (link: Link, other: Machine): boolean =>
    link.acquaintance?.lane === 'whole' && left.delete(other);
  return new Set(reachedFrom(world, authority, takes));
}

/** Roots and revocations wait for no date, and nobody is spared them (PROTOCOL §2.1, §5.5). */
function judgeUndated(world: World, domain: TrustDomain, group: readonly Machine[]): void {
  const [first, ...others] = viewsIn(world, domain, group);
  for (const { machine, view } of others) {
    if (first === undefined) return;
    const sameRoot = view.rootVersion === first.view.rootVersion;
    if (!sameRoot || !agreeInRevoked(first, { machine, view })) differ(first, { machine, view });
  }
}

function judge(world: World, domain: TrustDomain, group: readonly Machine[]): void {
  const authority = world.authorityOf(domain);
  const isLed =
    authority !== undefined && group.includes(authority) && mayWrite(world, group, authority);
  const whole = isLed ? wholeFrom(world, authority, group) : new Set<Machine>();
  const isAhead = authority !== undefined && isDatedAhead(authority);
  const seen = viewsIn(world, domain, group);
  const judged = seen.filter((one) => !isSpared(world, one));
  const first = judged[0];
  // Evidence from the future of some is no evidence to them: they may differ until it is.
  if (first === undefined || isAhead) return;
  if (!isLed && seen.some(({ machine, view }) => isBetweenKeys(machine, view))) return;
  for (const { machine, view } of judged) {
    const isBatched = [machine, first.machine].some((one) => hasNoGossip(world, one));
    const apart = isBatched ? 1 + Math.floor(TICK_BATCH_MS / world.scenario.periodMs) : 1;
    if (!agree(view, first.view, apart)) differ(first, { machine, view });
    // An authority put back to an older disk forgets names, and no manifest may omit one (§5.1).
    if (isLed && whole.has(machine) && !view.isComplete && !authority.restored)
      throw new Stuck(`${machine.name} and ${authority.name}: ${domain} is not complete`);
    // What an authority that is behind says now bears the date it goes by: it is as old as that.
    const isDatedWell = isLed && !isBehind(world, authority, domain);
    // Revocations that went with an older disk of the authority are missed by all (§5.5).
    const isLost = isLed && authority.restored && lacksForGood(machine, domain, group);
    const isFresh = isLost ? isDegradedAtBest(view) : view.standing.tier === 'FRESH';
    if (isDatedWell && !isFresh && isToBeFresh(world, machine, view)) {
      throw new Stuck(`${machine.name} finds ${domain} ${view.standing.tier}: ${describe(view)}`);
    }
  }
}

/** True for a domain that would be FRESH, were nothing missed of what it took back. */
function isDegradedAtBest({ standing: { tier, stopped, ageMs, limits } }: DomainView): boolean {
  const isYoung = ageMs !== null && ageMs < limits.freshForMs;
  return tier === 'DEGRADED' && isYoung && !stopped;
}

/** True for a writer that dated evidence ahead by its wall clock. */
function isDatedAhead(writer: Machine): boolean {
  return writer.clock.fastestMs > LEAD_MS;
}

/** True for a machine without gossip, to which ticks come in batches (PROTOCOL §6.1). */
function hasNoGossip(world: World, machine: Machine): boolean {
  const links = world.network.linksOf(machine);
  return !links.some((link) => link.acquaintance?.lane === 'whole' && !link.isSlow);
}

/** True for two views of a domain that came to the same evidence, but for so many ticks. */
function agree(one: DomainView, other: DomainView, mostApart: number): boolean {
  const sameStop = one.standing.stopped === other.standing.stopped;
  // Whoever hears of a stop first counts no tick that comes after it (PROTOCOL §3.4).
  const ticksApart = one.standing.stopped ? 0 : Math.abs(one.tick - other.tick);
  return one.beacon === other.beacon && sameStop && ticksApart <= mostApart;
}

function differ(first: Seen, { machine, view }: Seen): never {
  const who = `${machine.name} and ${first.machine.name}`;
  const what = `${describe(view)} and ${describe(first.view)}`;
  throw new Stuck(`${who} differ about ${view.domain}: ${what}`);
}

/**
 * True for a machine whose newest beacon is of a key that speaks no more: its newest Root calls it
 * retired, or something disowned it. Who had it before that keeps it, and who heard that first
 * takes none that is dated later, or none at all (PROTOCOL §2.5): they agree once a beacon of the
 * next key comes.
 */
function isBetweenKeys(machine: Machine, { domain, revocations }: DomainView): boolean {
  const held = recordOf(machine, domain, 'beacon');
  const retired = rootsOf(machine, domain).at(-1)?.retired ?? [];
  const isOver = (keyId: KeyId): boolean =>
    retired.includes(keyId) ||
    machine.believed.has(recordKey(domain, 'disowned', keyId)) ||
    revocationOf(revocations, { class: 'authority', target: keyId }) !== undefined;
  return held !== null && envelopeOf(held).slots.some(({ keyId }) => isOver(keyId));
}

/**
 * True unless SURVIVAL or an age is what the protocol promises. A machine that lost its clock and
 * has neither people nor anybody to ask stays at SURVIVAL (PROTOCOL §4.4), and so does one to
 * whom no true date may be told: its domain dated evidence farther ahead than Root allows, and a
 * bound falls with a new lineage alone (§4.1). So does a domain of which it took, by a clock that
 * ran ahead, what a thief had dated ahead. One that was told the date finds everything older by as
 * long as the answer took.
 */
function isToBeFresh(world: World, machine: Machine, { domain, standing }: DomainView): boolean {
  const aheadMs = (of: TrustDomain): number => clockAbout(machine, of, world.now) - trueDate(world);
  if (standing.timeUnknown) {
    // Evidence may have come in steps that were small enough; the date stays where it is.
    if (isLongGone(world, machine, domain, dateGoneBy(machine, world.now))) return false;
    if (aheadMs(machine.domain) > LEAD_MS) return false;
    if (world.stolen.has(domain) && aheadMs(domain) > LEAD_MS) return false;
    return hasSomebodyToAsk(world, machine);
  }
  const { freshForMs } = standing.limits;
  const ageMs = standing.ageMs ?? 0;
  const isTold = clockAbout(machine, domain, world.now) === dateGoneBy(machine, world.now);
  const mostMs = isTold && !hasFastClock(world, machine.domain) ? TOLD_AHEAD_MS : aheadMs(domain);
  const excusedMs = Math.max(0, Math.min(mostMs, aheadMs(domain)));
  return ageMs < freshForMs || ageMs - excusedMs >= freshForMs;
}

/** True where a machine of the domain went by a clock by which it may have told others the date. */
function hasFastClock(world: World, domain: TrustDomain): boolean {
  const all = [...world.machines.values()];
  return all.some((one) => one.domain === domain && one.clock.fastestMs > LEAD_MS);
}

/**
 * True for a machine that has people, and for one linked to authorities whose word is enough: the
 * beacon key in force alone, or a quorum of nodes, as those are who stand by (PROTOCOL §4.4).
 */
function hasSomebodyToAsk(world: World, machine: Machine): boolean {
  if (machine.isAuthority) return true;
  const { domain } = machine;
  const asked = world.network.linksOf(machine).flatMap(({ up, wires: [{ from, to }] }) => {
    const other = from === machine ? to : from;
    const isAsked = up && other.isAuthority && other.domain === domain;
    return isAsked && !isBehind(world, other, domain) ? [other] : [];
  });
  const quorum = rootsOf(machine, domain).at(-1)?.timeQuorum ?? 1;
  return asked.length >= quorum || asked.some((one) => isWitness(one, world.now));
}

function viewsIn(world: World, domain: TrustDomain, group: readonly Machine[]): readonly Seen[] {
  return group.flatMap((machine) => {
    const view = viewOf(world, machine, domain);
    return view === null ? [] : [{ machine, view }];
  });
}

function viewOf(world: World, machine: Machine, domain: TrustDomain): DomainView | null {
  return machine.node?.viewOf(domain, machine.clock.now(world.now)) ?? null;
}

/**
 * True where two machines hold the same revoked but for what a thief revoked: with a key that Root
 * calls compromised, in a document that it does not name. Who had that before keeps it (§5.5).
 */
function agreeInRevoked(one: Seen, other: Seen): boolean {
  const denied = new Set([one, other].flatMap(({ machine, view }) => deniedAt(machine, view)));
  const rest = ({ view: { revocations } }: Seen): string =>
    [...revocations.union.keys()]
      .filter((key) => !denied.has(key))
      .sort()
      .join(' ');
  return rest(one) === rest(other);
}

function describe(view: DomainView): string {
  const { rootVersion, epoch, tick, standing, revocations } = view;
  const number = `root ${rootVersion} epoch ${epoch} tick ${tick}`;
  return `${number} revoked ${revocations.union.size} age ${standing.ageMs} ${standing.tier}`;
}
