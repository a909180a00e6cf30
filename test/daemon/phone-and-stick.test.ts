/**
 * "Add a partner by phone and stick", as OPERATIONS tells it: its commands, in its order, typed by
 * two admins at two real daemons, the files on one stick, every question answered with yes.
 *
 * Timeout: 180 s
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DaemonProcess } from '../daemon-process.ts';
import { temporaryFolder } from '../folder.ts';
import { ROOT } from '../root.ts';
import { holdfast } from './commands/rig.ts';
import { controlling, eventually, withDaemons } from './live.ts';

const walkthrough = suite('daemon/phone-and-stick');

const BLUE = 'blue.example';
const RED = 'red.example';

/** A line of the section: who types it, and what. */
interface Line {
  readonly who: string;
  readonly args: readonly string[];
}

function linesOf(title: string): readonly Line[] {
  const operations = readFileSync(join(ROOT, 'docs/OPERATIONS.md'), 'utf8');
  const from = operations.indexOf(`\n## ${title}\n`);
  const section = operations.slice(from, operations.indexOf('\n#', from + 2));
  const lines = [...section.matchAll(/^ {8}(blue|red)\$ +holdfast (.+)$/gm)];
  return lines.map(([, who = '', line = '']) => ({ who, args: line.split(' ') }));
}

function statusOf(daemon: DaemonProcess) {
  return controlling(daemon, (control) => control.call('status', {}));
}

const wordsIn = (out: string): readonly string[] =>
  [...out.matchAll(/^(?:in words)? +((?:[a-z]+ ?){6})$/gm)].map(([, words = '']) => words);

walkthrough('ends with two partners that are linked, and with one that is withdrawn', async () => {
  await using stick = await temporaryFolder();
  await withDaemons([BLUE, RED], async (blue, red) => {
    const [atBlue, atRed] = [await statusOf(blue), await statusOf(red)];
    const addresses = new Map([
      ['/ip4/192.0.2.10/tcp/7717', atBlue.listen[0] ?? ''],
      ['/ip4/192.0.2.20/tcp/7717', atRed.listen[0] ?? ''],
    ]);
    const told = new Map<string, readonly string[]>();
    const lines = linesOf('Add a partner by phone and stick');
    assert.is(lines.length, 15, 'all that the section tells');
    process.chdir(stick.path);
    for (const { who, args } of lines) {
      const daemon = who === 'blue' ? blue : red;
      if (args.includes('--send')) {
        await eventually('the link', async () =>
          (await statusOf(blue)).peers.length > 0 ? true : undefined,
        );
      }
      const line = args.map((arg) => addresses.get(arg) ?? arg);
      const variables = { HOLDFAST_CONTROL_SOCKET: daemon.controlSocket };
      const { code, out, err } = await holdfast(line, daemon.folder, variables, 'yes');
      assert.is(code, 0, `${who}: ${args.join(' ')}: ${out} ${err}`);
      if (args[1] === 'propose') told.set(who, wordsIn(out));
      if (args[1] === 'review') {
        // On the phone: each reads its own words, and the other has the same before his eyes.
        assert.is(wordsIn(out).length, 4);
        assert.equal(wordsIn(out), told.get(who === 'red' ? 'blue' : 'red'), args.join(' '));
      }
    }
    const left = await controlling(blue, (control) => control.call('federation.list', {}));
    assert.equal(
      left.relations.map(({ domain, terms }) => [domain, terms.scope, terms.peering]),
      [[RED, ['/api'], true]],
    );
    const gone = await controlling(red, (control) => control.call('federation.list', {}));
    assert.equal(gone.relations, []);
    await eventually('no link', async () =>
      (await statusOf(red)).peers.length === 0 ? true : undefined,
    );
  });
});

walkthrough.run();
