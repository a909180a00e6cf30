/** Ambient authority lives in daemon/host alone; everywhere else it is handed in. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { expectNone, offencesOf, readSources, type Source, sourceOf } from './source.ts';

const authority = suite('house/authority');

const CLOCK = 'take `now: Instant`, or a Clock from daemon/ports';
const TIMER = 'use Clock.wakeAt, or take an AbortSignal that daemon/host made';
const RANDOM = 'take a Random from daemon/ports';

/** Each ban with its replacement. */
const BANS: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b/g, CLOCK],
  [/\bnew Date\(\s*\)/g, CLOCK],
  [/(?<![.\w])Date\(\s*\)(?<!new Date\(\s*\))/g, CLOCK],
  [/\bperformance\s*\./g, CLOCK],
  [/\bprocess\.(?:hrtime|uptime)\b/g, CLOCK],
  [/\b(?:setTimeout|setInterval)\b/g, TIMER],
  [/\bAbortSignal\.timeout\b/g, TIMER],
  [/\bMath\.random\b/g, RANDOM],
  [/\b(?:randomBytes|randomInt|randomUUID|randomFillSync|getRandomValues)\b/g, RANDOM],
  [/\bprocess\.env\b/g, 'take the value from the configuration that daemon/main was given'],
];

/**
 * What implements the ports, the same for the window and for the simulator (threads, a stopwatch),
 * and test code, which measures and waits.
 */
const EXEMPT = /^(?:daemon\/host\/|sim\/host\/|test\/|tui\/host\.ts$)/;

function authorityOffences(source: Source): readonly string[] {
  if (EXEMPT.test(source.path)) return [];
  return BANS.flatMap(([pattern, mend]) => offencesOf(source, pattern, mend));
}

authority('is used in daemon/host alone', () => {
  expectNone(readSources().flatMap(authorityOffences));
});

authority('is noticed wherever it is planted', () => {
  const planted = [
    'const now = Date.now();',
    'const now = new Date();',
    'const now = performance.now();',
    'setTimeout(f, 5);',
    'globalThis.setInterval(f, 5);',
    'const x = Math.random();',
    'const x = process.env.HOME;',
    "import { randomBytes } from 'node:crypto';",
    'crypto.getRandomValues(out);',
    'const t = process.hrtime.bigint();',
  ];
  for (const text of planted) {
    assert.is(authorityOffences(sourceOf('federation/x.ts', text)).length, 1, text);
    assert.is(authorityOffences(sourceOf('daemon/host/x.ts', text)).length, 0, text);
  }
});

authority('in a comment or a string is none', () => {
  const text = "// Date.now() is banned\nconst why = 'no Math.random';\nconst d = new Date(ms);";
  assert.equal(authorityOffences(sourceOf('core/x.ts', text)), []);
});

authority.run();
