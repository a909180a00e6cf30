/**
 * Structured logs on standard error: one line for each event, for people or for machines.
 *
 * Text: `2026-11-21T05:50:58.123Z info link.up peer=12D3… domain=blue.example`. JSON: the same
 * members as one object. A value from outside can forge neither a second line nor a second field.
 * Logs may be lost and are no evidence: that is the audit log.
 */

import { printable } from '../../core/printable.ts';
import type { Clock, Log, LogFields } from '../ports.ts';
import { formatRfc3339 } from '../rfc3339.ts';

export type LogFormat = 'text' | 'json';
type Level = 'info' | 'warn';

export interface LogOptions {
  readonly format: LogFormat;
  readonly clock: Clock;
  /** Takes one line with its line feed; standard error by default. */
  readonly write?: (line: string) => void;
}

/** Opens the log. */
export function openLog(options: LogOptions): Log {
  const { clock, write = (line) => process.stderr.write(line) } = options;
  const format = options.format === 'json' ? jsonLine : textLine;
  const line =
    (level: Level) =>
    (event: string, fields: LogFields = {}) => {
      write(`${format(formatRfc3339(clock.now().wall), level, event, fields)}\n`);
    };
  return { info: line('info'), warn: line('warn') };
}

function textLine(time: string, level: Level, event: string, fields: LogFields): string {
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${quoted(String(value))}`);
  return `${time} ${level} ${event}${pairs.join('')}`;
}

/** A value with a space, a quote, an equals sign or nothing at all is put in quotes. */
function quoted(value: string): string {
  const shown = printable(value);
  return /^[^\s"=]+$/.test(shown) ? shown : `"${shown.replaceAll('"', '\\"')}"`;
}

function jsonLine(time: string, level: Level, event: string, fields: LogFields): string {
  const safe = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'bigint' ? String(value) : value,
  ]);
  return JSON.stringify({ ...Object.fromEntries(safe), time, level, event });
}
