/**
 * Structured logs on standard error: one line for each event, for people or for machines.
 *
 * Text: `2026-11-21T05:50:58.123Z info link.up peer=12D3… domain=blue.example`. JSON: the same
 * members as one object. A value from outside can forge neither a second line nor a second field.
 * Logs may be lost and are no evidence: that is the audit log.
 */

import { printable } from '../../core/printable.ts';
import type { Clock, Log, LogFields } from '../ports.ts';
import { formatRfc3339 } from '../text/rfc3339.ts';

export type LogFormat = 'text' | 'json';
export type LogLevel = 'info' | 'warn';

/** How lines look, and the least that is worth one. */
export interface LogSettings {
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

export interface LogOptions {
  readonly settings: LogSettings;
  readonly clock: Clock;
  /** Takes one line with its line feed; standard error by default. */
  readonly write?: (line: string) => void;
}

/** A log whose settings may change while it is open. */
export interface HostLog extends Log {
  configure(settings: LogSettings): void;
}

/** Opens the log. */
export function openLog(options: LogOptions): HostLog {
  const { clock, write = (line) => process.stderr.write(line) } = options;
  let { settings } = options;
  const line =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      if (level === 'info' && settings.logLevel === 'warn') return;
      const format = settings.logFormat === 'json' ? jsonLine : textLine;
      write(`${format(formatRfc3339(clock.now().wall), level, event, fields)}\n`);
    };
  return {
    info: line('info'),
    warn: line('warn'),
    configure: (next) => {
      settings = next;
    },
  };
}

function textLine(time: string, level: LogLevel, event: string, fields: LogFields): string {
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${quoted(String(value))}`);
  return `${time} ${level} ${event}${pairs.join('')}`;
}

/** A value with a space, a quote, an equals sign or nothing at all is put in quotes. */
function quoted(value: string): string {
  const shown = printable(value);
  return /^[^\s"=]+$/.test(shown) ? shown : `"${shown.replaceAll('"', '\\"')}"`;
}

function jsonLine(time: string, level: LogLevel, event: string, fields: LogFields): string {
  const safe = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'bigint' ? String(value) : value,
  ]);
  return JSON.stringify({ ...Object.fromEntries(safe), time, level, event });
}
