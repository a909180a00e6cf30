/**
 * A fleet: real daemons, each a process, most of them a domain of their own, founded and related by
 * files or enrolled (founding.ts), and linked by wires that can be slowed, held, cut and mended.
 *
 * What becomes of them is heard, not asked: thirty daemons that are asked all the time would be
 * busy with answering. Every daemon ends with this process, whatever ends it.
 */

import type { ControlClient } from '../../daemon/control/client.ts';
import type { AuditEntryView, DomainStatus } from '../../daemon/control/views.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { carryFiles, found } from './founding.ts';
import { openLoopback } from './loopback.ts';
import { type LinkEnds, multiaddressOf, type Site } from './site.ts';
import type { Line, Wire } from './wire.ts';

/** Epochs as fast as a measurement wants them. */
const MIN_EPOCH = '10ms';
const LOOK_MS = 250;

const INTERRUPTIONS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const EXIT_INTERRUPTED = 130;

/** Programs without which there is no fleet. */
export const FLEET_NEEDS = ['setpriv'] as const;

/** What a fleet is founded as. */
export interface FleetPlan {
  readonly size: number;
  readonly links: readonly LinkEnds[];
  readonly line: Line;
  readonly tickPeriod: string;
  /** Whose domain a daemon is a member of; each is the authority of its own unless said. */
  readonly authorityOf?: (index: number) => number;
  /** Which authorities relate to which; everybody to everybody unless said. */
  readonly areRelated?: (a: number, b: number) => boolean;
  /** Daemons behind links so slow that they are brought up to date by files first. */
  readonly filed?: readonly number[];
  /** More of the limits of one daemon, or tables after them. */
  readonly configOf?: (index: number) => string;
  /** What is run in place of the shipping program; undefined for that. */
  readonly programOf?: (index: number) => string | undefined;
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
export async function foundFleet(plan: FleetPlan, site?: Site): Promise<Fleet> {
  const fleet = new Fleet(plan, site ?? (await openLoopback()));
  try {
    await found(fleet);
    return fleet;
  } catch (error) {
    await fleet[Symbol.asyncDispose]();
    throw error;
  }
}

export class Fleet implements AsyncDisposable {
  readonly plan: FleetPlan;
  readonly site: Site;
  readonly daemons: FleetDaemon[] = [];
  readonly wires = new Map<LinkEnds, Wire>();
  readonly #processes: readonly DaemonProcess[];
  readonly #listeners = new Set<(heard: Heard) => void>();

  /** Use `foundFleet`. */
  constructor(plan: FleetPlan, site: Site) {
    this.plan = plan;
    this.site = site;
    const indices = Array.from({ length: plan.size }, (_, index) => index);
    this.#processes = indices.map((index) => this.#processOf(index));
    process.on('exit', this.#sweep);
    for (const signal of INTERRUPTIONS) process.on(signal, endInterrupted);
  }

  /** The wire between two daemons that are linked. */
  wire(a: number, b: number): Wire {
    for (const [[from, to], wire] of this.wires) {
      if ((from === a && to === b) || (from === b && to === a)) return wire;
    }
    throw new Error(`${a} and ${b} are not linked`);
  }

  daemon(index: number): FleetDaemon {
    const daemon = this.daemons[index];
    if (daemon === undefined) throw new Error(`there is no daemon ${index}`);
    return daemon;
  }

  /** The daemon that writes for the domain of this one. */
  authorityOf(index: number): number {
    return this.plan.authorityOf?.(index) ?? index;
  }

  /** Starts a daemon, also one that was ended, and listens to it. */
  async start(index: number): Promise<void> {
    const daemon = this.#processes[index];
    if (daemon === undefined) throw new Error(`there is no daemon ${index}`);
    await daemon.start();
    const control = await daemon.control();
    await control.subscribe(({ method, params }) => {
      if (method !== 'event') return;
      const heard = { by: index, at: performance.now(), entry: params };
      for (const listener of this.#listeners) listener(heard);
    });
    this.daemons[index] = { process: daemon, control };
  }

  /** Cuts the power of a daemon's machine, and lets it boot. */
  async reboot(index: number): Promise<void> {
    const { process: daemon, control } = this.daemon(index);
    await daemon.kill('SIGKILL');
    await control.close();
    await this.start(index);
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
        .map(({ domain, tier }) => `${by} lacks ${domain} (${tier})`),
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
  carryFiles(): Promise<void> {
    return carryFiles(this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.daemons.map(({ control }) => control.close()));
    await Promise.all(this.#processes.map((each) => each.remove()));
    await Promise.all([...this.wires.values()].map((wire) => wire.close()));
    await this.site[Symbol.asyncDispose]();
    process.off('exit', this.#sweep);
    for (const signal of INTERRUPTIONS) process.off(signal, endInterrupted);
  }

  /** What an interrupted run ends, all of it first, and removes. */
  readonly #sweep = (): void => {
    for (const each of this.#processes) each.abandon();
    for (const each of this.#processes) each.discard();
  };

  #processOf(index: number): DaemonProcess {
    const { tickPeriod, configOf, programOf, links } = this.plan;
    const authority = this.authorityOf(index);
    const config =
      `[limits]\nmin_epoch = "${MIN_EPOCH}"\ntick_period = "${tickPeriod}"\n` +
      (configOf?.(index) ?? '');
    const dialled = links.filter(([from]) => from === index);
    const peers = dialled.map((link) => `"${multiaddressOf(this.site.plugsOf(link).near)}"`);
    const member = `[node]\nrole = "member"\n[network]\npeers = [${peers.join()}]\n`;
    return new DaemonProcess(domainOf(authority), config + (authority === index ? '' : member), {
      listen: this.site.listenOf(index),
      within: this.site.within(index),
      program: programOf?.(index),
    });
  }
}

function endInterrupted(): void {
  process.exit(EXIT_INTERRUPTED);
}

/** The domain of the authority of that number, and back. */
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
  const named = new Map(links.map((link) => [link.join(), link]));
  return [...named.values()].filter(([a, b]) => a !== b);
}
