/**
 * Timeout: 480 s
 *
 * `holdfast demo --json`, whole: every step of the story is observed, in order, and nothing stays.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../../folder.ts';
import { ROOT } from '../../root.ts';

const demo = suite('daemon/commands/demo');

const STORY = [
  ...['two domains', 'identities', 'relations', 'linked', 'mutual TLS', 'cut', 'DEGRADED'],
  ...['SURVIVAL', 'withdrawn bundle', 'handshakes', 'EXPIRED', 'at home', 'healed', 'withdrawal'],
];
const SECONDS_MAX = 90;

demo('tells the whole story as JSON, exits 0 and leaves nothing behind', async () => {
  await using folder = await temporaryFolder();
  const child = spawn(process.execPath, [join(ROOT, 'bin/holdfast.mjs'), 'demo', '--json'], {
    env: { ...process.env, TMPDIR: folder.path },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let out = '';
  for await (const text of child.stdout.setEncoding('utf8')) out += text;
  const [code] = await ended;
  const steps = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.is(code, 0, out);
  const names = steps.map(({ step }) => step);
  assert.equal(names.slice(0, STORY.length), STORY);
  assert.ok(names.length > STORY.length, 'an old beacon is replayed last');
  assert.ok(steps.every(({ ok, seen }) => ok === true && seen.length > 0));
  const seconds = steps.map(({ atSeconds }) => atSeconds);
  assert.equal(
    seconds,
    [...seconds].sort((a, b) => a - b),
  );
  assert.ok((seconds.at(-1) ?? SECONDS_MAX) < SECONDS_MAX, `${seconds.at(-1)} s`);
  console.log(`took: ${seconds.at(-1)} s of story`);
  assert.equal(await readdir(folder.path), []);
});

demo.run();
