/** A run is a function of its seed: twice the same, with either suite, and shrunk to its cause. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toUtf8 } from '../../core/bytes.ts';
import { runtimeSuite } from '../../core/runtime-suite.ts';
import { EXIT, exitCodeOf } from '../../sim/exit-code.ts';
import { parseOptions, parseSeed } from '../../sim/options.ts';
import { reportOf } from '../../sim/report.ts';
import { runPatiently, runSeed, runWorld } from '../../sim/run.ts';
import { encodeScenario, PLAIN, parseScenario, resized } from '../../sim/scenario.ts';
import { SCENARIOS, scenarioNamed } from '../../sim/scenarios/table.ts';
import { whatIf } from '../../sim/what-if.ts';
import { refuses } from '../refused.ts';

const run = suite('sim/run');

const SMALL = { ...scenarioNamed('swarm'), domains: 2, followers: 1, minutes: 10 };

run('of one seed leaves the same trace twice, and of another seed another', () => {
  const [first, again, other] = [7, 7, 8].map((seed) => runSeed({ scenario: SMALL, seed }));
  assert.is(first?.traceHash, again?.traceHash);
  assert.is.not(first?.traceHash, other?.traceHash);
});

run('comes out the same with the real suite and with the one that stands in for it', () => {
  for (const seed of [3, 4, 5]) {
    const stood = runSeed({ scenario: SMALL, seed });
    const real = runSeed({ scenario: SMALL, seed, suite: runtimeSuite() });
    assert.is(real.verdict, 'held', real.why);
    assert.is(stood.verdict, 'held', stood.why);
    assert.is(real.traceHash, stood.traceHash, `seed ${seed}`);
    assert.is(real.beliefs, stood.beliefs, `seed ${seed}`);
  }
});

run('replays from the file that was written for it', () => {
  const { happenings, traceHash } = runSeed({ scenario: SMALL, seed: 9 });
  const file = encodeScenario({ ...SMALL, faults: [], happenings }, 9);
  const { scenario, seed } = parseScenario(file);
  assert.is(seed, 9);
  assert.is(runSeed({ scenario, seed: 9 }).traceHash, traceHash);
});

run('is refused where its scenario cannot be', () => {
  const parse = (text: string) => () => parseScenario(toUtf8(text));
  refuses('scenario-malformed', parse('{"domain":3}'));
  refuses('scenario-malformed', parse('{"domains":0}'));
  refuses('scenario-malformed', parse('{"faults":["gremlins"]}'));
  refuses('trace-version', parse('{"traceVersion":0}'));
  refuses('scenario-mix', parse('{"periodMs":600000}'));
  refuses('scenario-mix', parse('{"links":"ring","domains":2}'));
  refuses('scenario-unknown', () => scenarioNamed('atlantis'));
  refuses('seed-malformed', () => parseSeed('seven'));
  refuses('seed-malformed', () => parseOptions(['--seeds', '9..1']));
  refuses('sim-option', () => parseOptions(['--sed', '1']));
});

run('that is interrupted keeps what it has come to', async () => {
  let pauses = 0;
  const pause = async () => (++pauses > 500 ? ('end' as const) : ('go on' as const));
  const { world, result } = await runPatiently({ scenario: SMALL, seed: 7, records: true }, pause);
  assert.is(result.verdict, 'interrupted');
  assert.is(exitCodeOf([result]), EXIT.interrupted);
  const page = reportOf(world, result, whatIf(SMALL, world.history.samples));
  assert.match(page, /interrupted/);
  assert.match(page, /class="tier /);
});

run('of many machines can be interrupted before a moment of it is over', async () => {
  const scenario = resized(scenarioNamed('archipelago'), { nodes: 300, minutes: 60 });
  const { world, result } = await runPatiently({ scenario, seed: 1 }, async () => 'end');
  assert.is(result.verdict, 'interrupted');
  assert.ok(world.events > 0 && world.events <= 2_000, `${world.events} events`);
});

run('of two versions at once comes to agree, and whoever is updated is heard', () => {
  const skew = (at: number, on: string, forMs: number, amount: number) =>
    ({ at, fault: 'version-skew', on: [on], forMs, amount }) as const;
  const happenings = [
    skew(60_000, 'd00', 1, 2),
    skew(90_000, 'd01-1', 120_000, 1),
    { at: 200_000, fault: 'withdrawing', on: ['d00'], forMs: 0, amount: 7 },
    skew(240_000, 'd01', 60_000, 3),
  ];
  const { verdict, why, coverage } = runSeed({
    scenario: { ...SMALL, faults: [], happenings },
    seed: 1,
  });
  assert.is(verdict, 'held', why);
  const seen = new Map(coverage);
  assert.is(seen.get('people: a machine was updated'), 3);
  assert.is(seen.get('people: an update was taken back'), 2);
  assert.ok((seen.get('checker: a later version was not understood') ?? 0) > 10);
  assert.ok((seen.get('protocol: a stop was admitted') ?? 0) > 0);
});

run(
  'of a writer put back with its memory ends with its key disowned, or with what it missed',
  () => {
    const at = (minute: number, fault: string, forMinutes = 0) =>
      ({ at: minute * 60_000, fault, on: ['d00'], forMs: forMinutes * 60_000, amount: 2 }) as const;
    const published = [at(1, 'restored-writer', 3), at(2, 'publishing')];
    const cutOff = [...published, at(3, 'isolation', 7), at(9, 'publishing')];
    const runWith = (happenings: typeof cutOff) =>
      runSeed({ scenario: { ...SMALL, minutes: 15, faults: [], happenings }, seed: 1 });
    const [linked, alone] = [runWith(published), runWith(cutOff)];
    for (const { verdict, why } of [linked, alone]) assert.is(verdict, 'held', why);
    const [told, met] = [new Map(linked.coverage), new Map(alone.coverage)];
    assert.is(told.get('disk: a writer was put back with its memory'), 1);
    assert.is(told.get('alarm: own-beacon-unknown'), 1);
    assert.not.ok(told.has('protocol: a key was disowned'));
    assert.ok((met.get('checker: a number came again') ?? 0) > 0);
    assert.ok((met.get('protocol: a key was disowned') ?? 0) > 1);
  },
);

run('has as many machines as were asked for, and nothing after its end', () => {
  const ship = resized(scenarioNamed('patrol'), { nodes: 12, minutes: 24 * 60 });
  assert.equal([ship.domains, ship.followers, ship.happenings.length], [6, 1, 1]);
  assert.is(resized(scenarioNamed('swarm'), { nodes: 1, minutes: null }).followers, 0);
});

run('relates both ends of a link to each other', () => {
  const { world } = runWorld({ scenario: { ...scenarioNamed('plain'), minutes: 2 }, seed: 1 });
  for (const { wires } of world.network.links) {
    for (const { from, to } of wires) {
      const view = from.node?.viewOf(to.domain, from.clock.now(world.now));
      assert.is(view?.standing.tier, 'FRESH', `${to.name} at ${from.name}`);
    }
  }
});

run('has a story in every scenario but two', () => {
  for (const { name, shows } of SCENARIOS) {
    if (name !== PLAIN.name) assert.ok(shows.length > 10, name);
  }
});

run('ends with the gravest of its verdicts', () => {
  assert.is(exitCodeOf([{ verdict: 'held' }]), EXIT.held);
  assert.is(exitCodeOf([{ verdict: 'liveness' }, { verdict: 'crash' }]), EXIT.crash);
  assert.is(exitCodeOf([{ verdict: 'safety' }, { verdict: 'crash' }]), EXIT.safety);
});

run.run();
