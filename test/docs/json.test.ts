/**
 * What `--json` prints is what docs/JSON.md lists, no more and no less, at a fake daemon and at two
 * live ones; and no command that has `--json` is left out without a reason. Timeout: 120 s.
 */

import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMANDS } from '../../daemon/commands/table.ts';
import { ASKED_OF_A_FAKE, ASKED_OF_A_LIVE, UNLISTED } from './json-lines.ts';
import { commandOf, JSON_PAGE, pageOf, printedShapes } from './json-shapes.ts';

const json = suite('docs/json');

json('of every command has the members that the page lists', async () => {
  assert.fixture(pageOf(await printedShapes()), readFileSync(JSON_PAGE, 'utf8'));
});

json('of every command is listed, or left out for a reason', async () => {
  const listed = new Set([...ASKED_OF_A_FAKE, ...ASKED_OF_A_LIVE].map(commandOf));
  const known = new Set([...listed, ...Object.keys(UNLISTED)]);
  for (const load of Object.values(COMMANDS)) {
    for (const line of synopsesOf((await load()).usage)) {
      const [name = '', action = ''] = line.split(' ');
      if (!/--json|\[OPTIONS\]/.test(line)) continue;
      const isKnown = [name, `${name} ${action}`, ...(action === 'key' ? ['root key make'] : [])];
      assert.ok(
        isKnown.some((each) => known.has(each)),
        `${line}: not listed, and nothing says why`,
      );
    }
  }
});

/** `entry list [--group NAME] [OPTIONS]`: each form of a command, in a line. */
function synopsesOf(usage: string): readonly string[] {
  const [synopsis = ''] = usage.split('\n\n');
  return synopsis
    .replace(/\n {9,}/g, ' ')
    .split('\n')
    .map((line) => line.replace(/^(?:Usage:| +) *holdfast /, ''));
}

json.run();
