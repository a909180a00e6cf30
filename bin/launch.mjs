/**
 * Starts the compiled program on a runtime that is new enough.
 *
 * Plain JavaScript that Node 20 can read, because it runs before a runtime was chosen. Where the
 * running Node is too old (its OpenSSL has no ML-DSA), or where a daemon needs other flags, the
 * process replaces itself; only a Node that cannot do so stays on as a parent that passes signals.
 */

import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
const COMPILED = new URL('../dist/daemon/main.js', import.meta.url);
const BUNDLED = new URL('../dist/bundled/daemon/main.js', import.meta.url);
/** The compiler's own record: written last, whatever it wrote. */
const RECORD = new URL('../dist/.tsbuildinfo', import.meta.url);
const DAEMON_COMMANDS = ['run', 'start'];
/**
 * A small young generation and one thread for the collector: a daemon idles on boxes where 30 MB are
 * worth more than throughput. And no collection because it idles, every other minute: each takes as
 * long as all else of half a minute, and frees 4 MB that are needed again.
 */
const DAEMON_FLAGS = ['--max-semi-space-size=1', '--v8-pool-size=1', '--no-memory-reducer'];
/**
 * One heap for all threads of the C library: each of its own keeps megabytes that nobody uses. And
 * what is free at its end goes back to the kernel: by itself the library learns to keep some.
 */
const DAEMON_VARIABLES = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' };
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'];

/** Runs `holdfast args…`, in this process or in the one that takes its place. */
export async function launch(script, args) {
  const program = findProgram();
  if (program === undefined) return refuse('not built: npm run build');
  const runtime = findRuntime();
  if (runtime === undefined) {
    return refuse(
      `needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.version}: npm ci --include=optional`,
    );
  }
  const isDaemon = DAEMON_COMMANDS.includes(args[0]);
  const flags = isDaemon ? DAEMON_FLAGS : [];
  const asWanted = flags.every((flag) => process.execArgv.includes(flag));
  if (runtime === process.execPath && asWanted) {
    const { main } = await import(program.href);
    process.exitCode = await main(args);
    return;
  }
  const argv = [...process.execArgv, ...flags, fileURLToPath(script), ...process.argv.slice(2)];
  const variables = isDaemon ? { ...DAEMON_VARIABLES, ...process.env } : process.env;
  if (process.execve !== undefined) process.execve(runtime, [runtime, ...argv], variables);
  else spawnInstead(runtime, argv, variables);
}

/** The program in few files, unless it was compiled anew since they were made. */
function findProgram() {
  const [compiled, bundled, record] = [COMPILED, BUNDLED, RECORD].map(
    (url) => statSync(url, { throwIfNoEntry: false })?.mtimeMs,
  );
  if (bundled !== undefined && bundled >= (record ?? 0)) return BUNDLED;
  return compiled === undefined ? undefined : COMPILED;
}

/** The Node that runs us, or else the one pinned beside this package; undefined without either. */
function findRuntime() {
  if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN) return process.execPath;
  try {
    const manifest = `node-linux-${process.arch}/package.json`;
    return join(dirname(createRequire(import.meta.url).resolve(manifest)), 'bin', 'node');
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

function spawnInstead(runtime, argv, variables) {
  const child = spawn(runtime, argv, { stdio: 'inherit', env: variables });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      // A terminal sends its interrupt to the whole foreground group: the child has it already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => refuse(`cannot start ${runtime}: ${error.message}`));
  child.on('exit', (code, signal) => {
    for (const each of SIGNALS) process.removeAllListeners(each);
    if (signal === null) process.exitCode = code;
    else process.kill(process.pid, signal);
  });
}

function refuse(why) {
  process.stderr.write(`holdfast: ${why}\n`);
  process.exitCode = 1;
}
