/** Harness honesty: each exhaustive test fails as soon as its clause is gone. Timeout: 600 s */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fateOf } from '../../attack/fate.ts';
import { MUTANTS } from './mutants.ts';

const mutants = suite('federation/exhaustive/mutants');

for (const mutant of MUTANTS) {
  const { finding, without, file } = mutant;
  mutants(`${finding} is noticed where ${without}`, async () => {
    const { planted, printed } = await fateOf(mutant);
    assert.is(planted, 1, `${file} holds the line once`);
    assert.match(printed, new RegExp(`FAIL.*"${finding}: `), printed.slice(-2_000));
  });
}

mutants.run();
