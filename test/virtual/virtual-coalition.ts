/**
 * The coalition of a scenario, with real libp2p between its machines, in virtual time: founded,
 * related and linked when the simulator does it, and with keys of the same names.
 */

import { toUtf8 } from '../../core/bytes.ts';
import { runtimeSuite } from '../../core/runtime-suite.ts';
import { parseTrustDomain } from '../../core/spiffe-id.ts';
import { SECOND_MS } from '../../core/time.ts';
import { WHOLE_TERMS } from '../../federation/relation.ts';
import { allPairs, ceilings, LINK_AT_MS, linkedPairs, RELATE_AT_MS } from '../../sim/coalition.ts';
import { Dice } from '../../sim/dice.ts';
import { firstDrafts, firstRecords, keysOf, peopleOf, signerOf } from '../../sim/founding.ts';
import { shapeOf } from '../../sim/happening.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { Trace } from '../../sim/trace.ts';
import type { Pair } from '../../sim/web.ts';
import { VirtualMachine } from './virtual-machine.ts';
import { VirtualNet } from './virtual-net.ts';
import { VirtualTime } from './virtual-time.ts';
import { virtualTransport } from './virtual-transport.ts';

const PORT = 7_946;
/** A daemon that stops may take so long to say good-bye. */
const STOP_MS_MAX = 30 * SECOND_MS;

/** One machine saw a domain in another tier. */
export interface TierChange {
  readonly at: number;
  readonly machine: string;
  readonly domain: string;
  readonly tier: string;
}

export class VirtualCoalition implements AsyncDisposable {
  readonly scenario: Scenario;
  readonly time: VirtualTime;
  readonly net: VirtualNet;
  readonly trace = new Trace();
  readonly tiers: TierChange[] = [];
  readonly machines = new Map<string, VirtualMachine>();
  readonly #seed: number;
  readonly #suite = runtimeSuite();

  constructor(scenario: Scenario, seed: number) {
    this.scenario = scenario;
    this.#seed = seed;
    this.time = new VirtualTime(seed);
    this.net = new VirtualNet(this.time, this.dice('network'), (text) => this.note(text));
    for (const name of shapeOf(scenario).authorities) this.#found(name);
  }

  /** A stream of chance of this run. */
  dice(name: string): Dice {
    return new Dice(this.#seed, name);
  }

  note(text: string): void {
    this.trace.line(`${this.time.now} ${text}`);
  }

  /** Starts, relates and links, each at its time. */
  async begin(): Promise<void> {
    const machines = [...this.machines.values()];
    const started = Promise.all(machines.map((machine) => machine.start()));
    await this.time.settle(started, SECOND_MS);
    const drafts = firstDrafts();
    for (const { driver } of machines) {
      void driver.request({ kind: 'publish', drafts, withdrawal: false });
    }
    const names = machines.map(({ name }) => name);
    const linked = linkedPairs(this, names);
    await this.time.runUntil(RELATE_AT_MS);
    const related = this.scenario.relations === 'all' ? allPairs(names) : linked;
    for (const [a, b] of related) {
      this.#relate(a, b);
      this.#relate(b, a);
    }
    await this.time.runUntil(LINK_AT_MS);
    for (const pair of linked) this.#link(pair);
  }

  machine(name: string): VirtualMachine {
    const machine = this.machines.get(name);
    if (machine === undefined) throw new Error(`there is no machine ${name}`);
    return machine;
  }

  /** Whatever any machine lacks of any domain that it knows, as sentences. */
  lacking(): readonly string[] {
    const views = [...this.machines.values()].map(({ name, node, clock }) => {
      return { name, known: node.view(clock.now(this.time.now)) };
    });
    const own = new Map(
      views.flatMap(({ known }) => known.filter(({ isOwn }) => isOwn).map((v) => [v.domain, v])),
    );
    return views.flatMap(({ name, known }) =>
      known
        .filter((v) => v.standing.tier !== 'FRESH' || v.epoch !== own.get(v.domain)?.epoch)
        .map(
          ({ domain, standing, epoch }) =>
            `${name} lacks ${domain} (${standing.tier}, epoch ${epoch})`,
        ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = Promise.all([...this.machines.values()].map((machine) => machine.stop()));
    try {
      await this.time.settle(stopped, STOP_MS_MAX);
    } finally {
      this.time[Symbol.dispose]();
    }
  }

  #found(name: string): void {
    const { limits, periodMs, chainPeriods, bitsPerSecond } = this.scenario;
    const suite = this.#suite;
    const domain = parseTrustDomain(`${name}.example`);
    const keys = keysOf(suite, domain);
    const host = `10.0.0.${this.machines.size + 1}`;
    const people = peopleOf(suite, domain);
    const terms = { ceilings: ceilings(limits), chainMs: chainPeriods * periodMs, people };
    const records = firstRecords(keys, domain, terms);
    const machine = new VirtualMachine({
      ...{ name, domain, suite, time: this.time },
      node: signerOf(suite, `${name}/node`),
      authority: {
        keys: [...keys.beacon, keys.documents, ...keys.revocation],
        settings: { limits, periodMs },
        hasMembers: true,
      },
      records: new Map(records.flatMap(({ key, value }) => (value === null ? [] : [[key, value]]))),
      transport: virtualTransport(this.net, host),
      address: `/ip4/${host}/tcp/${PORT}`,
      pace: bitsPerSecond === 0 ? null : bitsPerSecond,
      entropy: `${this.#seed}/${name}`,
      note: (text) => this.note(`${name} ${text}`),
      onAudit: (event, fields) => {
        const { domain: about = '', to = '', code = '' } = fields;
        this.note(`${name} ${event} ${about} ${to} ${code}`);
        if (event !== 'tier.changed') return;
        const [named, tier] = [String(about), String(to)];
        this.tiers.push({ at: this.time.now, machine: name, domain: named, tier });
      },
    });
    this.machines.set(name, machine);
  }

  #relate(a: string, b: string): void {
    const [mine, theirs] = [this.machine(a), this.machine(b)];
    const file = toUtf8(theirs.node.exportBundle(theirs.domain));
    void mine.driver.request({ kind: 'relate', file, terms: WHOLE_TERMS });
  }

  #link([a, b]: Pair): void {
    const [near, far] = [this.machine(a), this.machine(b)];
    this.net.join(hostOf(near), hostOf(far), this.scenario);
    near.network.link(far.address);
  }
}

/** The host that a machine is. */
export function hostOf({ address }: VirtualMachine): string {
  return address.split('/')[2] ?? '';
}
