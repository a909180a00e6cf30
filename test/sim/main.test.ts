/** The command itself: what it refuses, with the mend, and how it ends when nobody reads on. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EXIT } from '../../sim/exit-code.ts';
import { temporaryFolder } from '../folder.ts';

const command = suite('sim/main');

const MAIN = fileURLToPath(new URL('../../sim/main.js', import.meta.url));

function sim(...words: readonly string[]): {
  readonly status: number | null;
  readonly told: string;
} {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, ...words], { encoding: 'utf8' });
  return { status, told: stderr };
}

command('refuses bad input with a code and a mend, and runs nothing', async () => {
  await using folder = await temporaryFolder();
  const file = (name: string, text: string): string => {
    writeFileSync(folder.file(name), text);
    return folder.file(name);
  };
  const refused: readonly (readonly [string, readonly string[]])[] = [
    ['scenario-malformed', ['--scenario', file('key.json', '{"domans":3}')]],
    ['scenario-mix', ['--scenario', file('mix.json', mixOf('d00', 'd01', 'd02', 'd03'))]],
    ['scenario-mix', ['--scenario', file('stranger.json', mixOf('d07'))]],
    ['scenario-mix', ['--scenario', 'lost-hub', '--nodes', '2']],
    ['trace-version', ['--scenario', file('trace.json', '{"traceVersion":999}')]],
    ['scenario-unknown', ['--scenario', 'atlantis']],
    ['seed-malformed', ['--seed', '1.5']],
    ['seed-malformed', ['--seed', '-1']],
    ['seed-malformed', ['--seeds', '1..x']],
    ['sim-option', ['--nodes', '0']],
    ['sim-option', ['--seed']],
    ['sim-option', ['--seeds', '1..2', '--check']],
    ['sim-option', ['--seeds', '1..2', '--report', folder.file('swarm.html')]],
    ['sim-option', ['--days', '1', '--hours', '1']],
    ['sim-option', ['--seed', '1', '--record', folder.file('seeds')]],
    ['sim-record', ['--seeds', '1..2', '--record', file('other', '{"first":1}\n')]],
  ];
  for (const [code, words] of refused) {
    const { status, told } = sim(...words);
    assert.is(status, EXIT.usage, `${words.join(' ')}: ${told}`);
    const [first = '', mend = ''] = told.split('\n');
    assert.ok(first.startsWith(`sim: ${code}: `), `${words.join(' ')}: ${first}`);
    assert.ok(mend.trim().length > 10, `${code} says what mends it`);
  }
});

command('names what a small swarm did not reach, and does not call that a failure', () => {
  const { status, told } = sim('--seeds', '1..2', '--nodes', '2', '--hours', '1');
  assert.is(status, EXIT.held, told);
  assert.match(told, /sim: not reached \(it takes 500 seeds to reach all\): .*fault: /);
});

command('keeps stdout for what is left of a failing run, where that is asked for', () => {
  const words = [MAIN, '--seed', '1', '--nodes', '2', '--hours', '1', '--shrink'];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  assert.is(status, EXIT.held, stderr);
  assert.is(stdout, '', 'nothing failed, so nothing is left of it');
  assert.match(stderr, /seed 1: held/);
});

command('writes down what is left of a failing run so that it can be run again', async () => {
  await using folder = await temporaryFolder();
  const given = folder.file('slow.json');
  // Every frame takes longer than a domain stays fresh: no healed coalition finds it so.
  writeFileSync(given, '{"name":"slow","domains":2,"latencyMs":300000,"minutes":2,"seed":1}');
  const words = [MAIN, '--scenario', given, '--shrink'];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  assert.is(status, EXIT.liveness, stderr);
  writeFileSync(given, stdout.trim());
  assert.is(sim('--scenario', given).status, EXIT.liveness);
});

command('takes a swarm up where its record ends, and in no other world', async () => {
  await using folder = await temporaryFolder();
  const record = folder.file('seeds.jsonl');
  const world = ['--nodes', '1', '--hours', '1', '--record', record];
  const whole = spawnSync(process.execPath, [MAIN, '--seeds', '1..102', ...world], {
    encoding: 'utf8',
  });
  assert.is(whole.status, EXIT.held, whole.stderr);
  const lines = readFileSync(record, 'utf8').split('\n');
  assert.is(lines.length, 4, 'a head, two stretches, an end');
  writeFileSync(
    record,
    lines
      .slice(0, 2)
      .join('\n')
      .concat('\n', lines[2]?.slice(0, 9) ?? ''),
  );
  const again = spawnSync(process.execPath, [MAIN, '--seeds', '1..102', ...world], {
    encoding: 'utf8',
  });
  assert.is(again.status, EXIT.held, again.stderr);
  const sumOf = (out: string): string => out.replace(/failed, .*/, '');
  assert.is(sumOf(again.stdout), sumOf(whole.stdout));
  const kept = readFileSync(record, 'utf8').split('\n');
  assert.equal(kept.toSorted(), lines.toSorted(), 'the cut line was made again');
  assert.match(sim('--seeds', '1..102', '--nodes', '2', ...world.slice(2)).told, /sim-record/);
});

command(
  'ends a swarm that is recorded where a seed fails, and keeps nothing of its stretch',
  async () => {
    await using folder = await temporaryFolder();
    const given = folder.file('slow.json');
    const record = folder.file('seeds.jsonl');
    writeFileSync(given, '{"name":"slow","domains":2,"latencyMs":300000,"minutes":2,"seed":1}');
    const words = ['--scenario', given, '--seeds', '1..101', '--record', record];
    for (const _ of ['begun', 'taken up']) {
      const { status, told } = sim(...words);
      assert.is(status, EXIT.liveness, told);
      assert.is(readFileSync(record, 'utf8').split('\n').length, 2, 'a head, an end');
    }
  },
);

command('ends in silence when nobody reads on', async () => {
  const words = [MAIN, '--seeds', '1..60', '--nodes', '2', '--hours', '1', '--json'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => {
    told += chunk.toString('utf8');
  });
  const [status] = await once(child, 'close');
  assert.is(status, EXIT.unread, told);
  assert.not.match(told, /Unhandled|Error/);
});

command('leaves a report that can be used when it is interrupted', async () => {
  await using folder = await temporaryFolder();
  const page = folder.file('report.html');
  const words = [MAIN, '--scenario', 'container', '--report', page];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.resume();
  // The first progress line: the run is under way.
  await once(child.stderr, 'data');
  child.kill('SIGINT');
  const [status] = await once(child, 'close');
  assert.is(status, EXIT.interrupted);
  const text = readFileSync(page, 'utf8');
  assert.match(text, /interrupted/);
  assert.match(text, /<\/html>/);
});

/** A partition of a coalition of four, with nobody on the other side, or of a stranger. */
function mixOf(...on: readonly string[]): string {
  const happening = { at: 60_000, fault: 'partition', on, forMs: 1_000, amount: 0 };
  return JSON.stringify({ domains: 4, happenings: [happening] });
}

command.run();
