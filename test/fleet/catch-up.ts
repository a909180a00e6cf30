/**
 * How soon a daemon knows again whom it has not heard of for half a year: from the moment that the
 * wire carries, or that a person hands over one courier file, to FRESH under the newest Root.
 */

import { join } from 'node:path';
import { type } from '../daemon/live.ts';
import type { Fleet, FleetPlan } from './fleet.ts';
import { AWAY_DOMAIN, AWAY_EPOCH, AWAY_ROOTS, halfAYear } from './half-a-year.ts';

/** Who knows the newest, who hears of it by the wire, and who by a file. */
const [KNOWING, LINKED, ALONE] = [0, 1, 2];
const DELAY_MS = 50;
const CAUGHT_UP_MS_MAX = 60_000;
const LOOK_MS = 20;

/** Three daemons, two of them linked. */
export const CATCH_UP_PLAN: FleetPlan = {
  size: 3,
  links: [[LINKED, KNOWING]],
  filed: [ALONE],
  line: { delayMs: DELAY_MS, bitsPerS: null },
  tickPeriod: '60s',
};

/** Seconds to FRESH by each way. */
export interface CaughtUp {
  readonly byNetworkS: number;
  readonly byFileS: number;
}

/** Lets all know the domain as it was; then one as it is, and the others hear of that. */
export async function catchUp(fleet: Fleet): Promise<CaughtUp> {
  const files = halfAYear(Date.now());
  fleet.wire(LINKED, KNOWING).cut();
  for (const { control } of fleet.daemons) {
    await control.call('federation.add', { text: files.before, peers: [] });
  }
  const { process, control } = fleet.daemon(KNOWING);
  await control.call('bundle.import', { text: files.now });
  const path = join(process.folder, 'half-a-year.courier');
  await typed(fleet, KNOWING, 'courier', 'export', path, '--domain', AWAY_DOMAIN);

  const contactAt = performance.now();
  fleet.wire(LINKED, KNOWING).mend();
  const byNetworkS = await freshAfter(fleet, LINKED, contactAt);
  const handedAt = performance.now();
  await typed(fleet, ALONE, 'courier', 'import', path, '--yes');
  const byFileS = await freshAfter(fleet, ALONE, handedAt);
  return { byNetworkS, byFileS };
}

async function freshAfter(fleet: Fleet, index: number, from: number): Promise<number> {
  for (;;) {
    const seen = (await fleet.sights(index)).find(({ domain }) => domain === AWAY_DOMAIN);
    const tookMs = performance.now() - from;
    const isNewest = seen?.rootVersion === String(AWAY_ROOTS) && seen.epoch === String(AWAY_EPOCH);
    if (isNewest && seen.tier === 'FRESH') return tookMs / 1_000;
    if (tookMs > CAUGHT_UP_MS_MAX) throw new Error(`after a minute ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function typed(fleet: Fleet, index: number, ...words: readonly string[]): Promise<void> {
  const { code, err } = await type(fleet.daemon(index).process, ...words);
  if (code !== 0) throw new Error(`${words.join(' ')}: ${err}`);
}
