/**
 * Scenarios of the simulator over real libp2p: the same falls as the simulated run has, and the
 * mesh of gossip, the links and the daemons whole again after each.
 *
 * Timeout: 480 s
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { FAULTS } from '../../sim/faults/table.ts';
import { PLAIN, type Scenario } from '../../sim/scenario.ts';
import { capturedNode } from '../../sim/scenarios/captured-node.ts';
import { cutCable } from '../../sim/scenarios/cut-cable.ts';
import { splitHeadquarters } from '../../sim/scenarios/split-headquarters.ts';
import { SCENARIOS } from '../../sim/scenarios/table.ts';
import { compareFalls } from '../fleet/comparison.ts';
import { simulatedFalls } from '../fleet/story.ts';
import { VirtualCoalition } from './virtual-coalition.ts';
import { VIRTUAL_FAULTS, whyNoFault } from './virtual-faults.ts';
import { fallsOf, runVirtually, whyNotVirtually } from './virtual-run.ts';
import { virtualSwarm } from './virtual-swarm.ts';

const virtual = suite('virtual/virtual-run');

const { limits, periodMs } = cutCable;
/** Thirty daemons: ten domains, each with an authority and two that follow it. */
const THIRTY: Scenario = {
  ...{ ...PLAIN, limits, periodMs, domains: 10, followers: 2, links: 'mesh', minutes: 2 },
  happenings: [
    { at: MINUTE_MS, fault: 'isolation', on: ['d03', 'd04-1'], forMs: 40 * SECOND_MS, amount: 0 },
  ],
};
const FIVE: Scenario = { ...PLAIN, limits, periodMs, domains: 5, links: 'ring', relations: 'all' };
/** Seeds of the swarm that between them draw every fault. */
const SWARM_SEEDS = [79, 240, 1];

virtual('a cut cable makes who is cut off fall when the simulator says', async () => {
  const compared = await liveBesideSimulator(cutCable);
  assert.ok(compared >= 2 * 2 * 6 * 6, `${compared} falls`);
});

virtual('a captured node annoys, and of the others falls who is cut off', async () => {
  assert.is(await liveBesideSimulator(capturedNode), 2 * 4);
});

virtual(
  'split headquarters live a day in six minutes, and fall when the simulator says',
  async () => {
    const compared = await liveBesideSimulator(hurried(splitHeadquarters, 240));
    assert.ok(compared >= 2 * 2 * 3 * 3, `${compared} falls`);
  },
);

virtual('power that fails and comes back is noticed when the simulator says', async () => {
  const happenings = [
    { at: 90 * SECOND_MS, fault: 'power-cut', on: ['d01'], forMs: MINUTE_MS, amount: 0 },
    { at: 100 * SECOND_MS, fault: 'process-end', on: ['d03'], forMs: 5_000, amount: 0 },
  ];
  const compared = await liveBesideSimulator({ ...FIVE, minutes: 6, happenings });
  assert.ok(compared >= 3 * 4, `${compared} falls`);
});

virtual('thirty daemons live the same minutes twice, byte for byte', async () => {
  const first = await runVirtually(THIRTY, 1);
  assert.equal(first.lacking, []);
  assert.ok(first.tiers.some(({ tier }) => tier === 'DEGRADED'));
  assert.equal(await runVirtually(THIRTY, 1), first);
});

virtual('a link that flaps is dialled again as often, and nobody falls', async () => {
  const at = MINUTE_MS;
  const happenings = [{ at, fault: 'flapping', on: ['d01'], forMs: MINUTE_MS, amount: 7_000 }];
  const run = await runVirtually({ ...FIVE, minutes: 3, happenings }, 1);
  assert.equal(run.lacking, []);
  assert.equal(
    run.tiers.filter((change) => change.at >= at),
    [],
  );
});

virtual(
  'a daemon that says everything a dozen times more is borne, and so are its words',
  async () => {
    const at = MINUTE_MS;
    const happenings = [{ at, fault: 'flooding', on: ['d01'], forMs: MINUTE_MS, amount: 0 }];
    const run = await runVirtually({ ...FIVE, minutes: 3, happenings }, 1);
    assert.equal(run.lacking, []);
    assert.equal(
      run.tiers.filter((change) => change.at >= at),
      [],
    );
  },
);

virtual('gossip finds its way again after a cut, and ticks come by it alone', async () => {
  await using coalition = new VirtualCoalition(FIVE, 1);
  const { time, net } = coalition;
  await coalition.begin();
  await time.runUntil(MINUTE_MS);
  const mends = net.paths.map((path) => path.cut());
  await time.runUntil(2 * MINUTE_MS);
  for (const mend of mends) mend();
  await time.runUntil(4 * MINUTE_MS);
  const heard = new Map<string, number>();
  coalition.watch = (text) => {
    const [by = '', what, , , , verdict] = text.split(' ');
    if (what === 'gossip' && verdict === 'accept') heard.set(by, (heard.get(by) ?? 0) + 1);
  };
  await time.runUntil(5 * MINUTE_MS);
  const ticks = (FIVE.domains - 1) * Math.floor(MINUTE_MS / FIVE.periodMs);
  for (const name of coalition.machines.keys()) {
    assert.ok((heard.get(name) ?? 0) >= ticks - FIVE.domains, `${name}: ${heard.get(name)} ticks`);
  }
});

virtual('a daemon that is taken down leaves nothing behind: no timer, no word', async () => {
  await using coalition = new VirtualCoalition(FIVE, 1);
  const { time, trace } = coalition;
  await coalition.begin();
  await time.runUntil(MINUTE_MS);
  await coalition.stop();
  await time.runUntil(time.now + MINUTE_MS);
  const { lines } = trace;
  await time.runUntil(time.now + 10 * MINUTE_MS);
  assert.is(trace.lines, lines);
  assert.is(time.waiting, 0);
});

virtual('knows which scenarios it cannot live through, and says why', () => {
  const whys = new Map(SCENARIOS.map((scenario) => [scenario.name, whyNotVirtually(scenario)]));
  for (const name of ['cut-cable', 'clock-attack', 'captured-node', 'restored-backup', 'radio']) {
    assert.is(whys.get(name), null);
  }
  assert.match(whys.get('archipelago') ?? '', /one process bears 100 daemons/);
  assert.match(whys.get('swarm') ?? '', /npm run sim/);
});

virtual(
  'knows no fault that the simulator does not, and says by its name which never comes',
  () => {
    const known = new Set(FAULTS.map(({ name }) => name));
    for (const name of VIRTUAL_FAULTS.keys()) assert.ok(known.has(name), name);
    assert.match(whyNoFault('reordering') ?? '', /^reordering: TCP .*; npm run sim/);
    assert.match(whyNoFault('misnumbering') ?? '', /^misnumbering: only the simulator/);
  },
);

virtual('whatever befalls whom, all agree in the end, and twice the same happens', async () => {
  for (const seed of SWARM_SEEDS) {
    const first = await runVirtually(virtualSwarm, seed);
    assert.equal(first.lacking, [], `seed ${seed}`);
    assert.equal(await runVirtually(virtualSwarm, seed), first, `seed ${seed}`);
  }
});

/** Lives through a scenario; returns how many falls came within a period of the simulated ones. */
async function liveBesideSimulator(scenario: Scenario): Promise<number> {
  const { tiers, lacking } = await runVirtually(scenario, 1);
  assert.equal(lacking, []);
  const { pairs, unmatched, worstMs } = compareFalls(
    scenario,
    fallsOf(scenario, tiers),
    simulatedFalls(scenario),
  );
  assert.equal(unmatched, []);
  assert.ok(worstMs <= scenario.periodMs, `${worstMs} ms apart`);
  return pairs.length;
}

/** The same story, told so many times as fast; a minute later, for a coalition to be founded. */
function hurried(scenario: Scenario, factor: number): Scenario {
  const { freshForMs, degradedForMs, survivalForMs } = scenario.limits;
  return {
    ...scenario,
    minutes: 1 + Math.ceil(scenario.minutes / factor),
    periodMs: scenario.periodMs / factor,
    limits: {
      freshForMs: freshForMs / factor,
      degradedForMs: degradedForMs / factor,
      survivalForMs: survivalForMs / factor,
    },
    happenings: scenario.happenings.map((happening) => ({
      ...happening,
      at: MINUTE_MS + happening.at / factor,
      forMs: happening.forMs / factor,
    })),
  };
}

virtual.run();
