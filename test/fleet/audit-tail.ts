/**
 * What the audit logs of a fleet are added, as it is written: unlike whoever listens at a control
 * socket, this misses nothing of a daemon that starts again.
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { AuditEntryView } from '../../daemon/control/views.ts';
import type { Fleet, Heard } from './fleet.ts';

const LOOK_MS = 50;

/** Calls back with every entry that is written from now on; returns how to stop. */
export function followAudits(fleet: Fleet, listener: (heard: Heard) => void): () => void {
  const tails = fleet.daemons.map(({ process }) => new Tail(process.auditLog));
  for (const tail of tails) tail.read();
  const timer = setInterval(() => {
    for (const [by, tail] of tails.entries()) {
      for (const entry of tail.read()) listener({ by, at: performance.now(), entry });
    }
  }, LOOK_MS);
  return () => clearInterval(timer);
}

/** The end of one log. */
class Tail {
  readonly #path: string;
  /** After the last whole line: a daemon that starts again cuts off what follows it. */
  #readTo = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The entries that were not read before. */
  read(): readonly AuditEntryView[] {
    const bytes = this.#rest();
    const end = bytes.lastIndexOf('\n') + 1;
    this.#readTo += end;
    const lines = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as AuditEntryView);
  }

  #rest(): Buffer {
    const file = openSync(this.#path, 'r');
    try {
      const rest = Buffer.alloc(Math.max(0, fstatSync(file).size - this.#readTo));
      return rest.subarray(0, readSync(file, rest, 0, rest.length, this.#readTo));
    } finally {
      closeSync(file);
    }
  }
}
