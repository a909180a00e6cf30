/**
 * What the window takes from the machine: a clock, timers, the environment, the terminal.
 *
 * The only file of the window that touches ambient authority; everything else is handed it.
 */

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
