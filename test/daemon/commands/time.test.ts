/** `holdfast time`: what it shows, what has to be typed, what it asks. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ControlMethods } from '../../../daemon/control/server.ts';
import { TIME } from '../../fakes/fake-daemon.ts';
import { holdfastWithDaemon } from './rig.ts';

const time = suite('daemon/commands/time');

/** Runs the command with a person at the terminal who types `typed`. */
async function typing(typed: string, args: readonly string[]) {
  const told: unknown[] = [];
  const instead: Partial<ControlMethods> = {
    'time.tell': async (params) => {
      told.push(params);
      return { ...TIME, basis: 'operator' };
    },
  };
  const { code, err } = await holdfastWithDaemon(['time', ...args], instead, typed);
  return { code, err, told };
}

time('says what the machine goes by, and why it knows nothing better', async () => {
  assert.match((await holdfastWithDaemon(['time', 'show'])).out, /^time +known$/m);
  const lost = {
    'time.show': async () => ({ ...TIME, known: false, doubts: ['start'], wall: '2000-01-01' }),
  };
  const { out } = await holdfastWithDaemon(['time', 'show'], lost);
  assert.match(out, /^time +unknown: at best SURVIVAL$/m);
  assert.match(out, /^clock says +2000-01-01$/m);
  assert.match(out, /^because +this is another boot$/m);
  const late = { 'time.show': async () => ({ ...TIME, known: false, doubts: ['late'] }) };
  const rough = (await holdfastWithDaemon(['time', 'show'], late)).out;
  assert.match(rough, /^time +known roughly: nothing is signed$/m);
});

time('tells the daemon only once right is typed', async () => {
  const at = '2026-11-21T05:50:58Z';
  const yes = await typing('right', ['set', at]);
  assert.equal([yes.code, yes.told], [0, [{ at }]]);
  assert.match(yes.err, /it is 2026-11-21T05:50:58Z now/);
  assert.equal((await typing('right', ['confirm'])).told, [{}]);
  for (const typed of ['', 'yes', 'Right']) {
    const no = await typing(typed, ['set', at]);
    assert.equal([no.code, no.told], [1, []]);
  }
});

time('is no time unless it is a whole second of UTC', async () => {
  for (const text of ['now', '2026-11-21', '2026-11-21T05:50:58+01:00', '2026-13-01T00:00:00Z']) {
    assert.is((await typing('right', ['set', text])).code, 2, text);
  }
  assert.is((await holdfastWithDaemon(['time', 'confirm'])).code, 2, 'nobody sits there');
  assert.is((await holdfastWithDaemon(['time', 'confirm', '--yes'])).code, 0);
});

time.run();
