/**
 * A hundred domains of real daemons whose ticks reach one node over a slow link: what a quiet time
 * costs that link, every byte counted on the wire.
 *
 *     edge ── slow ── hub ── 25 domains, each of them with three more behind it
 *
 * A hub has no places for a hundred foreign peers (PROTOCOL §6.2), hence those behind others.
 */

import { domainOf, type Fleet, type FleetPlan } from './fleet.ts';
import type { LinkEnds } from './site.ts';

const [HUB, EDGE] = [0, 1];
const FIRST = 2;
const RELAYS = 25;
const BEHIND_EACH = 3;
/** The domains that the edge hears of. */
export const QUIET_DOMAINS: number = RELAYS * (1 + BEHIND_EACH);
const BITS_PER_S = 9_600;
const BITS_PER_BYTE = 8;
const DELAY_MS = 50;

/** Who is next to the hub on the way to this domain. */
function relayOf(index: number): number {
  return FIRST + ((index - FIRST) % RELAYS);
}

/** All of them, the edge behind its link of 9.6 kbit/s. */
export function quietPlan(): FleetPlan {
  const domains = Array.from({ length: QUIET_DOMAINS }, (_, i) => FIRST + i);
  const links = domains.map((index): LinkEnds => {
    const relay = relayOf(index);
    return [index, relay === index ? HUB : relay];
  });
  return {
    size: FIRST + QUIET_DOMAINS,
    links: [...links, [EDGE, HUB]],
    line: { delayMs: DELAY_MS, bitsPerS: null },
    tickPeriod: '60s',
    areRelated: (a, b) => Math.min(a, b) < FIRST || relayOf(a) === b || relayOf(b) === a,
    filed: [EDGE],
    configOf: (index) => (index === EDGE ? SLOW_CONFIG : ''),
  };
}

const SLOW_CONFIG = `[network]\nslow = ["127.0.0.0/8"]\nslow_rate = ${BITS_PER_S}\n`;

/** The share of the link that so many quiet minutes take, both ways together, after a warm-up. */
export async function quietShare(fleet: Fleet, minutes: number, warmUp: number): Promise<number> {
  const wire = fleet.wire(EDGE, HUB);
  wire.line = { delayMs: DELAY_MS, bitsPerS: BITS_PER_S };
  await pass(warmUp);
  wire.bytes = 0;
  const from = performance.now();
  await pass(minutes);
  const { bytes } = wire;
  const seconds = (performance.now() - from) / 1_000;
  const stale = (await fleet.sights(EDGE)).filter(({ tier }) => tier !== 'FRESH');
  if (stale.length > 0) {
    throw new Error(`${domainOf(EDGE)} sees ${stale.map(({ domain }) => domain).join()} not fresh`);
  }
  return bytes / seconds / (BITS_PER_S / BITS_PER_BYTE);
}

function pass(minutes: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, minutes * 60_000));
}
