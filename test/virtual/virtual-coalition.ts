/**
 * The coalition of a scenario, with real libp2p between its machines, in virtual time: founded,
 * related and linked when the simulator does it, and with keys of the same names.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { runtimeSuite } from '../../core/runtime-suite.ts';
import { parseTrustDomain, type TrustDomain } from '../../core/spiffe-id.ts';
import type { Signer } from '../../core/suite.ts';
import { DAY_MS, SECOND_MS } from '../../core/time.ts';
import type { AuditFields } from '../../daemon/audit/audit-entry.ts';
import type { RecordWrite } from '../../federation/effect.ts';
import { WHOLE_TERMS } from '../../federation/relation.ts';
import type { DomainView } from '../../federation/view.ts';
import { allPairs, ceilings, LINK_AT_MS, linkedPairs, RELATE_AT_MS } from '../../sim/coalition.ts';
import { Dice } from '../../sim/dice.ts';
import {
  firstDrafts,
  firstRecords,
  keysOf,
  leaseRecord,
  peopleOf,
  signerOf,
} from '../../sim/founding.ts';
import { shapeOf } from '../../sim/happening.ts';
import { History } from '../../sim/history.ts';
import type { Traffic } from '../../sim/lived.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { Trace } from '../../sim/trace.ts';
import { Watchman, type WatchmanWorld } from '../../sim/watchman.ts';
import { authorityName, type Pair } from '../../sim/web.ts';
import { VirtualMachine, type VirtualMachineOptions } from './virtual-machine.ts';
import { VirtualNet } from './virtual-net.ts';
import { VirtualTime } from './virtual-time.ts';

/** There is no desk here: leases outlast the run. */
const LEASE_MS = 365 * DAY_MS;
const BETWEEN = ' – ';
/** A daemon that stops may take so long to say good-bye. */
const STOP_MS_MAX = 30 * SECOND_MS;

/** One run: its time is that of the process until it is disposed of. */
export class VirtualCoalition implements WatchmanWorld, AsyncDisposable {
  readonly scenario: Scenario;
  readonly time: VirtualTime;
  readonly net: VirtualNet;
  readonly trace = new Trace();
  readonly history = new History(true);
  readonly machines = new Map<string, VirtualMachine>();
  /** Domains a key of which somebody else has used. */
  readonly stolen = new Set<TrustDomain>();
  /** Told of every line of the trace, without its time. */
  watch: (text: string) => void = () => undefined;
  /** Once all is mended, its people make haste. */
  calm = false;
  readonly #seed: number;
  /** Machines by the key of their node. */
  readonly #byNode = new Map<string, string>();
  /** Links that are up, by the names of both ends. */
  readonly #up = new Set<string>();
  readonly #watchman: Watchman;
  readonly #suite = runtimeSuite();

  constructor(scenario: Scenario, seed: number) {
    this.scenario = scenario;
    this.#seed = seed;
    this.time = new VirtualTime(seed);
    this.net = new VirtualNet(this.time, this.dice('network'), (text) => this.note(text));
    this.#watchman = new Watchman(this, this.dice('watchman'));
    for (const name of shapeOf(scenario).authorities) this.#found(name);
  }

  /** A stream of chance of this run. */
  dice(name: string): Dice {
    return new Dice(this.#seed, name);
  }

  get now(): number {
    return this.time.now;
  }

  /** What each path has carried, headers counted. */
  get traffic(): readonly Traffic[] {
    const names = new Map([...this.machines.values()].map(({ host, name }) => [host, name]));
    return this.net.paths.map(({ hosts, bytes }) => ({
      link: hosts.map((host) => names.get(host) ?? host).join(BETWEEN),
      bytes,
    }));
  }

  after(delayMs: number, run: () => void): void {
    this.time.after(delayMs, run);
  }

  note(text: string): void {
    this.watch(text);
    this.trace.line(`${this.time.now} ${text}`);
  }

  /** Starts, relates and links, each at its time. */
  async begin(): Promise<void> {
    const started = Promise.all([...this.machines.values()].map((machine) => machine.boot()));
    await this.time.settle(started, SECOND_MS);
    const { authorities: names } = shapeOf(this.scenario);
    for (const name of names) {
      this.machine(name).request({ kind: 'publish', drafts: firstDrafts(), withdrawal: false });
    }
    const linked = linkedPairs(this, names);
    await this.time.runUntil(RELATE_AT_MS);
    const related = this.scenario.relations === 'all' ? allPairs(names) : linked;
    for (const [a, b] of related) {
      this.relate(a, b);
      this.relate(b, a);
    }
    await this.time.runUntil(LINK_AT_MS);
    for (const pair of joinedBy(this.scenario, linked)) this.#link(pair);
  }

  machine(name: string): VirtualMachine {
    const machine = this.machines.get(name);
    if (machine === undefined) throw new Error(`there is no machine ${name}`);
    return machine;
  }

  /** The people of one authority relate to the domain of another, by the file it hands out. */
  relate(a: string, b: string): void {
    const { node, domain } = this.machine(b);
    if (node === null) return;
    const file = toUtf8(node.exportBundle(domain));
    this.machine(a).request({ kind: 'relate', file, terms: WHOLE_TERMS });
  }

  /** The keys that may speak for a domain, by rank. */
  beaconKeysOf(domain: TrustDomain): readonly Signer[] {
    return keysOf(this.#suite, domain).beacon;
  }

  /** Mends every machine: power, disk and clock; what befell it from outside has ended by then. */
  heal(): void {
    this.calm = true;
    this.note('calm');
    for (const machine of this.machines.values()) machine.heal();
  }

  /** What a machine believes of every domain; nothing while it does not run. */
  views({ node, clock }: VirtualMachine): readonly DomainView[] {
    return node?.view(clock.now(this.time.now)) ?? [];
  }

  /** Takes every daemon down. */
  async stop(): Promise<void> {
    const stopped = Promise.all([...this.machines.values()].map((machine) => machine.stop()));
    await this.time.settle(stopped, STOP_MS_MAX);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop();
    } finally {
      this.time[Symbol.dispose]();
    }
  }

  /** An authority, and the machines that follow it. */
  #found(name: string): void {
    const { limits, periodMs, chainPeriods, followers } = this.scenario;
    const suite = this.#suite;
    const domain = parseTrustDomain(`${name}.example`);
    const keys = keysOf(suite, domain);
    const people = peopleOf(suite, domain);
    const chainMs = chainPeriods * periodMs;
    const terms = { ceilings: ceilings(limits), chainMs, people, standbys: [], writerForMs: 0 };
    const records = firstRecords(keys, domain, terms);
    const authority = {
      keys: [...keys.beacon, keys.documents, ...keys.revocation],
      settings: { limits, periodMs },
      hasMembers: true,
    };
    this.#add({ name, domain, authority, node: signerOf(suite, `${name}/node`) }, records);
    for (let i = 1; i <= followers; i++) {
      const node = signerOf(suite, `${name}-${i}/node`);
      const lease = leaseRecord(keys, { domain, node, forMs: LEASE_MS });
      this.#add({ name: `${name}-${i}`, domain, authority: null, node }, [...records, lease]);
    }
  }

  #add(
    who: Pick<VirtualMachineOptions, 'name' | 'domain' | 'authority' | 'node'>,
    records: readonly RecordWrite[],
  ): void {
    const { name } = who;
    const { bitsPerSecond } = this.scenario;
    const host = `10.0.${this.machines.size >> 8}.${1 + (this.machines.size & 0xff)}`;
    const machine = new VirtualMachine({
      ...who,
      ...{ suite: this.#suite, time: this.time, net: this.net, host },
      entropy: `${this.#seed}/${name}`,
      dice: this.dice(name),
      records: new Map(records.flatMap(({ key, value }) => (value === null ? [] : [[key, value]]))),
      pace: bitsPerSecond === 0 ? null : bitsPerSecond,
      note: (text) => this.note(`${name} ${text}`),
      onAudit: (event, fields) => this.#audited(name, event, fields),
      onPower: (on) => this.#powered(name, on),
      onLink: (node, up) => this.#linked(name, node, up),
    });
    this.machines.set(name, machine);
    this.#byNode.set(who.node.keyId, name);
  }

  #audited(machine: string, event: string, fields: AuditFields): void {
    const { domain = '', to = '', code = '' } = fields;
    this.note(`${machine} ${event} ${domain} ${to} ${code}`);
    const watched = this.machine(machine);
    this.#watchman.look(watched, watched.clock.now(this.now));
    this.history.audited(this.now, machine, event, fields);
  }

  /** Who has no power hears of no end of a link. */
  #powered(name: string, on: boolean): void {
    this.history.power(this.now, name, on);
    if (on) return;
    for (const link of [...this.#up]) {
      if (link.split(BETWEEN).includes(name)) this.#changed(link, false);
    }
  }

  #linked(near: string, node: string, up: boolean): void {
    const far = this.#byNode.get(node);
    if (far === undefined) return;
    const link = [near, far].sort().join(BETWEEN);
    // Both ends say it; the first to say so counts.
    if (this.#up.has(link) !== up) this.#changed(link, up);
  }

  #changed(link: string, up: boolean): void {
    if (up) this.#up.add(link);
    else this.#up.delete(link);
    const [a = '', b = ''] = link.split(BETWEEN);
    this.history.link({ at: this.now, a, b, up, isRecovery: false });
  }

  #link([a, b]: Pair): void {
    const [near, far] = [this.machine(a), this.machine(b)];
    this.net.join(near.host, far.host, this.scenario);
    near.link(far.address);
  }
}

/** Followers hang on their own authority and on each other, as in the simulator. */
function joinedBy(scenario: Scenario, linked: readonly Pair[]): readonly Pair[] {
  const { followers } = shapeOf(scenario);
  const ranks = Array.from({ length: scenario.followers }, (_, i) => i + 1);
  const across = linked.flatMap(([a, b]) => ranks.map((i): Pair => [`${a}-${i}`, `${b}-${i}`]));
  const own = followers.map((name): Pair => [authorityName(name), name]);
  return [...linked, ...across, ...own];
}
