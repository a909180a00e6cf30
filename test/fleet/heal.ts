/**
 * Two halves and one cable: how long they take to agree once it is back.
 *
 * While it is cut, each half publishes changes: entries, which are new beacons to others, and
 * revocations, which are documents. All have agreed when every daemon holds the newest beacon of
 * every domain, sees all of them fresh, and lists every revocation that was published anywhere.
 */

import { availableParallelism, loadavg } from 'node:os';
import { chordedRing, domainOf, type Fleet, type FleetPlan, type Heard } from './fleet.ts';
import { processorMs } from './processors.ts';
import type { Wire } from './wire.ts';

/** Daemons of a whole run, and changes of each half. */
export const HEAL_SIZE = 30;
export const HEAL_CHANGES = 20;
const DELAY_MS = 50;
const CHORD = 4;
const LEARNED = /^(?:beacon|document|revocations)\.admitted$/;
const AGREED_MS_MAX = 60_000;
/** Nobody is asked, which keeps them from learning, until they have learned nothing for so long. */
const LEARNING_MS = 1_000;

/** What one partition came to. */
export interface Healing {
  readonly partitionS: number;
  readonly changes: number;
  /** From the cable being back to somebody dialling over it. */
  readonly dialledAfterS: number;
  /** From the cable being back to the last thing that anybody learned. */
  readonly agreedAfterS: number;
  /** What the daemons used of the processors meanwhile, of all that there are. */
  readonly busy: number;
  /** The same in seconds, of a daemon in the mean: it hardly depends on what else runs. */
  readonly processorS: number;
  /** What everybody but this fleet and this process used meanwhile: with much of it, no figure. */
  readonly othersBusy: number;
  /** Processes that ran or waited to, over the minute before (proc_loadavg(5)). */
  readonly load: number;
}

/** Does what it is given when nobody else does. */
export type Turns = <T>(body: () => Promise<T>) => Promise<T>;

/** Thirty daemons, the first half of them linked with the second by one cable. */
export function healPlan(size = HEAL_SIZE): FleetPlan {
  const half = Math.ceil(size / 2);
  const members = Array.from({ length: size }, (_, index) => index);
  return {
    size,
    links: [
      ...chordedRing(members.slice(0, half), CHORD),
      ...chordedRing(members.slice(half), CHORD),
      [0, half],
    ],
    line: { delayMs: DELAY_MS, bitsPerS: null },
    tickPeriod: '60s',
  };
}

/**
 * Cuts the cable for so long, publishes in both halves, and waits until all agree again; other
 * fleets of this process take `turns` with it at that.
 */
export async function partitionAndHeal(
  fleet: Fleet,
  partitionS: number,
  turns: Turns = (body) => body(),
): Promise<Healing> {
  const { size } = fleet.plan;
  const cable = fleet.wire(0, Math.ceil(size / 2));
  const cutAt = performance.now();
  const end = cutAt + partitionS * 1_000;
  cable.cut();
  const published = await publish(fleet, size, (end - performance.now()) / 2);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, end - performance.now())));
  return turns(async () => {
    const lastedS = (performance.now() - cutAt) / 1_000;
    return {
      partitionS: lastedS,
      changes: published.size,
      ...(await heal(fleet, cable, published)),
    };
  });
}

/** Mends the cable, and waits until all agree again. */
async function heal(
  fleet: Fleet,
  cable: Wire,
  published: ReadonlySet<string>,
): Promise<Omit<Healing, 'partitionS' | 'changes'>> {
  const [load = Number.NaN] = loadavg();
  const mended = sampleOf(fleet);
  const samples = [mended];
  let learnedAt = mended.at;
  const silence = fleet.listen(({ at, entry }: Heard) => {
    if (LEARNED.test(entry.event)) learnedAt = at;
  });
  cable.mend();
  await fleet.settle(AGREED_MS_MAX, async () => {
    const sample = sampleOf(fleet);
    samples.push(sample);
    const isLearning = sample.at - learnedAt < LEARNING_MS;
    return isLearning ? ['they still learn'] : await missingIn(fleet, published);
  });
  silence();
  const agreed = samples.find(({ at }) => at >= learnedAt) ?? sampleOf(fleet);
  const usedMs = agreed.processorMs - mended.processorMs;
  const thereMs = (agreed.at - mended.at) * availableParallelism();
  return {
    dialledAfterS: (cable.joinedAt - mended.at) / 1_000,
    agreedAfterS: (learnedAt - mended.at) / 1_000,
    busy: usedMs / thereMs,
    processorS: usedMs / 1_000 / fleet.plan.size,
    othersBusy: Math.max(0, agreed.othersMs - mended.othersMs) / thereMs,
    load,
  };
}

/** What the daemons had used of the processors at a moment, and what others had. */
interface Sample {
  readonly at: number;
  readonly processorMs: number;
  readonly othersMs: number;
}

function sampleOf(fleet: Fleet): Sample {
  const ofEach = fleet.daemons.map((daemon) => daemon.process.processorMs());
  const ofFleet = ofEach.reduce((sum, ms) => sum + ms, 0);
  const { user, system } = process.cpuUsage();
  const othersMs = processorMs() - ofFleet - (user + system) / 1_000;
  return { at: performance.now(), processorMs: ofFleet, othersMs };
}

/** Changes spread over the domains of both halves and over the time; what has to be revoked. */
async function publish(fleet: Fleet, size: number, withinMs: number): Promise<ReadonlySet<string>> {
  const half = Math.ceil(size / 2);
  const published = new Set<string>();
  const from = performance.now();
  for (let change = 0; change < HEAL_CHANGES; change++) {
    const both = [change % half, half + (change % (size - half))];
    await Promise.all(
      both.map(async (index) => {
        const spiffeId = `spiffe://${domainOf(index)}/change-${from.toFixed(0)}-${change}`;
        published.add(spiffeId);
        await changeOne(fleet, index, spiffeId, change % 2 === 0 ? 'entry' : 'revocation');
      }),
    );
    const nextAt = from + ((change + 1) * withinMs) / HEAL_CHANGES;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, nextAt - performance.now())));
  }
  return published;
}

async function changeOne(
  fleet: Fleet,
  index: number,
  spiffeId: string,
  kind: 'entry' | 'revocation',
): Promise<void> {
  const { control } = fleet.daemon(index);
  if (kind === 'entry') {
    await control.call('entry.create', { spiffeId, selectors: ['unix:uid:65533'] });
  } else await control.call('revoke', { kind: 'identity', target: spiffeId, reason: '' });
}

/** Whatever anybody lacks, revocations included. */
async function missingIn(fleet: Fleet, published: ReadonlySet<string>): Promise<readonly string[]> {
  const lacking = await fleet.lacking();
  if (lacking.length > 0) return lacking;
  const lists = await Promise.all(
    fleet.daemons.map(({ control }) => control.call('revoke.list', {})),
  );
  const known = lists.map(({ revocations }) => new Set(revocations.map(({ target }) => target)));
  const revoked = [...published].filter((spiffeId) => known.some((list) => list.has(spiffeId)));
  return known.flatMap((list, by) =>
    revoked
      .filter((spiffeId) => !list.has(spiffeId))
      .map((id) => `${domainOf(by)} does not know that ${id} is revoked`),
  );
}
