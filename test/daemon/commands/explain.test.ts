/** `holdfast explain`: every code has its sentences, and a wrong one its nearest neighbour. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ALARMS } from '../../../core/alarm.ts';
import { REFUSALS } from '../../../core/refusal.ts';
import { temporaryFolder } from '../../folder.ts';
import { holdfast, type Outcome } from './rig.ts';

const explain = suite('daemon/commands/explain');

async function typed(...args: readonly string[]): Promise<Outcome> {
  await using folder = await temporaryFolder();
  return await holdfast(['explain', ...args], folder.path);
}

explain('says what a refusal means, costs and is mended by, and where it is written', async () => {
  const { code, out } = await typed('tick-budget');
  assert.is(code, 0);
  assert.is(
    out,
    `\
code   tick-budget
means  ${REFUSALS['tick-budget'].means}
kind   refused as honest but late, early or unlucky: it costs a peer nothing
mend   ${REFUSALS['tick-budget'].mend}
see    docs/OPERATIONS.md, Ticks and stops (PROTOCOL §3)
see    docs/PROTOCOL.md, 3.3 Taking a tick
`,
  );
});

explain('knows failures as well', async () => {
  const { out } = await typed('daemon-unreachable');
  assert.match(out, /^code +daemon-unreachable\nmeans +no daemon at the control socket/);
  assert.match(out, /\nkind +failed: /);
});

explain('knows every alarm, which is no refusal', async () => {
  const { out } = await typed('deposed');
  assert.match(out, /^code +deposed\nmeans +a key that this machine signed by/);
  assert.match(out, /\nkind +alarm: /);
});

explain('lists every code there is', async () => {
  const { out } = await typed('--json');
  const listed: readonly { readonly code: string; readonly means: string }[] = JSON.parse(out);
  const codes = new Set(listed.map(({ code }) => code));
  const known = [...Object.keys(REFUSALS), ...Object.keys(ALARMS)];
  for (const code of known) assert.ok(codes.has(code), code);
  assert.ok(codes.has('timed-out'));
});

explain('offers the nearest code', async () => {
  const { code, err } = await typed('tick-budgt');
  assert.is(code, 2);
  assert.match(err, /did you mean tick-budget\?/);
});

explain.run();
