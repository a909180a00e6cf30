/**
 * What the window takes from the machine: a clock, timers, the environment, the terminal.
 *
 * The only file of the window that touches ambient authority; everything else is handed it.
 */

import { fileURLToPath } from 'node:url';

/** Time that only runs forward, and calls after a while. */
export interface Timers {
  nowMs(): number;
  /** Calls back once after `ms`; returns how to cancel. */
  after(ms: number, callback: () => void): () => void;
}

/** What the environment says of the terminal. */
export interface Terminal {
  /** Nobody set `NO_COLOR`. */
  readonly color: boolean;
  /** The locale writes UTF-8. */
  readonly utf8: boolean;
  /** `TERM` names a terminal that can place its cursor. */
  readonly canPlace: boolean;
}

/**
 * Standard output for ink, which steps from line to line with a sequence each: a run of them is
 * written as the one sequence that means the same (ECMA-48, CNL), what a slow line can carry.
 */
export function thriftyOutput(): NodeJS.WriteStream {
  const { stdout } = process;
  const write = (chunk: unknown, ...rest: readonly unknown[]): boolean =>
    Reflect.apply(stdout.write, stdout, [
      typeof chunk === 'string' ? shortened(chunk) : chunk,
      ...rest,
    ]);
  return new Proxy(stdout, {
    get: (target, name) => {
      if (name === 'write') return write;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/**
 * The same for a terminal, with each run of steps to the next line as one. The other screen is
 * begun at its first cell: where the cursor stood, behind what was typed ahead, is no place.
 */
export function shortened(text: string): string {
  return text
    .replace('\u001b[?1049h', '\u001b[?1049h\u001b[H')
    .replace(/(?:\u001b\[E){2,}/g, (run) => `\u001b[${run.length / 3}E`);
}

/** The command beside this window, whichever way both were installed. */
const HOLDFAST = fileURLToPath(new URL('../../bin/holdfast.mjs', import.meta.url));

/** Runs `holdfast` with these arguments; `input` is all that it reads. */
export async function runHoldfast(
  args: readonly string[],
  input: string,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  // Most windows never sign: they do without what starts processes.
  const [{ spawn }, { once }, { text }] = await Promise.all([
    import('node:child_process'),
    import('node:events'),
    import('node:stream/consumers'),
  ]);
  const child = spawn(process.execPath, [HOLDFAST, ...args]);
  const [out, err] = [text(child.stdout), text(child.stderr)];
  // A command that ends without reading has no use for the rest.
  child.stdin.on('error', () => child.stdin.destroy());
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code: typeof code === 'number' ? code : 1, out: await out, err: await err };
}

type Variables = Readonly<Record<string, string | undefined>>;

export const hostTimers: Timers = {
  nowMs: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Reads the environment of this process. */
export function readTerminal(): Terminal {
  return terminalOf(process.env);
}

/** The terminal that `variables` describe. The first locale variable that is set counts. */
export function terminalOf(variables: Variables): Terminal {
  const locale = variables.LC_ALL || variables.LC_CTYPE || variables.LANG || '';
  const term = variables.TERM ?? '';
  return {
    color: !variables.NO_COLOR,
    utf8: /utf-?8/i.test(locale),
    canPlace: term !== '' && term !== 'dumb',
  };
}
