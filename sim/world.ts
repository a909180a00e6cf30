/**
 * The world: machines, the network between them, what befalls them, and who watches.
 *
 * It owns true time and hands it to nobody. Everything that happens is an event on the agenda;
 * between two events nothing changes. After each step of a machine every checker looks.
 */

import type { TrustDomain } from '../core/spiffe-id.ts';
import type { Suite } from '../core/suite.ts';
import { type Instant, MINUTE_MS, SECOND_MS } from '../core/time.ts';
import type { RelationProposal } from '../federation/relation-proposal.ts';
import type { Output } from '../federation/step.ts';
import { Agenda } from './agenda.ts';
import { type Checker, Violation } from './checker.ts';
import { CHECKERS } from './checkers/table.ts';
import { Coverage } from './coverage.ts';
import { Desk } from './desk.ts';
import { Dice } from './dice.ts';
import type { DomainKeys } from './founding.ts';
import { type Acquaintance, introduce, partInMs } from './handshake.ts';
import { faultNamed, type Happening } from './happening.ts';
import { History } from './history.ts';
import { Labour } from './labour.ts';
import { lookForKeys, takesKeys } from './last-key.ts';
import type { Traffic } from './lived.ts';
import { Lookout } from './lookout.ts';
import type { Boundary, Machine } from './machine.ts';
import { type Link, Network } from './network.ts';
import { keepingOf } from './reading.ts';
import { setUpAgain } from './repair.ts';
import type { Scenario } from './scenario.ts';
import { type Delivery, partsOfKey, type StepWrite } from './step.ts';
import { Trace } from './trace.ts';
import { Watchman } from './watchman.ts';

/** A withdrawal that an authority acknowledged to its people. */
export interface Withdrawal {
  readonly domain: TrustDomain;
  /** Who acknowledged it: another writer of the domain may not know yet. */
  readonly by: string;
  /** Digest of the bundle that is no more. */
  readonly digest: string;
  readonly acknowledgedAt: number;
  /** The latest date of any evidence released before. */
  readonly lastEvidence: number;
}

/** A standby took over. */
export interface Handover {
  readonly to: string;
  readonly at: number;
  /** The rank of the key that it took over with: one above that was given the word by a Root. */
  readonly rank: number;
}

const NO_WRITES: readonly StepWrite[] = [];
const NO_DOMAINS: readonly TrustDomain[] = [];

export class World {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly suite: Suite;
  readonly trace = new Trace();
  readonly coverage = new Coverage();
  readonly labour = new Labour();
  readonly network: Network;
  readonly machines = new Map<string, Machine>();
  readonly keys = new Map<TrustDomain, DomainKeys>();
  /** Domains one of whose beacon keys an adversary holds, or an older image of their writer. */
  readonly stolen = new Set<TrustDomain>();
  /** Domains the seeds of whose beacon were read, and the latest date that the thief gave to it. */
  readonly robbed = new Map<TrustDomain, number>();
  /** Domains of which a machine was put back with its memory: it vouches for a date long gone. */
  readonly putBack = new Set<TrustDomain>();
  /** When the next writer of a domain was given the word last. */
  readonly handovers = new Map<TrustDomain, Handover>();
  /** The latest date of evidence that each authority let go while it had the word, by its name. */
  readonly lastEvidence = new Map<string, number>();
  readonly history: History;
  readonly desk: Desk;
  /** True once the run is to become quiet: people and faults begin nothing new. */
  calm = false;
  now = 0;
  events = 0;
  readonly #agenda = new Agenda();
  readonly #checkers: readonly Checker[];
  readonly #lookout: Lookout;
  readonly #active = new Set<() => void>();
  readonly #watchman: Watchman;
  readonly #authorities = new Map<TrustDomain, readonly Machine[]>();

  constructor(scenario: Scenario, seed: number, suite: Suite, records: boolean) {
    this.scenario = scenario;
    this.seed = seed;
    this.suite = this.labour.counted(suite);
    this.network = new Network(this, this.dice('network'));
    this.history = new History(records);
    this.desk = new Desk(this);
    this.#watchman = new Watchman(this, this.dice('watchman'));
    this.#checkers = CHECKERS.map(({ sentence, make }) =>
      make(this, (why) => {
        throw new Violation(sentence, this.now, why);
      }),
    );
    this.#lookout = new Lookout(this.#checkers);
  }

  /** A stream of chance of this run. */
  dice(name: string): Dice {
    return new Dice(this.seed, name);
  }

  machine(name: string): Machine | undefined {
    return this.machines.get(name);
  }

  get honest(): readonly Machine[] {
    return [...this.machines.values()].filter((machine) => machine.isHonest);
  }

  /** What each link has carried. */
  get traffic(): readonly Traffic[] {
    return this.network.traffic;
  }

  /** The machine that writes for a domain: of two that would, the one that took over. */
  authorityOf(domain: TrustDomain): Machine | undefined {
    const authorities = this.authoritiesOf(domain);
    return authorities.findLast(({ node }) => node?.hasVoice === true) ?? authorities[0];
  }

  /** Whoever writes for a domain, or stands by to, in their turn. */
  authoritiesOf(domain: TrustDomain): readonly Machine[] {
    let known = this.#authorities.get(domain);
    if (known === undefined) {
      const own = [...this.machines.values()].filter((machine) => machine.domain === domain);
      known = own.filter(({ isAuthority }) => isAuthority);
      this.#authorities.set(domain, known);
    }
    return known;
  }

  /** The latest date of evidence that any writer of a domain let go, or whoever has its seeds. */
  lastEvidenceOf(domain: TrustDomain): number {
    const dates = this.authoritiesOf(domain).map(({ name }) => this.lastEvidence.get(name) ?? 0);
    return Math.max(this.robbed.get(domain) ?? 0, ...dates);
  }

  after(delayMs: number, run: () => void): void {
    this.#agenda.enter(this.now + Math.max(0, Math.ceil(delayMs)), run);
  }

  /** Lets happen what is due until `end`, of it `most` events. True once that is all. */
  runUntil(end: number, most = Number.POSITIVE_INFINITY): boolean {
    for (let left = most; left > 0; left--) {
      const entry = this.#agenda.take(end);
      if (entry === null) {
        this.now = end;
        return true;
      }
      this.now = entry.at;
      this.events += 1;
      entry.run();
    }
    return false;
  }

  /** Makes something happen now, and end when its time is over. */
  befall(happening: Happening): void {
    const fault = faultNamed(happening.fault);
    if (fault === undefined || this.calm) return;
    const { on, forMs, amount } = happening;
    this.coverage.saw('fault', fault.name);
    this.note(`${fault.name} ${on.join(',')} ${forMs} ${amount}`);
    this.history.happened(this.now, happening);
    const end = fault.begin(this, happening);
    if (forMs === 0) return;
    this.#active.add(end);
    this.after(forMs, () => {
      if (this.#active.delete(end)) end();
    });
  }

  /** Ends everything that is still going on, and begins nothing more. */
  becomeCalm(): void {
    this.calm = true;
    const active = [...this.#active];
    this.#active.clear();
    for (const end of active) end();
    for (const machine of this.machines.values()) machine.armed = 0;
    this.note('calm');
  }

  note(text: string): void {
    this.trace.line(`${this.now} * ${text}`);
  }

  /** A machine handled an input. Checkers look where anything came of it, or a look is due. */
  stepped(machine: Machine, now: Instant, delivery: Delivery, output: Output): void {
    this.#traceStep(machine, delivery, output);
    const isWake = delivery.input.kind === 'wake';
    const isIdle = output.effects.length === 0 && output.verdict === null;
    const domains = machine.isHonest ? this.#toLookAt(machine, isWake, output) : NO_DOMAINS;
    const { verified } = this.labour;
    if (domains.length > 0 || !isIdle || verified > 0 || delivery.forgedFor !== null) {
      const writes = believe(machine, output);
      const step = { t: this.now, machine, now, delivery, output, verified, writes };
      this.#noteEvidence(machine, writes);
      if (writes.some(changesLinks)) this.network.judgeAnew(machine);
      if (writes.some(takesKeys)) lookForKeys(this, machine);
      this.history.stepped(step);
      if (machine.isHonest) this.#lookout.stepped(step, domains);
    }
    if (isIdle && isWake) this.#lookout.idled(machine, output.wakeAt - now.boot);
    this.#watchman.look(machine, now);
  }

  /** A process begins: checkers take from its disk what it goes on from. */
  machineStarted(machine: Machine): void {
    this.note(`${machine.name} runs`);
    this.history.power(this.now, machine.name, true);
    for (const checker of this.#checkers) checker.started?.(machine);
    this.network.machineStarted(machine);
    this.desk.expect(machine);
    lookForKeys(this, machine);
  }

  /** A store that is damaged opens for no process: people set the machine up again. */
  refusedToStart(machine: Machine): void {
    this.coverage.saw('disk: a damaged store was refused');
    this.note(`${machine.name} finds its store damaged`);
    const withinMs = this.calm ? 10 * SECOND_MS : 3 * MINUTE_MS;
    this.after(1 + this.dice(`damage/${this.now}`).below(withinMs), () => {
      if (machine.power === 'off') setUpAgain(machine);
    });
  }

  machineStopped(machine: Machine): void {
    this.note(`${machine.name} ${machine.power}`);
    this.history.power(this.now, machine.name, false);
    this.network.machineStopped(machine);
  }

  introduce(a: Machine, b: Machine): Acquaintance | null {
    return introduce(this, a, b);
  }

  partIn(a: Machine, b: Machine, acquaintance: Acquaintance): number {
    return partInMs(this, a, b, acquaintance);
  }

  linkChanged(link: Link): void {
    const { acquaintance, wires } = link;
    const [{ from, to }] = wires;
    this.note(`${from.name}~${to.name} ${link.up ? 'up' : 'down'}`);
    const isRecovery = acquaintance?.lane === 'recovery';
    this.history.link({ at: this.now, a: from.name, b: to.name, up: link.up, isRecovery });
    if (acquaintance === null) return;
    const [atFrom, atTo] = acquaintance.received;
    for (const checker of this.#checkers) {
      if (to.isHonest) checker.linked?.(from, to, atTo);
      if (from.isHonest) checker.linked?.(to, from, atFrom);
    }
  }

  /** An armed fault cut the power of a machine at a boundary of its driver. */
  crashedAt(machine: Machine, boundary: Boundary): void {
    this.coverage.saw('crash', boundary);
    this.note(`${machine.name} crashes ${boundary}`);
    const sameBoot = boundary === 'before persist';
    machine.stop(!sameBoot);
    this.after(1 + this.dice(`crash/${this.now}`).below(MINUTE_MS), () => {
      if (machine.power !== 'off') return;
      if (sameBoot) machine.startProcess();
      else machine.boot();
    });
  }

  /** A document, beacon or tick leaves a machine: its own, or one that it passes on. */
  sent(machine: Machine, message: Uint8Array): void {
    if (machine.isHonest) this.#lookout.sent(machine, message);
  }

  /** People are shown what another domain asks for. */
  proposed(machine: Machine, proposal: RelationProposal, isForged: boolean): void {
    for (const checker of this.#checkers) checker.proposed?.(machine, proposal, isForged);
  }

  acknowledged(withdrawal: Withdrawal): void {
    this.history.withdrawn(withdrawal);
    for (const checker of this.#checkers) checker.withdrawn?.(withdrawal);
  }

  /** The last look of every checker. */
  end(): void {
    for (const checker of this.#checkers) checker.end?.();
  }

  /** True for gossip that this machine has had lately. */
  isKnownGossip(machine: Machine, { gossip }: Delivery): boolean {
    if (gossip === null) return false;
    const had = machine.heard.had(gossip.id, this.now);
    if (had === undefined) {
      machine.heard.keep(gossip, this.now);
      return false;
    }
    this.#lookout.dropped(machine, gossip.bytes, had);
    return true;
  }

  /** The domains that a step changed something of, and after a wake those whose turn it is. */
  #toLookAt(
    { round, node, domain }: Machine,
    isWake: boolean,
    output: Output,
  ): readonly TrustDomain[] {
    const changed = round.changed(output, this.now);
    if (!isWake || node === null) return changed;
    const due = round.due(() => [domain, ...node.policy.relations.keys()], this.now);
    return due.length === 0 ? changed : [...changed, ...due];
  }

  /** The latest date that an authority has given to its own evidence. */
  #noteEvidence(machine: Machine, writes: readonly StepWrite[]): void {
    for (const { domain, kind, value } of writes) {
      if (domain !== machine.domain || kind !== 'keeping' || value === null) continue;
      if (machine.node?.hasVoice !== true) return;
      const known = this.lastEvidence.get(machine.name) ?? 0;
      this.lastEvidence.set(machine.name, Math.max(known, keepingOf(value).asOf ?? 0));
    }
  }

  #traceStep(machine: Machine, { input, forgedFor }: Delivery, output: Output): void {
    const from = 'peer' in input ? input.peer : '';
    const size = 'bytes' in input ? input.bytes.length : 0;
    const forged = forgedFor === null ? '' : '!';
    let effects = '';
    for (const effect of output.effects) {
      if (effect.kind === 'audit') effects += ` ${effect.event}`;
      else if (effect.kind === 'persist') effects += ` w${effect.writes.length}`;
      else if (effect.kind === 'send') effects += ` >${effect.peer}:${effect.frame.length}`;
      else effects += ` ${effect.kind}`;
    }
    const verdict = output.verdict?.code ?? 'ok';
    const what = `${input.kind}${forged} ${from} ${size} ${verdict}`;
    this.trace.line(`${this.now} ${machine.name} ${what}${effects} @${output.wakeAt}`);
    if (output.verdict !== null) this.coverage.saw('refused', output.verdict.code);
  }
}

/** True for what a machine judges its peers by. */
function changesLinks({ kind, part }: StepWrite): boolean {
  if (kind === 'document') return part === 'policy';
  return kind === 'lease' || kind === 'root' || kind === 'revocations' || kind === 'time';
}

/** Applies what a step asks to store to what the process believes. */
function believe({ believed }: Machine, { effects }: Output): readonly StepWrite[] {
  let writes = NO_WRITES;
  for (const effect of effects) {
    if (effect.kind !== 'persist') continue;
    const stored = effect.writes.map(({ key, value }): StepWrite => {
      const [domain, kind, part] = partsOfKey(key);
      const before = believed.get(key) ?? null;
      if (value === null) believed.delete(key);
      else believed.set(key, value);
      return { domain, kind, part, value, before };
    });
    writes = writes.length === 0 ? stored : [...writes, ...stored];
  }
  return writes;
}
