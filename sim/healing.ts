/**
 * Healing: after the faults, does the coalition come together again (the liveness phase)?
 *
 * A core of honest machines is made sound: power, disks, clocks, links. Everybody else is switched
 * off for good. Then all who speak of a domain and can reach each other must come to hold the same
 * Root, beacon, highest tick, stop and revocations, one reconcile interval for each hop, and must
 * find it FRESH where its authority is among them.
 */

import { SYNC_INTERVAL_MS, WANT_TIMEOUT_MS } from '../core/limits.ts';
import type { TrustDomain } from '../core/spiffe-id.ts';
import { MINUTE_MS, SECOND_MS } from '../core/time.ts';
import { recordKey } from '../federation/record-key.ts';
import type { DomainView } from '../federation/view.ts';
import { Stuck } from './checker.ts';
import { isGuest, type Received } from './handshake.ts';
import type { Machine } from './machine.ts';
import { START_MS } from './machine-clock.ts';
import type { Link } from './network.ts';
import { clockAbout, dateOf, envelopeOf, recordOf, rootsOf } from './reading.ts';
import { setUpAgain } from './repair.ts';
import type { World } from './world.ts';

/** Links come up, disks catch up, authorities begin their next beacon. */
const SETTLE_MS = 90 * SECOND_MS;
/** A wall clock ahead by more than this has dated evidence that others only hold. */
const LEAD_MS = 2 * MINUTE_MS;
/** Comparisons are spread by a tenth; what one asks may take a timeout to come. */
const HOP_MS = Math.ceil(SYNC_INTERVAL_MS * 1.1) + 2 * WANT_TIMEOUT_MS;

/** Heals a core, lets time pass, and throws `Stuck` unless all agree. */
export function heal(world: World): void {
  world.becomeCalm();
  const core = chooseCore(world);
  for (const machine of world.machines.values()) {
    if (core.has(machine)) restore(world, machine);
    else machine.stop(true);
  }
  for (const machine of core) world.network.machineStarted(machine);
  world.runUntil(Math.max(world.now, lastArrival(world)));
  world.runUntil(world.now + SETTLE_MS + HOP_MS * hopsAcross(world, core));
  world.runUntil(world.now + freshness(world));
  for (const domain of new Set([...core].map((machine) => machine.domain))) {
    for (const group of groupsOf(world, core, domain)) {
      // A thief goes on until something proves him; then the next rank speaks, and all agree.
      if (!world.stolen.has(domain) || isProvenIn(world, domain, group))
        judge(world, domain, group);
    }
  }
}

/** When the last of what narrow and slow wires still carry is there: nothing overtakes it. */
function lastArrival(world: World): number {
  return Math.max(0, ...world.network.links.flatMap(({ wires }) => wires.map((w) => w.arrivedAt)));
}

/** True where the authority of a domain is among these, and knows that its key was stolen. */
function isProvenIn(world: World, domain: TrustDomain, group: readonly Machine[]): boolean {
  const authority = world.authorityOf(domain);
  if (authority === undefined || !group.includes(authority)) return false;
  const prefix = recordKey(domain, 'disowned', '');
  return [...authority.believed.keys()].some((key) => key.startsWith(prefix));
}

/** The most hops that anything may need between two of the core: at most twice what one needs. */
function hopsAcross(world: World, core: ReadonlySet<Machine>): number {
  const left = new Set(core);
  let most = 1;
  for (const first of left) {
    left.delete(first);
    let ring: Machine[] = [first];
    for (let hops = 0; ring.length > 0; hops++) {
      most = Math.max(most, 2 * hops);
      ring = ring.flatMap((machine) => othersOf(world, machine).filter((m) => left.delete(m)));
    }
  }
  return Math.min(most, core.size);
}

function othersOf(world: World, machine: Machine): readonly Machine[] {
  return world.network.linksOf(machine).map(({ wires: [{ from, to }] }) => {
    return from === machine ? to : from;
  });
}

/** Two ticks are needed at most: one that is due, and one that was under way. */
function freshness(world: World): number {
  return 2 * world.scenario.periodMs + HOP_MS;
}

function chooseCore(world: World): ReadonlySet<Machine> {
  const dice = world.dice('core');
  const honest = world.honest;
  const lost = honest.length > 3 && dice.chance(500_000) ? dice.below(honest.length / 3) : 0;
  return new Set(dice.shuffle(honest).slice(lost));
}

function restore(world: World, machine: Machine): void {
  machine.disk.full = false;
  machine.disk.latencyMs = 2;
  machine.clock.correct(world.now);
  if (machine.power !== 'off') return machine.resume();
  if (machine.disk.isSound) machine.boot();
  else setUpAgain(machine);
}

/** The machines that pass on what is said of a domain, in groups that reach each other by them. */
function groupsOf(
  world: World,
  core: ReadonlySet<Machine>,
  domain: TrustDomain,
): readonly (readonly Machine[])[] {
  const speakers = new Set([...core].filter((machine) => passesOn(world, machine, domain)));
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
 * True for a machine that takes what is said of a domain now, and so passes it on. To one that goes
 * by a date long gone it is of the future, and held or refused (PROTOCOL §4.3); what that one says
 * of its own domain it dates itself, and knows unless it was put back.
 */
function passesOn(world: World, machine: Machine, domain: TrustDomain): boolean {
  const view = viewOf(world, machine, domain);
  if (view === null) return false;
  const isItsWriter = machine === world.authorityOf(domain) && !machine.restored;
  return isItsWriter || !isSpared(world, machine, view);
}

/** True for a machine that no evidence of today is required of. */
function isSpared(world: World, machine: Machine, view: DomainView): boolean {
  return isWaiting(view) || isBehind(world, machine);
}

/** True for a machine that was set up anew, and told no date by which to judge anything. */
function isWaiting({ standing: { asOf, timeUnknown } }: DomainView): boolean {
  return asOf === null && timeUnknown;
}

/**
 * True for a machine that goes by a date long gone: it was put back with its memory, or told the
 * date by one of its domain that was (PROTOCOL, The guarantee). Evidence of its own domain may keep
 * what it tells others from falling as far.
 */
function isBehind(world: World, machine: Machine): boolean {
  return (
    world.putBack.has(machine.domain) && dateOf(machine, world.now) < trueDate(world) - LEAD_MS
  );
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

function judge(world: World, domain: TrustDomain, group: readonly Machine[]): void {
  const authority = world.authorityOf(domain);
  const isLed =
    authority !== undefined && group.includes(authority) && mayWrite(world, group, authority);
  const whole = isLed ? wholeFrom(world, authority, group) : new Set<Machine>();
  const isAhead = (authority?.clock.fastestMs ?? 0) > LEAD_MS;
  const judged = group.flatMap((machine) => {
    const view = viewOf(world, machine, domain);
    return view === null || isSpared(world, machine, view) ? [] : [{ machine, view }];
  });
  const first = judged[0];
  // Evidence from the future of some is no evidence to them: they may differ until it is.
  if (first === undefined || isAhead) return;
  if (!isLed && group.some((machine) => isBetweenKeys(machine, domain))) return;
  for (const { machine, view } of judged) {
    const who = `${machine.name} and ${first.machine.name}`;
    if (!agree(view, first.view)) {
      throw new Stuck(
        `${who} differ about ${domain}: ${describe(view)} and ${describe(first.view)}`,
      );
    }
    // An authority put back to an older disk forgets names, and no manifest may omit one (§5.1).
    if (isLed && whole.has(machine) && !view.isComplete && !authority.restored)
      throw new Stuck(`${who}: ${domain} is not complete`);
    // What an authority that is behind says now bears the date it goes by: it is as old as that.
    const isDatedWell = isLed && !isBehind(world, authority);
    if (isDatedWell && view.standing.tier !== 'FRESH' && isToBeFresh(world, machine, view)) {
      throw new Stuck(`${machine.name} finds ${domain} ${view.standing.tier}: ${describe(view)}`);
    }
  }
}

/** True for two views of a domain that came to the same. */
function agree(one: DomainView, other: DomainView): boolean {
  const same = one.rootVersion === other.rootVersion && one.beacon === other.beacon;
  const sameStop = one.standing.stopped === other.standing.stopped;
  // Whoever hears of a stop first counts no tick that comes after it (PROTOCOL §3.4).
  const ticksApart = one.standing.stopped ? 0 : Math.abs(one.tick - other.tick);
  return same && sameStop && ticksApart <= 1 && revokedIn(one) === revokedIn(other);
}

/**
 * True for a machine whose newest beacon is of a key that its newest Root calls retired. Who had it
 * before that Root keeps it, and who had the Root first takes none that is dated later (PROTOCOL
 * §2.5): they agree once a beacon of the next key comes.
 */
function isBetweenKeys(machine: Machine, domain: TrustDomain): boolean {
  const held = recordOf(machine, domain, 'beacon');
  const retired = rootsOf(machine, domain).at(-1)?.retired ?? [];
  return held !== null && envelopeOf(held).slots.some(({ keyId }) => retired.includes(keyId));
}

/**
 * A machine that lost its clock and has neither people nor a linked authority stays at SURVIVAL
 * (PROTOCOL §4.4), and so does one to whom no true date may be told: its domain dated evidence
 * farther ahead than Root allows, and a bound falls with a new lineage alone (§4.1). So does a
 * domain of which it took, by a clock that ran ahead, what a thief had dated ahead. One that was
 * told the date over a slow link finds everything older by as long as the answer took.
 */
function isToBeFresh(world: World, machine: Machine, { domain, standing }: DomainView): boolean {
  const aheadMs = (of: TrustDomain): number => clockAbout(machine, of, world.now) - trueDate(world);
  if (standing.timeUnknown) {
    const isOutOfReach = [machine.domain, domain].some((of) => aheadMs(of) > LEAD_MS);
    return !isOutOfReach && hasSomebodyToAsk(world, machine);
  }
  const { freshForMs } = standing.limits;
  const ageMs = standing.ageMs ?? 0;
  return ageMs < freshForMs || ageMs - Math.max(0, aheadMs(domain)) >= freshForMs;
}

function hasSomebodyToAsk(world: World, machine: Machine): boolean {
  if (machine.isAuthority) return true;
  return world.network.linksOf(machine).some(({ up, wires: [{ from, to }] }) => {
    const other = from === machine ? to : from;
    const isAsked = other.isAuthority && other.domain === machine.domain;
    return up && isAsked && !isBehind(world, other);
  });
}

function viewOf(world: World, machine: Machine, domain: TrustDomain): DomainView | null {
  return machine.node?.viewOf(domain, machine.clock.now(world.now)) ?? null;
}

function revokedIn({ revocations }: DomainView): string {
  return [...revocations.union.keys()].sort().join(' ');
}

function describe(view: DomainView): string {
  const { rootVersion, epoch, tick, standing, revocations } = view;
  const number = `root ${rootVersion} epoch ${epoch} tick ${tick}`;
  return `${number} revoked ${revocations.union.size} age ${standing.ageMs} ${standing.tier}`;
}
