/** The command that lives scenarios over real libp2p: what it refuses, and what it says. */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
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
