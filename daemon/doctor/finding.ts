/** What the doctor says of one thing it looked at. */

/** `ok` needs nothing; `note` is worth knowing; `fault` stops something, or soon will. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'note' | 'fault';
  readonly says: string;
  /**
   * What mends it; empty where nothing is wrong. A command alone, ready to be typed, wherever one
   * does it.
   */
  readonly mend: string;
}

/** How the commands of a mend are typed here: with the options that the doctor was given. */
export interface Typed {
  /** `holdfast start …` */
  readonly start: string;
  /** What follows a command that talks to the daemon: a blank and its options, or nothing. */
  readonly client: string;
}

/** `text` as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Nothing to do. */
export function ok(check: string, says: string): Finding {
  return { check, state: 'ok', says, mend: '' };
}

/** Worth knowing; nothing stops. */
export function note(check: string, says: string, mend: string): Finding {
  return { check, state: 'note', says, mend };
}

/** Something does not work, or will not for long. */
export function fault(check: string, says: string, mend: string): Finding {
  return { check, state: 'fault', says, mend };
}
