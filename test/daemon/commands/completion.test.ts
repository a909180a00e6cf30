/** Completions: of what the help texts say, in the words of each shell, parsed by those present. */

import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wordsOf } from '../../../daemon/commands/completion.ts';
import { COMMANDS } from '../../../daemon/commands/table.ts';
import { temporaryFolder } from '../../folder.ts';
import { skip } from '../../skip.ts';
import { holdfast } from './rig.ts';

const completion = suite('daemon/commands/completion');

async function textFor(kind: string): Promise<string> {
  await using folder = await temporaryFolder();
  return (await holdfast(['completion', kind], folder.path)).out;
}

completion('finds actions and options in the help of a command', async () => {
  const load = COMMANDS.entry;
  if (load === undefined) throw new Error('there is no entry command');
  const { actions, options } = wordsOf(await load());
  assert.equal(actions, ['create', 'list', 'show', 'history', 'update', 'apply', 'delete']);
  assert.ok(options.includes('--federates-with'));
  assert.ok(options.includes('--help'));
});

completion('is made of help that fits a terminal of 80 columns', async () => {
  await using folder = await temporaryFolder();
  const all = ['--help', ...Object.keys(COMMANDS)];
  for (const name of all) {
    const { out } = await holdfast(name === '--help' ? [name] : [name, '--help'], folder.path);
    assert.equal(
      out.split('\n').filter((line) => [...line].length > 80),
      [],
      name,
    );
  }
});

completion('for bash completes commands, actions and options', async () => {
  const script = await textFor('bash');
  const complete = (...words: readonly string[]): readonly string[] => {
    const line = `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))`;
    const run = `${script}\n${line}\n_holdfast\necho "\${COMPREPLY[@]}"`;
    return spawnSync('bash', ['-c', run], { encoding: 'utf8' }).stdout.trim().split(' ');
  };
  assert.equal(complete('holdfast', 'fed'), ['federation']);
  assert.equal(complete('holdfast', 'entry', 'cre'), ['create']);
  assert.equal(complete('holdfast', 'entry', 'create', '--sel'), ['--selector']);
  assert.equal(complete('holdfast', 'entry', 'create', 'cre'), ['']);
});

for (const shell of ['zsh', 'fish']) {
  if (spawnSync(shell, ['--version']).error === undefined) {
    completion(`for ${shell} is a script that ${shell} reads`, async () => {
      const checked = spawnSync(shell, ['-n'], { input: await textFor(shell), encoding: 'utf8' });
      assert.is(checked.stderr, '');
    });
  } else {
    skip(
      `daemon/commands/completion › for ${shell} is a script that ${shell} reads`,
      `no ${shell}`,
    );
  }
}

completion(
  'of the manual has a section for each command, and no line that roff would take',
  async () => {
    const page = await textFor('man');
    for (const name of Object.keys(COMMANDS))
      assert.match(page, new RegExp(`^\\.SS ${name}$`, 'm'));
    const requests = new Set([...page.matchAll(/^\.(\w+)/gm)].map(([, request]) => request));
    assert.equal([...requests].sort(), ['B', 'I', 'PP', 'SH', 'SS', 'TH', 'fi', 'nf']);
  },
);

completion.run();
