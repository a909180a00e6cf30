/**
 * A fleet: real daemons, each a process and a domain of its own, founded and related by files, and
 * linked by wires that can be slowed, held, cut and mended.
 *
 * What becomes of them is heard, not asked: thirty daemons that are asked all the time would be
 * busy with answering. Every daemon ends with this process, whatever ends it.
 */

import type { ControlClient } from '../../daemon/control/client.ts';
import type { AuditEntryView, DomainStatus } from '../../daemon/control/protocol.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { type Line, type Place, Wire } from './wire.ts';

/** Epochs as fast as a measurement wants them. */
const MIN_EPOCH = '10ms';
/** The kernel ends a daemon when whoever started it is gone. */
const WITH_US = ['setpriv', '--pdeathsig', 'KILL', '--'];
/** Where every daemon listens, at an address of its own. */
const PORT = 7_946;
/** Daemons that start at once. */
const STARTS_AT_ONCE = 4;
const FOUNDED_MS_MAX = 300_000;
const LOOK_MS = 250;

/** Programs without which there is no fleet. */
export const FLEET_NEEDS = ['setpriv'] as const;

/** Two daemons by their number; the first one dials. */
export type LinkEnds = readonly [number, number];

/** What a fleet is founded as. */
export interface FleetPlan {
  readonly size: number;
  readonly links: readonly LinkEnds[];
  readonly line: Line;
  readonly tickPeriod: string;
  /** Who relates to whom; everybody to everybody unless said. */
  readonly areRelated?: (a: number, b: number) => boolean;
  /** Daemons behind links so slow that they are brought up to date by files first. */
  readonly filed?: readonly number[];
  /** More of the configuration of one daemon. */
  readonly configOf?: (index: number) => string;
}

/** An audit entry of one daemon, and when it was heard of, by `performance.now()`. */
export interface Heard {
  readonly by: number;
  readonly at: number;
  readonly entry: AuditEntryView;
}

/** One daemon of a fleet, and whoever asks it. */
export interface FleetDaemon {
  readonly process: DaemonProcess;
  readonly control: ControlClient;
}

/** Founds, relates and links; resolves once all see all whom they relate to fresh. */
export async function foundFleet(plan: FleetPlan): Promise<Fleet> {
  const net = await freeNet();
  const fleet = new Fleet(plan, net);
  try {
    await fleet.found();
    return fleet;
  } catch (error) {
    await fleet[Symbol.asyncDispose]();
    throw error;
  }
}

export class Fleet implements AsyncDisposable {
  readonly daemons: FleetDaemon[] = [];
  readonly wires = new Map<string, Wire>();
  readonly #plan: FleetPlan;
  readonly #net: number;
  readonly #processes: readonly DaemonProcess[];
  readonly #listeners = new Set<(heard: Heard) => void>();

  /** Use `foundFleet`. `net` is the second octet of every address. */
  constructor(plan: FleetPlan, net: number) {
    this.#plan = plan;
    this.#net = net;
    const indices = Array.from({ length: plan.size }, (_, index) => index);
    this.#processes = indices.map((index) => {
      const { host, port } = this.#homeOf(index);
      const config =
        `[limits]\nmin_epoch = "${MIN_EPOCH}"\ntick_period = "${plan.tickPeriod}"\n` +
        (plan.configOf?.(index) ?? '');
      const listen = `/ip4/${host}/tcp/${port}`;
      return new DaemonProcess(domainOf(index), config, { listen, within: WITH_US });
    });
  }

  async found(): Promise<void> {
    await this.#start();
    const ends = this.#plan.links.map((link) => this.#lay(link));
    await Promise.all(ends);
    await this.#relate();
    await this.carryFiles();
    for (const wire of this.wires.values()) wire.mend();
    await this.settle(FOUNDED_MS_MAX);
  }

  /** The wire between two daemons that are linked. */
  wire(a: number, b: number): Wire {
    const wire = this.wires.get(nameOf([a, b])) ?? this.wires.get(nameOf([b, a]));
    if (wire === undefined) throw new Error(`${a} and ${b} are not linked`);
    return wire;
  }

  daemon(index: number): FleetDaemon {
    const daemon = this.daemons[index];
    if (daemon === undefined) throw new Error(`there is no daemon ${index}`);
    return daemon;
  }

  /** Calls back with every audit entry of every daemon; returns how to stop listening. */
  listen(listener: (heard: Heard) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How one daemon sees every domain that it knows. */
  async sights(index: number): Promise<readonly DomainStatus[]> {
    return (await this.daemon(index).control.call('status', {})).domains;
  }

  /** Whatever anybody lacks of anybody, as sentences: the newest beacon, or being fresh. */
  async lacking(): Promise<readonly string[]> {
    const sights = await Promise.all(this.daemons.map((_, index) => this.sights(index)));
    const newest = sights.map((sight) => sight.find(({ own }) => own)?.beacon);
    return sights.flatMap((sight, by) =>
      sight
        .filter((seen) => seen.beacon !== newest[indexOf(seen.domain)] || seen.tier !== 'FRESH')
        .map(({ domain, tier }) => `${domainOf(by)} lacks ${domain} (${tier})`),
    );
  }

  /** Resolves once `lacking` says nothing, by default of beacons and tiers. */
  async settle(withinMs: number, lacking = () => this.lacking()): Promise<void> {
    const end = performance.now() + withinMs;
    for (;;) {
      const lacks = await lacking();
      if (lacks.length === 0) return;
      if (performance.now() > end) throw new Error(`in ${withinMs} ms: ${lacks.join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Carries files between the daemons that the plan names and their partners, both ways. */
  async carryFiles(): Promise<void> {
    const { areRelated = () => true, filed = [] } = this.#plan;
    if (filed.length === 0) return;
    const files = await this.#exportAll();
    await Promise.all(
      this.daemons.map(async ({ control }, index) => {
        for (const [partner, { text }] of files.entries()) {
          const isFor = filed.includes(index) || filed.includes(partner);
          if (!isFor || partner === index || !areRelated(index, partner)) continue;
          await control.call('bundle.import', { text });
        }
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.daemons.map(({ control }) => control.close()));
    await Promise.all(this.#processes.map((process) => process.remove()));
    await Promise.all([...this.wires.values()].map((wire) => wire.close()));
  }

  async #start(): Promise<void> {
    const waiting = this.#processes.entries();
    const startEach = async (): Promise<void> => {
      for (const [index, process] of waiting) {
        await process.start();
        const control = await process.control();
        await control.subscribe(({ method, params }) => {
          if (method !== 'event') return;
          const heard = { by: index, at: performance.now(), entry: params };
          for (const listener of this.#listeners) listener(heard);
        });
        this.daemons[index] = { process, control };
      }
    };
    await Promise.all(Array.from({ length: STARTS_AT_ONCE }, startEach));
  }

  async #lay(link: LinkEnds): Promise<void> {
    const wire = await Wire.lay(this.#plugOf(link), this.#homeOf(link[1]), this.#plan.line);
    wire.cut(); // until all are related, or they would meet as strangers
    this.wires.set(nameOf(link), wire);
  }

  /** Everybody is given the bundle files of all partners, and where to dial. */
  async #relate(): Promise<void> {
    const { areRelated = () => true, links } = this.#plan;
    const files = await this.#exportAll();
    const relateOne = async (control: ControlClient, index: number): Promise<void> => {
      for (const [partner, { text }] of files.entries()) {
        if (partner === index || !areRelated(index, partner)) continue;
        const dialled = links.filter(([a, b]) => a === index && b === partner);
        const peers = dialled.map((link) => {
          const { host, port } = this.#plugOf(link);
          return `/ip4/${host}/tcp/${port}`;
        });
        await control.call('federation.add', { text, peers });
      }
    };
    await Promise.all(this.daemons.map(({ control }, index) => relateOne(control, index)));
  }

  #exportAll(): Promise<readonly { readonly text: string }[]> {
    return Promise.all(
      this.daemons.map(({ control }) => control.call('bundle.export', { format: 'holdfast' })),
    );
  }

  #homeOf(index: number): Place {
    return { host: `127.${this.#net}.0.${index + 1}`, port: PORT };
  }

  #plugOf([from, to]: LinkEnds): Place {
    return { host: `127.${this.#net}.${from + 1}.${to + 1}`, port: PORT };
  }
}

/** The domain of the daemon of that number, and back. */
export function domainOf(index: number): string {
  return `d${index}.example`;
}

export function indexOf(domain: string): number {
  return Number.parseInt(domain.slice(1), 10);
}

/** A circle with chords: everybody has four neighbours, and nobody is far from anybody. */
export function chordedRing(members: readonly number[], chord: number): readonly LinkEnds[] {
  const links = [1, chord].flatMap((step) =>
    members.map((member, at): LinkEnds => {
      const other = members[(at + step) % members.length] ?? member;
      return [Math.min(member, other), Math.max(member, other)];
    }),
  );
  const named = new Map(links.map((link) => [nameOf(link), link]));
  return [...named.values()].filter(([a, b]) => a !== b);
}

function nameOf([a, b]: LinkEnds): string {
  return `${a}-${b}`;
}

/** A network of the loopback that no other fleet of this machine uses. */
async function freeNet(): Promise<number> {
  const first = 2 + (process.pid % 250);
  for (let tries = 0; tries < 250; tries++) {
    const net = 2 + ((first + tries) % 250);
    try {
      const place = { host: `127.${net}.255.1`, port: PORT };
      await (await Wire.lay(place, place, { delayMs: 0, bitsPerS: null })).close();
      return net;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
  }
  throw new Error('no network of the loopback is free');
}
