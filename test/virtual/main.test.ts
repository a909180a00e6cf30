/** The command that lives scenarios over real libp2p: what it refuses, and what it says. */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EXIT } from '../../sim/exit-code.ts';
import { temporaryFolder } from '../folder.ts';

const command = suite('virtual/main');

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

function virtual(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

command('refuses what it cannot live through, and what only the simulator does', () => {
  const refused: readonly (readonly [string, readonly string[]])[] = [
    ['scenario-mix', ['--scenario', 'archipelago']],
    ['scenario-mix', ['--scenario', 'cut-cable', '--nodes', '2']],
    ['scenario-unknown', ['--scenario', 'atlantis']],
    ['sim-option', ['--scenario', 'plain', '--real']],
    ['sim-option', ['--seeds', '1..2', '--jobs', '2']],
    ['seed-malformed', ['--seed', '1.5']],
  ];
  for (const [code, words] of refused) {
    const { status, stderr } = virtual(...words);
    assert.is(status, EXIT.usage, `${words.join(' ')}: ${stderr}`);
    assert.ok(stderr.startsWith(`virtual: ${code}: `), `${words.join(' ')}: ${stderr}`);
  }
});

command('lives through a scenario file twice, and says the same trace of both', async () => {
  await using folder = await temporaryFolder();
  const file = folder.file('couple.json');
  writeFileSync(file, '{"name":"couple","domains":2,"links":"line","minutes":1}');
  const { status, stdout, stderr } = virtual('--scenario', file, '--check');
  assert.is(status, EXIT.held, stderr);
  assert.match(stdout, /^\{"scenario":"couple","seed":1,"daemons":2,.*"agreedAfterMs":0,/);
});

command('draws the page of a run that the simulator draws of its own', async () => {
  await using folder = await temporaryFolder();
  const [file, page] = [folder.file('couple.json'), folder.file('couple.html')];
  const withdrawing = { at: 60_000, fault: 'withdrawing', on: ['d00'], forMs: 0, amount: 7 };
  const happenings = [withdrawing];
  writeFileSync(
    file,
    JSON.stringify({ name: 'couple', domains: 2, links: 'line', minutes: 2, happenings }),
  );
  const { status, stderr } = virtual('--scenario', file, '--report', page);
  assert.is(status, EXIT.held, stderr);
  const drawn = readFileSync(page, 'utf8');
  assert.match(drawn, /<h1>couple, over real libp2p<\/h1>/);
  const count = (what: string): number => drawn.split(what).length - 1;
  assert.ok(count('class="tier FRESH"') >= 4, 'each finds each FRESH');
  assert.is(count('class="up"'), 1);
  assert.is(count('class="dot"'), 2);
  assert.is(count('class="bar"'), 1);
  assert.is(count('<polyline'), 2);
});

command('refuses, by its name, a fault that never reaches libp2p, and says why', async () => {
  await using folder = await temporaryFolder();
  const file = folder.file('twice.json');
  writeFileSync(file, '{"name":"twice","faults":["duplication"]}');
  const { status, stderr } = virtual('--scenario', file);
  assert.is(status, EXIT.usage);
  assert.match(stderr, /duplication: TCP brings everything once and in order/);
});

command('lists the scenarios that it can live through', () => {
  const { status, stdout } = virtual('--list');
  assert.is(status, EXIT.held);
  assert.match(stdout, /^cut-cable {12}/m);
  assert.not.match(stdout, /^archipelago/m);
});

command.run();
