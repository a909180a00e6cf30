/** The test that a rule cites fails as soon as the rule is broken. Timeout: 600 s */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MUSTS } from '../docs/musts.ts';
import { fateOf } from './fate.ts';
import { RULES } from './rules.ts';

const rules = suite('attack/rules');

for (const { rule, ...broken } of RULES) {
  const { without, file, test } = broken;
  rules(`${rule} is missed where ${without}`, async () => {
    const { planted, printed } = await fateOf({ finding: rule, ...broken });
    assert.is(planted, 1, `${file} holds the line once`);
    const cited = (MUSTS[rule] ?? []).map((name) => name.split(': '));
    const named = cited.filter(([at]) => `${at}.test.js` === test).map(([, name = '']) => name);
    const failed = [...printed.matchAll(/FAIL.*"(.*)"/g)].map(([, name = '']) => name);
    const isNoticed = failed.some((name) => named.some((start) => name.startsWith(start)));
    assert.ok(isNoticed, `${failed.join('; ')} failed, not ${named.join('; ')}`);
  });
}

rules.run();
