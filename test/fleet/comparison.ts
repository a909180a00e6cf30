/**
 * Two runs of one scenario beside each other: who saw whom in which tier and when, as lived by real
 * daemons or over real libp2p, and as the simulator has it.
 */

import { SECOND_MS } from '../../core/time.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { isCapture } from './plot.ts';

/** A machine saw a domain in another tier, so long after the first happening. */
export interface Fall {
  readonly by: string;
  readonly of: string;
  readonly tier: string;
  readonly afterMs: number;
}

/** A change of tier that both runs have. */
export interface Pair {
  readonly lived: Fall;
  readonly simulated: Fall;
}

/** How the two runs compare. */
export interface Comparison {
  readonly pairs: readonly Pair[];
  /** Changes that only one of them has, as sentences. */
  readonly unmatched: readonly string[];
  /** By how much the most different pair differs. */
  readonly worstMs: number;
}

/**
 * Pairs the falls of both runs, in their order for each two daemons. Who is captured in it is left
 * out: chance says when its forgeries have it banned.
 */
export function compareFalls(
  { happenings }: Scenario,
  lived: readonly Fall[],
  simulated: readonly Fall[],
): Comparison {
  const captured = new Set(happenings.filter(isCapture).flatMap(({ on }) => on));
  const [ours, theirs] = [lived, simulated].map((falls) =>
    Map.groupBy(
      falls.filter(({ by }) => !captured.has(by)),
      ({ by, of }) => `${by} of ${of}`,
    ),
  );
  const names = new Set([...(ours?.keys() ?? []), ...(theirs?.keys() ?? [])]);
  const unmatched: string[] = [];
  const pairs: Pair[] = [];
  for (const name of names) {
    const [real = [], told = []] = [ours?.get(name), theirs?.get(name)];
    for (let i = 0; i < Math.max(real.length, told.length); i++) {
      const [one, other] = [real[i], told[i]];
      if (one?.tier !== other?.tier || one === undefined || other === undefined) {
        unmatched.push(`${name}: ${sayFall(one)} lived, ${sayFall(other)} simulated`);
      } else pairs.push({ lived: one, simulated: other });
    }
  }
  return { pairs, unmatched, worstMs: Math.max(0, ...pairs.map(apartMs)) };
}

/** For each machine and tier: how many domains, when the last was seen so in either run. */
export function tableOf(pairs: readonly Pair[]): string {
  const groups = Map.groupBy(pairs, ({ lived: { by, tier } }) => `${by.padEnd(8)} ${tier}`);
  const rows = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, group]) => {
      const last = (falls: readonly Fall[]): string =>
        seconds(Math.max(...falls.map(({ afterMs }) => afterMs)));
      const apart = seconds(Math.max(...group.map(apartMs)));
      const [lived, told] = [group.map((p) => p.lived), group.map((p) => p.simulated)];
      return [name, String(group.length), last(lived), last(told), apart];
    });
  const heading = ['machine  tier', 'seen', 'last lived', 'simulated', 'most apart'];
  return [heading, ...rows]
    .map(([name = '', ...cells]) => name.padEnd(20) + cells.map((c) => c.padStart(12)).join(''))
    .join('\n');
}

function apartMs({ lived, simulated }: Pair): number {
  return Math.abs(lived.afterMs - simulated.afterMs);
}

function seconds(ms: number): string {
  return `${(ms / SECOND_MS).toFixed(1)} s`;
}

function sayFall(fall: Fall | undefined): string {
  return fall === undefined ? 'nothing' : `${fall.tier} after ${fall.afterMs.toFixed(0)} ms`;
}
