/**
 * How soon a stop is everywhere: from the call that withdraws to its admission at each other
 * daemon, as that daemon's audit log told it. Disks, signatures and the telling are part of it.
 */

import { once } from 'node:events';
import { chordedRing, domainOf, type Fleet, type FleetPlan } from './fleet.ts';
import type { LinkEnds } from './site.ts';

/** Daemons that hear each other well; the one after them is behind a slow link. */
export const STOP_SIZE = 30;
const SLOW = STOP_SIZE;
/** Domains that the one behind the slow link relates to. */
const SLOW_PARTNERS = 4;
export const SLOW_BITS_PER_S = 1_200;
const DELAY_MS = 50;
const CHORD = 5;
const REACHED_MS_MAX = 60_000;
const PAUSE_MS = 300;
const SLOW_PAUSE_MS = 20_000;

/** Thirty daemons over links of 50 ms, and one that only the first of them reaches. */
export function stopPlan(): FleetPlan {
  const members = Array.from({ length: STOP_SIZE }, (_, index) => index);
  const slowLink: LinkEnds = [SLOW, 0];
  const isRelated = (a: number, b: number): boolean =>
    Math.max(a, b) < SLOW || Math.min(a, b) < SLOW_PARTNERS;
  return {
    size: STOP_SIZE + 1,
    links: [...chordedRing(members, CHORD), slowLink],
    line: { delayMs: DELAY_MS, bitsPerS: null },
    tickPeriod: '60s',
    areRelated: isRelated,
    filed: [SLOW],
    configOf: (index) => (index === SLOW ? SLOW_CONFIG : ''),
  };
}

/** All that it dials is slow. */
const SLOW_CONFIG = `[network]\nslow = ["127.0.0.0/8"]\nslow_rate = ${SLOW_BITS_PER_S}\n`;

/** Withdraws at one domain after the other, so often each; how soon each of the thirty knew. */
export async function reachOfMany(fleet: Fleet, times: number): Promise<readonly number[]> {
  // What the last daemon relates to is left alone: its link is for the other question.
  const domains = Array.from({ length: STOP_SIZE - SLOW_PARTNERS }, (_, i) => SLOW_PARTNERS + i);
  const rounds = Array.from({ length: times }, () => domains).flat();
  const withdrawals = await Promise.all(rounds.map((by) => prepareWithdrawal(fleet, by)));
  await fleet.settle(REACHED_MS_MAX);
  const ms: number[] = [];
  for (const withdrawal of withdrawals) {
    ms.push(...(await reachOf(fleet, withdrawal, (listener) => listener < SLOW)));
    await pause(PAUSE_MS);
  }
  return ms;
}

/**
 * The link of the last daemon becomes as slow as it was told. Its partners withdraw one after the
 * other, sooner than what follows each stop has passed: all but the first meet a link in use.
 */
export async function reachOverSlowLink(fleet: Fleet): Promise<readonly number[]> {
  const partners = Array.from({ length: SLOW_PARTNERS }, (_, by) => by);
  const withdrawals = await Promise.all(partners.map((by) => prepareWithdrawal(fleet, by)));
  await fleet.carryFiles(); // over the link they would take minutes
  await fleet.settle(REACHED_MS_MAX);
  await pause(SLOW_PAUSE_MS); // what was said at once when the link came up has passed
  fleet.wire(SLOW, 0).line = { delayMs: DELAY_MS, bitsPerS: SLOW_BITS_PER_S };
  const ms: number[] = [];
  for (const withdrawal of withdrawals) {
    ms.push(...(await reachOf(fleet, withdrawal, (listener) => listener === SLOW)));
    await pause(SLOW_PAUSE_MS);
  }
  return ms;
}

/** An entry that its domain will delete. */
export interface Withdrawal {
  readonly by: number;
  readonly id: string;
}

let named = 0;

/** Publishes what will be withdrawn. */
export async function prepareWithdrawal(fleet: Fleet, by: number): Promise<Withdrawal> {
  const spiffeId = `spiffe://${domainOf(by)}/withdrawn-${named++}`;
  const { control } = fleet.daemon(by);
  const { id } = await control.call('entry.create', { spiffeId, selectors: ['unix:uid:65533'] });
  return { by, id };
}

/** Withdraws; how soon each daemon of interest admitted the stop. */
async function reachOf(
  fleet: Fleet,
  { by, id }: Withdrawal,
  isOfInterest: (listener: number) => boolean,
): Promise<readonly number[]> {
  const listeners = [...fleet.daemons.keys()];
  const waiting = new Set(listeners.filter((one) => one !== by && isOfInterest(one)));
  const heardAt: number[] = [];
  const whole = new EventTarget();
  const done = once(whole, 'whole', { signal: AbortSignal.timeout(REACHED_MS_MAX) });
  const silence = fleet.listen(({ by: listener, at, entry: { event, fields } }) => {
    const isIt = event === 'stop.admitted' && fields.domain === domainOf(by);
    if (!isIt || !waiting.delete(listener)) return;
    heardAt.push(at);
    if (waiting.size === 0) whole.dispatchEvent(new Event('whole'));
  });
  const from = performance.now();
  await fleet.daemon(by).control.call('entry.delete', { id });
  await done;
  silence();
  return heardAt.map((at) => at - from);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
