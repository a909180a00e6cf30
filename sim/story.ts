/**
 * The story of a run in ten lines at most: who there was, what befell them, who heard of what when,
 * and how the others stood. For people who have no time for a report.
 */

import { MINUTE_MS } from '../core/time.ts';
import { TIERS, type Tier } from '../federation/tier.ts';
import type { History, TierChange } from './history.ts';
import { spell, spellShare } from './markup.ts';
import type { Verdict } from './run.ts';
import type { World } from './world.ts';

const HAPPENINGS_TOLD = 4;
const WITHDRAWALS_TOLD = 2;
const STANDINGS_TOLD = 2;
const NAMES_TOLD = 4;

/** The lines, without a line end. Needs a world that kept its history. */
export function storyOf(world: World, verdict: Verdict): readonly string[] {
  return [
    setting(world),
    ...happenings(world),
    ...withdrawals(world),
    ...standings(world),
    ending(world, verdict),
  ];
}

function setting({ scenario, machines, network }: World): string {
  const { limits, domains, minutes } = scenario;
  const { freshForMs, degradedForMs, survivalForMs } = limits;
  const size = `${domains} domains, ${machines.size} machines, ${network.links.length} links`;
  const tiers = [freshForMs, degradedForMs, survivalForMs].map(spell).join(', ');
  return `${size}, ${spell(minutes * MINUTE_MS)}; FRESH, DEGRADED, SURVIVAL for ${tiers}`;
}

function happenings({ history }: World): readonly string[] {
  const all = history.happenings;
  const told = all.slice(0, HAPPENINGS_TOLD).map(({ at, happening: { fault, on, forMs } }) => {
    const names = on.slice(0, NAMES_TOLD).join(' ');
    const more = on.length > NAMES_TOLD ? ` and ${on.length - NAMES_TOLD} more` : '';
    return `${spell(at)}: ${fault}, ${names}${more}${forMs > 0 ? `, for ${spell(forMs)}` : ''}`;
  });
  const rest = all.length - told.length;
  const last = told.pop();
  if (last === undefined) return ['nothing befell anybody'];
  return [...told, rest > 0 ? `${last}; and ${rest} more` : last];
}

/** Who knew of each withdrawal, and after how long. */
function withdrawals(world: World): readonly string[] {
  return world.history.withdrawals.slice(0, WITHDRAWALS_TOLD).map((withdrawal) => {
    const { domain, acknowledgedAt } = withdrawal;
    const delays = [...delaysOf(world, domain, acknowledgedAt)].sort(([, a], [, b]) => a - b);
    const [slowest, lastMs] = delays.at(-1) ?? [domain, 0];
    const half = delays[Math.floor(delays.length / 2)]?.[1] ?? 0;
    const what = `${domain} withdrew at ${spell(acknowledgedAt)}`;
    const when = `half knew in ${spellShort(half)}, the last, ${slowest}, in ${spellShort(lastMs)}`;
    return `${what}: ${delays.length} machines heard; ${when}`;
  });
}

/** By machine: how long after the withdrawal it knew. */
export function delaysOf(
  world: Pick<World, 'history'>,
  domain: string,
  at: number,
): ReadonlyMap<string, number> {
  const delays = new Map<string, number>();
  for (const arrival of world.history.arrivals) {
    // A stop is revealed before its people are answered.
    if (arrival.domain !== domain || arrival.at < at - ANSWER_MS) continue;
    if (!delays.has(arrival.machine)) {
      delays.set(arrival.machine, Math.max(0, arrival.at - at));
    }
  }
  return delays;
}

const ANSWER_MS = 5_000;

/** Those who stood worst for longest. */
function standings(world: World): readonly string[] {
  const shares = [...sharesOf(world.history, world.now)].filter(([, share]) => share.FRESH < 1);
  const weight = (share: Readonly<Record<Tier, number>>): number =>
    TIERS.reduce((sum, tier, i) => sum + i * share[tier], 0);
  const worst = shares.sort(([, a], [, b]) => weight(b) - weight(a)).slice(0, STANDINGS_TOLD);
  if (worst.length === 0) return ['everybody found everybody FRESH throughout'];
  return worst.map(([name, share]) => {
    const seen = TIERS.filter((tier) => share[tier] > 0);
    const parts = seen.map((tier) => `${tier} ${spellShare(share[tier])}`);
    return `${name}: ${parts.join(', ')}`;
  });
}

/** The share of its time with power that each machine found each domain in each tier. */
function sharesOf(
  history: History,
  endMs: number,
): ReadonlyMap<string, Readonly<Record<Tier, number>>> {
  const changesOf = new Map<string, TierChange[]>();
  for (const change of history.tiers) {
    const name = `${change.machine} of ${change.domain}`;
    changesOf.set(name, [...(changesOf.get(name) ?? []), change]);
  }
  const shares = [...changesOf].map(([name, changes]) => {
    const share = { FRESH: 0, DEGRADED: 0, SURVIVAL: 0, EXPIRED: 0, QUARANTINED: 0 };
    let whole = 0;
    for (const [i, { at, machine, tier }] of changes.entries()) {
      for (const [from, to] of history.runsOf(machine, at, changes[i + 1]?.at ?? endMs)) {
        share[tier] += to - from;
        whole += to - from;
      }
    }
    for (const tier of TIERS) share[tier] /= Math.max(1, whole);
    return [name, share] as const;
  });
  return new Map(shares);
}

function ending({ scenario, coverage, history, now }: World, verdict: Verdict): string {
  const alarms = coverage.entries().filter(([point]) => point.startsWith('alarm: '));
  const said = alarms.map(
    ([point, times]) => `${point.slice('alarm: '.length)} ${spellTimes(times)}`,
  );
  const raised = said.length === 0 ? 'no alarm' : `alarms: ${said.join(', ')}`;
  const healed = scenario.heals ? 'healed at the end, and all agreed' : 'ended as it stood';
  const end = verdict === 'held' ? healed : `${verdict} after ${spell(now)}`;
  return `${raised}; links came or went ${spellTimes(history.links.length)}; ${end}`;
}

function spellTimes(times: number): string {
  return times === 1 ? 'once' : `${times} times`;
}

/** Below a minute in milliseconds or seconds, as floods are. */
function spellShort(ms: number): string {
  if (ms >= MINUTE_MS) return spell(ms);
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
