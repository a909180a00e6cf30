/** Harness honesty: each attack fails its test as soon as its mend is gone. Timeout: 600 s */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CLAUSES } from './clauses.ts';
import { fateOf } from './fate.ts';
import { ATTACKS, NO_ATTACK } from './findings.ts';

const clauses = suite('attack/clauses');

clauses('are those of every finding that names an attack', () => {
  const broken = new Set(CLAUSES.map(({ finding }) => finding));
  assert.equal([...broken].sort(), [...ATTACKS].sort());
  assert.equal(
    ATTACKS.filter((finding) => finding in NO_ATTACK),
    [],
  );
});

for (const clause of CLAUSES) {
  const { finding, without, file } = clause;
  clauses(`${finding} breaks through where ${without}`, async () => {
    const { planted, printed } = await fateOf(clause);
    assert.is(planted, 1, `${file} holds the line once`);
    assert.match(printed, new RegExp(`FAIL.*"${finding}: `), printed.slice(-2_000));
  });
}

clauses.run();
