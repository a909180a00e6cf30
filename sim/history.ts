/**
 * The history of a run for people: tiers over time, links, withdrawals, ages, what befell whom.
 *
 * Kept only when a report is asked for; a swarm keeps none.
 */

import { TIERS, type Tier } from '../federation/tier.ts';
import type { Happening } from './happening.ts';
import type { Step } from './step.ts';
import type { Withdrawal } from './world.ts';

/** From when on a machine saw a domain in a tier. */
export interface TierChange {
  readonly at: number;
  readonly machine: string;
  readonly domain: string;
  readonly tier: Tier;
}

export interface LinkChange {
  readonly at: number;
  readonly a: string;
  readonly b: string;
  readonly up: boolean;
  /** With a guest at either end, which hears of two domains at most. */
  readonly isRecovery: boolean;
}

/** When a machine learnt of a stop or held the successor of something withdrawn. */
export interface Arrival {
  readonly at: number;
  readonly machine: string;
  readonly domain: string;
  readonly what: 'stop' | 'beacon';
}

/** How one machine saw one domain at a moment. */
export interface Sample {
  readonly at: number;
  readonly machine: string;
  readonly domain: string;
  readonly isPartner: boolean;
  readonly ageMs: number;
  /** What its bundle is older than that, where newer evidence does not pin it. */
  readonly bundleLagMs: number;
  /** What it is at best whatever its age: after a stop, say, or while the time is unknown. */
  readonly best: Tier;
  /** Since when the bundle held is withdrawn, in milliseconds before; null where it is not. */
  readonly withdrawnMs: number | null;
}

export class History {
  readonly recording: boolean;
  readonly tiers: TierChange[] = [];
  readonly links: LinkChange[] = [];
  readonly powers: { at: number; machine: string; on: boolean }[] = [];
  readonly arrivals: Arrival[] = [];
  readonly withdrawals: Withdrawal[] = [];
  readonly happenings: { at: number; happening: Happening }[] = [];
  readonly samples: Sample[] = [];

  constructor(recording: boolean) {
    this.recording = recording;
  }

  stepped({ t: at, machine, output }: Step): void {
    if (!this.recording) return;
    for (const effect of output.effects) {
      if (effect.kind === 'audit') this.audited(at, machine.name, effect.event, effect.fields);
    }
  }

  /** A machine wrote this into its audit log. */
  audited(
    at: number,
    machine: string,
    event: string,
    fields: Readonly<Record<string, unknown>>,
  ): void {
    if (!this.recording) return;
    const domain = String(fields.domain ?? '');
    if (event === 'tier.changed') {
      const tier = TIERS.find((known) => known === fields.to);
      if (tier !== undefined) this.tiers.push({ at, machine, domain, tier });
    } else if (event === 'stop.admitted' || event === 'beacon.admitted') {
      const what = event === 'stop.admitted' ? 'stop' : 'beacon';
      this.arrivals.push({ at, machine, domain, what });
    }
  }

  happened(at: number, happening: Happening): void {
    if (this.recording) this.happenings.push({ at, happening });
  }

  link(change: LinkChange): void {
    if (this.recording) this.links.push(change);
  }

  power(at: number, machine: string, on: boolean): void {
    if (this.recording) this.powers.push({ at, machine, on });
  }

  /** The stretches between two times in which a machine had power. */
  runsOf(machine: string, from: number, until: number): readonly (readonly [number, number])[] {
    const turns = this.powers.filter((turn) => turn.machine === machine);
    return turns.flatMap(({ at, on }, i) => {
      const began = Math.max(from, at);
      const ended = Math.min(until, turns[i + 1]?.at ?? until);
      return on && began < ended ? [[began, ended] as const] : [];
    });
  }

  withdrawn(withdrawal: Withdrawal): void {
    if (this.recording) this.withdrawals.push(withdrawal);
  }

  sampled(sample: Sample): void {
    if (this.recording) this.samples.push(sample);
  }
}
