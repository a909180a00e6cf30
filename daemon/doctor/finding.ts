/** What the doctor says of one thing it looked at. */

/** `ok` needs nothing; `note` is worth knowing; `fault` stops something, or soon will. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'note' | 'fault';
  readonly says: string;
  /** The command, or the act, that mends it; empty where nothing is wrong. */
  readonly mend: string;
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
