/** The runner's own judgement, on outputs as uvu prints them. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { outcomeOf } from './outcome.ts';
import { parseSkips } from './skip.ts';

const outcome = suite('outcome');

const summary = (total: number, passed: number, skipped: number): string =>
  ` core/x • •   (${passed} / ${total})\n\n  Total:     ${total}\n  Passed:    ${passed}\n` +
  `  Skipped:   ${skipped}\n  Duration:  1.00ms\n\n`;

outcome('counts what passed and what failed', () => {
  const { passed, failed, trouble } = outcomeOf({ output: summary(3, 2, 0), exitCode: 1 });
  assert.equal([passed, failed, trouble], [2, 1, undefined]);
});

outcome('takes a file whose tests all passed', () => {
  const { passed, failed } = outcomeOf({ output: summary(3, 3, 0), exitCode: 0 });
  assert.equal([passed, failed], [3, 0]);
});

outcome('fails a file without a summary', () => {
  assert.is(outcomeOf({ output: '', exitCode: 0 }).failed, 1);
});

outcome('fails a file that ran no test', () => {
  assert.is(outcomeOf({ output: summary(0, 0, 0), exitCode: 0 }).failed, 1);
});

outcome('takes a file that skipped its only test by name and reason', () => {
  const output = `\nskipped: tpm › quotes — no swtpm\n${summary(0, 0, 0)}`;
  const { failed, skipped } = outcomeOf({ output, exitCode: 0 });
  assert.equal([failed, skipped], [0, [{ name: 'tpm › quotes', reason: 'no swtpm' }]]);
});

outcome('fails a file that skips without a reason', () => {
  assert.is(outcomeOf({ output: summary(2, 2, 1), exitCode: 0 }).failed, 1);
});

outcome('fails a file that exits badly after its tests passed', () => {
  assert.is(outcomeOf({ output: summary(2, 2, 0), exitCode: 1 }).failed, 1);
  assert.is(outcomeOf({ output: summary(2, 2, 0), exitCode: null }).failed, 1);
});

outcome('fails a file that was ended for taking too long', () => {
  const ended = { output: summary(2, 2, 0), exitCode: null, timedOutAfterMs: 1000 };
  assert.is(outcomeOf(ended).failed, 1);
});

outcome('keeps a reason that holds a dash', () => {
  assert.equal(parseSkips('skipped: a — b — c'), [{ name: 'a', reason: 'b — c' }]);
});

outcome.run();
