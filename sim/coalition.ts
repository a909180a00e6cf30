/**
 * The coalition of a scenario: its machines, its relations, its links, put into a world.
 */

import { assert } from '../core/assert.ts';
import { LEASE_FOR_MS } from '../core/limits.ts';
import { parseTrustDomain, type TrustDomain } from '../core/spiffe-id.ts';
import type { Signer } from '../core/suite.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../core/time.ts';
import type { AgeLimits } from '../federation/limits.ts';
import { Adversary, type Foothold, type Statement } from './adversary.ts';
import { relate } from './faults/people.ts';
import {
  firstDrafts,
  firstRecords,
  keysOf,
  leaseRecord,
  madeKeysOf,
  peopleOf,
  signerOf,
  spareRevokersOf,
  standbyKeysOf,
} from './founding.ts';
import { faultNamed, type Happening, shapeOf, standbysOf } from './happening.ts';
import { Machine } from './machine.ts';
import type { Scenario } from './scenario.ts';
import { partsOfKey } from './step.ts';
import { type Linking, type Pair, relatedBy, webbed } from './web.ts';
import type { World } from './world.ts';

/** Relations are made after the first beacons, links after the relations. */
export const RELATE_AT_MS = 5 * SECOND_MS;
export const LINK_AT_MS = 10 * SECOND_MS;
const TIED_PUBLISH_AT_MS = 3 * SECOND_MS;
const MESH_NEIGHBOURS = 2;
const YEAR_MS = 366 * DAY_MS;
/** Root leaves people room above what beacons say. */
const CEILING_FACTOR = 2;
const CEILING_MS_MAX = 30 * 24 * 60 * MINUTE_MS;

/** Puts machines and people of the scenario into the world, and what will befall them. */
export function settle(world: World, happenings: readonly Happening[]): void {
  const { scenario } = world;
  const { authorities } = shapeOf(scenario);
  const robbed = happenings.filter(({ fault }) => fault === 'stolen-root-key');
  for (const name of authorities) {
    foundDomain(
      world,
      name,
      robbed.some(({ on: [, victim] }) => victim === name),
    );
  }
  turn(world, happenings);
  const pairs = linkedPairs(world, authorities);
  const linked = scenario.links === 'web' ? relatedBy(pairs) : pairs;
  const related = scenario.relations === 'all' ? allPairs(authorities) : linked;
  for (const machine of world.machines.values()) world.after(0, () => machine.boot());
  // A writer that is tied to its standby says nothing before that one has answered.
  const isTied = scenario.writerForMs > 0;
  if (isTied) world.after(1, () => linkKin(world));
  world.after(isTied ? TIED_PUBLISH_AT_MS : 1, () => publishFirst(world));
  world.after(RELATE_AT_MS, () => {
    for (const [a, b] of related) relateBoth(world, a, b);
  });
  world.after(LINK_AT_MS, () => linkAll(world, pairs));
  for (const happening of happenings) {
    world.after(happening.at, () => world.befall(happening));
  }
}

function foundDomain(world: World, name: string, losesRoot: boolean): void {
  const { scenario, suite } = world;
  const domain = parseTrustDomain(`${name}.example`);
  const keys = keysOf(suite, domain, losesRoot);
  world.keys.set(domain, keys);
  const { limits, periodMs, chainPeriods, writerForMs } = scenario;
  const people = peopleOf(suite, domain);
  const standbys = standbyKeysOf(suite, domain, keys, scenario.standbys);
  const records = firstRecords(keys, domain, {
    ...{ ceilings: ceilings(limits), chainMs: chainPeriods * periodMs, people },
    ...{ standbys, writerForMs },
  });
  const add = (machine: string, held: readonly Signer[]): void => {
    const node = signerOf(suite, `${machine}/node`);
    const lease = leaseRecord(keys, { domain, node, forMs: leaseMs(scenario) });
    const isAuthority = held.length > 0;
    const options = {
      ...{ name: machine, domain, suite, node },
      records: isAuthority ? records : [...records, lease],
      authority: isAuthority
        ? { keys: held, settings: { limits, periodMs }, hasMembers: true }
        : null,
      entropy: world.dice(`entropy/${machine}`),
      diskDice: world.dice(`disk/${machine}`),
    };
    world.machines.set(machine, new Machine(world, options));
  };
  // What a standby has, the authority has not: else it would take over from itself.
  const beacons = standbys.length === 0 ? keys.beacon : [keys.beacon[0]];
  const made = madeKeysOf(suite, domain);
  const revokers = [...keys.revocation, ...spareRevokersOf(suite, domain)];
  add(name, [...beacons, keys.documents, ...revokers, ...made]);
  for (let i = 1; i <= scenario.followers; i++) add(`${name}-${i}`, []);
  for (const [i, machine] of standbysOf(scenario, name).entries()) {
    const { beacon, documents } = standbys[i] ?? {};
    if (beacon !== undefined && documents !== undefined) {
      const own = madeKeysOf(suite, machine);
      add(machine, [beacon, documents, ...revokers, ...own]);
    }
  }
}

/** How long the first leases last; in a web nobody is linked with a desk, and runs are shorter. */
function leaseMs({ links, limits }: Scenario): number {
  return links === 'web' ? 2 * YEAR_MS : Math.min(LEASE_FOR_MS, limits.survivalForMs);
}

/**
 * Whoever some happening will turn against the others is no honest machine from the start, and
 * whose memory will be put back keeps it: of a writer that is as good as a thief of its key.
 */
function turn(world: World, happenings: readonly Happening[]): void {
  for (const { fault, on } of happenings) {
    const isImage = fault === 'restored-vm' || fault === 'restored-writer';
    const image = isImage ? world.machine(on[0] ?? '') : undefined;
    if (image !== undefined) image.remembers = true;
    if (image?.isAuthority === true) world.stolen.add(image.domain);
    if (faultNamed(fault)?.family !== 'adversary') continue;
    const traitor = world.machine(on[0] ?? '');
    if (traitor !== undefined) traitor.adversary ??= new Adversary(footholdIn(world, traitor));
    const victim = fault === 'stolen-beacon-key' ? world.machine(on[1] ?? '') : undefined;
    if (victim !== undefined) world.stolen.add(victim.domain);
  }
}

/** A machine of the world, in the hands of somebody else. */
function footholdIn(world: World, machine: Machine): Foothold {
  const { name, domain } = machine;
  return {
    ...{ name, domain, suite: world.suite, dice: world.dice(`adversary/${name}`) },
    statements: () => statementsOf(machine),
    after: (delayMs, run) => world.after(delayMs, run),
    send: (peer, frame, forgedFor) => world.network.send(machine, peer, frame, forgedFor),
    flood: (message, except) => world.network.flood(machine, message, except),
    did: (what) => world.coverage.saw('adversary', what),
  };
}

/** The beacons and manifests that a machine believes. */
function statementsOf({ believed }: Machine): readonly Statement[] {
  return [...believed].flatMap(([key, value]): readonly Statement[] => {
    const [domain, kind] = partsOfKey(key);
    if (kind === 'beacon') return [{ domain, kind, envelope: value }];
    return kind === 'manifest' ? [{ domain, kind, envelope: value.subarray(1) }] : [];
  });
}

function publishFirst(world: World): void {
  for (const machine of world.machines.values()) {
    if (machine.node?.hasVoice !== true) continue;
    const drafts = firstDrafts();
    machine.request({ kind: 'publish', drafts, withdrawal: false }, () => undefined);
  }
}

function relateBoth(world: World, a: string, b: string): void {
  const [first, second] = [world.machine(a), world.machine(b)];
  assert(first !== undefined && second !== undefined, 'both are in the world');
  relate(first, second);
  relate(second, first);
}

/** Links of authorities as the scenario says; followers hang on their own and on each other. */
function linkAll(world: World, pairs: readonly Pair[]): void {
  const { links, followers } = world.scenario;
  for (const [a, b] of pairs) {
    join(world, a, b);
    if (links === 'web') continue;
    for (let i = 1; i <= followers; i++) join(world, `${a}-${i}`, `${b}-${i}`);
    for (const standby of standbysOf(world.scenario, a)) join(world, standby, b);
    for (const standby of standbysOf(world.scenario, b)) join(world, a, standby);
  }
  if (links !== 'web') linkKin(world);
}

/** Links the machines of each domain; its followers with each other where everybody is. */
function linkKin(world: World): void {
  const { links } = world.scenario;
  for (const own of kin(world)) {
    for (const [a, b] of allPairs(own)) {
      if (a.isAuthority || b.isAuthority || links === 'full') join(world, a.name, b.name);
    }
  }
}

function join(world: World, a: string, b: string): void {
  const { latencyMs, bitsPerSecond, lossPpm } = world.scenario;
  const [first, second] = [world.machine(a), world.machine(b)];
  assert(first !== undefined && second !== undefined, 'both are in the world');
  world.network.join(first, second, { latencyMs, bitsPerSecond, lossPpm });
}

/** The machines of each domain. */
function kin({ machines }: World): Iterable<readonly Machine[]> {
  const kin = new Map<TrustDomain, Machine[]>();
  for (const machine of machines.values()) {
    const own = kin.get(machine.domain) ?? [];
    kin.set(machine.domain, own);
    own.push(machine);
  }
  return kin.values();
}

/** Which authorities are linked, the one that dials first. */
export function linkedPairs(world: Linking, names: readonly string[]): readonly Pair[] {
  const { links } = world.scenario;
  const at = (i: number): string => names[i % names.length] ?? '';
  const chain = names.slice(1).map((name, i) => [at(i), name] as const);
  switch (links) {
    case 'full':
      return allPairs(names);
    case 'line':
      return chain;
    case 'ring':
      return [...chain, [at(names.length - 1), at(0)]];
    case 'star':
      return names.slice(1).map((name) => [at(0), name] as const);
    case 'mesh': {
      // A circle, so that nobody is left out, and a few more at random.
      const dice = world.dice('mesh');
      const more = names.flatMap((name) =>
        Array.from({ length: MESH_NEIGHBOURS }, () => [name, dice.pick(names)] as const),
      );
      return [...chain, ...more.filter(([a, b]) => a !== b)];
    }
    case 'web':
      return webbed(world, names);
  }
}

/** Everybody with everybody. */
export function allPairs<T>(all: readonly T[]): readonly (readonly [T, T])[] {
  return all.flatMap((a, i) => all.slice(i + 1).map((b) => [a, b] as const));
}

/** What Root leaves to beacons, above the limits that they say. */
export function ceilings(limits: AgeLimits): AgeLimits {
  const raise = (ms: number): number => Math.min(CEILING_MS_MAX, CEILING_FACTOR * ms);
  return {
    freshForMs: raise(limits.freshForMs),
    degradedForMs: raise(limits.degradedForMs),
    survivalForMs: raise(limits.survivalForMs),
  };
}

/** The domain of a machine by its name; for reports. */
export function domainOf(world: World, name: string): TrustDomain | undefined {
  return world.machine(name)?.domain;
}
