/**
 * The line that a mutant changes is in the compiled file, once: who reshapes it hears so at once,
 * and not when the mutants are run.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { CLAUSES } from '../attack/clauses.ts';
import { RULES } from '../attack/rules.ts';
import { MUTANTS as EXHAUSTED } from '../federation/exhaustive/mutants.ts';
import { MUTANTS } from '../sim/mutants.ts';
import { expectNone } from './source.ts';

const mutants = suite('house/mutants');

const COMPILED = join(import.meta.dirname, '..', '..');

mutants('change one line that is there', () => {
  const wrong = [...CLAUSES, ...RULES, ...EXHAUSTED, ...MUTANTS].flatMap(({ file, find }) => {
    const times = readFileSync(join(COMPILED, file), 'utf8').split(find).length - 1;
    return times === 1 ? [] : [`${file}: ${times} times ${find}`];
  });
  expectNone(wrong);
});

mutants.run();
