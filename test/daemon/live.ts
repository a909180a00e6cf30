/** Running daemons, the commands that a user would type at them, and waiting for what must come. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlClient } from '../../daemon/control/client.ts';
import type { AuditEntryView } from '../../daemon/control/views.ts';
import { DaemonProcess } from '../daemon-process.ts';
import { holdfast, type Outcome } from './commands/rig.ts';

/** Epochs as fast as a test wants them, ticks as fast as the protocol has them. */
export const BRISK = '[limits]\nmin_epoch = "10ms"\ntick_period = "1s"\n';

/** Runs `body` with a daemon for each domain; they are removed whatever happens. */
export async function withDaemons(
  domains: readonly string[],
  body: (...daemons: DaemonProcess[]) => Promise<void>,
  config: string = BRISK,
): Promise<void> {
  const daemons = domains.map((domain) => new DaemonProcess(domain, config));
  try {
    await Promise.all(daemons.map((daemon) => daemon.start()));
    await body(...daemons);
  } finally {
    await Promise.all(daemons.map((daemon) => daemon.remove()));
  }
}

/** Runs `use` with a control client that is closed whatever happens. */
export async function controlling<T>(
  daemon: DaemonProcess,
  use: (control: ControlClient) => Promise<T>,
): Promise<T> {
  const control = await daemon.control();
  try {
    return await use(control);
  } finally {
    await control.close();
  }
}

/** Types `holdfast args…` at this daemon. */
export function type(daemon: DaemonProcess, ...args: readonly string[]): Promise<Outcome> {
  const variables = { HOLDFAST_CONTROL_SOCKET: daemon.controlSocket };
  return holdfast(args, daemon.folder, variables);
}

/** Writes a file beside the daemon's state, and returns its path. */
export function fileBeside(daemon: DaemonProcess, name: string, text: string): string {
  const path = join(daemon.folder, name);
  writeFileSync(path, text);
  return path;
}

/** The audit log as it lies on the disk, entry by entry. */
export function auditOf(daemon: DaemonProcess): readonly AuditEntryView[] {
  const lines = readFileSync(daemon.auditLog, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as AuditEntryView);
}

/** Asks until the answer is not undefined; fails after `limitMs`, naming what was awaited. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  limitMs = 30_000,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
