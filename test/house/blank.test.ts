/** The scanner beneath the house rules: what it hides, and that it moves nothing. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { blank } from './blank.ts';
import { readSources } from './source.ts';

const scanner = suite('house/blank');

const cases: readonly (readonly [string, string, string])[] = [
  ['a line comment', 'a; // b\nc', 'a;     \nc'],
  ['a block comment', 'a /* b\nc */ d', 'a     \n     d'],
  ['a string', "a = 'b // c';", "a = '      ';"],
  ['a string with an escaped quote', "f('a\\'b')", "f('    ')"],
  ['a pattern', 'x = /a"b/.test(c)', 'x = /   /.test(c)'],
  ['a pattern with a slash in a class', 'f(/[/]a/)', 'f(/    /)'],
  ['no division', 'a / b / c', 'a / b / c'],
  ['no division after a parenthesis', '(a) / b / c', '(a) / b / c'],
  ['a template', '`a b`', '`   `'],
  ['a template, but no code in it', `\`a\${b.c}d\``, `\` \${b.c} \``],
  ['a template within a template', `\`\${f(\`x\`)}y\`+z`, `\`\${f(\` \`)} \`+z`],
  ['a brace within a template', `\`\${{ a }}\`; b`, `\`\${{ a }}\`; b`],
];

for (const [name, text, expected] of cases) {
  scanner(`hides ${name}`, () => assert.is(blank(text), expected));
}

scanner('keeps every line where it was', () => {
  for (const { path, text, code } of readSources()) {
    assert.is(code.length, text.length, path);
    assert.is(code.split('\n').length, text.split('\n').length, path);
  }
});

scanner('ends outside of every literal', () => {
  for (const { path, code } of readSources()) {
    const opened = code.split('{').length - code.split('}').length;
    assert.is(opened, 0, `${path}: braces do not pair`);
  }
});

scanner.run();
