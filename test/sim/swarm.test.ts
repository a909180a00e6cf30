/**
 * The share of the swarm that every build runs: hundreds of hostile worlds, with a breath after
 * each, or no world's documents are forgotten before the last one's. Timeout: 600 s
 */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { breath } from '../../sim/host/interruption.ts';
import { runSeed } from '../../sim/run.ts';
import { scenarioNamed } from '../../sim/scenarios/table.ts';
import { runWithSecondOpinion, SECOND_OPINION_EVERY } from '../../sim/second-opinion.ts';
import { RUNS_TO_REACH_ALL, Swarm } from '../../sim/swarm.ts';

const swarm = suite('sim/swarm');

/** Small worlds, many of them: what one lacks another has. */
const WORLD = { ...scenarioNamed('swarm'), domains: 2, followers: 1, minutes: 8 };
const SEEDS = RUNS_TO_REACH_ALL;
const GARRISON = scenarioNamed('garrison');
const GARRISONS = 32;
const REACHED_BY_GARRISONS = [
  'people: the next rank was given the word',
  'people: a beacon key was rotated',
  'people: a key was called compromised',
  'people: a rank given twice was refused',
  'people: a ceremony was held at a standby that writes',
  'checker: a guest obtained everything once a person told it the time',
];

swarm(`of ${SEEDS} seeds holds every sentence and reaches every fault`, async () => {
  const sum = new Swarm(WORLD);
  for (let seed = 1; seed <= SEEDS; seed++) {
    sum.add(runWithSecondOpinion({ scenario: WORLD, seed }));
    await breath();
  }
  const failed = sum.failed.map((run) => `${run.seed}: ${run.verdict} ${run.sentence}: ${run.why}`);
  assert.equal(failed, []);
  const faults = sum.missed.filter((point) => point.startsWith('fault: '));
  assert.equal(faults, []);
  const agreed = sum.coverage.find(([point]) => point === 'suite: the real one agreed');
  assert.is(agreed?.[1], Math.floor(SEEDS / SECOND_OPINION_EVERY));
});

swarm(
  `of ${GARRISONS} seeds holds every sentence where standbys take over and ceremonies are held`,
  async () => {
    const sum = new Swarm(GARRISON);
    for (let seed = 1; seed <= GARRISONS; seed++) {
      sum.add(runSeed({ scenario: GARRISON, seed }));
      await breath();
    }
    const failed = sum.failed.map(
      (run) => `${run.seed}: ${run.verdict} ${run.sentence}: ${run.why}`,
    );
    assert.equal(failed, []);
    const seen = new Set(sum.coverage.map(([point]) => point));
    for (const point of REACHED_BY_GARRISONS) assert.ok(seen.has(point), point);
  },
);

swarm.run();
