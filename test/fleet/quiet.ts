/**
 * A hundred domains of real daemons whose ticks reach one node over a slow link: what a quiet time
 * costs that link, every byte counted on the wire.
 *
 *     edge ── slow ── hub ── 25 domains, each of them with three more behind it
 *
 * A hub has no places for a hundred foreign peers (PROTOCOL §6.2), hence those behind others.
 */

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { domainOf, type Fleet, type FleetPlan } from './fleet.ts';
import type { LinkEnds } from './site.ts';
import type { Wire } from './wire.ts';

const [HUB, EDGE] = [0, 1];
const FIRST = 2;
const RELAYS = 25;
const BEHIND_EACH = 3;
/** The domains that the edge hears of. */
export const QUIET_DOMAINS: number = RELAYS * (1 + BEHIND_EACH);
const BITS_PER_S = 9_600;
const BITS_PER_BYTE = 8;
const DELAY_MS = 50;
/** After the founding documents go over the link, at half of what it carries; quiet is less. */
const SETTLED_SHARE = 0.25;
const SETTLED_MINUTES_MAX = 60;

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

/**
 * The share of the link that so many quiet minutes take, both ways together: counted once what the
 * founding left to say was said, which is when a minute costs little.
 */
export async function quietShare(fleet: Fleet, minutes: number): Promise<number> {
  const wire = fleet.wire(EDGE, HUB);
  wire.line = { delayMs: DELAY_MS, bitsPerS: BITS_PER_S };
  for (let waited = 1; (await shareOf(wire, 1)) > SETTLED_SHARE; waited++) {
    if (waited === SETTLED_MINUTES_MAX) throw new Error('the link does not come to rest');
  }
  const share = await shareOf(wire, minutes);
  const stale = (await fleet.sights(EDGE)).filter(({ tier }) => tier !== 'FRESH');
  if (stale.length > 0) {
    throw new Error(`${domainOf(EDGE)} sees ${stale.map(({ domain }) => domain).join()} not fresh`);
  }
  return share;
}

async function shareOf(wire: Wire, minutes: number): Promise<number> {
  const [from, before] = [performance.now(), wire.bytes];
  await new Promise((resolve) => setTimeout(resolve, minutes * MINUTE_MS));
  const seconds = (performance.now() - from) / SECOND_MS;
  return (wire.bytes - before) / seconds / (BITS_PER_S / BITS_PER_BYTE);
}
