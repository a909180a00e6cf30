/**
 * A coalition in one process: real state machines and real signatures, virtual clocks, links that
 * deliver at once or are cut. It implements the driver's contract and nothing of the protocol.
 *
 * Reason: machines, links and clocks of one world, which tests set up in one line each.
 */

import { concat, toUtf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import type { Refusal } from '../../core/refusal.ts';
import { runtimeSuite } from '../../core/runtime-suite.ts';
import { parseTrustDomain, type TrustDomain } from '../../core/spiffe-id.ts';
import type { Signer } from '../../core/suite.ts';
import { bootMs, DAY_MS, type Instant, unixMs } from '../../core/time.ts';
import type { GrantedTerms } from '../../federation/authority.ts';
import type { Answer, Effect, RecordWrite } from '../../federation/effect.ts';
import { foundDomain } from '../../federation/found.ts';
import type { Draft, Input } from '../../federation/input.ts';
import { type GroupScope, scopeOf } from '../../federation/lease.ts';
import type { AgeLimits } from '../../federation/limits.ts';
import { FederationNode } from '../../federation/node.ts';
import { NO_POLICY, policyBody } from '../../federation/policy.ts';
import type { Continuity } from '../../federation/record.ts';
import { type RelationTerms, WHOLE_TERMS } from '../../federation/relation.ts';
import type { RevocationTarget } from '../../federation/revocations.ts';
import type { Output } from '../../federation/step.ts';
import type { DomainView } from '../../federation/view.ts';
import { WRITER_ENTROPY_BYTES } from '../../federation/writer.ts';

export const SUITE = runtimeSuite();

/** A key pair that is the same in every run. */
export function signerOf(name: string): Signer {
  return SUITE.openSigner(concat(sha256(toUtf8(`${name}/1`)), sha256(toUtf8(`${name}/2`))));
}

export const LIMITS: AgeLimits = {
  freshForMs: 10_000,
  degradedForMs: 20_000,
  survivalForMs: 30_000,
};

export interface MachineOptions {
  readonly name: string;
  readonly limits?: AgeLimits;
  readonly periodMs?: number;
  readonly minEpochMs?: number;
  /** The authority whose domain this machine belongs to; its own without one. */
  readonly memberOf?: string;
  /** Role keys that lie here, in place of those of a founder. */
  readonly roleKeys?: readonly Signer[] | null;
  /** The authority whose Roots this machine starts with; it founds nothing. */
  readonly standbyOf?: Machine | null;
}

/** The keys of a test domain, by role. */
export function keysOf(name: string) {
  return {
    root: signerOf(`${name}/root`),
    beacon: [signerOf(`${name}/beacon-0`), signerOf(`${name}/beacon-1`)] as const,
    documents: signerOf(`${name}/documents`),
    revocation: [signerOf(`${name}/revocation-0`), signerOf(`${name}/revocation-1`)] as const,
    node: signerOf(`${name}/node`),
  };
}

/** A machine: a state machine, its disk, its clocks. An authority, unless it is a member. */
export class Machine {
  readonly domain: TrustDomain;
  readonly records = new Map<string, Uint8Array>();
  readonly sent: { peer: string; frame: Uint8Array }[] = [];
  readonly gossiped: Uint8Array[] = [];
  readonly audit: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  readonly alarms: Effect[] = [];
  readonly refused: Refusal[] = [];
  readonly banned: string[] = [];
  readonly replies = new Map<number, Answer | Refusal>();
  /** All that was ever asked of this machine, what a crash swallowed included. */
  readonly effects: Effect[] = [];
  /** The machine crashes after so many more batches of records. */
  persistsLeft = Number.POSITIVE_INFINITY;
  isDown = false;
  /** What was drawn for the newest beacon: its seed, its stop secret, salts. */
  entropy = new Uint8Array();
  /** Random bytes come only when `draw` is called, as from a slow source. */
  drawsLate = false;
  bootId = 'boot-1';
  continuity: Continuity = 'software';
  wallMs: number;
  bootNowMs = 1_000_000;
  wakeAt = 0;
  node: FederationNode;
  readonly options: Required<MachineOptions>;
  #drawn = 0;
  #request = 0;

  constructor(options: MachineOptions, startMs: number) {
    const defaults = { limits: LIMITS, periodMs: 1_000, minEpochMs: 100, memberOf: '' };
    this.options = { ...defaults, roleKeys: null, standbyOf: null, ...options };
    const { standbyOf } = this.options;
    this.domain =
      standbyOf?.domain ?? parseTrustDomain(`${options.memberOf ?? options.name}.example`);
    this.wallMs = startMs;
    for (const [key, value] of standbyOf?.records ?? []) {
      if (key.includes('/root/')) this.records.set(key, value);
    }
    if (options.memberOf !== undefined || standbyOf !== null) {
      this.node = this.#start();
      return;
    }
    this.#write(
      foundDomain(keysOf(options.name), {
        domain: this.domain,
        now: unixMs(startMs - DAY_MS),
        ceilings: { freshForMs: DAY_MS, degradedForMs: 2 * DAY_MS, survivalForMs: 30 * DAY_MS },
        minEpochMs: this.options.minEpochMs,
      }),
    );
    this.node = this.#start();
    this.publish(INITIAL);
  }

  get keys(): ReturnType<typeof keysOf> {
    return keysOf(this.options.name);
  }

  get now(): Instant {
    return { wall: unixMs(this.wallMs), boot: bootMs(this.bootNowMs) };
  }

  /** The process ends and starts again on the same disk. */
  restart(): void {
    this.isDown = false;
    this.persistsLeft = Number.POSITIVE_INFINITY;
    this.node = this.#start();
    this.input({ kind: 'wake' });
  }

  /** Power comes back in another boot; its clock says `wallMs`. */
  reboot(wallMs = this.wallMs): void {
    this.bootId = `${this.bootId}+`;
    this.bootNowMs = 10;
    this.wallMs = wallMs;
    this.restart();
  }

  input(input: Input): Output {
    if (this.isDown) return { effects: [], wakeAt: bootMs(this.bootNowMs), verdict: null };
    const output = this.node.handle(this.now, input);
    this.wakeAt = output.wakeAt;
    for (const effect of output.effects) this.#perform(effect);
    return output;
  }

  publish(drafts: readonly Draft[], withdrawal = false): number {
    const request = ++this.#request;
    this.input({ kind: 'publish', request, drafts, withdrawal });
    return request;
  }

  relate(file: string, terms: Partial<RelationTerms> = {}): number {
    const request = ++this.#request;
    const granted = { ...WHOLE_TERMS, ...terms };
    this.input({ kind: 'relate', request, file: toUtf8(file), terms: granted });
    return request;
  }

  /** Takes something away from a relation; nothing that it does not grant may be among `terms`. */
  narrow(domain: TrustDomain, terms: Partial<RelationTerms>): number {
    return this.#amend(domain, terms, false);
  }

  /** Changes a relation; what it grants may become more. */
  amend(domain: TrustDomain, terms: Partial<RelationTerms>): number {
    return this.#amend(domain, terms, true);
  }

  #amend(domain: TrustDomain, changed: Partial<RelationTerms>, mayWiden: boolean): number {
    const request = ++this.#request;
    const held = this.node.policy.relations.get(domain);
    const terms = { ...WHOLE_TERMS, ...held, ...changed };
    this.input({ kind: 'amend', request, domain, terms, mayWiden });
    return request;
  }

  unrelate(domain: TrustDomain): number {
    const request = ++this.#request;
    this.input({ kind: 'unrelate', request, domain });
    return request;
  }

  revoke(...targets: readonly RevocationTarget[]): number {
    const request = ++this.#request;
    this.input({ kind: 'revoke', request, targets });
    return request;
  }

  /** What an authority grants is taken here, as whole as the authority holds it now. */
  takeGrant({ node, domain, now }: Machine, terms: Partial<GrantedTerms> = {}): Answer | Refusal {
    const granted: GrantedTerms = {
      ...{ kind: 'slices', assurance: 'software', group: 'default', chip: null, references: null },
      ...terms,
    };
    const { lease, file } = node.grant(now, this.keys.node.publicPair, granted);
    const firstRoot = node.view(now).find((view) => view.domain === domain)?.firstRoot;
    if (firstRoot === undefined) throw new Error('no authority');
    return this.install({ firstRoot, file: toUtf8(file), lease });
  }

  install(grant: Pick<Extract<Input, { kind: 'grant' }>, 'firstRoot' | 'file' | 'lease'>) {
    const request = ++this.#request;
    this.input({ kind: 'grant', request, ...grant });
    const reply = this.replies.get(request);
    if (reply === undefined) throw new Error('no reply');
    return reply;
  }

  /** What it reads of its own domain, as its proof would say. */
  get groups(): GroupScope {
    const lease = this.node.heldLease(this.now);
    return lease === null ? 'none' : scopeOf(lease);
  }

  importFile(file: string): number {
    const request = ++this.#request;
    this.input({ kind: 'import', request, file: toUtf8(file) });
    return request;
  }

  /** The random bytes that were asked for arrive. */
  draw(): void {
    const seed = toUtf8(`${this.options.name}/${this.#drawn++}`);
    const bytes = concat(...[0, 1, 2].map((i) => sha256(seed, Uint8Array.of(i))));
    this.entropy = bytes.slice(0, WRITER_ENTROPY_BYTES);
    this.input({ kind: 'drawn', purpose: 'beacon', bytes: this.entropy });
  }

  /** A nonce arrives for the next question, of the time or of whose turn it is. */
  drawNonce(purpose: 'question' | 'turn' = 'question'): void {
    const bytes = sha256(toUtf8(`${this.options.name}/nonce/${this.#drawn++}`));
    this.input({ kind: 'drawn', purpose, bytes });
  }

  /** A person says what time it is; without a date, that the wall clock is right. */
  tell(timeMs?: number): number {
    const request = ++this.#request;
    const time = timeMs === undefined ? null : unixMs(timeMs);
    this.input({ kind: 'time', request, time });
    return request;
  }

  /** A person says that this disk is the newest. */
  confirm(): number {
    const request = ++this.#request;
    this.input({ kind: 'confirm', request });
    return request;
  }

  view(domain: TrustDomain = this.domain): DomainView {
    const found = this.node.view(this.now).find((view) => view.domain === domain);
    if (found === undefined) throw new Error(`no view of ${domain}`);
    return found;
  }

  #start(): FederationNode {
    const keys = keysOf(this.options.name);
    const { limits, periodMs } = this.options;
    return new FederationNode({
      own: this.domain,
      suite: SUITE,
      records: this.records,
      bootId: this.bootId,
      now: this.now,
      continuity: this.continuity,
      limits: null,
      dice: toUtf8(`${this.options.name}/${this.bootId}`),
      node: keys.node,
      authority:
        this.options.memberOf !== ''
          ? null
          : {
              keys: this.options.roleKeys ?? [keys.beacon[0], keys.documents, ...keys.revocation],
              settings: { limits, periodMs },
              hasMembers: false,
            },
    });
  }

  #perform(effect: Effect): void {
    this.effects.push(effect);
    if (this.isDown) return;
    switch (effect.kind) {
      case 'persist':
        this.#write(effect.writes);
        this.isDown = --this.persistsLeft <= 0;
        return;
      case 'draw':
        if (effect.purpose !== 'beacon') this.drawNonce(effect.purpose);
        else if (!this.drawsLate) this.draw();
        return;
      case 'send':
        this.sent.push(effect);
        return;
      case 'gossip':
        this.gossiped.push(effect.message);
        return;
      case 'audit':
        this.audit.push(effect);
        return;
      case 'alarm':
        this.alarms.push(effect);
        return;
      case 'refused':
        this.refused.push(effect.refusal);
        return;
      case 'reply':
        this.replies.set(effect.request, effect.answer);
        return;
      case 'ban':
        this.banned.push(effect.peer);
        return;
      case 'changed':
        return;
    }
  }

  #write(writes: readonly RecordWrite[]): void {
    for (const { key, value } of writes) {
      if (value === null) this.records.delete(key);
      else this.records.set(key, value);
    }
  }
}

/** What every domain publishes first. */
export const INITIAL: readonly Draft[] = [
  { type: 'bundle', name: 'bundle', body: { keys: [], spiffe_refresh_hint: 60 } },
  { type: 'policy', name: 'policy', body: policyBody(NO_POLICY) },
  { type: 'entries', name: 'entries/default', body: { group: 'default', entries: [] } },
];

/** Machines, their links, and one hand on all clocks. */
export class Coalition {
  readonly machines = new Map<string, Machine>();
  readonly #links = new Set<string>();
  /** Slow links and those of the recovery lane: frames alone. */
  readonly #sparse = new Set<string>();
  nowMs: number;

  constructor(startMs = 1_790_000_000_000) {
    this.nowMs = startMs;
  }

  add(options: MachineOptions): Machine {
    const machine = new Machine(options, this.nowMs);
    this.machines.set(options.name, machine);
    return machine;
  }

  /** Each relates to the other by the other's bundle file. */
  befriend(a: Machine, b: Machine): void {
    const files = [a.node.exportBundle(a.domain), b.node.exportBundle(b.domain)] as const;
    a.relate(files[1]);
    b.relate(files[0]);
    this.advance(1_000);
  }

  link(a: Machine, b: Machine): void {
    const binding = this.#join(this.#links, a, b);
    for (const [here, { domain, groups, options }] of bothWays(a, b)) {
      here.input({ kind: 'peer-up', peer: options.name, domain, groups, binding });
    }
    this.settle();
  }

  /** Links them by a slow link, which has no gossip. */
  linkSlowly(a: Machine, b: Machine): void {
    const binding = this.#join(this.#sparse, a, b);
    for (const [here, { domain, groups, options }] of bothWays(a, b)) {
      here.input({ kind: 'peer-up', peer: options.name, domain, groups, binding, isSlow: true });
    }
    this.settle();
  }

  /** Links them on the recovery lane: neither was admitted, each is of the domain it says. */
  meet(a: Machine, b: Machine): void {
    const binding = this.#join(this.#sparse, a, b);
    for (const [here, { domain, options }] of bothWays(a, b)) {
      here.input({ kind: 'peer-up', peer: options.name, domain: null, claims: domain, binding });
    }
    this.settle();
  }

  #join(links: Set<string>, a: Machine, b: Machine): Uint8Array {
    const names = [a.options.name, b.options.name].sort().join();
    links.add(names);
    return sha256(toUtf8(`${names}/${this.nowMs}`));
  }

  cut(a: Machine, b: Machine): void {
    this.#links.delete([a.options.name, b.options.name].sort().join());
    this.#sparse.delete([a.options.name, b.options.name].sort().join());
    a.input({ kind: 'peer-down', peer: b.options.name });
    b.input({ kind: 'peer-down', peer: a.options.name });
    this.settle();
  }

  /** A crashed machine starts again, and its links are dialled anew. */
  revive(machine: Machine, ...partners: readonly Machine[]): void {
    for (const partner of partners) this.cut(machine, partner);
    machine.restart();
    for (const partner of partners) this.link(machine, partner);
  }

  /** Delivers frames and gossip over the links that are up until nothing is under way. */
  settle(): void {
    for (let round = 0; round < 1_000; round++) {
      const before = [...this.machines.values()].map((m) => m.sent.length + m.gossiped.length);
      for (const machine of this.machines.values()) this.#deliver(machine);
      if (before.every((count) => count === 0)) return;
    }
    throw new Error('the coalition does not come to rest');
  }

  /** Lets time pass for all, waking each machine when it asked to be woken. */
  advance(ms: number): void {
    const end = this.nowMs + ms;
    while (this.nowMs < end) {
      const next = Math.min(
        ...[...this.machines.values()].map((m) => Math.max(1, m.wakeAt - m.bootNowMs)),
        end - this.nowMs,
      );
      this.nowMs += next;
      for (const machine of this.machines.values()) {
        machine.wallMs += next;
        machine.bootNowMs += next;
      }
      for (const machine of this.machines.values()) {
        if (machine.wakeAt <= machine.bootNowMs) machine.input({ kind: 'wake' });
      }
      this.settle();
    }
  }

  #deliver(machine: Machine): void {
    const name = machine.options.name;
    for (const { peer, frame } of machine.sent.splice(0)) {
      const isSparse = this.#sparse.has([name, peer].sort().join());
      if (!this.#isUp(name, peer) && !isSparse) continue;
      this.machines.get(peer)?.input({ kind: 'frame', peer: name, bytes: frame });
    }
    for (const bytes of machine.gossiped.splice(0)) {
      for (const [other, target] of this.machines) {
        if (this.#isUp(name, other)) target.input({ kind: 'gossip', peer: name, bytes });
      }
    }
  }

  #isUp(a: string, b: string): boolean {
    return this.#links.has([a, b].sort().join());
  }
}

/** Two authorities that relate to each other and are linked, a while ago. */
export function linkedCouple(settledMs = 1_000) {
  const world = new Coalition();
  const blue = world.add({ name: 'blue' });
  const red = world.add({ name: 'red' });
  world.advance(500);
  world.befriend(blue, red);
  world.link(blue, red);
  world.advance(settledMs);
  return { world, blue, red };
}

function bothWays(a: Machine, b: Machine): readonly (readonly [Machine, Machine])[] {
  return [
    [a, b],
    [b, a],
  ];
}
