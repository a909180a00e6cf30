/** What all processes of this machine used of its processors together, as the kernel counts it. */

import { readFileSync } from 'node:fs';

/** The kernel tells times in these (USER_HZ). */
const CLOCK_TICK_MS = 10;

/** Milliseconds of all processors since boot in which they were not idle (proc_stat(5)). */
export function processorMs(): number {
  const [, ...times] = readFileSync('/proc/stat', 'latin1').split('\n', 1).join().split(/\s+/);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = times.map((ticks) =>
    Number.parseInt(ticks, 10),
  );
  return (user + nice + system + irq + softirq) * CLOCK_TICK_MS;
}
