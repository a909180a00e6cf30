/** A terminal of a given size in which a program runs, driven and read through tmux. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Size } from '../../tui/line.ts';
import { SCREEN_MIN } from '../../tui/screen.ts';
import { eventually } from '../daemon/live.ts';
import { temporaryFolder } from '../folder.ts';
import { ROOT } from '../root.ts';

/** True where tmux is installed. */
export function hasTmux(): boolean {
  try {
    execFileSync('tmux', ['-V'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** One tmux server of its own, with one window in which `holdfast tui` runs. */
export class Terminal {
  readonly #socket: string;

  constructor(folder: string, controlSocket: string, size: Size, options: readonly string[] = []) {
    this.#socket = join(folder, 'tmux.sock');
    const { columns, rows } = size;
    const program = [process.execPath, join(ROOT, 'bin/holdfast.mjs'), 'tui', ...options];
    const line = `${program.map(quoted).join(' ')}; echo "exit code $?"; sleep 600`;
    this.#tmux(
      ...['-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(rows)],
      ...['-e', `HOLDFAST_CONTROL_SOCKET=${controlSocket}`, '-e', 'LC_ALL=C.UTF-8'],
      // Colours are on, whatever the runner of the tests wants for itself.
      ...['-e', 'NO_COLOR='],
      line,
    );
  }

  /** What stands on the screen now, as text, or with the sequences that colour it. */
  screen({ withColors = false }: { readonly withColors?: boolean } = {}): string {
    return this.#tmux('capture-pane', ...(withColors ? ['-p', '-e'] : ['-p']));
  }

  /** Types keys by tmux's names, each waited for by nobody. */
  type(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize({ columns, rows }: Size): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Waits until the screen matches; fails with what it shows instead. */
  async shows(pattern: RegExp, limitMs = 40_000): Promise<string> {
    try {
      return await eventually(
        String(pattern),
        () => {
          const screen = this.screen();
          return pattern.test(screen) ? screen : undefined;
        },
        limitMs,
      );
    } catch (error) {
      throw new Error(`the screen never matched ${pattern}:\n${this.screen()}`, { cause: error });
    }
  }

  /** Copies whatever the program writes from now on to a file, byte by byte. */
  copyTo(path: string): void {
    this.#tmux('pipe-pane', '-O', `cat > ${quoted(path)}`);
  }

  /** The process of the window itself: the only child of the shell that runs it. */
  processId(): number {
    const shell = this.#tmux('display-message', '-p', '#{pane_pid}').trim();
    return Number.parseInt(readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8'), 10);
  }

  close(): void {
    this.#tmux('kill-server');
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...args], { encoding: 'utf8' });
  }
}

/** Uses a window on the daemon at this socket, and closes it. */
export async function withTerminal(
  options: {
    readonly socket: string;
    readonly line?: readonly string[];
    readonly size?: Size;
  },
  use: (terminal: Terminal) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const terminal = new Terminal(
    folder.path,
    options.socket,
    options.size ?? SCREEN_MIN,
    options.line,
  );
  try {
    await use(terminal);
  } finally {
    terminal.close();
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
