/** The list of allowed endorsement keys: its one grammar. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseAllowances } from '../../../daemon/tpm/chip-trust.ts';
import { refuses } from '../../refused.ts';

const trust = suite('daemon/tpm/chip-trust');

const HASH = 'a5'.repeat(32);

trust('reads a key, its grade and a note from each line', () => {
  const text = `# seen on the console\n\n${HASH} tpm unit 4, rack 2\n${HASH}\tvtpm  x \n`;
  assert.equal(parseAllowances(text), [
    { endorsement: HASH, grade: 'tpm', note: 'unit 4, rack 2' },
    { endorsement: HASH, grade: 'vtpm', note: 'x' },
  ]);
  assert.equal(parseAllowances(''), []);
});

trust('refuses every other line, naming it', () => {
  for (const line of [
    HASH,
    `${HASH} tpm`,
    `${HASH} software unit 4`,
    `${HASH.toUpperCase()} tpm unit 4`,
    `${HASH}0 tpm unit 4`,
    ` ${HASH} tpm unit 4`,
    'unit 4',
  ]) {
    refuses('ek-list-malformed', () => parseAllowances(`# first\n${line}`), line);
  }
});

trust.run();
