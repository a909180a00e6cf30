/**
 * Runs the test files, each in its own process, and counts.
 *
 * `node dist/test/run.js [WORD…]` takes the files whose path holds every WORD. A file gets four
 * minutes, or what a line `Timeout: 600 s` in its header asks for; then its whole process group is
 * ended, because a leaked handle would hang for ever. The last line holds the counts.
 */

import { spawn } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Ended, type Outcome, outcomeOf } from './outcome.ts';
import { ROOT } from './root.ts';

const TIMEOUT_MS = 240_000;
const HEADER_CHARS = 1_500;
const AT_ONCE = Math.min(2, availableParallelism());

/** Process groups under way, by the id of their leader. */
const groups = new Set<number>();

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  endWithUs();
  const files = findFiles(words);
  const outcomes: Outcome[] = [];
  const queue = files.values();
  const work = async (): Promise<void> => {
    for (const file of queue) outcomes.push(await runFile(file));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (files.length === 0) console.log(`no test file has ${words.join(' and ')} in its path`);
  return summarise(outcomes);
}

/** Compiled test files whose source still exists: the compiler leaves the old ones behind. */
function findFiles(words: readonly string[]): readonly string[] {
  return globSync('test/**/*.test.js', { cwd: join(ROOT, 'dist') })
    .filter((path) => existsSync(join(ROOT, path.replace(/\.js$/, '.ts'))))
    .filter((path) => words.every((word) => path.includes(word)))
    .sort();
}

async function runFile(path: string): Promise<Outcome> {
  const started = performance.now();
  const ended = await runProcess(join(ROOT, 'dist', path));
  const outcome = outcomeOf(ended);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const skipped = outcome.skipped.length === 0 ? '' : `, ${outcome.skipped.length} skipped`;
  const verdict = outcome.failed === 0 ? 'ok  ' : 'FAIL';
  const name = path.replace(/^test\/|\.test\.js$/g, '');
  console.log(`${verdict} ${name}: ${outcome.passed} passed${skipped} (${seconds} s)`);
  for (const line of ended.output.split('\n'))
    if (line.startsWith('took: ')) console.log(`     ${line}`);
  if (outcome.failed > 0) console.log(ended.output.trimEnd());
  if (outcome.trouble !== undefined) console.log(`  ${path}: ${outcome.trouble}`);
  return outcome;
}

function runProcess(file: string): Promise<Ended> {
  const timeoutMs = timeoutOf(file);
  const child = spawn(process.execPath, ['--enable-source-maps', file], {
    cwd: ROOT,
    detached: true, // its own process group, so that its daemons end with it
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const group = child.pid;
  if (group === undefined) return Promise.resolve({ output: '', exitCode: null });
  groups.add(group);
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  }
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(group);
  }, timeoutMs);
  child.on('exit', () => {
    endGroup(group);
    // A process that left the group may hold our pipes: a moment for last words, then let go.
    setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, 2_000).unref();
  });
  return new Promise((resolve) => {
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      const output = Buffer.concat(chunks).toString('utf8');
      resolve({ output, exitCode, ...(timedOut ? { timedOutAfterMs: timeoutMs } : {}) });
    });
  });
}

function timeoutOf(file: string): number {
  const seconds = /Timeout: (\d+) s\b/.exec(readFileSync(file, 'utf8').slice(0, HEADER_CHARS))?.[1];
  return seconds === undefined ? TIMEOUT_MS : Number.parseInt(seconds, 10) * 1000;
}

/** Ends what a test file started and left behind. */
function endGroup(group: number): void {
  groups.delete(group);
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** An interrupted run takes its groups along: being detached, they would outlive it. */
function endWithUs(): void {
  process.on('exit', () => groups.forEach(endGroup));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => process.exit(1));
  }
}

function summarise(outcomes: readonly Outcome[]): number {
  const sum = (of: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const skips = outcomes.flatMap((outcome) => outcome.skipped);
  if (skips.length > 0) console.log('\nskipped:');
  for (const { name, reason } of skips) console.log(`  ${name} — ${reason}`);
  const passed = sum((outcome) => outcome.passed);
  const failed = sum((outcome) => outcome.failed);
  const skipped = skips.length === 0 ? '' : `, ${skips.length} skipped`;
  console.log(`\n${passed} passed, ${failed} failed${skipped}`);
  return failed > 0 || outcomes.length === 0 ? 1 : 0;
}
